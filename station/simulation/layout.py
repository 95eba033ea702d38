"""Where a booth's cameras, lights and tray are: read from a booth file, as `hardware/README.md` documents it."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import station
from station.core.errors import SimulationError
from station.core.geometry import Intrinsics, Transform
from station.rig import Rig, RigCamera, Tray
from station.simulation.lens import pixels
from station.simulation.settings import SimulationSettings

_CAMERAS = (2, 6)
"""The fewest and the most cameras a booth has."""

Place = tuple[float, float, float]
"""A point of the tray's frame, in mm."""


@dataclass(frozen=True, slots=True)
class TrayPlan:
    """The tray: its size along x and y, its rim's width and height, and the highest item it takes, in mm."""

    size_mm: tuple[float, float]
    rim_mm: tuple[float, float]
    max_item_height_mm: float


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """A camera: where it is, the point its picture's middle shows, and its focal length in heights of its picture.

    `distortion` is its lens's, as OpenCV orders it: k1, k2, p1, p2, k3.
    """

    camera_id: str
    position_mm: Place
    look_at_mm: Place
    focal_length_heights: float
    distortion: tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A light panel that faces the tray's middle: `size_mm` is its width and height, in the horizontal and upwards."""

    panel_id: str
    centre_mm: Place
    size_mm: tuple[float, float]
    temperature_k: float
    flux_lm: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A booth as it is built. `ambient` is the share of the tray's light that comes from walls and hall, 0 to 1."""

    tray: TrayPlan
    cameras: tuple[CameraPlace, ...]
    panels: tuple[Panel, ...]
    ambient: float


@lru_cache(maxsize=8)
def load_layout(name_or_path: str) -> Layout:
    """Read a booth file by path, or one of the shipped ones by name.

    Raises:
        SimulationError: there is no such file, or it describes no booth of two to six cameras.
    """
    path = Path(name_or_path)
    if path.suffix != ".json":
        path = _shipped() / f"{name_or_path}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        layout = Layout(
            TrayPlan(**_fields(data["tray"])),
            tuple(CameraPlace(**_fields(camera)) for camera in data["cameras"]),
            tuple(Panel(**_fields(panel)) for panel in data["panels"]),
            float(data["ambient"]),
        )
    except FileNotFoundError as error:
        names = ", ".join(sorted(file.stem for file in _shipped().glob("*.json")))
        raise SimulationError(f"there is no booth file {path}. Name an existing one, or one of {names}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise SimulationError(f"booth file {path} is malformed ({error}). hardware/README.md describes it") from error
    fewest, most = _CAMERAS
    if not fewest <= len({camera.camera_id for camera in layout.cameras}) == len(layout.cameras) <= most:
        raise SimulationError(
            f"booth file {path} has {len(layout.cameras)} cameras; a booth has {fewest} to {most}, each with a name "
            "of its own. Correct the file"
        )
    return layout


def booth_rig(settings: SimulationSettings) -> Rig:
    """Return the simulated booth's geometry; the rig's frame is the tray's.

    Raises:
        SimulationError: the booth file the settings name cannot be used.
    """
    layout = load_layout(settings.booth)
    cameras = tuple(
        RigCamera(
            place.camera_id,
            f"SIM-{place.camera_id.upper()}",
            _intrinsics(place, settings),
            _look_at(place.position_mm, place.look_at_mm),
        )
        for place in layout.cameras
    )
    return Rig(cameras, Tray(np.eye(4), layout.tray.size_mm, layout.tray.max_item_height_mm))


def project(camera: RigCamera, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where points of the tray's frame, [N, 3], appear, float64 [N, 3]: column and row in px, depth in mm."""
    camera_from_rig = np.linalg.inv(camera.rig_from_camera)
    points = np.asarray(points_mm, np.float64) @ camera_from_rig[:3, :3].T + camera_from_rig[:3, 3]
    return np.column_stack([pixels(camera.intrinsics, points), points[:, 2]])


def _shipped() -> Path:
    """Return the folder of the shipped booth files: `station/_booths` as installed, `hardware/booths` in a checkout."""
    package = Path(station.__file__).parent
    installed = package / "_booths"
    return installed if installed.is_dir() else package.parent / "hardware" / "booths"


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with every number a float and every list a tuple of them."""

    def value(found: Any) -> Any:
        if isinstance(found, list):
            return tuple(float(number) for number in found)
        return found if isinstance(found, str) else float(found)

    return {name: value(found) for name, found in record.items()}


def _intrinsics(place: CameraPlace, settings: SimulationSettings) -> Intrinsics:
    focal_px = place.focal_length_heights * settings.height_px
    middle = (settings.width_px - 1) / 2, (settings.height_px - 1) / 2
    return Intrinsics(settings.width_px, settings.height_px, focal_px, focal_px, *middle, place.distortion)


def _look_at(position_mm: Place, look_at_mm: Place) -> Transform:
    """Return rig_from_camera of a camera that looks at a point; up in its picture is up, or +y seen from above."""
    forward = np.subtract(look_at_mm, position_mm)
    forward /= np.linalg.norm(forward)
    straight_down = math.isclose(forward[2], -1.0, abs_tol=1e-6)
    up = np.array([0.0, 1.0, 0.0] if straight_down else [0.0, 0.0, 1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rig_from_camera = np.eye(4)
    rig_from_camera[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    rig_from_camera[:3, 3] = position_mm
    return rig_from_camera
