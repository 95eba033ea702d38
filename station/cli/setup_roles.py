"""Asking the technician which camera is which, by a picture of what each sees."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from station.cameras import CamerasSettings, DeviceInfo, Devices, RealSenseCamera
from station.core.errors import SetupError
from station.core.ports import Camera
from station.daemon.clock import SystemClock
from station.setup.gather import close_cameras, open_cameras
from station.setup.roles import contact_sheet, load_roles, look, need_two, port_advice, save_roles
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sources import SetupSource
from station.simulation.layout import load_layout


def assign_roles(console: Console, session: Session, settings: CamerasSettings) -> None:
    """List the cameras plugged in, show what each sees, and keep the roles that the technician gives them.

    Raises:
        CameraError: a camera cannot be opened.
        SetupError: fewer than two cameras are plugged in or given a role, or one delivers no picture.
    """
    devices = Devices()
    serials = [device.serial for device in _listed(console, devices, session.settings)]
    need_two(len(serials), "cameras plugged in")
    cameras = {serial: RealSenseCamera(serial, serial, settings, SystemClock(), devices) for serial in serials}
    save_roles(session.folder, ask_roles(console, session, cameras))


def list_cameras(console: Console, session: Session) -> None:
    """List the cameras plugged in, and see that those with a role are among them.

    Raises:
        SetupError: no camera is plugged in or has a role, or one with a role is missing.
    """
    found = {device.serial for device in _listed(console, Devices(), session.settings)}
    for role, serial in load_roles(session.folder).items():
        if serial not in found:
            raise SetupError(f"camera {role} ({serial}) is not plugged in. Plug it in, or give the roles anew")


def list_shown(console: Console, session: Session, source: SetupSource) -> None:
    """List cameras that are not plugged in here, simulated or recorded ones, with their roles and what each sees.

    Raises:
        SetupError: one cannot be opened or delivers no picture.
    """
    infos = open_cameras(source.cameras, {})
    close_cameras(source.cameras)
    devices = [DeviceInfo(info.serial, info.model, info.firmware, info.usb_type, "") for info in infos.values()]
    console.print(_table(devices, source.temperature_c))
    sheet = _pictured(session, {camera.camera_id: camera for camera in source.cameras})
    roles = ", ".join(f"{name} {info.serial}" for name, info in infos.items())
    console.print(f"Roles: {escape(roles)}\nWhat every camera sees: {sheet}")


def ask_roles(console: Console, session: Session, cameras: Mapping[str, Camera]) -> dict[str, str]:
    """Show what each camera sees, ask for its role, and return serial numbers by role, in the booth plan's order.

    Raises:
        CameraError: a camera cannot be opened.
        SetupError: one delivers no picture.
    """
    sheet = _pictured(session, cameras)
    planned = [place.camera_id for place in load_layout(session.settings.booth).cameras]
    console.print(f"What every camera sees: {sheet}\nRoles in the booth's plan: {', '.join(planned)}")
    roles: dict[str, str] = {}
    for serial in cameras:
        while role := typer.prompt(f"Role of camera {serial}; empty to leave it out", default="", show_default=False):
            if role.isidentifier() and role not in roles:
                roles[role] = serial
                break
            console.print(f"{escape(role)} is given already, or is no plain name. Name another")
    order = [*(role for role in planned if role in roles), *(role for role in roles if role not in planned)]
    return {role: roles[role] for role in order}


def _pictured(session: Session, cameras: Mapping[str, Camera]) -> Path:
    """Write one picture of what every camera sees, each under its name; return its file."""
    pictures = {name: look(camera) for name, camera in cameras.items()}
    return session.pictures / session.picture("cameras", contact_sheet(pictures))


def _listed(console: Console, devices: Devices, settings: SetupSettings) -> tuple[DeviceInfo, ...]:
    found = devices.discover()
    if not found:
        raise SetupError(
            "no RealSense camera is plugged in. Plug one in, or rehearse with `station setup --from simulated`"
        )
    console.print(_table(found, devices.temperature_c))
    for words in port_advice(found, settings):
        console.print(f"[yellow]{escape(words)}[/]")
    return found


def _table(devices: Sequence[DeviceInfo], temperature_c: Callable[[str], float | None]) -> Table:
    """Return cameras as a table; `temperature_c` gives that of a serial number's, None where it does not say."""
    table = Table("serial", "model", "firmware", "USB", "port", "ASIC", title="Cameras", title_justify="left")
    for device in devices:
        celsius = temperature_c(device.serial)
        warmth = "" if celsius is None else f"{celsius:.0f} C"
        table.add_row(device.serial, device.model, device.firmware, device.usb_type, device.physical_port, warmth)
    return table
