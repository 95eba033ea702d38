"""The cameras plugged in.

Hot plug is asking again: a lost camera is opened anew every 2 s, and each time it is looked for among what is plugged
in at that moment. librealsense's notice of an arrival could save at most those 2 s, after the several seconds that a
camera takes to enumerate; and as not every backend sends it after a reset, asking again would still be needed.
"""

from dataclasses import dataclass
from typing import Any

from station.recording.librealsense import rs


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A camera as it is plugged in. `usb_type` is e.g. `3.2`; `2.1` means a slow port or cable."""

    serial: str
    model: str
    firmware: str
    usb_type: str
    physical_port: str


class Devices:
    """The one long-lived librealsense context; each question is about what is plugged in now."""

    def __init__(self) -> None:
        self.context = rs.context()

    def discover(self) -> tuple[DeviceInfo, ...]:
        """Return every camera that is plugged in."""
        return tuple(_describe(device) for device in self.context.query_devices())

    def find(self, serial: str) -> Any:
        """Return librealsense's device of that serial number, or None."""
        for device in self.context.query_devices():
            if _info(device, rs.camera_info.serial_number) == serial:
                return device
        return None

    def temperature_c(self, serial: str) -> float | None:
        """Return a camera's ASIC temperature, None where it does not say."""
        device = self.find(serial)
        for sensor in device.query_sensors() if device is not None else ():
            if sensor.supports(rs.option.asic_temperature):
                try:
                    return float(sensor.get_option(rs.option.asic_temperature))
                except RuntimeError:
                    continue
        return None


def _describe(device: Any) -> DeviceInfo:
    return DeviceInfo(
        serial=_info(device, rs.camera_info.serial_number),
        model=_info(device, rs.camera_info.name),
        firmware=_info(device, rs.camera_info.firmware_version),
        usb_type=_info(device, rs.camera_info.usb_type_descriptor),
        physical_port=_info(device, rs.camera_info.physical_port),
    )


def _info(device: Any, key: Any) -> str:
    return str(device.get_info(key)) if device.supports(key) else ""
