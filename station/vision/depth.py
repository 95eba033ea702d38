"""Depth of several framesets as one."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_LATTICE_NEIGHBOURS = 4
"""So many of the eight around are known in a one-pixel gap; at the rim of a real hole three are."""


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
    count = cv2.boxFilter(known.view(np.uint8), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    gaps = np.flatnonzero(~known & (count >= _LATTICE_NEIGHBOURS))
    if len(gaps):
        sum_mm = cv2.boxFilter(depth_mm, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        depth_mm.ravel()[gaps] = sum_mm.ravel()[gaps] / count.ravel()[gaps]
