"""The simulated booth: items come, rest and go, and every camera sees them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.geometry import Transform
from station.core.items import Announcement
from station.rig import RigCamera
from station.simulation.damage import damaged
from station.simulation.placing import place_item
from station.simulation.products import build_sheets, catalogue
from station.simulation.render import LAMPS_MM, Rendering, TraySurface, render
from station.simulation.rig import TRAY_SIZE_MM, booth_rig
from station.simulation.sensor import BASELINE_MM, DEPTH_UNIT_MM, Sensor
from station.simulation.settings import SimulationSettings

DAMAGE_TYPES = (DamageType.DEFORMATION, DamageType.PENETRATION, DamageType.ACTUATION)
"""The kinds of damage the booth can do."""

_LEAD_NS = 3_000_000_000
_ANNOUNCED_BEFORE_NS = 250_000_000
_SLIDE_NS = 300_000_000
_SLIDE_PX = 90
_WINDOW_MARGIN_PX = 12
_NOISE, _UNIT, _TRAY = 1, 2, 3

Damage = tuple[tuple[DamageType, Severity], ...]


@dataclass(frozen=True, slots=True)
class SimFrame:
    """One camera's pair: colour uint8 RGB [H, W, 3], depth uint16 [H, W] aligned to it; time since the start."""

    t_ns: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float = DEPTH_UNIT_MM


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item to be placed: when it comes and goes, what it is, and how it is damaged."""

    index: int
    product_id: str
    barcode: str
    plc_id: int
    arrive_ns: int
    leave_ns: int
    damage: Damage
    announcement: Announcement


class Booth:
    """A booth and its timeline. The same arguments give the same bytes, in any order of asking.

    Args:
        seed: of the items, their poses, their damage and all noise.
        item_count: how many items come.
        settings: the images' size, the timeline, the catalogue.
        plan: product and damage of each item; drawn by the seed when None.
    """

    def __init__(
        self,
        seed: int,
        item_count: int,
        settings: SimulationSettings | None = None,
        plan: Sequence[tuple[str, Damage]] | None = None,
    ) -> None:
        self.settings = settings or SimulationSettings()
        self.rig = booth_rig(self.settings.width_px, self.settings.height_px)
        self.catalogue = catalogue(self.settings.catalogue_seed)
        self._seed = seed
        self._products = {product.product_id: product for product in self.catalogue}
        self._tray = TraySurface(TRAY_SIZE_MM, _TRAY)
        focal_px = self.rig.cameras[0].intrinsics.fx
        self._sensor = Sensor(self.settings.width_px, self.settings.height_px, focal_px, _NOISE)
        items = plan if plan is not None else self._draw(item_count)
        self.recipe = (seed, item_count, self.settings, tuple(items))
        """What to build the same booth from in another process: `Booth(*booth.recipe)`."""
        self.plan = self._plan(items)
        self._rendered = lru_cache(maxsize=8)(self._render_item)
        self._empty = lru_cache(maxsize=None)(self._render_empty)

    @property
    def frame_count(self) -> int:
        """How many frames each camera delivers."""
        end_ns = self.plan[-1].leave_ns if self.plan else 0
        return int((end_ns + _LEAD_NS / 2) * self.settings.fps / 1e9) + 1

    def frame(self, camera_id: str, index: int) -> SimFrame:
        """Return a camera's frame of that index, 0 first."""
        t_ns = round(index * 1e9 / self.settings.fps)
        colour, depth_mm = self._scene(camera_id, t_ns)
        camera = [each.camera_id for each in self.rig.cameras].index(camera_id)
        generator = np.random.default_rng([self._seed, _NOISE, camera, index])
        return SimFrame(t_ns, self._sensor.colour(colour, generator), self._sensor.depth(depth_mm, generator))

    def resting_index(self, item: PlannedItem) -> int:
        """Return the index of the first frame in which an item rests."""
        return -(-item.arrive_ns * self.settings.fps // 1_000_000_000)

    def item_mask(self, camera_id: str, item_index: int) -> NDArray[np.bool_]:
        """Return where a camera sees a resting item, bool [H, W]."""
        rendering = self._rendered(camera_id, item_index)
        mask = np.zeros((self.settings.height_px, self.settings.width_px), bool)
        _window(mask, rendering)[:] = rendering.item
        return mask

    def _scene(self, camera_id: str, t_ns: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the true picture at a moment: the empty tray, with the item that is there or on its way."""
        colour, depth_mm = self._empty(camera_id)
        item = next(
            (each for each in self.plan if each.arrive_ns - _SLIDE_NS <= t_ns < each.leave_ns + _SLIDE_NS), None
        )
        if item is None:
            return colour, depth_mm
        early = max(item.arrive_ns - t_ns, 0) - max(t_ns - item.leave_ns, 0)
        shift_px = round(_SLIDE_PX * early / _SLIDE_NS * self.settings.height_px / 480)
        return self._composed(camera_id, item.index, shift_px)

    def _composed(
        self, camera_id: str, item_index: int, shift_px: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        rendering = self._rendered(camera_id, item_index)
        empty_colour, empty_depth_mm = self._empty(camera_id)
        colour, depth_mm = empty_colour.copy(), empty_depth_mm.copy()
        x, y = rendering.origin_px
        height, width = rendering.depth_mm.shape
        left, right = max(0, x + shift_px), min(self.settings.width_px, x + shift_px + width)
        if left >= right:
            return colour, depth_mm
        part = np.s_[:, left - x - shift_px : right - x - shift_px]
        colour[y : y + height, left:right] = rendering.colour[part].clip(0, 255).astype(np.uint8)
        seen_mm = np.where(rendering.blind, np.float32(0), rendering.depth_mm)
        depth_mm[y : y + height, left:right] = seen_mm[part]
        return colour, depth_mm

    def _render_empty(self, camera_id: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        camera = self.rig.camera(camera_id)
        window = (0, 0, self.settings.width_px, self.settings.height_px)
        rendering = render([], np.eye(4), camera.rig_from_camera, camera.intrinsics, window, self._tray, BASELINE_MM)
        return rendering.colour.clip(0, 255).astype(np.uint8), rendering.depth_mm

    def _render_item(self, camera_id: str, item_index: int) -> Rendering:
        item = self.plan[item_index]
        product = self._products[item.product_id]
        generator = np.random.default_rng([self._seed, _UNIT, item_index])
        upright = any(kind is DamageType.ACTUATION for kind, _ in item.damage)
        pose, up = place_item(product, generator, upright)
        sheets = build_sheets(product, generator)
        for kind, severity in item.damage:
            sheets = damaged(sheets, up, pose[:3, :3], kind, severity, generator)
        camera = self.rig.camera(camera_id)
        points = np.concatenate([sheet.points.reshape(-1, 3) for sheet in sheets]) @ pose[:3, :3].T + pose[:3, 3]
        window = _seen_window(points, camera)
        return render(sheets, pose, camera.rig_from_camera, camera.intrinsics, window, self._tray, BASELINE_MM)

    def _draw(self, item_count: int) -> list[tuple[str, Damage]]:
        generator = np.random.default_rng([self._seed, 0])
        drawn = []
        for _ in range(item_count):
            product = self.catalogue[generator.integers(len(self.catalogue))]
            damage: Damage = ()
            if generator.random() < self.settings.damaged_share:
                kind = DAMAGE_TYPES[generator.integers(len(DAMAGE_TYPES))]
                damage = ((kind, Severity(int(generator.integers(1, 3)))),)
            drawn.append((product.product_id, damage))
        return drawn

    def _plan(self, items: Sequence[tuple[str, Damage]]) -> tuple[PlannedItem, ...]:
        period_ns = (self.settings.rest_ms + self.settings.gap_ms) * 1_000_000 + 2 * _SLIDE_NS
        planned = []
        for index, (product_id, damage) in enumerate(items):
            barcode = self._products[product_id].barcode
            arrive_ns = _LEAD_NS + index * period_ns
            announced_ns = arrive_ns - _SLIDE_NS - _ANNOUNCED_BEFORE_NS
            announcement = Announcement(index + 1, announced_ns, sku=product_id, barcode=barcode)
            leave_ns = arrive_ns + self.settings.rest_ms * 1_000_000
            planned.append(
                PlannedItem(index, product_id, barcode, index + 1, arrive_ns, leave_ns, damage, announcement)
            )
        return tuple(planned)


def reference_shots(
    product_id: str, seed: int, count: int, settings: SimulationSettings | None = None
) -> Iterator[dict[str, SimFrame]]:
    """Yield stills of undamaged units of a product, each placed anew, as all cameras see them."""
    booth = Booth(seed, count, settings, plan=[(product_id, ())] * count)
    for item in booth.plan:
        index = booth.resting_index(item)
        yield {camera.camera_id: booth.frame(camera.camera_id, index) for camera in booth.rig.cameras}


def _seen_window(points_mm: NDArray[np.float64], camera: RigCamera) -> tuple[int, int, int, int]:
    """Return the image window (x, y, width, height) that holds these points, their shadows and their blind rims."""
    camera_from_rig: Transform = np.linalg.inv(camera.rig_from_camera)
    shadows = [points_mm + (points_mm - lamp) * (points_mm[:, 2:] / (lamp[2] - points_mm[:, 2:])) for lamp in LAMPS_MM]
    seen = np.concatenate([points_mm, *shadows]) @ camera_from_rig[:3, :3].T + camera_from_rig[:3, 3]
    lens = camera.intrinsics
    pixels = seen[:, :2] / seen[:, 2:] * (lens.fx, lens.fy) + (lens.cx, lens.cy)
    margin = round(_WINDOW_MARGIN_PX * lens.height_px / 480)
    low = np.clip(np.floor(pixels.min(axis=0)) - margin, 0, (lens.width_px - 1, lens.height_px - 1)).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + margin, low + 1, (lens.width_px, lens.height_px)).astype(int)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _window(image: NDArray[np.bool_], rendering: Rendering) -> NDArray[np.bool_]:
    x, y = rendering.origin_px
    height, width = rendering.depth_mm.shape
    return image[y : y + height, x : x + width]
