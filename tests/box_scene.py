"""A tray with textured boxes on it, cast ray by ray: pictures whose truth is known by construction."""

from dataclasses import dataclass

import numpy as np

from station.core.frames import Frame, FrameSet, TimeDomain
from station.core.geometry import Intrinsics, Transform
from station.rig import Rig, RigCamera, Tray

DEPTH_UNIT_MM = 0.1
TRAY_COLOUR = (120, 125, 130)
FLOOR_MM = -200.0


@dataclass(frozen=True)
class Box:
    """A box standing on the tray: middle of its foot, size along its own axes, turn about the vertical."""

    at_mm: tuple[float, float] = (0.0, 0.0)
    size_mm: tuple[float, float, float] = (160.0, 90.0, 60.0)
    yaw_deg: float = 0.0
    colour: tuple[int, int, int] = (190, 60, 40)
    tile_mm: float = 15.0


@dataclass
class CountingLease:
    """Knows how often its frame was given back."""

    holders: int = 1
    releases: int = 0

    def retain(self) -> None:
        self.holders += 1

    def release(self) -> None:
        self.releases += 1
        self.holders -= 1


@dataclass(frozen=True)
class Picture:
    colour: np.ndarray
    depth: np.ndarray
    height_mm: np.ndarray
    mask: np.ndarray


def look_at(eye_mm, target_mm=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0)) -> Transform:
    """rig_from_camera of a camera at `eye_mm` (x right, y down, z ahead)."""
    eye, target = np.array(eye_mm, float), np.array(target_mm, float)
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, up)
    right /= np.linalg.norm(right)
    transform = np.eye(4)
    transform[:3, :3] = np.column_stack([right, np.cross(ahead, right), ahead])
    transform[:3, 3] = eye
    return transform


def make_rig(width_px=640, height_px=480, cameras=("top", "left", "right"), distortion=(0.0,) * 5) -> Rig:
    eyes = {"top": (0, 0, 800), "left": (-520, -80, 560), "right": (520, 80, 560)}
    focal = 0.96 * width_px
    intrinsics = Intrinsics(width_px, height_px, focal, focal, width_px / 2 - 3, height_px / 2 + 2, distortion)
    return Rig(
        cameras=tuple(RigCamera(name, f"serial-{name}", intrinsics, look_at(eyes[name])) for name in cameras),
        tray=Tray(rig_from_tray=np.eye(4), size_mm=(500.0, 400.0), max_item_height_mm=250.0),
    )


def cast(rig: Rig, camera_id: str, boxes: tuple[Box, ...] = ()) -> Picture:
    """Render one camera without noise."""
    camera = rig.camera(camera_id)
    k = camera.intrinsics
    cols, rows = np.meshgrid(np.arange(k.width_px), np.arange(k.height_px))
    rays = np.stack([(cols - k.cx) / k.fx, (rows - k.cy) / k.fy, np.ones(cols.shape)], axis=-1)
    tray_from_camera = rig.tray_from_camera(camera_id)
    ways, origin = rays @ tray_from_camera[:3, :3].T, tray_from_camera[:3, 3]

    with np.errstate(divide="ignore", invalid="ignore"):
        depth = -origin[2] / ways[..., 2]
        points = origin + ways * depth[..., None]
        on_tray = np.all(np.abs(points[..., :2]) <= np.array(rig.tray.size_mm) / 2, axis=-1)
        depth = np.where(on_tray, depth, (FLOOR_MM - origin[2]) / ways[..., 2])
        depth = np.where((depth > 0) & (depth < 6000), depth, 0)
        colour = np.where(on_tray[..., None], TRAY_COLOUR, (40, 45, 40)).astype(np.uint8)
        mask = np.zeros(depth.shape, bool)
        for box in boxes:
            hit, near, pattern = _cast_box(box, origin, ways)
            hit &= (depth == 0) | (near < depth)
            depth, mask = np.where(hit, near, depth), mask | hit
            shade = np.array(box.colour) * np.where(pattern, 1.0, 0.55)[..., None]
            colour = np.where(hit[..., None], shade, colour).astype(np.uint8)
    height = origin[2] + ways[..., 2] * depth
    return Picture(colour, np.round(depth / DEPTH_UNIT_MM).astype(np.uint16), height, mask)


def _cast_box(box: Box, origin, ways):
    """The slab method in the box's own axes."""
    turn = np.radians(box.yaw_deg)
    box_from_tray = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    start = box_from_tray @ (origin - np.array([*box.at_mm, box.size_mm[2] / 2]))
    way = ways @ box_from_tray.T
    half = np.array(box.size_mm) / 2
    first, second = (-half - start) / way, (half - start) / way
    near = np.minimum(first, second).max(axis=-1)
    hit = (near <= np.maximum(first, second).min(axis=-1)) & (near > 0)
    tiles = np.floor((start + way * near[..., None]) / box.tile_mm + 1e-6).sum(axis=-1)
    return hit, near, tiles % 2 == 0


def make_frame(picture: Picture, camera_id: str, number: int, t_ns: int, rng=None, depth=None) -> Frame:
    """A frame of the picture; `rng` adds sensor noise, `depth` replaces the picture's."""
    colour = picture.colour
    depth = picture.depth if depth is None else depth
    if rng is not None:
        colour = np.clip(colour + rng.normal(0, 3, colour.shape), 0, 255).astype(np.uint8)
        depth = np.where(depth > 0, depth + rng.normal(0, 1.0 / DEPTH_UNIT_MM, depth.shape), 0).astype(np.uint16)
    return Frame(
        camera_id=camera_id,
        sequence=number,
        device_t_ns=t_ns,
        host_t_ns=t_ns,
        time_domain=TimeDomain.GLOBAL,
        colour=colour,
        depth=depth,
        depth_unit_mm=DEPTH_UNIT_MM,
        lease=CountingLease(),
    )


def make_frameset(rig: Rig, boxes: tuple[Box, ...] = (), number: int = 0, t_ns: int = 0, rng=None) -> FrameSet:
    frames = tuple(
        make_frame(cast(rig, camera.camera_id, boxes), camera.camera_id, number, t_ns, rng) for camera in rig.cameras
    )
    return FrameSet(t_ns=t_ns, host_t_ns=t_ns, frames=frames)
