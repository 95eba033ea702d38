"""A camera that is plugged in."""

from pathlib import Path
from typing import Any

from station.cameras.devices import Devices
from station.cameras.options import apply_options
from station.cameras.pipeline import PipelineCamera
from station.cameras.recovery import Recovery
from station.cameras.settings import CamerasSettings
from station.core.errors import CameraError, CameraNotFound
from station.core.ports import Clock
from station.recording.librealsense import rs

_TROUBLES = {rs.notification_category.frames_timeout, rs.notification_category.hardware_error}


class RealSenseCamera(PipelineCamera):
    """A RealSense camera, found by its serial number.

    Args:
        camera_id: its name in the rig.
        serial: its serial number.
        settings: how it streams, and when it is restarted.
        clock: the station clock.
        devices: the station's one list of devices.
        record_to: see `PipelineCamera`.
    """

    def __init__(
        self,
        camera_id: str,
        serial: str,
        settings: CamerasSettings,
        clock: Clock,
        devices: Devices,
        record_to: Path | None = None,
    ) -> None:
        super().__init__(camera_id, clock, settings.slots, record_to)
        self._serial = serial
        self._settings = settings
        self._devices = devices

    def _begin(self) -> None:
        self._recovery = Recovery(self._settings, self._clock.now_ns())

    def _context(self) -> Any:
        return self._devices.context

    def _configure(self, pipe: Any, config: Any) -> None:
        if self._devices.find(self._serial) is None:
            found = ", ".join(device.serial for device in self._devices.discover()) or "none"
            raise CameraNotFound(
                f"camera {self.camera_id}: no camera has serial number {self._serial} (plugged in: {found}). "
                "Check its cable, or correct the rig"
            )
        width, height, fps = self._settings.width_px, self._settings.height_px, self._settings.fps
        config.enable_device(self._serial)
        config.enable_stream(rs.stream.depth, width, height, rs.format.z16, fps)
        config.enable_stream(rs.stream.color, width, height, rs.format.rgb8, fps)

    def _prepare(self, device: Any) -> None:
        for sensor in device.query_sensors():
            sensor.set_notifications_callback(self._notified)
        apply_options(self.camera_id, device, self._settings)

    def _notified(self, notice: Any) -> None:
        if notice.category in _TROUBLES:
            self._troubles.append(str(notice.description))

    def _refused(self, error: RuntimeError) -> Exception:
        asked = f"{self._settings.width_px}x{self._settings.height_px} at {self._settings.fps} fps"
        return CameraError(
            f"camera {self.camera_id} ({self._serial}) cannot stream {asked} ({error}). Check that no other program "
            "uses it and that it is on a USB 3 port, or lower cameras.fps; then run `station doctor`"
        )

    def _reset_hardware(self) -> None:
        device = self._devices.find(self._serial)
        if device is not None:
            device.hardware_reset()
