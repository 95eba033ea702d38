"""Which camera is which: roles given to serial numbers, and what is amiss with how cameras are plugged in."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from station.cameras import DeviceInfo
from station.core.errors import SetupError
from station.setup.session import write_whole, writing
from station.setup.settings import SetupSettings

ROLES = "roles.json"


def save_roles(folder: Path, roles: Mapping[str, str]) -> None:
    """Keep roles, each with its camera's serial number; the first is the reference camera.

    Raises:
        SetupError: a serial number has two roles, or the disk is full.
    """
    twice = [serial for serial, count in Counter(roles.values()).items() if count > 1]
    if twice:
        raise SetupError(f"camera {twice[0]} was given two roles. Give every camera one role of its own")
    with writing(folder):
        write_whole(folder / ROLES, json.dumps(dict(roles), indent=1) + "\n")


def load_roles(folder: Path) -> dict[str, str]:
    """Return the roles of a setup folder, each with its camera's serial number.

    Raises:
        SetupError: none were given yet.
    """
    path = folder / ROLES
    if not path.is_file():
        raise SetupError(f"{path} does not exist: no camera has a role yet. Run `station setup discover` first")
    return {str(role): str(serial) for role, serial in json.loads(path.read_text()).items()}


def port_advice(devices: Sequence[DeviceInfo], settings: SetupSettings) -> list[str]:
    """Return what is amiss with how cameras are plugged in, in sentences."""
    words = [
        f"camera {device.serial} is on USB {device.usb_type}: use a USB 3 port and cable"
        for device in devices
        if device.usb_type.startswith("2.")
    ]
    crowd = Counter(_controller(device.physical_port) for device in devices)
    words += [
        f"{count} cameras share the USB controller {name}: spread them over more controllers"
        for name, count in crowd.items()
        if name and count > settings.max_cameras_per_controller
    ]
    firmware = sorted({device.firmware for device in devices})
    if len(firmware) > 1:
        words.append(f"the cameras' firmware is mixed ({', '.join(firmware)}): update them to one version")
    return words


def _controller(port: str) -> str:
    """Return the PCI address of a port's USB controller, empty where the port does not say."""
    parts = [part for part in port.split("/") if part.count(":") == 2]
    return parts[-1] if parts else ""
