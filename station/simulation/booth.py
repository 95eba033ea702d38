"""The simulated booth: items come, lie on the tray and leave, seen by three cameras."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.rig import Rig, RigCamera
from station.simulation.catalogue import SimProduct, catalogue, product
from station.simulation.item import PlacedItem, make_item
from station.simulation.layout import booth_rig, project
from station.simulation.mesh import item_mesh
from station.simulation.plan import PlannedItem, Script, draw_script, duration_ns, lay_out
from station.simulation.render import Box, Scene, whole
from station.simulation.sensor import Sensor, Still
from station.simulation.settings import SimulationSettings

_NS_PER_S = 1_000_000_000
_STILLS_KEPT = 3
_SHADOW_SPREAD = 1.4
"""How far a shadow reaches beyond an item, in heights of the item."""
_TRAVEL_MM = 420.0
"""How far beside its place an item appears and vanishes, along the tray's x."""


@dataclass(frozen=True, slots=True)
class SimFrame:
    """One camera's pair: colour uint8 RGB [H, W, 3]; depth uint16 [H, W] aligned to it, 0 where there is none."""

    t_ns: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float


@dataclass(frozen=True, slots=True)
class _ItemStill:
    """An item at rest before one camera. `changed` are the pixels it alters, its shadow among them, bool [H, W]."""

    still: Still
    mask: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    anchor_mm: NDArray[np.float64]


class _View:
    """One camera of the booth: renders stills and adds its sensor's noise."""

    def __init__(self, camera: RigCamera, settings: SimulationSettings, seed: tuple[int, ...], empty: Scene) -> None:
        self._camera = camera
        self._settings = settings
        self._seed = seed
        self._sensor = Sensor(camera.intrinsics, settings, np.random.default_rng((*seed, 0)))
        box = whole(camera.intrinsics)
        geometry = empty.geometry(camera, box, settings.baseline_mm)
        colour = empty.colour(camera, box, settings.supersampling) * self._sensor.vignette
        self._brightness = np.maximum(empty.brightness(camera, box), 1.0)
        self.empty = Still(_levels(colour), self._sensor.disparity(geometry.depth_mm, geometry.paired))

    def still(self, item: PlacedItem, scene: Scene) -> _ItemStill:
        """Render an item at rest."""
        points = item.shape.points() @ item.tray_from_item[:3, :3].T + item.tray_from_item[:3, 3]
        colour, disparity = self.empty.colour.copy(), self.empty.disparity.copy()
        mask = np.zeros(disparity.shape, bool)
        shaded = self._box(np.concatenate([points, _shadow_corners(points)]))
        shade = np.clip(scene.brightness(self._camera, shaded) / self._brightness[shaded.slices], 0, 1)
        colour[shaded.slices] = _levels(colour[shaded.slices] * shade[..., None])
        body = self._box(points)
        rendered = scene.colour(self._camera, body, self._settings.supersampling)
        colour[body.slices] = _levels(rendered * self._sensor.vignette[body.slices])
        around = self._box(points, self._parallax_px(points))
        geometry = scene.geometry(self._camera, around, self._settings.baseline_mm)
        disparity[around.slices] = self._sensor.disparity(geometry.depth_mm, geometry.paired)
        mask[around.slices] = geometry.item
        changed = mask | (np.abs(colour.astype(np.int16) - self.empty.colour).max(axis=2) > 2)
        return _ItemStill(Still(colour, disparity), mask, changed, points.mean(axis=0))

    def sliding(self, still: _ItemStill, offset_mm: float) -> Still:
        """Return the item on its way, `offset_mm` beside its place along the tray's x."""
        offset = np.array([offset_mm, 0.0, 0.0])
        both = np.stack([still.anchor_mm, still.anchor_mm + offset])
        at_rest, moved = project(self._camera, both)
        columns, rows = np.rint(moved[:2] - at_rest[:2]).astype(int)
        source, target = _shifted(still.mask.shape, int(rows), int(columns))
        colour, disparity = self.empty.colour.copy(), self.empty.disparity.copy()
        changed = still.changed[source]
        colour[target][changed] = still.still.colour[source][changed]
        solid = (still.still.disparity != self.empty.disparity)[source]
        disparity[target][solid] = still.still.disparity[source][solid] * (at_rest[2] / moved[2])
        return Still(colour, disparity)

    def expose(self, still: Still, index: int, t_ns: int) -> SimFrame:
        """Return a noisy frame of a still; the noise depends on the frame's index alone."""
        colour, depth = self._sensor.expose(still, np.random.default_rng((*self._seed, 1, index)))
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


class Booth:
    """The simulated booth: a timeline of items, and what three cameras see of it at any moment.

    Any frame can be asked for in any order, and is the same, byte for byte, whenever it is asked for.

    Args:
        seed: gives the items, their poses and damage, and the noise.
        item_count: how many items come.
        settings: the booth's settings; those it has by default when None.
        script: which products come, and how damaged; drawn from the seed when None.

    Raises:
        SimulationError: the renderer is not installed, or the script names an unknown product or damage.
    """

    def __init__(
        self, seed: int, item_count: int, settings: SimulationSettings | None = None, script: Script | None = None
    ) -> None:
        self.settings = settings or SimulationSettings()
        self.seed = seed
        self.rig: Rig = booth_rig(self.settings)
        self.catalogue: tuple[SimProduct, ...] = catalogue(self.settings.catalogue_seed)
        if script is None:
            rng = np.random.default_rng((seed, 0))
            script = draw_script(self.catalogue, item_count, self.settings.damaged_share, rng)
        self.plan: tuple[PlannedItem, ...] = lay_out(script, self.settings)
        self.frame_count: int = duration_ns(len(self.plan), self.settings) * self.settings.fps // _NS_PER_S
        self._views: dict[str, _View] = {}
        self._stills: dict[str, OrderedDict[int, _ItemStill]] = {
            name.camera_id: OrderedDict() for name in self.rig.cameras
        }
        self._scenes: OrderedDict[int, tuple[PlacedItem, Scene]] = OrderedDict()

    def frame(self, camera_id: str, index: int) -> SimFrame:
        """Return a camera's frame of that index, 0 first.

        Raises:
            IndexError: there is no such frame.
            RigError: there is no such camera.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"the booth has frames 0 to {self.frame_count - 1}, not {index}")
        view = self._view(camera_id)
        t_ns = index * _NS_PER_S // self.settings.fps
        return view.expose(self._moment(camera_id, t_ns), index, t_ns)

    def item_mask(self, camera_id: str, item_index: int) -> NDArray[np.bool_]:
        """Return where a camera sees an item at rest, bool [H, W].

        Raises:
            IndexError: there is no such item.
            RigError: there is no such camera.
        """
        return self._still(camera_id, item_index).mask

    def _moment(self, camera_id: str, t_ns: int) -> Still:
        """Return what a camera sees at a time, without noise."""
        period_ns = duration_ns(1, self.settings) - duration_ns(0, self.settings)
        since_ns = t_ns - duration_ns(0, self.settings)
        index, within_ns = divmod(since_ns, period_ns)
        move_ns, rest_ns = self.settings.move_ms * 1_000_000, self.settings.rest_ms * 1_000_000
        if since_ns < 0 or index >= len(self.plan) or within_ns >= 2 * move_ns + rest_ns:
            return self._view(camera_id).empty
        still = self._still(camera_id, index)
        if within_ns < move_ns:
            return self._view(camera_id).sliding(still, -_TRAVEL_MM * (1 - within_ns / move_ns) ** 2)
        if within_ns < move_ns + rest_ns:
            return still.still
        return self._view(camera_id).sliding(still, _TRAVEL_MM * ((within_ns - move_ns - rest_ns) / move_ns) ** 2)

    def _view(self, camera_id: str) -> _View:
        view = self._views.get(camera_id)
        if view is None:
            camera = self.rig.camera(camera_id)
            seed = (self.seed, 2, self.rig.cameras.index(camera))
            view = self._views[camera_id] = _View(camera, self.settings, seed, Scene())
        return view

    def _still(self, camera_id: str, item_index: int) -> _ItemStill:
        view, kept = self._view(camera_id), self._stills[camera_id]
        still = kept.get(item_index)
        if still is None:
            still = view.still(*self._scene(item_index))
            kept[item_index] = still
            while len(kept) > _STILLS_KEPT:
                kept.popitem(last=False)
        return still

    def _scene(self, item_index: int) -> tuple[PlacedItem, Scene]:
        scene = self._scenes.get(item_index)
        if scene is None:
            planned = self.plan[item_index]
            thing = product(planned.product_id, self.settings.catalogue_seed)
            rng = np.random.default_rng((self.seed, 1, item_index))
            item = make_item(thing, planned.damage, self.rig, self.settings, rng)
            scene = item, Scene(item_mesh(item.shape, item.tray_from_item), item.shape)
            self._scenes[item_index] = scene
            while len(self._scenes) > _STILLS_KEPT:
                self._scenes.popitem(last=False)
        return scene


def reference_shots(
    product_id: str, seed: int, count: int, settings: SimulationSettings | None = None
) -> Iterator[Mapping[str, SimFrame]]:
    """Yield stills of one undamaged product, each by all cameras, every time another way up and at another place.

    Args:
        product_id: which product of the catalogue.
        seed: gives poses and noise; shots of one seed are no frames of a booth of the same seed.
        count: how many shots.
        settings: the booth's settings.

    Yields:
        One frame per camera id; they are of one moment.

    Raises:
        SimulationError: the renderer is not installed, or there is no such product.
    """
    settings = settings or SimulationSettings()
    thing = product(product_id, settings.catalogue_seed)
    rig, empty = booth_rig(settings), Scene()
    number = [candidate.product_id for candidate in catalogue(settings.catalogue_seed)].index(product_id)
    views = {
        camera.camera_id: _View(camera, settings, (seed, 3, number, place), empty)
        for place, camera in enumerate(rig.cameras)
    }
    for shot in range(count):
        item = make_item(thing, (), rig, settings, np.random.default_rng((seed, 4, number, shot)))
        scene = Scene(item_mesh(item.shape, item.tray_from_item), item.shape)
        yield {
            name: view.expose(view.still(item, scene).still, shot, shot * _NS_PER_S // settings.fps)
            for name, view in views.items()
        }


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
