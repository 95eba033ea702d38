"""Items cut out of pictures that show more than them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView
from station.gallery import Background, cut_out, framing, learn_background, outline
from station.inference import Bundle
from station.learn.evaluation.scoring import Views

ZOOM = 2
"""How many times the bundle's input size pictures are read at, so that a small item can be cut out of them."""


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts items out of their views: by their mask, else by what the references' borders do not show, else not."""

    backgrounds: Mapping[str, Background]
    side_px: int
    bundle: Bundle

    @classmethod
    def learn(cls, references: Sequence[Views], side_px: int, bundle: Bundle) -> "Cutter":
        """Learn from a product's good items what its pictures' borders show."""
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
        size, nan = (self.side_px, self.side_px), (float("nan"),)
        height_mm = cv2.warpAffine(view.height_mm, cut_from_view, size, flags=cv2.INTER_NEAREST, borderValue=nan)
        return replace(view, crop=crop, mask=cut, height_mm=np.asarray(height_mm, np.float32)), cut_from_view

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


def over_view(
    scores: NDArray[np.float32], cut_from_view: NDArray[np.float64], cut_px: int, view_px: int, beside: float = 0.0
) -> NDArray[np.float32]:
    """Return a cut's score map laid over its view, as fine as before; `beside` is the score beside the cut."""
    cell_px = cut_px / len(scores)
    cells = round(view_px / cell_px)
    moved = cut_from_view.copy()
    middle = np.full(2, (cell_px - 1) / 2)
    moved[:, 2] = (moved[:, :2] @ middle + moved[:, 2] - middle) / cell_px
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(scores, moved, (cells, cells), flags=flags, borderValue=(beside,)), np.float32)
