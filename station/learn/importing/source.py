"""What an importer found, and how it becomes a dataset: every picture is opened once, and a bad one is named."""

import re
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
_LIKE_GOOD = re.compile("normal|ok|okay|intact|undamaged|no(damage|defects?)|nondefective|defectfree|fine|healthy|pass")
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
    """Return the item of a folder called `good`, or by what is damaged; its severity nobody stated.

    Raises:
        DatasetError: see `is_good`.
    """
    good = is_good(folder)
    types, labels = damage_words(*([] if good else [folder]))
    severity = Severity.NONE if good else None
    return Item(item_id, product, product, product, split, types, severity, tuple(views), labels=labels)


def is_good(folder: str) -> bool:
    """Return whether a folder of that name holds good items, else damage of that name.

    Raises:
        DatasetError: it is called by another word for good.
    """
    name = folder.lower()
    if _LIKE_GOOD.fullmatch(re.sub("[ _-]", "", name)):
        raise DatasetError(f"folder {folder} would be taken for damage of that name. Rename it to {GOOD}")
    return name == GOOD


def split_folders(folder: Path) -> list[Path]:
    """Return the folders that are named as a split, whatever their case."""
    return [entry for entry in visible(folder) if entry.is_dir() and entry.name.lower() in SPLITS]


def folder_in(folder: Path, name: str) -> Path:
    """Return the folder of that name, whatever its case; the name as it is where there is none."""
    entries = visible(folder) if folder.is_dir() else []
    alike = [entry for entry in entries if entry.is_dir() and entry.name.lower() == name.lower()]
    return alike[0] if alike else folder / name


def refuse_doubles(named: Iterable[tuple[str, Path]], what: str) -> None:
    """Refuse two files of one name.

    Raises:
        DatasetError: there are; `what` says what both are of.
    """
    first: dict[str, Path] = {}
    for name, file in named:
        if name in first:
            raise DatasetError(f"{first[name]} and {file} are {what}. Remove or rename one of them")
        first[name] = file


def copy_picture(
    file: Path, out: Path, item_id: str, camera_id: str, name: str = "colour", *, as_stored: bool = False
) -> tuple[str, tuple[int, int]]:
    """Copy a picture into a dataset's folder, opening it first.

    Args:
        file: the picture.
        out: the dataset's folder.
        item_id: whose picture it is.
        camera_id: the camera it is of.
        name: what it shows.
        as_stored: where EXIF would turn it, its pixels are written as they lie in the file, as masks of it are drawn.

    Returns:
        Its name in the dataset, and its height and width in px.

    Raises:
        DatasetError: it is missing, cut off or no picture, or the disk is full.
    """
    picture = read_picture(file)
    shape = picture.shape[:2]
    if as_stored and _is_turned(file, picture):
        return save_picture(picture, out, item_id, camera_id, name), (shape[0], shape[1])
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


def _is_turned(file: Path, stored: NDArray[np.generic]) -> bool:
    shown = cv2.imread(str(file), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    return file.suffix.lower() in (".jpg", ".jpeg") and not np.array_equal(np.asarray(shown), stored)


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
