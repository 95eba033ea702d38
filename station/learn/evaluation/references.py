"""The gallery's comparison as a scorer: a product's references are all it knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from station.gallery import (
    GallerySettings,
    Product,
    ProductReferences,
    Shot,
    ShotView,
    enrol_product,
    with_stand_ins,
)
from station.gallery.compare import METHOD
from station.inference import Bundle
from station.learn.evaluation.cutting import ZOOM, Cutter, over_view
from station.learn.evaluation.scoring import ItemScore, ProductScorer, Views


@dataclass(frozen=True, slots=True)
class ReferenceScorer:
    """Compares items with their product's references as the station does; nothing else is learned."""

    bundle: Bundle
    patches: int = GallerySettings().patches_per_product

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"{METHOD} on {self.bundle.manifest.name}"

    @property
    def view_px(self) -> int:
        """A multiple of the bundle's own input size."""
        return ZOOM * self._side_px

    @property
    def _side_px(self) -> int:
        return max(self.bundle.manifest.input.width_px, self.bundle.manifest.input.height_px)

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of a product, silent where it has no references."""
        shown = [views for views in references if views]
        if not shown:
            return lambda _: ItemScore(None, reason="no references")
        cutter = Cutter.learn(shown, self._side_px, self.bundle)
        shots = with_stand_ins([self._shot(cutter, views) for views in shown], self.bundle.features)
        enrolled = enrol_product(shots, self.patches, 0, self.bundle.features)
        known = ProductReferences.of(Product("item", "Item"), enrolled)

        def score(views: Views) -> ItemScore:
            scores, maps = {}, {}
            for view in views:
                cut, cut_from_view = cutter.cut(view)
                finding = known.compare(cut, self.bundle.features([cut.crop])[0], self.bundle.features)
                if finding is not None:
                    scores[view.camera_id] = finding.score
                    maps[view.camera_id] = over_view(finding.score_map, cut_from_view, self._side_px, self.view_px)
            if not scores:
                return ItemScore(None, reason="no camera sees it that saw a reference")
            return ItemScore(known.calibration.item_score(scores), maps)

        return score

    def _shot(self, cutter: Cutter, views: Views) -> Shot:
        cuts = [cutter.cut(view)[0] for view in views]
        features = self.bundle.features([cut.crop for cut in cuts])
        return {cut.camera_id: ShotView(cut.crop, cut.mask, own) for cut, own in zip(cuts, features, strict=True)}
