"""A dataset's items as the station would see them: its own views where there is a booth, else whole pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.frames import Frame, FrameSet, TimeDomain
from station.core.items import ItemCapture, ItemView, Quality
from station.learn.dataset import Dataset, Item, View
from station.learn.pictures import load_colour, load_depth, load_mask
from station.rig import load_rig
from station.vision import ViewExtractor, VisionSettings

_SEEN = 0.25
"""A crop's pixel is damaged when damage covers this much of it: thin scratches survive being made small."""

_BESIDE = 127
"""What lies beside a picture that is not square: the middle grey, which bundles take for nothing."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One damage mask in a view's crop: `mask` bool [S, S]; `saturation` the share of it that counts as all, 0 to 1."""

    mask: NDArray[np.bool_]
    saturation: float | None


@dataclass(slots=True)
class ViewMaker:
    """Turns a dataset's items into views of `view_px` pixels a side.

    An item with a rig and depth goes through the station's own view extraction; of any other the whole picture is the
    view, laid level in the square, with its item mask where it has one.
    """

    dataset: Dataset
    view_px: int
    _extractors: dict[str, ViewExtractor] = field(default_factory=dict)

    def views(self, item: Item) -> tuple[ItemView, ...]:
        """Return the item's views; none where no camera sees it.

        Raises:
            DatasetError: a picture is missing or none.
            RigError: the item's rig cannot be read.
        """
        if item.rig is not None and all(view.depth for view in item.views):
            return self._booth_views(item)
        return tuple(self._picture_view(view) for view in item.views)

    def defects(self, item: Item, view: ItemView) -> tuple[Defect, ...]:
        """Return the damage masks of a view, in its crop.

        Raises:
            DatasetError: a mask is missing or no picture.
        """
        found = next(found for found in item.views if found.camera_id == view.camera_id)
        defects = []
        for mask in found.damage_masks:
            whole = load_mask(self.dataset.path, mask.file)
            share = None if mask.saturation_px is None else mask.saturation_px / max(1, int(np.count_nonzero(whole)))
            seen = _warp(whole.astype(np.float32), view.crop_from_image, self.view_px)
            defects.append(Defect(np.asarray(seen >= _SEEN), share))
        return tuple(defects)

    def _booth_views(self, item: Item) -> tuple[ItemView, ...]:
        rig = item.rig or ""
        if rig not in self._extractors:
            settings = VisionSettings(crop_px=self.view_px)
            self._extractors[rig] = ViewExtractor(load_rig(self.dataset.path / rig), settings)
        frames = tuple(frame_of(self.dataset.path, view) for view in item.views)
        return tuple(self._extractors[rig].extract(ItemCapture(item.item_id, 0, (FrameSet(0, 0, frames),))))

    def _picture_view(self, view: View) -> ItemView:
        colour = load_colour(self.dataset.path, view)
        height, width = colour.shape[:2]
        scale = self.view_px / max(height, width)
        shift = [(self.view_px - scale * side) / 2 + (scale - 1) / 2 for side in (width, height)]
        crop_from_image = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        seen = np.ones((height, width), np.float32)
        if view.item_mask is not None:
            seen = load_mask(self.dataset.path, view.item_mask).astype(np.float32)
        return ItemView(
            camera_id=view.camera_id,
            crop=np.asarray(_warp(colour, crop_from_image, self.view_px, _BESIDE), np.uint8),
            mask=np.asarray(_warp(seen, crop_from_image, self.view_px) > 0.5),
            height_mm=np.full((self.view_px, self.view_px), np.nan, np.float32),
            mm_per_px=float("nan"),
            crop_from_image=crop_from_image,
            quality=Quality(float("nan"), 0.0, 0.0, 0.0),
        )


def references_of(items: Sequence[Item], count: int) -> dict[str, list[Item]]:
    """Return each product's references: the first `count` of those marked so, then of its good training items."""
    references: dict[str, list[Item]] = {}
    marked = [item for item in items if item.is_reference]
    good = [item for item in items if item.split == "train" and not item.is_damaged and not item.is_reference]
    for item in (*marked, *good):
        own = references.setdefault(item.product_id, [])
        if len(own) < count:
            own.append(item)
    return references


def _warp(picture: NDArray[Any], crop_from_image: NDArray[np.float64], side: int, beside: int = 0) -> NDArray[Any]:
    """Cut the crop, averaging where the picture is made smaller."""
    shrink = min(1.0, float(np.hypot(*crop_from_image[0, :2])))
    if shrink < 1.0:
        size = tuple(max(1, round(length * shrink)) for length in picture.shape[1::-1])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        crop_from_image = crop_from_image.copy()
        crop_from_image[:, 2] += crop_from_image[:, :2] @ np.full(2, (1 / shrink - 1) / 2)
        crop_from_image[:, :2] /= shrink
    return np.asarray(
        cv2.warpAffine(picture, crop_from_image, (side, side), flags=cv2.INTER_LINEAR, borderValue=(beside,) * 3)
    )


def frame_of(folder: Path, view: View) -> Frame:
    """Return a view with depth as the camera delivered it."""
    depth = load_depth(folder, view)
    unit_mm = view.depth_unit_mm or 1.0
    return Frame(view.camera_id, 0, 0, 0, TimeDomain.GLOBAL, load_colour(folder, view), depth, unit_mm)
