"""One camera of the booth: renders what is at rest, puts pictures together, and takes noisy frames of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.rig import RigCamera
from station.simulation.layout import project
from station.simulation.light import Drift
from station.simulation.render import Box, Geometry, Scene, coarse, doubled, halved, whole
from station.simulation.sensor import Sensor, Still
from station.simulation.settings import SimulationSettings
from station.simulation.shape import Body
from station.simulation.stereo import Match
from station.simulation.thing import Move, Thing, composed

_SHADOW_SPREAD = 1.4
"""How far a shadow reaches beyond an item, in heights of the item."""
_NEAREST_MM = 100.0
"""Of an arm only what is further from the camera than this shows."""


@dataclass(frozen=True, slots=True)
class SimFrame:
    """One camera's pair: colour uint8 RGB [H, W, 3]; depth uint16 [H, W] aligned to it, 0 where there is none."""

    t_ns: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float


class View:
    """One camera of the booth: renders stills and adds its sensor's noise."""

    def __init__(self, camera: RigCamera, settings: SimulationSettings, seed: tuple[int, ...], empty: Scene) -> None:
        self._camera = camera
        self._settings = settings
        self._seed = seed
        self._sensor = Sensor(camera, settings, np.random.default_rng((*seed, 0)))
        self._drift = Drift(settings, np.random.default_rng((seed[0], 6)))
        box = whole(camera.intrinsics)
        geometry = empty.geometry(camera, box, settings.baseline_mm)
        colour = _levels(empty.colour(camera, box, settings.supersampling) * self._sensor.gain)
        self._brightness = np.maximum(empty.brightness(camera, box), 1.0)
        match = self._sensor.match(geometry, colour, box)
        self.empty = Still(colour, match.disparity, match.margin)

    def still(self, body: Body, tray_from_body: Transform, scene: Scene, rough: bool = False) -> Thing:
        """Render a body at rest, alone in the booth; `rough` at half the size, for what is never seen at rest."""
        points = body.points() @ tray_from_body[:3, :3].T + tray_from_body[:3, 3]
        colour, disparity, margin = self.empty.colour.copy(), self.empty.disparity.copy(), self.empty.margin.copy()
        depth_mm, light = np.full(disparity.shape, np.inf, np.float32), np.full(disparity.shape, 255, np.uint8)
        shaded = self._box(np.concatenate([points, _shadow_corners(points)]))
        shade = np.clip(scene.brightness(self._camera, shaded) / self._brightness[shaded.slices], 0, 1)
        light[shaded.slices] = _levels(255 * shade)
        colour[shaded.slices] = _levels(colour[shaded.slices] * shade[..., None])
        own = self._box(points)
        rendered = self._colour(scene, own, rough)
        colour[own.slices] = _levels(rendered * self._sensor.gain[own.slices])
        around = self._box(points, self._parallax_px(points) + self._sensor.reach_px)
        geometry = self._geometry(scene, around, rough)
        match = self._sensor.match(geometry, colour[around.slices], around)
        disparity[around.slices], margin[around.slices] = match.disparity, match.margin
        seen, item = geometry.item | geometry.spilt, np.zeros(disparity.shape, bool)
        depth_mm[around.slices][seen], item[around.slices] = geometry.depth_mm[seen], geometry.item
        altered = disparity != self.empty.disparity
        return Thing(Still(colour, disparity, margin), depth_mm, item, light, altered, points.mean(axis=0))

    @property
    def gain(self) -> NDArray[np.float32]:
        """What rendered levels are multiplied by, float32 [H, W, 3]: vignetting, exposure and white balance."""
        gain: NDArray[np.float32] = self._sensor.gain
        return gain

    def match(self, geometry: Geometry, levels: NDArray[np.uint8], box: Box) -> Match:
        """Return what the stereo matcher makes of a part of the picture; see `Sensor.match`."""
        return self._sensor.match(geometry, levels, box)

    def picture(self, things: Sequence[tuple[Thing, Move]]) -> Still:
        """Return what the camera sees of things in their places, those behind first."""
        return composed(self.empty, things, self._camera, self._settings)

    def expose(self, still: Still, index: int, t_ns: int) -> SimFrame:
        """Return a noisy frame of a still; the noise depends on the frame's index alone."""
        rng = np.random.default_rng((*self._seed, 1, index))
        colour = self._drift.dyed(still.colour, t_ns)
        colour, depth = self._sensor.expose(replace(still, colour=colour), t_ns, rng)
        return SimFrame(t_ns, colour, depth, self._settings.depth_unit_mm)

    def _colour(self, scene: Scene, box: Box, rough: bool) -> NDArray[np.float32]:
        if not rough:
            return scene.colour(self._camera, box, self._settings.supersampling)
        small = halved(box)
        return doubled(scene.colour(coarse(self._camera), small, 1), small, box, cv2.INTER_LINEAR)

    def _geometry(self, scene: Scene, box: Box, rough: bool) -> Geometry:
        if not rough:
            return scene.geometry(self._camera, box, self._settings.baseline_mm)
        small = halved(box)
        found = scene.geometry(coarse(self._camera), small, self._settings.baseline_mm)

        def fine(picture: NDArray[Any]) -> NDArray[Any]:
            return doubled(picture, small, box, cv2.INTER_NEAREST)

        item, spilt, paired = (fine(mask.view(np.uint8)) > 0 for mask in (found.item, found.spilt, found.paired))
        return Geometry(fine(found.depth_mm), item, spilt, paired, fine(found.confidence))

    def _parallax_px(self, points: NDArray[np.float64]) -> int:
        """Return how far beside an item it can hide the tray from the second depth imager, in px."""
        nearest_mm = max(_NEAREST_MM, float(project(self._camera, points)[:, 2].min()))
        return int(self._camera.intrinsics.fx * self._settings.baseline_mm / nearest_mm) + 1

    def _box(self, points: NDArray[np.float64], margin_px: int = 2) -> Box:
        """Return the part of the picture that points of the tray's frame, [N, 3], lie in, a little wider."""
        found = project(self._camera, points)
        columns, rows, _ = found[found[:, 2] > _NEAREST_MM].T
        lens = self._camera.intrinsics
        top, bottom = _within(rows, margin_px, lens.height_px)
        left, right = _within(columns, margin_px, lens.width_px)
        return Box(top, bottom, left, right)


def _within(places_px: NDArray[np.float64], margin_px: int, end: int) -> tuple[int, int]:
    """Return the first row or column that places lie in and the one after the last, within a picture, at least one."""
    first = int(np.clip(places_px.min(initial=end) - margin_px, 0, end - 1))
    return first, int(np.clip(places_px.max(initial=0) + margin_px + 1, first + 1, end))


def _shadow_corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of the part of the tray that an item's shadow falls on, float64 [4, 3]."""
    low, high = points.min(axis=0), points.max(axis=0)
    spread = _SHADOW_SPREAD * high[2]
    (x0, y0), (x1, y1) = low[:2] - spread, high[:2] + spread
    return np.array([[x, y, 0.0] for x in (x0, x1) for y in (y0, y1)])


def _levels(colour: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(colour, 0, 255)), np.uint8)
