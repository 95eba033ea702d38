"""A view's pictures: as arrays, and as the files a dataset keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType
from station.core.errors import DatasetError
from station.core.geometry import Intrinsics
from station.learn.dataset import DEPTH_CHANGE_OFFSET, DEPTH_CHANGE_UNIT_MM, DamageMask, View

FOLDER = "pictures"


@dataclass(frozen=True, slots=True)
class ViewPictures:
    """One camera's pictures of an item, all [H, W] and aligned.

    `colour` uint8 RGB [H, W, 3]; `depth` uint16 in `depth_unit_mm`, 0 unknown; `item_mask` bool; `damage_masks` bool,
    by type; `depth_change_mm` float32, NaN unknown: how much farther the surface is than on the undamaged item.
    """

    camera_id: str
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float
    intrinsics: Intrinsics
    item_mask: NDArray[np.bool_]
    damage_masks: Mapping[DamageType, NDArray[np.bool_]] = field(default_factory=dict)
    depth_change_mm: NDArray[np.float32] | None = None


def save_view(dataset: Path, item_id: str, view: ViewPictures) -> View:
    """Write a view's pictures into a dataset's folder and return what names them.

    Raises:
        DatasetError: the disk is full or not writable.
    """
    stem = f"{FOLDER}/{item_id}/{view.camera_id}"
    (dataset / stem).parent.mkdir(parents=True, exist_ok=True)

    def save(name: str, picture: NDArray[np.generic]) -> str:
        file = f"{stem}-{name}.png"
        write_png(dataset / file, picture)
        return file

    change = view.depth_change_mm
    return View(
        camera_id=view.camera_id,
        colour=save("colour", view.colour[..., ::-1]),
        depth=save("depth", view.depth),
        depth_unit_mm=view.depth_unit_mm,
        item_mask=save("item", _as_levels(view.item_mask)),
        damage_masks=tuple(
            DamageMask(damage, save(f"damage-{damage}", _as_levels(mask))) for damage, mask in view.damage_masks.items()
        ),
        depth_change=None if change is None else save("depth-change", _as_units(change)),
        intrinsics=view.intrinsics,
    )


def write_png(file: Path, picture: NDArray[np.generic]) -> None:
    """Write a picture as PNG; colour is BGR, as OpenCV has it.

    Raises:
        DatasetError: the disk is full or not writable.
    """
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(picture))  # level 1 takes twice as long and more room
    try:
        file.write_bytes(encoded.tobytes())
    except OSError as error:
        raise DatasetError(
            f"{file} cannot be written: {error.strerror}. Free disk space, or name another folder"
        ) from error


def load_colour(dataset: Path, view: View) -> NDArray[np.uint8]:
    """Return a view's colour, uint8 RGB [H, W, 3].

    Raises:
        DatasetError: the file is missing or no picture.
    """
    return np.ascontiguousarray(_load(dataset / view.colour, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def load_depth(dataset: Path, view: View) -> NDArray[np.uint16]:
    """Return a view's depth as it is stored, uint16 [H, W] in its `depth_unit_mm`, 0 unknown.

    Raises:
        DatasetError: it has none, or the file is missing or no picture.
    """
    if view.depth is None:
        raise DatasetError(f"view {view.camera_id} of {view.colour} has no depth. Give it one, or leave the rig out")
    return np.asarray(_load(dataset / view.depth, cv2.IMREAD_UNCHANGED), np.uint16)


def load_depth_mm(dataset: Path, view: View) -> NDArray[np.float32] | None:
    """Return a view's depth in mm, float32 [H, W], 0 unknown; None where it has none.

    Raises:
        DatasetError: the file is missing or no picture.
    """
    if view.depth is None or view.depth_unit_mm is None:
        return None
    return load_depth(dataset, view) * np.float32(view.depth_unit_mm)


def load_mask(dataset: Path, file: str) -> NDArray[np.bool_]:
    """Return a mask, bool [H, W]: whatever is not zero, in any depth and channel but alpha.

    Raises:
        DatasetError: the file is missing or no picture.
    """
    pixels = _load(dataset / file, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return np.asarray(np.atleast_3d(pixels).any(axis=2))


def load_depth_change_mm(dataset: Path, view: View) -> NDArray[np.float32] | None:
    """Return how much farther the surface is than on the undamaged item, mm float32 [H, W], NaN unknown.

    Raises:
        DatasetError: the file is missing or no picture.
    """
    if view.depth_change is None:
        return None
    units = _load(dataset / view.depth_change, cv2.IMREAD_UNCHANGED).astype(np.float32)
    return np.where(units == 0, np.float32(np.nan), (units - DEPTH_CHANGE_OFFSET) * np.float32(DEPTH_CHANGE_UNIT_MM))


def _as_levels(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(255)


def _as_units(change_mm: NDArray[np.float32]) -> NDArray[np.uint16]:
    units = np.clip(np.rint(change_mm / DEPTH_CHANGE_UNIT_MM) + DEPTH_CHANGE_OFFSET, 1, 65535)
    return np.where(np.isnan(change_mm), 0, units).astype(np.uint16)


def _load(file: Path, flags: int) -> NDArray[Any]:
    picture = cv2.imread(str(file), flags)
    if picture is None:
        raise DatasetError(f"{file} is missing or no picture. Restore it, or build the dataset again")
    return np.asarray(picture)
