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
_STEPS = 15
_SETTLED = 1e-4
_CLOSE_PX = 5
MARGIN_PX = 8

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


def odd_boxes(odd: NDArray[np.float32]) -> list[tuple[float, Box]]:
    """Return scores and boxes `x, y, width, height` of what is above 1, in px, a margin around each.

    Args:
        odd: the excess, counted in what good units reach, float32 [S, S].
    """
    parts = cv2.morphologyEx((odd > 1).astype(np.uint8), cv2.MORPH_CLOSE, _disc(_CLOSE_PX))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(parts, connectivity=8)
    boxes = []
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        box = (left - MARGIN_PX, top - MARGIN_PX, width + 2 * MARGIN_PX, height + 2 * MARGIN_PX)
        boxes.append((float(odd[labels == label].max()), box))
    return boxes


def even_luma(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a picture's luma without slow changes of light, float32 [S, S].

    Args:
        picture: uint8 RGB [S, S, 3].
    """
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    slow = cv2.blur(luma, (2 * int(_LIGHT * luma.shape[1]) + 1,) * 2)
    return np.asarray(cv2.GaussianBlur(luma - slow, (0, 0), _BLUR_PX), np.float32)


def settle(
    view_from_face: NDArray[np.float64], laid: NDArray[np.uint8], middle: NDArray[np.float32], cover: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return a view's place over a face, found to a fraction of a pixel from what both show.

    By the enhanced correlation coefficient (Evangelidis and Psarakis, PAMI 2008), at half the size.

    Args:
        view_from_face: where the keypoints lay it, float64 [3, 3].
        laid: the view as it lies there, uint8 RGB [S, S, 3].
        middle: what good units show, as evenly lit luma, float32 [S, S].
        cover: where the face is, bool [S, S].
    """
    seen, known = _halved(even_luma(laid)), _halved(middle)
    inside = _halved(cover.astype(np.float32)) > 0
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, _SETTLED)
    moved: Any = np.eye(3, dtype=np.float32)
    try:
        _, moved = cv2.findTransformECC(known, seen, moved, cv2.MOTION_HOMOGRAPHY, stop, inside.astype(np.uint8), 5)
    except cv2.error:  # it did not converge
        return view_from_face
    size = known.shape[::-1]
    settled = cv2.warpPerspective(seen, moved, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    if np.abs(settled - known)[inside].mean() >= np.abs(seen - known)[inside].mean():
        return view_from_face
    half = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]])
    return np.asarray(view_from_face @ np.linalg.inv(half) @ moved @ half, np.float64)


def _halved(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _structure(lumas: Sequence[NDArray[np.float32]], limit: float) -> Structure:
    stack = np.stack(lumas)
    return Structure(stack.min(axis=0), stack.max(axis=0), np.median(stack, axis=0), limit)


def _widest(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.dilate(luma, _disc(_SLACK_PX)), np.float32)


def _narrowest(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.erode(luma, _disc(_SLACK_PX)), np.float32)


def _disc(radius_px: int) -> Any:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
