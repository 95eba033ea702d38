"""A flat printed board held before the booth's cameras, as a technician does.

The board is drawn analytically over the empty booth; it throws no shadow on the tray.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.rig import Rig, RigCamera
from station.simulation.layout import project
from station.simulation.lens import slopes
from station.simulation.render import Box, Geometry, Scene
from station.simulation.sensor import Still
from station.simulation.settings import SimulationSettings
from station.simulation.stage import build_stage
from station.simulation.view import SimFrame, View

_NS_PER_S = 1_000_000_000
_INK, _PAPER = 14.0, 226.0
_SUBSAMPLES = 4
_LENS_BLUR_PX = 0.5
_PAD_PX = 4
_OUTLINE_POINTS = 9
_SHADE = 1 / 2.2
"""Levels are gamma-coded: how they follow the light."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A printed sheet: `print_` uint8 [h, w], 0 ink and 255 paper, covers `size_mm` (x right, y down, z into it)."""

    print_: NDArray[np.uint8]
    size_mm: tuple[float, float]

    def outline_mm(self) -> NDArray[np.float64]:
        """Return points along the sheet's edges, float64 [N, 3]."""
        width, height = self.size_mm
        along = np.linspace(0, 1, _OUTLINE_POINTS)
        zero, one = np.zeros_like(along), np.ones_like(along)
        edges = [(along, zero), (along, one), (zero, along), (one, along)]
        return np.concatenate([np.column_stack([x * width, y * height, zero]) for x, y in edges])


@dataclass(frozen=True, slots=True, eq=False)
class Circles:
    """A sheet moved above where `tray_from_sheet` has it, level, round and round, as people move one."""

    tray_from_sheet: Transform
    height_mm: float = 90.0
    radius_mm: float = 50.0
    period_s: float = 1.4

    def at(self, t_s: float) -> Transform:
        """Return tray_from_sheet at a time."""
        angle = 2 * np.pi * t_s / self.period_s
        pose = self.tray_from_sheet.copy()
        pose[:3, 3] += self.radius_mm * np.cos(angle), self.radius_mm * np.sin(angle), self.height_mm
        return pose


class BoardBooth:
    """The simulated booth with a person who holds a sheet: what `cameras.SimulatedCamera` asks of a booth.

    Any frame can be asked for in any order, and is the same whenever it is asked for.

    Args:
        rig: where the cameras truly are, in the tray's frame; see `bolted`.
        sheet: what is held.
        poses: for each frame in turn where it is, `tray_from_sheet`, how it moves, or None for the empty tray.
        seed: gives the noise and how far depth has drifted.
        settings: the booth's settings; those it has by default when None.
        factory: the same cameras as they describe themselves, where their intrinsics are not quite the true ones.
        late_ms: by camera, how much later than its stamps say it takes its pictures of what moves.

    Raises:
        SimulationError: the renderer is not installed, or the booth file cannot be used.
    """

    def __init__(
        self,
        rig: Rig,
        sheet: Sheet,
        poses: Sequence[Transform | Circles | None],
        seed: int,
        settings: SimulationSettings | None = None,
        factory: Rig | None = None,
        late_ms: Mapping[str, float] | None = None,
    ) -> None:
        self.settings = settings or SimulationSettings()
        self.truth = rig
        self.rig = factory or rig
        self.frame_count = len(poses)
        self._sheet = sheet
        self._poses = tuple(poses)
        self._seed = seed
        self._late_ms = late_ms or {}
        self._stage = build_stage(self.settings)
        self._painters: dict[str, _Painter] = {}

    def frame(self, camera_id: str, index: int) -> SimFrame:
        """Return a camera's frame of that index, 0 first.

        Raises:
            IndexError: there is no such frame.
            RigError: there is no such camera.
        """
        painter = self._painters.get(camera_id)
        if painter is None:
            camera = self.truth.camera(camera_id)
            seed = self._seed, 9, self.truth.cameras.index(camera)
            painter = self._painters[camera_id] = _Painter(camera, self.settings, seed)
        t_ns = index * _NS_PER_S // self.settings.fps
        pose = self._poses[index]
        if isinstance(pose, Circles):
            pose = pose.at(index / self.settings.fps + self._late_ms.get(camera_id, 0.0) / 1000)
        return painter.frame(self._sheet, pose, index, t_ns)

    def stop(self, camera_id: str) -> None:
        """Let go of what was rendered for a camera."""
        self._painters.pop(camera_id, None)


class _Painter:
    """One camera's pictures of the sheet."""

    def __init__(self, camera: RigCamera, settings: SimulationSettings, seed: tuple[int, ...]) -> None:
        stage = build_stage(settings)
        self._camera = camera
        self._lighting = stage.lighting
        self._view = View(camera, settings, seed, Scene(stage=stage))
        self._last: tuple[Transform, Still] | None = None

    def frame(self, sheet: Sheet, pose: Transform | None, index: int, t_ns: int) -> SimFrame:
        """Return one noisy frame."""
        if pose is None:
            return self._view.expose(self._view.empty, index, t_ns)
        if self._last is None or not np.array_equal(self._last[0], pose):
            self._last = pose, self._still(sheet, pose)
        return self._view.expose(self._last[1], index, t_ns)

    def _still(self, sheet: Sheet, tray_from_sheet: Transform) -> Still:
        camera_from_sheet = np.linalg.inv(self._camera.rig_from_camera) @ tray_from_sheet
        normal = camera_from_sheet[:3, 2]
        outline = sheet.outline_mm() @ tray_from_sheet[:3, :3].T + tray_from_sheet[:3, 3]
        places = project(self._camera, outline)
        box = _box(places, self._camera)
        empty = self._view.empty
        if places[:, 2].min() < 1 or normal @ camera_from_sheet[:3, 3] <= 0 or box is None:
            return empty  # behind the camera, seen from its back, or out of the picture
        albedo, share = self._print(sheet, camera_from_sheet, box)
        points, depth_mm = self._points(camera_from_sheet, box)
        towards = -(self._camera.rig_from_camera[:3, :3] @ normal).astype(np.float32)
        flat = points.reshape(-1, 3).astype(np.float32)
        normals = np.broadcast_to(towards, flat.shape)
        light = np.maximum(self._lighting.irradiance(flat, normals), 0.05).reshape(depth_mm.shape) ** _SHADE
        tint = self._lighting.tint(np.ascontiguousarray(normals)).reshape(-1, 3)
        tint = np.broadcast_to(tint, (len(flat), 3)).reshape(*depth_mm.shape, 3)
        lit = albedo[..., None] * light[..., None] * tint * self._view.gain[box.slices]
        behind = empty.colour[box.slices]
        colour = empty.colour.copy()
        mixed = np.clip(lit, 0, 255) + (1 - share[..., None]) * behind
        colour[box.slices] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
        sheet_here = share > 0.5
        disparity, margin = empty.disparity.copy(), empty.margin.copy()
        everywhere = np.ones_like(sheet_here)
        geometry = Geometry(depth_mm, sheet_here, np.zeros_like(sheet_here), everywhere, np.ones_like(depth_mm))
        match = self._view.match(geometry, colour[box.slices], box)
        disparity[box.slices][sheet_here] = match.disparity[sheet_here]
        margin[box.slices][sheet_here] = match.margin[sheet_here]
        return Still(colour, disparity, margin)

    def _print(
        self, sheet: Sheet, camera_from_sheet: Transform, box: Box
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the sheet's levels, times its share of each pixel, and that share; float32 [h, w] each."""
        wide = Box(box.top - _PAD_PX, box.bottom + _PAD_PX, box.left - _PAD_PX, box.right + _PAD_PX)
        height, width = wide.bottom - wide.top, wide.right - wide.left
        rows = (np.arange(height * _SUBSAMPLES) + 0.5) / _SUBSAMPLES - 0.5 + wide.top
        columns = (np.arange(width * _SUBSAMPLES) + 0.5) / _SUBSAMPLES - 0.5 + wide.left
        x_mm, y_mm, _ = _meet(camera_from_sheet, *slopes(self._camera.intrinsics, rows, columns))
        (tall, broad), (width_mm, height_mm) = sheet.print_.shape, sheet.size_mm
        across = (x_mm / width_mm * broad - 0.5).astype(np.float32)
        down = (y_mm / height_mm * tall - 0.5).astype(np.float32)
        ink = cv2.remap(sheet.print_, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = ((x_mm >= 0) & (x_mm < width_mm) & (y_mm >= 0) & (y_mm < height_mm)).astype(np.float32)
        levels = (_INK + (_PAPER - _INK) / 255 * ink.astype(np.float32)) * inside
        found = []
        for picture in (levels, inside):
            small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
            blurred = cv2.GaussianBlur(small, (0, 0), _LENS_BLUR_PX)
            found.append(np.asarray(blurred[_PAD_PX:-_PAD_PX, _PAD_PX:-_PAD_PX], np.float32))
        return found[0], found[1]

    def _points(self, camera_from_sheet: Transform, box: Box) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return where pixel centres meet the sheet's plane, in the tray's frame [h, w, 3], and their depth [h, w]."""
        rows, columns = np.arange(box.top, box.bottom) + 0.0, np.arange(box.left, box.right) + 0.0
        x_mm, y_mm, depth_mm = _meet(camera_from_sheet, *slopes(self._camera.intrinsics, rows, columns))
        rig_from_sheet = self._camera.rig_from_camera @ camera_from_sheet
        points = np.stack([x_mm, y_mm, np.zeros_like(x_mm)], axis=-1) @ rig_from_sheet[:3, :3].T + rig_from_sheet[:3, 3]
        return points, np.clip(depth_mm, 1, 10_000).astype(np.float32)


def _meet(
    camera_from_sheet: Transform, across: NDArray[np.float32], down: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y on the sheet's plane of the rays of these slopes, in mm, and how far ahead they meet it."""
    axes, origin = camera_from_sheet[:3, :3], camera_from_sheet[:3, 3]
    slope_x, slope_y = np.broadcast_arrays(across.astype(np.float64), down.astype(np.float64))
    x_axis, y_axis, normal = axes.T
    facing = normal[0] * slope_x + normal[1] * slope_y + normal[2]
    depth = (normal @ origin) / np.where(np.abs(facing) < 1e-9, 1e-9, facing)
    x_mm = depth * (x_axis[0] * slope_x + x_axis[1] * slope_y + x_axis[2]) - x_axis @ origin
    y_mm = depth * (y_axis[0] * slope_x + y_axis[1] * slope_y + y_axis[2]) - y_axis @ origin
    return x_mm, y_mm, depth


def _box(places: NDArray[np.float64], camera: RigCamera) -> Box | None:
    lens = camera.intrinsics
    left, top = np.floor(places[:, :2].min(axis=0)).astype(int) - 2
    right, bottom = np.ceil(places[:, :2].max(axis=0)).astype(int) + 3
    box = Box(max(0, int(top)), min(lens.height_px, int(bottom)), max(0, int(left)), min(lens.width_px, int(right)))
    return box if box.bottom > box.top and box.right > box.left else None


def bolted(rig: Rig, rng: np.random.Generator, spread_mm: float = 8.0, spread_deg: float = 1.5) -> Rig:
    """Return the rig as people bolt it together: each camera somewhat off its place, by normal deviates an axis."""
    cameras = []
    for camera in rig.cameras:
        moved = camera.rig_from_camera @ _turned(np.radians(rng.normal(0, spread_deg, 3)))
        moved[:3, 3] += rng.normal(0, spread_mm, 3)
        cameras.append(replace(camera, rig_from_camera=moved))
    return replace(rig, cameras=tuple(cameras))


def nudged(rig: Rig, camera_id: str, rng: np.random.Generator, by_mm: float = 0.0, by_deg: float = 0.0) -> Rig:
    """Return the rig with one camera moved that far in some direction, or turned that far about some axis."""
    way, axis = (vector / np.linalg.norm(vector) for vector in rng.normal(0, 1, (2, 3)))
    cameras = []
    for camera in rig.cameras:
        moved = camera.rig_from_camera
        if camera.camera_id == camera_id:
            moved = moved @ _turned(np.radians(by_deg) * axis)
            moved[:3, 3] += by_mm * way
        cameras.append(replace(camera, rig_from_camera=moved))
    return replace(rig, cameras=tuple(cameras))


def _turned(rotation: NDArray[np.float64]) -> Transform:
    transform = np.eye(4)
    transform[:3, :3] = cv2.Rodrigues(rotation)[0]
    return transform


def hold_poses(
    rig: Rig, sheet_mm: tuple[float, float], count: int, rng: np.random.Generator, height_mm: tuple[float, float]
) -> list[Transform]:
    """Return poses a person would hold a sheet in, over the tray: turned any way, tilted towards each camera in turn.

    Args:
        rig: the booth's.
        sheet_mm: the sheet's width and height.
        count: how many.
        rng: draws them.
        height_mm: the lowest and the highest place of the sheet's middle above the tray.
    """
    poses = []
    half_x, half_y = np.array(rig.tray.size_mm) / 2
    for number in range(count):
        camera = rig.cameras[number % len(rig.cameras)]
        place = np.array(
            [rng.uniform(-0.45, 0.45) * half_x, rng.uniform(-0.45, 0.45) * half_y, rng.uniform(*height_mm)]
        )
        towards = camera.rig_from_camera[:3, 3] - place
        towards = towards / np.linalg.norm(towards) + np.array([0, 0, 1.2]) + rng.normal(0, 0.15, 3)
        poses.append(_facing(place, towards, rng.uniform(0, 2 * np.pi), sheet_mm))
    return poses


def lay_poses(
    rig: Rig, sheet_mm: tuple[float, float], thickness_mm: float, rng: np.random.Generator, count: int = 3
) -> list[Transform]:
    """Return poses of a sheet laid on the tray: first in its middle, straight, then beside it and turned to and fro."""
    up, (half_x, half_y) = np.array([0.0, 0.0, 1.0]), np.array(rig.tray.size_mm) / 2
    poses = [_facing(np.array([0.0, 0.0, thickness_mm]), up, 0.0, sheet_mm)]
    for number in range(count - 1):
        place = np.array([rng.uniform(-0.3, 0.3) * half_x, rng.uniform(-0.3, 0.3) * half_y, thickness_mm])
        poses.append(_facing(place, up, (-1) ** number * rng.uniform(0.2, 0.6), sheet_mm))
    return poses


def _facing(
    place_mm: NDArray[np.float64], towards: NDArray[np.float64], turn: float, sheet_mm: tuple[float, float]
) -> Transform:
    """Return tray_from_sheet: the sheet's middle in a place, its print facing a direction, turned about that."""
    into = -towards / np.linalg.norm(towards)
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    right -= into * (into @ right)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(into, right), into], axis=1)
    pose[:3, 3] = place_mm - pose[:3, :2] @ (np.array(sheet_mm) / 2)
    return pose
