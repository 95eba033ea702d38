"""The colour imager: light falling off towards the corners, exposure and white balance, and noise."""

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from station.rig import RigCamera
from station.simulation.settings import SimulationSettings
from station.simulation.tiles import cut, draw_tile

_GAMMA = 2.2
_FINE = 64
"""Noise is reckoned in this many parts of a level, and of its own spread."""
_DARKEST = 0.004
"""A camera's tone curve is straight below this share of the light."""
_ALIKE_PX = 0.5
"""Neighbouring pixels share samples of the colour mosaic."""


class Imager:
    """One colour imager. `gain` float32 [H, W, 3] is what rendered levels are multiplied by, once a still.

    Its exposure and white balance are the booth's own; `rng` draws its noise alone.
    """

    def __init__(self, camera: RigCamera, settings: SimulationSettings, rng: np.random.Generator) -> None:
        lens = camera.intrinsics
        own = np.random.default_rng((settings.booth_seed, zlib.crc32(camera.camera_id.encode())))
        rows = (np.arange(lens.height_px) - lens.cy)[:, None]
        columns = (np.arange(lens.width_px) - lens.cx)[None, :]
        radius = (rows**2 + columns**2) / (lens.cy**2 + lens.cx**2)
        exposure, red, blue = own.normal(0, 1, 3) * (
            settings.exposure_error,
            settings.white_balance_error,
            settings.white_balance_error,
        )
        balance = np.exp((exposure + np.array([red, 0.0, blue])) / _GAMMA)
        self.gain = ((1 - settings.vignetting * radius)[..., None] * balance).astype(np.float32)
        noise = draw_tile((lens.height_px, lens.width_px, 3), _ALIKE_PX, rng, spread=_FINE)
        self._noise = np.rint(noise).astype(np.int16)
        self._spread = _spread(settings)

    def expose(self, colour: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return the picture, uint8 RGB [H, W, 3], with one exposure's noise, clipped to 0 to 255."""
        noise = cv2.multiply(cut(self._noise, rng), cv2.LUT(colour, self._spread), scale=1 / _FINE**2)
        return np.asarray(cv2.add(colour, noise, dtype=cv2.CV_8U), np.uint8)


def _spread(settings: SimulationSettings) -> NDArray[np.int16]:
    """Return the noise's standard deviation at every level, int16 [256], in parts of a level.

    In light its variance is that of the electronics plus one in proportion to the light (shot noise); the tone curve
    then stretches dark levels, and their noise with them.
    """
    light = np.maximum((np.arange(256) / 255) ** _GAMMA, _DARKEST)
    in_light = np.hypot(settings.read_noise, settings.shot_noise * np.sqrt(light))
    return np.asarray(np.rint(_FINE * in_light / _GAMMA * light ** (1 / _GAMMA - 1)), np.int16)
