"""What is on a body's surface at any place of the artwork's sheet."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.shape import Body


class Imprint:
    """A body's texture and wetness, looked up. `holed` and `wet` tell whether there are holes and wet places."""

    def __init__(self, body: Body) -> None:
        self._texture = body.texture
        self._wetness = body.wetness
        self._px_per_mm = body.px_per_mm
        self.holed = bool((body.texture[..., 3] == 0).any())
        self.wet = body.wetness is not None

    def print_at(self, uv_mm: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the print at places of the sheet, [N, 2]: uint8 RGBA [N, 4]."""
        return self._looked_up(self._texture, uv_mm).reshape(-1, 4)[: len(uv_mm)]

    def wetness_at(self, uv_mm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how wet places of the sheet are, float32 [N], 0 to 1."""
        if self._wetness is None:
            return np.zeros(len(uv_mm), np.float32)
        levels = self._looked_up(self._wetness, uv_mm).reshape(-1)[: len(uv_mm)]
        return np.asarray(levels / np.float32(255), np.float32)

    def _looked_up(self, pixels: NDArray[np.uint8], uv_mm: NDArray[np.float32]) -> NDArray[np.uint8]:
        uv_px = uv_mm * self._px_per_mm - 0.5
        across, along = _folded(uv_px[:, 0]), _folded(uv_px[:, 1])
        return np.asarray(cv2.remap(pixels, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _folded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of values as a picture: OpenCV's pictures are at most 32767 px wide."""
    wide = 1024
    return np.ascontiguousarray(np.pad(values, (0, -len(values) % wide)).reshape(-1, wide), np.float32)
