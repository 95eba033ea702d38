"""Noise made once, somewhat larger than a picture: every frame cuts its own piece out of it, for next to nothing."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_MARGIN_PX = 64


def draw_tile(
    shape: tuple[int, ...], alike_px: float, rng: np.random.Generator, spread: float = 1.0
) -> NDArray[np.float32]:
    """Return normal noise for pictures of `shape`, float32, larger than these by a margin on two sides.

    Args:
        shape: height and width of the picture, px, and its channels if it has several.
        alike_px: standard deviation of the blur that makes neighbouring pixels alike, px; 0 for none.
        rng: draws it.
        spread: its standard deviation.
    """
    noise = rng.normal(0, 1, (shape[0] + _MARGIN_PX, shape[1] + _MARGIN_PX, *shape[2:])).astype(np.float32)
    if alike_px > 0:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), alike_px), np.float32)
        noise /= noise.std()
    return np.asarray(noise * np.float32(spread), np.float32)


def cut(tile: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return a picture's worth of a tile, a view, from a place drawn at random."""
    row, column = rng.integers(0, _MARGIN_PX, 2)
    return tile[row : row + tile.shape[0] - _MARGIN_PX, column : column + tile.shape[1] - _MARGIN_PX]
