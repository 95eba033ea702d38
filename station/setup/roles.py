"""Which camera is which: roles given to serial numbers by what each sees, and how well they are plugged in."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.cameras import DeviceInfo
from station.core.errors import SetupError
from station.core.ports import Camera
from station.setup.files import write_whole, writing
from station.setup.settings import SetupSettings

ROLES = "roles.json"
_LOOK_MS = 3000
_TILE_PX, _TILES_A_ROW = 400, 3


def save_roles(folder: Path, roles: Mapping[str, str]) -> None:
    """Keep roles, each with its camera's serial number; the first is the reference camera.

    Raises:
        SetupError: fewer than two cameras have a role, a serial number has two roles, or the disk is full.
    """
    need_two(len(roles), "cameras with a role")
    twice = [serial for serial, count in Counter(roles.values()).items() if count > 1]
    if twice:
        raise SetupError(f"camera {twice[0]} was given two roles. Give every camera one role of its own")
    with writing(folder):
        write_whole(folder / ROLES, json.dumps(dict(roles), indent=1) + "\n")


def need_two(count: int, what: str) -> None:
    """See that there are cameras enough to be put into one frame.

    Raises:
        SetupError: there are fewer than two.
    """
    if count < 2:
        raise SetupError(f"{what}: {count}, but a booth has two to six. Plug in more; see `station setup discover`")


def has_roles(folder: Path) -> bool:
    """Whether roles were given in a setup folder."""
    return (folder / ROLES).is_file()


def load_roles(folder: Path) -> dict[str, str]:
    """Return the roles of a setup folder, each with its camera's serial number.

    Raises:
        SetupError: none were given yet, fewer than two, or the file is malformed.
    """
    path = folder / ROLES
    if not has_roles(folder):
        raise SetupError(f"{path} does not exist: no camera has a role yet. Run `station setup discover` first")
    try:
        roles = json.loads(path.read_text())
    except ValueError as error:
        raise SetupError(f"{path} is malformed ({error}). Give the roles anew with `station setup discover`") from error
    if not isinstance(roles, dict) or not all(isinstance(serial, str) for serial in roles.values()):
        raise SetupError(
            f"{path} is malformed: it must give each role a serial number. Run `station setup discover` again"
        )
    need_two(len(roles), f"cameras with a role in {path}")
    return roles


def look(camera: Camera) -> NDArray[np.uint8]:
    """Return what a camera sees now, RGB [H, W, 3]; it is opened for it and closed again.

    Raises:
        CameraError: the camera cannot be opened.
        SetupError: it delivers no picture.
    """
    try:
        camera.open()
        frame = camera.read(_LOOK_MS)
        if frame is None:
            raise SetupError(f"camera {camera.camera_id} delivers no picture. Check its cable, then `station doctor`")
        colour = frame.colour.copy()
        frame.release()
        return colour
    finally:
        camera.close()


def contact_sheet(pictures: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures, RGB [H, W, 3], side by side, three a row, each with its name above; RGB."""
    tiles = []
    for name, colour in pictures.items():
        height, width = colour.shape[:2]
        small = cv2.resize(colour, (_TILE_PX, height * _TILE_PX // width), interpolation=cv2.INTER_AREA)
        tile = cv2.copyMakeBorder(small, 30, 6, 6, 6, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        cv2.putText(tile, name, (8, 21), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
        tiles.append(tile)
    tall = max(tile.shape[0] for tile in tiles)
    blank = np.full((tall, tiles[0].shape[1], 3), 255, np.uint8)
    tiles = [np.vstack([tile, blank[: tall - tile.shape[0]]]) for tile in tiles]
    columns = min(len(tiles), _TILES_A_ROW)
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[first : first + columns]) for first in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


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
