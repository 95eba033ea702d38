"""Camera geometry as plain values. Transforms are 4x4 float64, named `b_from_a`, lengths in mm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Transform = NDArray[np.float64]
"""Rigid transform, float64 [4, 4], translation in millimetres."""


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Pinhole intrinsics of one image stream.

    `fx, fy, cx, cy` in px. `distortion` holds Brown-Conrady coefficients `(k1, k2, p1, p2, k3)`
    as OpenCV orders them; all zero means the image is already undistorted.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Camera matrix, float64 [3, 3]."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
