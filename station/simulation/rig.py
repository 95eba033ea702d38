"""The simulated booth's geometry: a tray, one camera above it and one at either side."""

import numpy as np

from station.core.geometry import Intrinsics, Transform
from station.rig import Rig, RigCamera, Tray

TRAY_SIZE_MM = (420.0, 340.0)
MAX_ITEM_HEIGHT_MM = 200.0
_FOCAL_PER_HEIGHT = 615.0 / 480.0  # a D435's colour camera at 640 x 480
_PLACES_MM = {
    "top": ((0.0, 0.0, 540.0), (0.0, 0.0, 0.0)),
    "left": ((-380.0, -130.0, 370.0), (0.0, 0.0, 20.0)),
    "right": ((380.0, -130.0, 370.0), (0.0, 0.0, 20.0)),
}


def booth_rig(width_px: int, height_px: int) -> Rig:
    """Return the booth's rig; its frame is the tray's own."""
    focal_px = _FOCAL_PER_HEIGHT * height_px
    intrinsics = Intrinsics(width_px, height_px, focal_px, focal_px, (width_px - 1) / 2, (height_px - 1) / 2)
    cameras = tuple(
        RigCamera(name, f"SIM-{name.upper()}", intrinsics, _looking(np.array(place), np.array(target)))
        for name, (place, target) in _PLACES_MM.items()
    )
    return Rig(cameras, Tray(np.eye(4), TRAY_SIZE_MM, MAX_ITEM_HEIGHT_MM))


def _looking(place_mm: np.ndarray, target_mm: np.ndarray) -> Transform:
    """Return rig_from_camera of a camera that looks at a target, its rows level; x right, y down, z forward."""
    forward = (target_mm - place_mm) / np.linalg.norm(target_mm - place_mm)
    away = np.array([0.0, 1.0, 0.0])  # up in the picture of a camera that looks straight down
    up = away if abs(forward[2]) > 0.99 else np.array([0.0, 0.0, 1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    transform = np.eye(4)
    transform[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    transform[:3, 3] = place_mm
    return transform
