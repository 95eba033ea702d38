"""A camera made of software: librealsense treats it as a device, and records and plays it as one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.errors import RecordingError
from station.core.geometry import Intrinsics
from station.recording.librealsense import rs

MODEL = "Software camera"
_DEPTH_UID = 1
_COLOUR_UID = 2


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What one software camera delivers: colour, and depth aligned to it, sharing `intrinsics`.

    It says it is a `model`, on USB of `usb_type`, e.g. `3.2`, or on none.
    """

    camera_id: str
    serial: str
    intrinsics: Intrinsics
    fps: int
    depth_unit_mm: float
    model: str = MODEL
    usb_type: str = ""


class SoftwareCamera:
    """One `rs.software_device` with a depth and a colour stream.

    Hand `device` to `rs.pipeline.set_device` or to `rs.recorder`, then push pairs. Without a pipeline the streams
    must be started by `start`; a pipeline starts them itself.
    """

    def __init__(self, spec: StreamSpec) -> None:
        self.spec = spec
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.name, spec.model)
        self.device.register_info(rs.camera_info.serial_number, spec.serial)
        if spec.usb_type:
            self.device.register_info(rs.camera_info.usb_type_descriptor, spec.usb_type)
        self._depth_sensor = self.device.add_sensor("Stereo Module")
        self._colour_sensor = self.device.add_sensor("RGB Camera")
        self._depth_profile = self._depth_sensor.add_video_stream(_stream(spec, rs.stream.depth), True)
        self._colour_profile = self._colour_sensor.add_video_stream(_stream(spec, rs.stream.color), True)
        self._depth_sensor.add_read_only_option(rs.option.depth_units, spec.depth_unit_mm / 1000.0)
        self._depth_profile.register_extrinsics_to(self._colour_profile, _identity())

    def start(self) -> None:
        """Open and start both sensors, for use without a pipeline."""
        for sensor, profile in self._streams():
            sensor.open(profile)
            sensor.start(lambda frame: None)

    def stop(self) -> None:
        """Stop both sensors after `start`."""
        for sensor, _ in self._streams():
            sensor.stop()
            sensor.close()

    def push(self, colour: NDArray[np.uint8], depth: NDArray[np.uint16], t_ns: int, number: int) -> None:
        """Deliver one pair.

        Args:
            colour: uint8 RGB [H, W, 3].
            depth: uint16 [H, W] in the spec's depth unit, aligned to colour.
            t_ns: capture time, in the global time domain.
            number: frame number of both images, counting up from 1.

        Raises:
            RecordingError: an array has another shape or type than the spec says; librealsense would read beyond it.
        """
        height, width = self.spec.intrinsics.height_px, self.spec.intrinsics.width_px
        _check(self.spec.camera_id, "colour", colour, (height, width, 3), np.uint8)
        _check(self.spec.camera_id, "depth", depth, (height, width), np.uint16)
        images: tuple[NDArray[Any], ...] = (np.ascontiguousarray(depth), np.ascontiguousarray(colour))
        for (sensor, profile), pixels in zip(self._streams(), images, strict=True):
            frame = rs.software_video_frame()  # a fresh one each time: reusing one crashes librealsense
            frame.pixels = pixels
            frame.bpp = pixels.nbytes // (height * width)
            frame.stride = pixels.nbytes // height
            frame.timestamp = t_ns / 1e6
            frame.domain = rs.timestamp_domain.global_time
            frame.frame_number = number
            frame.profile = profile.as_video_stream_profile()
            if sensor is self._depth_sensor:
                frame.depth_units = self.spec.depth_unit_mm / 1000.0
            sensor.set_metadata(rs.frame_metadata_value.actual_fps, self.spec.fps * 1000)  # else frames never pair
            sensor.on_video_frame(frame)

    def _streams(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        return (self._depth_sensor, self._depth_profile), (self._colour_sensor, self._colour_profile)


def _check(camera_id: str, name: str, image: NDArray[Any], shape: tuple[int, ...], dtype: type) -> None:
    if image.shape != shape or image.dtype != dtype:
        raise RecordingError(
            f"camera {camera_id}: {name} is {image.dtype}{list(image.shape)}, but its stream is "
            f"{np.dtype(dtype)}{list(shape)}. Push images of the stream's own size and type"
        )


def _stream(spec: StreamSpec, kind: Any) -> Any:
    is_depth = kind == rs.stream.depth
    stream = rs.video_stream()
    stream.type = kind
    stream.index = 0
    stream.uid = _DEPTH_UID if is_depth else _COLOUR_UID
    stream.width = spec.intrinsics.width_px
    stream.height = spec.intrinsics.height_px
    stream.fps = spec.fps
    stream.bpp = 2 if is_depth else 3
    stream.fmt = rs.format.z16 if is_depth else rs.format.rgb8
    stream.intrinsics = _intrinsics(spec.intrinsics)
    return stream


def _intrinsics(intrinsics: Intrinsics) -> Any:
    """Return the librealsense form of `intrinsics`; both order Brown-Conrady coefficients alike."""
    result = rs.intrinsics()
    result.width, result.height = intrinsics.width_px, intrinsics.height_px
    result.fx, result.fy = intrinsics.fx, intrinsics.fy
    result.ppx, result.ppy = intrinsics.cx, intrinsics.cy
    result.model = rs.distortion.brown_conrady
    result.coeffs = list(intrinsics.distortion)
    return result


def _identity() -> Any:
    extrinsics = rs.extrinsics()
    extrinsics.rotation = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    extrinsics.translation = [0.0, 0.0, 0.0]
    return extrinsics
