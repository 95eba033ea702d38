"""The cameras plugged in: which there are, and which come and go."""

from collections import deque
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


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """Cameras that came and cameras that went, by serial number."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class Devices:
    """The one long-lived librealsense context: it lists cameras and hears of every plug pulled or put in."""

    def __init__(self) -> None:
        self.context = rs.context()
        self._changes: deque[DeviceChange] = deque(maxlen=64)  # filled on librealsense's own thread
        self._known = {device.serial: device for device in self.discover()}
        self.context.set_devices_changed_callback(self._changed)

    def discover(self) -> tuple[DeviceInfo, ...]:
        """Return every camera that is plugged in."""
        return tuple(_describe(device) for device in self.context.query_devices())

    def changes(self) -> tuple[DeviceChange, ...]:
        """Return what came and went since the last call, oldest first."""
        found = []
        while self._changes:
            found.append(self._changes.popleft())
        return tuple(found)

    def find(self, serial: str) -> Any:
        """Return librealsense's device of that serial number, or None."""
        for device in self.context.query_devices():
            if _info(device, rs.camera_info.serial_number) == serial:
                return device
        return None

    def _changed(self, event: Any) -> None:
        now = {device.serial: device for device in self.discover()}
        added = tuple(sorted(now.keys() - self._known.keys()))
        removed = tuple(sorted(self._known.keys() - now.keys()))
        self._known = now
        if added or removed:
            self._changes.append(DeviceChange(added, removed))


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
