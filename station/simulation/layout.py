"""Where the simulated booth's cameras and tray are. `hardware/booth.json` documents the same rig."""

import math

import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics, Transform
from station.rig import Rig, RigCamera, Tray
from station.simulation.settings import SimulationSettings

TRAY_SIZE_MM = (440.0, 340.0)
MAX_ITEM_HEIGHT_MM = 250.0
CAMERAS_MM: dict[str, tuple[float, float, float]] = {
    "top": (0.0, 0.0, 610.0),
    "left": (-405.0, -215.0, 415.0),
    "right": (405.0, 215.0, 415.0),
}
"""Camera positions in the tray's frame: one above, two at opposite corners so that every side is seen."""
LOOK_AT_MM = (0.0, 0.0, 30.0)
FOCAL_LENGTH_HEIGHTS = 1.28
"""Focal length over picture height, as a D435's colour camera has it (615 px at 640x480, 920 px at 1280x720)."""


def booth_rig(settings: SimulationSettings) -> Rig:
    """Return the simulated booth's geometry; the rig's frame is the tray's."""
    focal_px = FOCAL_LENGTH_HEIGHTS * settings.height_px
    intrinsics = Intrinsics(
        settings.width_px,
        settings.height_px,
        focal_px,
        focal_px,
        (settings.width_px - 1) / 2.0,
        (settings.height_px - 1) / 2.0,
    )
    cameras = tuple(
        RigCamera(camera_id, f"SIM-{camera_id.upper()}", intrinsics, _look_at(position))
        for camera_id, position in CAMERAS_MM.items()
    )
    return Rig(cameras, Tray(np.eye(4), TRAY_SIZE_MM, MAX_ITEM_HEIGHT_MM))


def project(camera: RigCamera, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where points of the tray's frame, [N, 3], appear, float64 [N, 3]: column and row in px, depth in mm."""
    camera_from_rig = np.linalg.inv(camera.rig_from_camera)
    points = np.asarray(points_mm, np.float64) @ camera_from_rig[:3, :3].T + camera_from_rig[:3, 3]
    lens = camera.intrinsics
    columns = lens.cx + lens.fx * points[:, 0] / points[:, 2]
    rows = lens.cy + lens.fy * points[:, 1] / points[:, 2]
    return np.stack([columns, rows, points[:, 2]], axis=1)


def _look_at(position_mm: tuple[float, float, float]) -> Transform:
    """Return rig_from_camera of a camera that looks at the tray; up in its picture is up, or +y seen from above."""
    forward = np.subtract(LOOK_AT_MM, position_mm)
    forward /= np.linalg.norm(forward)
    straight_down = math.isclose(forward[2], -1.0, abs_tol=1e-6)
    up = np.array([0.0, 1.0, 0.0] if straight_down else [0.0, 0.0, 1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rig_from_camera = np.eye(4)
    rig_from_camera[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    rig_from_camera[:3, 3] = position_mm
    return rig_from_camera
