"""How a simulated camera sees: a still goes in, one frame's colour and depth come out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.rig import RigCamera
from station.simulation.imager import Imager
from station.simulation.render import Box, Geometry
from station.simulation.settings import SimulationSettings
from station.simulation.stereo import Match, Matcher

_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Still:
    """What a camera sees, without a frame's own noise.

    `colour` uint8 RGB [H, W, 3]; `disparity` float32 [H, W] in steps, 0 where none is found; `margin` float32 [H, W]
    is how surely each is found: a frame loses those whose margin is below its flicker.
    """

    colour: NDArray[np.uint8]
    disparity: NDArray[np.float32]
    margin: NDArray[np.float32]


class Sensor:
    """One simulated camera: its colour imager and its stereo matcher.

    Attributes:
        gain: what rendered levels are multiplied by, float32 [H, W, 3]: vignetting, exposure and white balance.
        reach_px: how far beyond a surface's edge the matcher confuses the two sides.
    """

    def __init__(self, camera: RigCamera, settings: SimulationSettings, rng: np.random.Generator) -> None:
        self._imager = Imager(camera, settings, rng)
        self._matcher = Matcher(camera.intrinsics, settings, rng)
        self.gain = self._imager.gain
        self.reach_px = self._matcher.reach_px

    def match(self, geometry: Geometry, levels: NDArray[np.uint8], box: Box) -> Match:
        """Return the disparity and margin of a part of the picture, rendered as `levels`, RGB [h, w, 3]."""
        return self._matcher.match(geometry, levels, box)

    def expose(self, still: Still, t_ns: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return one frame's noisy colour and depth; `t_ns` is the time since the camera was switched on."""
        colour = self._imager.expose(still.colour, rng)
        return colour, self._matcher.depth(still.disparity, still.margin, t_ns / _NS_PER_S, rng)
