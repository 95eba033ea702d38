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


def sharpness(crop: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the variance of the Laplacian of luma inside the mask (Pech-Pacheco et al. 2000)."""
    kernel = np.ones((_INNER_PX, _INNER_PX), np.uint8)
    inner = cv2.erode(mask.astype(np.uint8), kernel)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_16S), mask=inner)
    return float(deviation[0, 0]) ** 2


def clipped_fraction(crop: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the share of the mask's pixels that are 0 or 255 in all channels."""
    ends = cv2.inRange(crop, (0, 0, 0), (0, 0, 0)) | cv2.inRange(crop, (255, 255, 255), (255, 255, 255))
    return np.count_nonzero(ends.astype(bool) & mask) / max(1, np.count_nonzero(mask))


def quality_reasons(views: Sequence[ItemView], settings: VisionSettings) -> tuple[Reason, ...]:
    """Return why these views of one item cannot be judged, worst first; empty when they can.

    A single view that is clipped, blurred or badly exposed hides a part of the item. Depth may be
    missing in some views, as on glossy sides, but not in all.
    """
    if not views:
        return (Reason.NO_ITEM,)
    found = [view.quality for view in views]
    reasons = []
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
