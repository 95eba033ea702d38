"""Depth of several framesets as one."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_LATTICE_NEIGHBOURS = 3.5 / 9
"""Four known pixels of the 3 x 3: true in a one-pixel gap, false at the rim of a real hole, which has three."""


def fuse_depth(depths: Sequence[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    """Return each pixel's median over the images that have depth there, uint16 [H, W], 0 where none has.

    Of an even number of values it is the upper middle one. The values are ordered by an odd-even
    transposition network (Habermann 1972): whole-image minima and maxima, no per-pixel sort.

    Args:
        depths: at least one image of the same shape, in one unit, 0 where unknown.
    """
    ordered = list(depths)
    count = len(ordered)
    for stage in range(count):
        for low in range(stage % 2, count - 1, 2):
            a, b = ordered[low], ordered[low + 1]
            ordered[low], ordered[low + 1] = np.minimum(a, b), np.maximum(a, b)
    # Zeros come first, so the k-th value from the top is the median where 2k - 1 or 2k images have depth.
    fused = ordered[-1]
    for step in range(1, (count + 1) // 2):
        fused = np.where(ordered[count - 1 - 2 * step] > 0, ordered[-1 - step], fused)
    return fused


def close_lattice(depth_mm: NDArray[np.float32]) -> None:
    """Fill, in place, gaps of one pixel, as mapping depth onto a finer image leaves them, with their neighbours' mean.

    Args:
        depth_mm: [H, W], 0 where unknown; real holes stay as they are.
    """
    known = depth_mm > 0
    share = cv2.blur(known.astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
    gaps = ~known & (share > _LATTICE_NEIGHBOURS)
    if gaps.any():
        mean_mm = cv2.blur(depth_mm, (3, 3), borderType=cv2.BORDER_CONSTANT)
        depth_mm[gaps] = mean_mm[gaps] / share[gaps]
