"""One camera of the booth: items rendered at rest, moved about in its picture, and its sensor's noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.rig import RigCamera
from station.simulation.item import PlacedItem
from station.simulation.layout import project
from station.simulation.render import Box, Scene, whole
from station.simulation.sensor import Sensor, Still
from station.simulation.settings import SimulationSettings

_SHADOW_SPREAD = 1.4
"""How far a shadow reaches beyond an item, in heights of the item."""


@dataclass(frozen=True, slots=True)
class SimFrame:
    """One camera's pair: colour uint8 RGB [H, W, 3]; depth uint16 [H, W] aligned to it, 0 where there is none."""

    t_ns: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float


@dataclass(frozen=True, slots=True)
class ItemStill:
    """An item at rest before one camera. `changed` are the pixels it alters, its shadow among them, bool [H, W]."""

    still: Still
    mask: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    anchor_mm: NDArray[np.float64]


class View:
    """One camera of the booth: renders stills and adds its sensor's noise."""

    def __init__(self, camera: RigCamera, settings: SimulationSettings, seed: tuple[int, ...], empty: Scene) -> None:
        self._camera = camera
        self._settings = settings
        self._seed = seed
        self._sensor = Sensor(camera, settings, np.random.default_rng((*seed, 0)))
        box = whole(camera.intrinsics)
        geometry = empty.geometry(camera, box, settings.baseline_mm)
        colour = _levels(empty.colour(camera, box, settings.supersampling) * self._sensor.gain)
        self._brightness = np.maximum(empty.brightness(camera, box), 1.0)
        match = self._sensor.match(geometry, colour, box)
        self.empty = Still(colour, match.disparity, match.margin)

    def still(self, item: PlacedItem, scene: Scene) -> ItemStill:
        """Render an item at rest."""
        points = item.shape.points() @ item.tray_from_item[:3, :3].T + item.tray_from_item[:3, 3]
        colour, disparity, margin = self.empty.colour.copy(), self.empty.disparity.copy(), self.empty.margin.copy()
        mask = np.zeros(disparity.shape, bool)
        shaded = self._box(np.concatenate([points, _shadow_corners(points)]))
        shade = np.clip(scene.brightness(self._camera, shaded) / self._brightness[shaded.slices], 0, 1)
        colour[shaded.slices] = _levels(colour[shaded.slices] * shade[..., None])
        body = self._box(points)
        rendered = scene.colour(self._camera, body, self._settings.supersampling)
        colour[body.slices] = _levels(rendered * self._sensor.gain[body.slices])
        around = self._box(points, self._parallax_px(points) + self._sensor.reach_px)
        geometry = scene.geometry(self._camera, around, self._settings.baseline_mm)
        match = self._sensor.match(geometry, colour[around.slices], around)
        disparity[around.slices], margin[around.slices] = match.disparity, match.margin
        mask[around.slices] = geometry.item
        changed = mask | (np.abs(colour.astype(np.int16) - self.empty.colour).max(axis=2) > 2)
        return ItemStill(Still(colour, disparity, margin), mask, changed, points.mean(axis=0))

    def sliding(self, still: ItemStill, offset_mm: float) -> Still:
        """Return the item on its way, `offset_mm` beside its place along the tray's x."""
        offset = np.array([offset_mm, 0.0, 0.0])
        both = np.stack([still.anchor_mm, still.anchor_mm + offset])
        at_rest, moved = project(self._camera, both)
        columns, rows = np.rint(moved[:2] - at_rest[:2]).astype(int)
        source, target = _shifted(still.mask.shape, int(rows), int(columns))
        colour, disparity, margin = self.empty.colour.copy(), self.empty.disparity.copy(), self.empty.margin.copy()
        changed = still.changed[source]
        colour[target][changed] = still.still.colour[source][changed]
        solid = (still.still.disparity != self.empty.disparity)[source]
        disparity[target][solid] = still.still.disparity[source][solid] * (at_rest[2] / moved[2])
        margin[target][solid] = still.still.margin[source][solid]
        return Still(colour, disparity, margin)

    def expose(self, still: Still, index: int, t_ns: int) -> SimFrame:
        """Return a noisy frame of a still; the noise depends on the frame's index alone."""
        colour, depth = self._sensor.expose(still, t_ns, np.random.default_rng((*self._seed, 1, index)))
        return SimFrame(t_ns, colour, depth, self._settings.depth_unit_mm)

    def _parallax_px(self, points: NDArray[np.float64]) -> int:
        """Return how far beside an item it can hide the tray from the second depth imager, in px."""
        nearest_mm = float(project(self._camera, points)[:, 2].min())
        return int(self._camera.intrinsics.fx * self._settings.baseline_mm / nearest_mm) + 1

    def _box(self, points: NDArray[np.float64], margin_px: int = 2) -> Box:
        """Return the part of the picture that points of the tray's frame, [N, 3], lie in, a little wider."""
        columns, rows, _ = project(self._camera, points).T
        lens = self._camera.intrinsics
        return Box(
            max(0, int(rows.min()) - margin_px),
            min(lens.height_px, int(rows.max()) + margin_px + 1),
            max(0, int(columns.min()) - margin_px),
            min(lens.width_px, int(columns.max()) + margin_px + 1),
        )


def _shadow_corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of the part of the tray that an item's shadow falls on, float64 [4, 3]."""
    low, high = points.min(axis=0), points.max(axis=0)
    spread = _SHADOW_SPREAD * high[2]
    (x0, y0), (x1, y1) = low[:2] - spread, high[:2] + spread
    return np.array([[x, y, 0.0] for x in (x0, x1) for y in (y0, y1)])


def _levels(colour: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(colour, 0, 255)), np.uint8)


def _shifted(shape: tuple[int, ...], rows: int, columns: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the parts of a picture that a shift by whole px takes from and puts to."""
    height, width = shape
    source = (
        slice(max(0, -rows), max(0, min(height, height - rows))),
        slice(max(0, -columns), max(0, min(width, width - columns))),
    )
    target = (
        slice(max(0, rows), max(0, min(height, height + rows))),
        slice(max(0, columns), max(0, min(width, width + columns))),
    )
    return source, target
