"""A bundle's learned comparison with a product's references, as a scorer."""

from collections.abc import Sequence
from dataclasses import dataclass

from station.core.items import ItemView
from station.gallery import GallerySettings, Product, ProductReferences, ShotView, enrol_product, with_stand_ins
from station.inference import Bundle
from station.judge import any_of
from station.learn.evaluation.cutting import Cutter, over_view
from station.learn.evaluation.scoring import ItemScore, ProductScorer, Views
from station.learn.evaluation.supervised import view_cut


@dataclass(frozen=True, slots=True)
class ComparedScorer:
    """An item's score is the log-odds that any of its views shows damage; `zoom` is its views', see `zoom_of`."""

    bundle: Bundle
    zoom: int

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"learned comparison of {self.bundle.manifest.name}"

    @property
    def view_px(self) -> int:
        """A multiple of the bundle's own input size."""
        return self.zoom * self.bundle.view_px

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of a product, silent where it has no references."""
        shown = [views for views in references if views]
        if not shown:
            return lambda _: ItemScore(None, reason="no references")
        cutter = Cutter.learn(shown, self.bundle.view_px, self.bundle) if self.zoom > 1 else None
        shots = [{view.camera_id: self._shot(view_cut(view, cutter)[0]) for view in views} for views in shown]
        enrolled = enrol_product(with_stand_ins(shots, self.bundle.features), GallerySettings().patches_per_product, 0)
        known = ProductReferences.of(Product("item", "Item"), enrolled)

        def score(views: Views) -> ItemScore:
            scores, maps = [], {}
            for view in views:
                cut, cut_from_view = view_cut(view, cutter)
                differences = known.differences(cut, self.bundle.features([cut.crop])[0])
                if differences is None:
                    continue
                compared = self.bundle.compare(differences)
                scores.append(compared.scores[0])
                own = compared.maps[0]
                if cutter is not None:
                    own = over_view(own, cut_from_view, self.bundle.view_px, self.view_px, float(own.min()))
                maps[cut.camera_id] = own
            if not scores:
                return ItemScore(None, reason="no camera sees it that saw a reference")
            return ItemScore(float(any_of(scores)), maps)

        return score

    def _shot(self, view: ItemView) -> ShotView:
        return ShotView(view.crop, view.mask, self.bundle.features([view.crop])[0])
