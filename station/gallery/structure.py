"""Fine structure: a laid view against good units pixel by pixel, where patches are too coarse to tell.

A pixel may look like anything that good units show within `_SLACK_PX` of it; what goes beyond is excess. So edges may
lie a little off, and light may differ as far as it differs among good units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SLACK_PX = 2
_BLUR_PX = 0.7
_LIGHT = 1 / 12
"""Share of the crop's side over which light is taken to be even."""
_LEAST_LIMIT = 24.0
_CLOSE_PX = 5
_MARGIN_PX = 8

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """What good units show at each pixel of a face, as evenly lit luma, float32 [S, S]: the range and the middle.

    `limit` is the largest excess of the middle one of good units left out.
    """

    darkest: NDArray[np.float32]
    brightest: NDArray[np.float32]
    middle: NDArray[np.float32]
    limit: float


def learn_structure(pictures: Sequence[NDArray[np.uint8]]) -> Structure:
    """Learn a face's fine structure from good units laid over it, two at least, uint8 RGB [S, S, 3]."""
    lumas = [even_luma(picture) for picture in pictures]
    left_out = [excess(luma, _structure([*lumas[:n], *lumas[n + 1 :]], 0.0)).max() for n, luma in enumerate(lumas)]
    return _structure(lumas, max(float(np.median(left_out)), _LEAST_LIMIT))


def excess(luma: NDArray[np.float32], structure: Structure) -> NDArray[np.float32]:
    """Return by how much each pixel is beyond what good units show near it, or lacks what they show, float32 [S, S]."""
    beyond = np.maximum(luma - _widest(structure.brightest), _narrowest(structure.darkest) - luma)
    lacking = np.maximum(structure.middle - _widest(luma), _narrowest(luma) - structure.middle)
    lacking[(structure.brightest - structure.darkest) > _LEAST_LIMIT] = 0  # differs from unit to unit
    return np.asarray(np.maximum(np.maximum(beyond, lacking), 0), np.float32)


def odd_boxes(over: NDArray[np.float32], limit: float) -> list[tuple[float, Box]]:
    """Return scores and boxes `x, y, width, height` of what exceeds the limit, in px, a margin around each.

    Args:
        over: the excess, float32 [S, S].
        limit: what good units reach; scores count in it.
    """
    parts = cv2.morphologyEx((over > limit).astype(np.uint8), cv2.MORPH_CLOSE, _disc(_CLOSE_PX))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(parts, connectivity=8)
    sums = np.bincount(labels.ravel(), weights=over.ravel(), minlength=count) / limit
    boxes = []
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        box = (left - _MARGIN_PX, top - _MARGIN_PX, width + 2 * _MARGIN_PX, height + 2 * _MARGIN_PX)
        boxes.append((float(sums[label]), box))
    return boxes


def even_luma(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a picture's luma without slow changes of light, float32 [S, S].

    Args:
        picture: uint8 RGB [S, S, 3].
    """
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    slow = cv2.blur(luma, (2 * int(_LIGHT * luma.shape[1]) + 1,) * 2)
    return np.asarray(cv2.GaussianBlur(luma - slow, (0, 0), _BLUR_PX), np.float32)


def _structure(lumas: Sequence[NDArray[np.float32]], limit: float) -> Structure:
    stack = np.stack(lumas)
    return Structure(stack.min(axis=0), stack.max(axis=0), np.median(stack, axis=0), limit)


def _widest(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.dilate(luma, _disc(_SLACK_PX)), np.float32)


def _narrowest(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.erode(luma, _disc(_SLACK_PX)), np.float32)


def _disc(radius_px: int) -> Any:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
