"""Depth as a stereo matcher finds it: where it errs at edges, what it does not find, how it drifts as it warms up.

A matcher compares windows, not pixels: near edges a window holds both surfaces, and the depth found is that of the
nearer (fattening), one in between (a flying pixel) or none.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics
from station.simulation.render import Box, Geometry
from station.simulation.settings import SimulationSettings
from station.simulation.tiles import cut, draw_tile

_DEPTH_FOCAL_SHARE = 0.62
"""Focal length of the depth imagers over that of the colour camera (381 to 615 px at 640x480 on a D435)."""
_EDGE_PX = 1.0
"""Disparity that steps by more than this within a window makes an edge, in px."""
_BLOB_PX, _RIM_PX, _PATCH_PX = 7.0, 2.0, 3.0
"""Holes come in blobs of about the first size whose rims are as fine as the second; edges are torn in patches of the
third."""
_RAGGED = 0.2
"""Share of the holes' variance that is in their rims."""
_SURE = 1.06
"""Above 1: on good surfaces a two-hundredth of the points is missing, now here, now there."""
_FLICKER = 0.06
"""How far a point's margin varies from frame to frame."""
_BLINDEST = 0.75
"""How surely the matcher finds the darkest surfaces."""
_DARK = (0.0, 70.0)
"""From the lowest to the highest of these levels surfaces go from hardest to easiest to find."""
_BUMPS_PX = 0.4
"""How far disparity is off, from place to place, on a surface that cannot be found at all, in px."""
_S_PER_MIN = 60.0


@dataclass(frozen=True, slots=True)
class Match:
    """What the matcher finds in a box: disparity float32 [h, w] in steps, 0 for none; margin float32 [h, w].

    A point is lost in a frame whose flicker exceeds its margin.
    """

    disparity: NDArray[np.float32]
    margin: NDArray[np.float32]


class Matcher:
    """One camera's stereo matcher; what stays from frame to frame is drawn once, where it is in the picture."""

    def __init__(self, lens: Intrinsics, settings: SimulationSettings, rng: np.random.Generator) -> None:
        shape = lens.height_px, lens.width_px
        steps = settings.disparity_steps
        self._steps_mm = _DEPTH_FOCAL_SHARE * lens.fx * settings.baseline_mm * steps
        self._unit_mm = settings.depth_unit_mm
        self._edge_steps = _EDGE_PX * steps
        self._settings = settings
        self.reach_px = settings.match_window_px // 2
        spread = settings.disparity_noise_px * steps
        self._noise = draw_tile(shape, settings.match_window_px / 4, rng, spread)
        self._bumps = draw_tile(shape, settings.match_window_px / 4, rng, _BUMPS_PX * steps)
        self._flicker = draw_tile(shape, _RIM_PX, rng, _FLICKER)
        ragged = draw_tile(shape, _RIM_PX, rng, _RAGGED**0.5)
        self._luck = _uniform(ragged + draw_tile(shape, _BLOB_PX, rng, (1 - _RAGGED) ** 0.5))
        self._kind = _uniform(draw_tile(shape, _PATCH_PX, rng))
        self._between = rng.uniform(0.1, 0.9, shape).astype(np.float32)
        self._drift_per_k = rng.uniform(-1, 1, 2) * (settings.depth_drift_per_k, settings.disparity_drift_px_per_k)

    def match(self, geometry: Geometry, levels: NDArray[np.uint8], box: Box) -> Match:
        """Return what the matcher makes of a part of the picture.

        Args:
            geometry: what the box's pixels meet.
            levels: the box's colour, RGB [h, w, 3].
            box: where it is.
        """
        exact = (self._steps_mm / geometry.depth_mm).astype(np.float32)
        window = np.ones((2 * self.reach_px + 1, 2 * self.reach_px + 1), np.uint8)
        near, far = cv2.dilate(exact, window), cv2.erode(exact, window)
        edge = near - far > self._edge_steps
        kind = self._kind[box.slices]
        flying = edge & (kind < self._settings.flying_share)
        fat = edge & ~flying & (kind < self._settings.flying_share + self._settings.fattened_share)
        disparity = np.where(fat, near, exact)
        disparity = np.where(flying, far + (near - far) * self._between[box.slices], disparity).astype(np.float32)
        sure = _sureness(levels) * geometry.confidence
        disparity += (1 - sure) * self._bumps[box.slices]
        disparity[~geometry.paired] = 0
        margin = _SURE * sure - self._luck[box.slices]
        torn = 1 - np.float32(self._settings.edge_hole_share) - kind
        return Match(disparity, np.where(edge, np.minimum(margin, torn), margin))

    def depth(
        self, disparity: NDArray[np.float32], margin: NDArray[np.float32], t_s: float, rng: np.random.Generator
    ) -> NDArray[np.uint16]:
        """Return one frame's depth, uint16 [H, W] in the settings' unit, 0 where none is found.

        Args:
            disparity: in steps, float32 [H, W], 0 for none.
            margin: how surely each is found, float32 [H, W].
            t_s: time since the camera was switched on, cold.
            rng: draws the noise.
        """
        scale, offset_steps = self._drift(t_s)
        steps = np.rint(disparity + cut(self._noise, rng) + np.float32(offset_steps))
        np.maximum(steps, 1, out=steps)
        units = np.float32(scale * self._steps_mm / self._unit_mm) / steps
        units[(disparity == 0) | (margin < cut(self._flicker, rng)) | (units > np.iinfo(np.uint16).max)] = 0
        return np.asarray(np.rint(units, out=units), np.uint16)

    def _drift(self, t_s: float) -> tuple[float, float]:
        """Return what depth is multiplied by and what is added to disparity, in steps.

        Calibrated warm, the camera is off by what its ASIC still lacks in temperature, ever less.
        """
        lacking_k = self._settings.asic_rise_k * math.exp(-t_s / (self._settings.warm_up_min * _S_PER_MIN))
        stretch, shift_px = (float(each) * lacking_k for each in self._drift_per_k)
        return 1 + stretch, shift_px * self._settings.disparity_steps


def _sureness(levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how surely surfaces of these levels are matched, float32 [h, w], 0 to 1."""
    return np.asarray(np.interp(levels.mean(axis=2), _DARK, (_BLINDEST, 1.0)), np.float32)


def _uniform(normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return normal noise as noise that is even between 0 and 1."""
    order = np.empty(normal.size, np.float32)
    order[np.argsort(normal, axis=None, kind="stable")] = np.arange(normal.size, dtype=np.float32) / normal.size
    return np.asarray(order.reshape(normal.shape), np.float32)
