"""The gallery's comparison as a scorer: a product's references are all it knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView
from station.gallery import (
    Background,
    GallerySettings,
    Product,
    ProductReferences,
    Shot,
    ShotView,
    cut_out,
    enrol_product,
    framing,
    learn_background,
    outline,
    with_stand_ins,
)
from station.gallery.compare import METHOD
from station.inference import Bundle
from station.learn.evaluation.scoring import ItemScore, ProductScorer, Views

_ZOOM = 2
"""How many times the bundle's input size pictures are read at, so that a small item can be cut out of them."""


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
        return _ZOOM * self._side_px

    @property
    def _side_px(self) -> int:
        return max(self.bundle.manifest.input.width_px, self.bundle.manifest.input.height_px)

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of a product, silent where it has no references."""
        shown = [views for views in references if views]
        if not shown:
            return lambda _: ItemScore(None, reason="no references")
        cutter = _Cutter.learn(shown, self._side_px, self.bundle)
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
                    maps[view.camera_id] = _over_view(finding.score_map, cut_from_view, self._side_px, self.view_px)
            if not scores:
                return ItemScore(None, reason="no camera sees it that saw a reference")
            return ItemScore(known.calibration.item_score(scores), maps)

        return score

    def _shot(self, cutter: "_Cutter", views: Views) -> Shot:
        cuts = [cutter.cut(view)[0] for view in views]
        features = self.bundle.features([cut.crop for cut in cuts])
        return {cut.camera_id: ShotView(cut.crop, cut.mask, own) for cut, own in zip(cuts, features, strict=True)}


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts items out of their views: by their mask, else by what the references' borders do not show, else not."""

    backgrounds: Mapping[str, Background]
    side_px: int
    bundle: Bundle

    @classmethod
    def learn(cls, references: Sequence[Views], side_px: int, bundle: Bundle) -> "_Cutter":
        pictures: dict[str, list[NDArray[np.uint8]]] = {}
        for view in (view for views in references for view in views):
            if (window := _whole_picture(view)) is not None:
                pictures.setdefault(view.camera_id, []).append(view.crop[window])
        backgrounds = {
            camera_id: learn_background(own, bundle.features) for camera_id, own in pictures.items() if len(own) > 1
        }
        return cls(backgrounds, side_px, bundle)

    def cut(self, view: ItemView) -> tuple[ItemView, NDArray[np.float64]]:
        """Return the view cut, and `cut_from_view` float64 [2, 3]."""
        mask = self._item(view)
        scale = self.side_px / len(view.crop)
        whole = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
        cut_from_view = whole if mask is None else framing(mask, self.side_px)
        crop, cut = cut_out(view.crop, view.mask if mask is None else mask, cut_from_view, self.side_px)
        return replace(view, crop=crop, mask=cut), cut_from_view

    def _item(self, view: ItemView) -> NDArray[np.bool_] | None:
        window = _whole_picture(view)
        if window is None:
            return view.mask if view.mask.any() else None
        if view.camera_id not in self.backgrounds:
            return None
        found = outline(view.crop[window], self.backgrounds[view.camera_id], self.bundle.features)
        if found is None:
            return None
        mask = np.zeros_like(view.mask)
        mask[window] = found
        return mask


def _whole_picture(view: ItemView) -> tuple[slice, slice] | None:
    """Where the picture lies in a view whose item is not known; None where it is."""
    left, top, width, height = cv2.boundingRect(view.mask.astype(np.uint8))
    window = slice(top, top + height), slice(left, left + width)
    return window if width and view.mask[window].all() else None


def _over_view(
    scores: NDArray[np.float32], cut_from_view: NDArray[np.float64], cut_px: int, view_px: int
) -> NDArray[np.float32]:
    """A cut's score map laid over its view, as fine as before."""
    cell_px = cut_px / len(scores)
    cells = round(view_px / cell_px)
    moved = cut_from_view.copy()
    middle = np.full(2, (cell_px - 1) / 2)
    moved[:, 2] = (moved[:, :2] @ middle + moved[:, 2] - middle) / cell_px
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(scores, moved, (cells, cells), flags=flags, borderValue=(0.0,)), np.float32)
