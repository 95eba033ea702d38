"""The rig: where the cameras and the tray are."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from station.core.errors import RigError
from station.core.geometry import Intrinsics, Transform

FORMAT = 1
_RIGID_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class RigCamera:
    """One camera's place in the rig; `intrinsics` are those of its colour image, depth aligned to it."""

    camera_id: str
    serial: str
    intrinsics: Intrinsics
    rig_from_camera: Transform


@dataclass(frozen=True, slots=True, eq=False)
class Tray:
    """The tray: its frame has the origin in the tray's middle, z up, the surface at z = 0.

    `size_mm` is (along x, along y); `max_item_height_mm` bounds the working volume.
    """

    rig_from_tray: Transform
    size_mm: tuple[float, float]
    max_item_height_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """The whole booth's geometry. Two rigs are the same when their `digest` is."""

    cameras: tuple[RigCamera, ...]
    tray: Tray

    def camera(self, camera_id: str) -> RigCamera:
        """Return the camera of that name.

        Raises:
            RigError: the rig has no such camera.
        """
        for camera in self.cameras:
            if camera.camera_id == camera_id:
                return camera
        names = ", ".join(camera.camera_id for camera in self.cameras)
        raise RigError(f"the rig has no camera {camera_id!r}; it has {names}. Correct the name or calibrate the camera")

    def tray_from_camera(self, camera_id: str) -> Transform:
        """Return the transform from a camera's frame to the tray's."""
        return np.linalg.inv(self.tray.rig_from_tray) @ self.camera(camera_id).rig_from_camera

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of the rig's file text."""
        return hashlib.sha256(rig_json(self).encode()).hexdigest()[:16]


def save_rig(rig: Rig, path: Path) -> None:
    """Write the rig as JSON."""
    path.write_text(rig_json(rig))


def load_rig(path: Path) -> Rig:
    """Read a rig from JSON.

    Raises:
        RigError: the file is missing, is not a rig, or holds a transform that is not rigid.
    """
    try:
        data = json.loads(path.read_text())
        if data["format"] != FORMAT:
            raise RigError(f"rig file {path} has format {data['format']}; this station reads format {FORMAT}")
        cameras = tuple(
            RigCamera(
                camera_id=camera["camera_id"],
                serial=camera["serial"],
                intrinsics=Intrinsics(
                    **{**camera["intrinsics"], "distortion": tuple(camera["intrinsics"]["distortion"])}
                ),
                rig_from_camera=_rigid(camera["rig_from_camera"], f"{path}: camera {camera['camera_id']}"),
            )
            for camera in data["cameras"]
        )
        tray = Tray(
            rig_from_tray=_rigid(data["tray"]["rig_from_tray"], f"{path}: tray"),
            size_mm=tuple(data["tray"]["size_mm"]),
            max_item_height_mm=data["tray"]["max_item_height_mm"],
        )
    except FileNotFoundError as error:
        raise RigError(f"rig file {path} does not exist. Name an existing file, or calibrate the booth") from error
    except (KeyError, TypeError, ValueError) as error:
        raise RigError(f"rig file {path} is malformed ({error}). Restore it, or calibrate the booth again") from error
    return Rig(cameras=cameras, tray=tray)


def _rigid(rows: Any, name: str) -> Transform:
    matrix = np.array(rows, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=_RIGID_TOLERANCE):
        raise RigError(f"{name}: the transform is not rigid. Restore the file, or calibrate the booth again")
    return matrix


def rig_json(rig: Rig) -> str:
    """Return the text of the rig's file."""

    def default(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        raise TypeError(f"cannot write {type(value).__name__} into a rig file")

    return json.dumps({"format": FORMAT, **asdict(rig)}, default=default, indent=1, sort_keys=True) + "\n"
