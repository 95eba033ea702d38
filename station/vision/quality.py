"""How well a view shows its item, and when that is not good enough."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Reason
from station.core.items import ItemView
from station.vision.settings import VisionSettings

_INNER_PX = 7
"""The item's silhouette is no sign of sharpness: it is left out by this many crop px."""


def rows_around(mask: NDArray[np.bool_]) -> slice:
    """Return the rows of the crop that its quality is told from: the item, much lower than the square, and its edge."""
    _, top, _, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(max(0, top - _INNER_PX), top + height + _INNER_PX)


def sharpness(luma: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the variance of the Laplacian of luma inside the mask (Pech-Pacheco et al. 2000)."""
    inner = cv2.erode(mask.view(np.uint8), np.ones((_INNER_PX, _INNER_PX), np.uint8))
    count = max(1, int(np.count_nonzero(inner)))
    edges = cv2.Laplacian(luma, cv2.CV_16S) * inner
    return float(cv2.norm(edges, cv2.NORM_L2SQR)) / count - (float(cv2.sumElems(edges)[0]) / count) ** 2


def clipped_fraction(luma: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the share of the mask's pixels whose luma, and so every channel but for rounding, is 0 or 255."""
    ends = (luma == 0) | (luma == 255)
    return float(np.count_nonzero(ends & mask)) / max(1, int(np.count_nonzero(mask)))


def quality_reasons(views: Sequence[ItemView], settings: VisionSettings) -> tuple[Reason, ...]:
    """Return why these views of one item cannot be judged, worst first; empty when they can.

    A single view that is clipped, blurred or badly exposed hides a part of the item. Depth may be
    missing in some views, as on glossy sides, but not in all.
    """
    if not views:
        return (Reason.NO_ITEM,)
    found = [view.quality for view in views]
    reasons = []
    if any(quality.beside_mm2 >= settings.min_item_area_mm2 for quality in found):
        reasons.append(Reason.SEVERAL_ITEMS)
    if any(quality.border_fraction > settings.max_border_fraction for quality in found):
        reasons.append(Reason.CLIPPED)
    if any(
        quality.sharpness < settings.min_sharpness or quality.clipped_fraction > settings.max_clipped_fraction
        for quality in found
    ):
        reasons.append(Reason.BLURRED)
    if all(quality.depth_fill < settings.min_depth_fill for quality in found):
        reasons.append(Reason.NO_DEPTH)
    return tuple(reasons)
