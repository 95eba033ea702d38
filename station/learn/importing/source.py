"""What an importer found, and how it becomes a dataset: every picture is opened once, and a bad one is named."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.learn.dataset import Card, DamageMask, Dataset, Item, Split, View
from station.learn.dataset_writer import DatasetWriter
from station.learn.pictures import FOLDER, write_png

ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"))
GOOD = "good"
SPLITS = {"train": Split.TRAIN, "val": Split.VAL, "validation": Split.VAL, "test": Split.TEST}
"""How sources call the splits."""
_END_OF_FILE = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND"}
_TAIL_BYTES = 65536
_AGAIN = "Restore or remove it, then run the same command again"


@dataclass(frozen=True, slots=True)
class Source:
    """What an importer found.

    `items` yields each item once its pictures are in the dataset's folder, which it is given; there are `count`, as
    far as can be known before. `left_out` names what was found and is not imported, with the reason.
    """

    name: str
    licence: str
    count: int
    items: Callable[[Path], Iterable[Item]]
    left_out: Sequence[str] = ()


def write_dataset(source: Source, out: Path, origin: str, command: str, progress: Callable[[int], None]) -> Dataset:
    """Write what an importer found as a dataset.

    Args:
        source: what was found.
        out: the dataset's folder: new, empty, or left unfinished by the same command.
        origin: where it comes from, for the dataset's card.
        command: what builds it again.
        progress: is told how many items are done.

    Raises:
        DatasetError: the extra `data` is not installed, the folder holds something else, a picture is bad, or the
            disk is full.
    """
    writer = DatasetWriter(out, Card(source.name, source.licence, origin, command), 1)
    shutil.rmtree(out / FOLDER, ignore_errors=True)  # of an attempt that met a bad picture
    items = []
    for item in source.items(out):
        items.append(item)
        progress(len(items))
    if not items:
        raise DatasetError(f"{origin} holds no items. {'; '.join(source.left_out[:3]) or 'Name another folder'}")
    writer.write(0, items)
    return writer.close()


def damage_words(*words: str) -> tuple[tuple[DamageType, ...], tuple[str, ...]]:
    """Return which of a source's words are the station's damage types, and those that are its own labels."""
    known = {damage.value: damage for damage in DamageType}
    plain = [(word, word.strip().lower().replace(" ", "_").replace("-", "_")) for word in words if word.strip()]
    types = dict.fromkeys(known[word] for _, word in plain if word in known)
    return tuple(types), tuple(dict.fromkeys(word.strip() for word, key in plain if key not in known))


def item_of(item_id: str, product: str, split: Split, folder: str, views: Sequence[View]) -> Item:
    """Return the item of a folder called `good`, or by what is damaged; its severity nobody stated."""
    good = folder.lower() == GOOD
    types, labels = damage_words(*([] if good else [folder]))
    severity = Severity.NONE if good else None
    return Item(item_id, product, product, product, split, types, severity, tuple(views), labels=labels)


def copy_picture(
    file: Path, out: Path, item_id: str, camera_id: str, name: str = "colour"
) -> tuple[str, tuple[int, int]]:
    """Copy a picture into a dataset's folder, opening it first.

    Returns:
        Its name in the dataset, and its height and width in px.

    Raises:
        DatasetError: it is missing, cut off or no picture, or the disk is full.
    """
    shape = read_picture(file).shape[:2]
    target = f"{FOLDER}/{item_id}/{camera_id}-{name}{file.suffix.lower()}"
    try:
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, out / target)
    except OSError as error:
        raise DatasetError(f"{out / target} cannot be written: {error.strerror}. Free disk space") from error
    return target, (shape[0], shape[1])


def copy_mask(
    file: Path, out: Path, item_id: str, camera_id: str, number: int, damage: DamageType | None, shape: tuple[int, int]
) -> DamageMask:
    """Copy a damage mask into a dataset's folder, as `copy_picture` does; it must have its picture's shape."""
    target, found = copy_picture(file, out, item_id, camera_id, f"damage-{number}")
    if found != shape:
        raise DatasetError(f"mask {file} has {found[1]} x {found[0]} px, its picture {shape[1]} x {shape[0]}. {_AGAIN}")
    return DamageMask(damage, target)


def save_picture(picture: NDArray[np.generic], out: Path, item_id: str, camera_id: str, name: str = "colour") -> str:
    """Write a picture (colour as BGR) into a dataset's folder and return its name there."""
    target = f"{FOLDER}/{item_id}/{camera_id}-{name}.png"
    (out / target).parent.mkdir(parents=True, exist_ok=True)
    write_png(out / target, picture)
    return target


def read_picture(file: Path) -> NDArray[np.generic]:
    """Return a picture as OpenCV reads it, unchanged.

    Raises:
        DatasetError: it is missing, cut off or no picture.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}. {_AGAIN}") from error
    end = _END_OF_FILE.get(file.suffix.lower(), b"")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if picture is None:
        raise DatasetError(f"{file} is no picture. {_AGAIN}")
    if end not in data[-_TAIL_BYTES:]:
        raise DatasetError(f"{file} is cut off. {_AGAIN}")
    return np.asarray(picture)


def pictures_in(folder: Path, left_out: list[str]) -> list[Path]:
    """Return a folder's pictures by name; other files, but hidden ones, go to `left_out`."""
    found = []
    for entry in visible(folder):
        if entry.is_file() and entry.suffix.lower() in ENDINGS:
            found.append(entry)
        elif entry.is_file():
            left_out.append(f"{entry} is no picture")
    return found


def visible(folder: Path) -> list[Path]:
    """Return what a folder holds, by name, hidden files aside."""
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.name != "Thumbs.db")


def licence_of(folder: Path) -> str:
    """Say what licence a source's folder states."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.stem.lower() in ("license", "licence"))
    return f"as {names[0]} of its source says" if names else "unknown: its source states none"
