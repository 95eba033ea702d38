"""A camera's own depth calibration. No software device has it: `RealSenseSelfCalibration` was never run on hardware.

Health is the vendor's figure: below 0.25 is good, beyond 0.75 the calibration is of no use.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from station.cameras.devices import Devices
from station.core.errors import CameraError, CameraNotFound
from station.recording.librealsense import rs

_TIMEOUT_MS = 15_000
_WIDTH_PX, _HEIGHT_PX, _FPS = 256, 144, 90
"""The stream the camera's own routines want."""
_ON_CHIP, _FOCAL_LENGTH = '{"calib type": 0}', '{"calib type": 1}'


class Routine(StrEnum):
    """What a camera can calibrate by itself."""

    ON_CHIP = "on-chip"
    TARE = "tare"
    FOCAL_LENGTH = "focal-length"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A routine's outcome: the new table, not yet in force, and its health."""

    table: bytes
    health: float


class SelfCalibrating(Protocol):
    """A camera that calibrates its own depth."""

    def table(self) -> bytes:
        """Return the calibration table in force."""

    def run(self, routine: Routine, distance_mm: float) -> Calibrated:
        """Run a routine against a flat target; `distance_mm` is how far ahead it is, which `Routine.TARE` alone uses.

        Raises:
            CameraError: the camera lacks the routine, or it failed.
        """

    def write(self, table: bytes) -> None:
        """Put a table in force, for good.

        Raises:
            CameraError: the camera refused it.
        """


class FakeSelfCalibrating:
    """A camera whose table is what it was told; `health` is what every routine finds."""

    def __init__(self, table: bytes, health: float) -> None:
        self._table = table
        self._health = health

    def table(self) -> bytes:
        """Return the table in force."""
        return self._table

    def run(self, routine: Routine, distance_mm: float) -> Calibrated:
        """Return a new table named after the routine."""
        if routine is Routine.TARE and distance_mm <= 0:
            raise CameraError(f"tare calibration at {distance_mm:g} mm: the target must be before the camera")
        return Calibrated(f"{routine} at {distance_mm:g}".encode(), self._health)

    def write(self, table: bytes) -> None:
        """Put a table in force."""
        self._table = table


class RealSenseSelfCalibration:
    """A RealSense camera that is plugged in and not open elsewhere.

    Args:
        camera_id: its name in the rig.
        serial: its serial number.
        devices: the station's one list of devices.
    """

    def __init__(self, camera_id: str, serial: str, devices: Devices) -> None:
        self._camera_id = camera_id
        self._serial = serial
        self._devices = devices

    def table(self) -> bytes:
        """Return the calibration table in force."""
        return bytes(self._device().get_calibration_table())

    def run(self, routine: Routine, distance_mm: float) -> Calibrated:
        """Run a routine while the camera streams depth; see `SelfCalibrating.run`."""
        self._device()
        pipe, config = rs.pipeline(self._devices.context), rs.config()
        config.enable_device(self._serial)
        config.enable_stream(rs.stream.depth, _WIDTH_PX, _HEIGHT_PX, rs.format.z16, _FPS)
        try:
            device = pipe.start(config).get_device().as_auto_calibrated_device()
            try:
                return self._run(device, routine, distance_mm)
            finally:
                pipe.stop()
        except RuntimeError as error:
            raise CameraError(
                f"camera {self._camera_id}: {routine} calibration failed ({error}). Show it a flat textured target, "
                "close other programs that use it, and run it again"
            ) from error

    def write(self, table: bytes) -> None:
        """Put a table in force, for good."""
        device = self._device()
        try:
            device.set_calibration_table(list(table))
            device.write_calibration()
        except RuntimeError as error:
            raise CameraError(f"camera {self._camera_id} refused the calibration table ({error})") from error

    @staticmethod
    def _run(device: Any, routine: Routine, distance_mm: float) -> Calibrated:
        if routine is Routine.TARE:
            table, (_, health) = device.run_tare_calibration(distance_mm, "{}", _TIMEOUT_MS)  # before, after
        else:
            how = _ON_CHIP if routine is Routine.ON_CHIP else _FOCAL_LENGTH
            table, (health, _) = device.run_on_chip_calibration(how, _TIMEOUT_MS)
        return Calibrated(bytes(table), float(health))

    def _device(self) -> Any:
        device = self._devices.find(self._serial)
        if device is None:
            raise CameraNotFound(
                f"camera {self._camera_id}: no camera has serial number {self._serial}. Check its cable"
            )
        if not device.is_auto_calibrated_device():
            raise CameraError(f"camera {self._camera_id} cannot calibrate its own depth. Its factory table stays")
        return device.as_auto_calibrated_device()
