"""How the simulated cameras see: colour noise, and depth with a stereo camera's errors.

Depth error follows from disparity `d = f b / z`: a fixed error in disparity makes one in depth that grows with the
square of the distance, as the vendor's tuning guide for the D400 states it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics
from station.simulation.settings import SimulationSettings

_TILE_MARGIN_PX = 64
_NOISE_BLUR_PX = 1.1
"""Neighbouring pixels share much of the matcher's window, so their errors are alike."""
_DEPTH_FOCAL_SHARE = 0.62
"""Focal length of the depth imagers over that of the colour camera (381 to 615 px at 640x480 on a D435)."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture without noise: colour uint8 RGB [H, W, 3]; disparity float32 [H, W] in steps, 0 where none is found."""

    colour: NDArray[np.uint8]
    disparity: NDArray[np.float32]


class Sensor:
    """One simulated camera's noise. Tiles of noise are made once and shifted by a draw of each frame's own."""

    def __init__(self, intrinsics: Intrinsics, settings: SimulationSettings, rng: np.random.Generator) -> None:
        height, width = intrinsics.height_px + _TILE_MARGIN_PX, intrinsics.width_px + _TILE_MARGIN_PX
        colour = rng.normal(0, max(settings.colour_noise, 1e-9), (height, width, 3))
        self._colour_noise = np.rint(colour).astype(np.int16)
        depth = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), _NOISE_BLUR_PX)
        depth = depth * (settings.disparity_noise_px * settings.disparity_steps / max(float(depth.std()), 1e-9))
        self._disparity_noise = depth.astype(np.float32)
        focal_px = _DEPTH_FOCAL_SHARE * intrinsics.fx
        self._steps_mm = focal_px * settings.baseline_mm * settings.disparity_steps
        self._steps_units = np.float32(self._steps_mm / settings.depth_unit_mm)
        rows = (np.arange(intrinsics.height_px) - intrinsics.cy)[:, None]
        columns = (np.arange(intrinsics.width_px) - intrinsics.cx)[None, :]
        radius = (rows**2 + columns**2) / (intrinsics.cy**2 + intrinsics.cx**2)
        self.vignette = (1 - settings.vignetting * radius)[..., None].astype(np.float32)

    def disparity(self, depth_mm: NDArray[np.float32], paired: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the exact disparity in steps; 0 where the second imager does not see the point."""
        return np.where(paired, self._steps_mm / depth_mm, 0).astype(np.float32)

    def expose(self, still: Still, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return one noisy colour and depth pair."""
        height, width = still.disparity.shape
        row, column, depth_row, depth_column = rng.integers(0, _TILE_MARGIN_PX, 4)
        colour = cv2.add(still.colour, self._colour_noise[row : row + height, column : column + width], dtype=cv2.CV_8U)
        noise = self._disparity_noise[depth_row : depth_row + height, depth_column : depth_column + width]
        steps = np.rint(still.disparity + noise)
        np.maximum(steps, 1, out=steps)
        units = self._steps_units / steps
        units[(still.disparity == 0) | (units > 65535)] = 0
        return np.asarray(colour, np.uint8), np.rint(units).astype(np.uint16)
