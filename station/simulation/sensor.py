"""What the camera makes of a true picture: noise in colour, and depth as a stereo camera measures it."""

import numpy as np
from numpy.typing import NDArray

BASELINE_MM = 50.0
DEPTH_UNIT_MM = 0.1
COLOUR_NOISE = 1.6
DISPARITY_NOISE_PX = 0.06
DISPARITY_STEP_PX = 1 / 32
_TILES = 8


class Sensor:
    """Adds noise to frames of one size. Noise comes from a few drawn tiles, each time shifted anew: quick, and seeded.

    Depth error is that of disparity: sigma_z = z^2 / (f B) sigma_d, in steps of the sub-pixel interpolation.
    """

    def __init__(self, width_px: int, height_px: int, focal_px: float, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self._focal_baseline = np.float32(focal_px * BASELINE_MM)
        shape = (_TILES, height_px, width_px)
        self._colour_tiles = np.rint(generator.normal(0, COLOUR_NOISE, (*shape, 3))).astype(np.int16)
        self._disparity_tiles = generator.normal(0, DISPARITY_NOISE_PX, shape).astype(np.float32)

    def colour(self, clean: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
        """Return a noisy picture, uint8 RGB [H, W, 3]."""
        return np.asarray((clean + self._tile(self._colour_tiles, generator)).clip(0, 255).astype(np.uint8))

    def depth(self, true_mm: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.uint16]:
        """Return measured depth, uint16 [H, W] in `DEPTH_UNIT_MM`; 0 where the true depth is 0."""
        known = true_mm > 0
        disparity = self._focal_baseline / np.where(known, true_mm, np.float32(1e6))
        disparity += self._tile(self._disparity_tiles, generator)
        disparity = np.rint(disparity / np.float32(DISPARITY_STEP_PX)) * np.float32(DISPARITY_STEP_PX)
        depth = self._focal_baseline / np.maximum(disparity, np.float32(DISPARITY_STEP_PX))
        return np.where(known, np.rint(depth / np.float32(DEPTH_UNIT_MM)), 0).astype(np.uint16)

    def _tile(self, tiles: NDArray[np.generic], generator: np.random.Generator) -> NDArray[np.generic]:
        number, down, right = generator.integers((_TILES, tiles.shape[1], tiles.shape[2]))
        return np.roll(tiles[number], (down, right), axis=(0, 1))
