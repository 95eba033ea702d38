"""Starting and stopping an `rs.pipeline`, and learning what it delivers."""

import gc
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from station.cameras.options import depth_sensor
from station.core.errors import CameraError
from station.core.geometry import Intrinsics
from station.core.ports import CameraInfo
from station.recording.librealsense import rs

_BROWN_CONRADY = {
    rs.distortion.none,
    rs.distortion.brown_conrady,
    rs.distortion.modified_brown_conrady,
    rs.distortion.inverse_brown_conrady,
}


class PipelineStream(ABC):
    """A camera's pipeline; what is special about its source is in the hooks a subclass gives.

    Args:
        camera_id: its name in the rig.
        record_to: a `.db3` file that librealsense writes while the camera streams, overwritten if it exists.
    """

    def __init__(self, camera_id: str, record_to: Path | None) -> None:
        self._camera_id = camera_id
        self._record_to = record_to
        self._pipe: Any = None
        self._align: Any = None
        self._info: CameraInfo | None = None
        self._depth_unit_mm = 0.0

    # What a subclass gives.

    @abstractmethod
    def _configure(self, pipe: Any, config: Any) -> None:
        """Point a fresh pipeline and its config at the source."""

    def _context(self) -> Any:
        """Return the context its devices are looked up in."""
        return rs.context()

    def _prepare(self, device: Any) -> None:
        """Set up the resolved device before it streams."""
        return

    def _settle(self) -> None:
        """Wait until a stopped source is at rest, so that it can be let go."""
        return

    def _refused(self, error: RuntimeError) -> Exception:
        """Turn librealsense's refusal to start into an error that says what to do."""
        return CameraError(f"camera {self._camera_id} cannot start ({error}). Run `station doctor`")

    # Starting and stopping.

    def _start(self) -> None:
        pipe, config = rs.pipeline(self._context()), rs.config()
        self._configure(pipe, config)
        if self._record_to is not None:
            config.enable_record_to_file(str(self._record_to))
        try:
            # An absent camera fails here at once; pipe.start would block for 15 s.
            self._prepare(config.resolve(rs.pipeline_wrapper(pipe)).get_device())
            profile = pipe.start(config)
        except RuntimeError as error:
            raise self._refused(error) from error
        self._pipe = pipe
        try:
            self._describe(profile)
        except BaseException:
            self._stop()
            raise

    def _describe(self, profile: Any) -> None:
        """Learn what the streams deliver, and whether depth must be aligned to colour."""
        device = profile.get_device()
        colour = profile.get_stream(rs.stream.color).as_video_stream_profile()
        depth = profile.get_stream(rs.stream.depth).as_video_stream_profile()
        if colour.format() != rs.format.rgb8 or depth.format() != rs.format.z16:
            raise CameraError(
                f"camera {self._camera_id} delivers {colour.format()} and {depth.format()}; rgb8 and z16 are needed. "
                "Record again in these formats"
            )
        intrinsics = _intrinsics(self._camera_id, colour.get_intrinsics())
        unit_m = depth_sensor(device).get_option(rs.option.depth_units)
        self._depth_unit_mm = float(f"{unit_m * 1000.0:.6g}")  # librealsense keeps it in 32 bits
        self._align = None if _coincide(colour, depth) else rs.align(rs.stream.color)
        self._info = CameraInfo(
            camera_id=self._camera_id,
            serial=_device_info(device, rs.camera_info.serial_number),
            model=_device_info(device, rs.camera_info.name),
            firmware=_device_info(device, rs.camera_info.firmware_version),
            usb_type=_device_info(device, rs.camera_info.usb_type_descriptor),
            fps=colour.fps(),
            intrinsics=intrinsics,
        )

    def _stop(self) -> None:
        if self._pipe is None:
            return
        with suppress(RuntimeError):  # a device that is gone cannot be stopped, and need not be
            self._pipe.stop()
            self._settle()
        self._pipe = self._align = None
        if self._record_to is not None:
            gc.collect()  # librealsense finishes the file when its last reference goes


def _device_info(device: Any, key: Any) -> str:
    return str(device.get_info(key)) if device.supports(key) else ""


def _intrinsics(camera_id: str, found: Any) -> Intrinsics:
    """Return the station's form of librealsense's intrinsics.

    The three Brown-Conrady variants differ only in the order in which the tangential part is applied.
    """
    coefficients = tuple(float(value) for value in found.coeffs)
    if any(coefficients) and found.model not in _BROWN_CONRADY:
        raise CameraError(f"camera {camera_id} has lens model {found.model}; only Brown-Conrady is known")
    k1, k2, p1, p2, k3 = coefficients
    return Intrinsics(found.width, found.height, found.fx, found.fy, found.ppx, found.ppy, (k1, k2, p1, p2, k3))


def _coincide(colour: Any, depth: Any) -> bool:
    """Whether depth lies on colour pixel for pixel as it comes."""
    a, b = colour.get_intrinsics(), depth.get_intrinsics()
    same_lens = (a.width, a.height, a.fx, a.fy, a.ppx, a.ppy, a.coeffs) == (
        (b.width, b.height, b.fx, b.fy, b.ppx, b.ppy, b.coeffs)
    )
    between = depth.get_extrinsics_to(colour)
    at_rest = np.allclose(between.translation, 0.0) and np.allclose(between.rotation, np.eye(3).ravel())
    return bool(same_lens and at_rest)
