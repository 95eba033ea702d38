"""Pictures sorted into folders: `SRC/{train,test}/{good|TYPE}/UNIT/{camera}.jpg`, or single files in UNIT's place.

A folder named as one of the station's damage types holds damage of that type; any other but `good` is kept as the
items' label and holds damage too. A folder `ok`, `normal` or alike is refused: it would be damage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from station.core.errors import DatasetError
from station.learn.dataset import Item, Split, View
from station.learn.importing.source import (
    SPLITS,
    Source,
    copy_picture,
    is_good,
    item_of,
    licence_of,
    pictures_in,
    refuse_doubles,
    split_folders,
    visible,
)

_CAMERA = "camera"
"""The one camera of single files."""


@dataclass(frozen=True, slots=True)
class _Unit:
    split: Split
    folder: str
    item_id: str
    pictures: tuple[tuple[str, Path], ...]


def read_folders(src: Path) -> Source:
    """Find the units of a folder; see the module for its layout.

    Raises:
        DatasetError: there is no such folder, it has another layout, good items lie in a folder of another name, two
            units have one name, or a unit has two pictures of one camera.
    """
    splits = split_folders(src) if src.is_dir() else []
    if not splits:
        raise DatasetError(
            f"{src} has no folder train or test. Sort the pictures into "
            "SRC/{train,test}/{good|TYPE}/UNIT/CAMERA.jpg, or SRC/{train,test}/{good|TYPE}/FILE.png"
        )
    left_out = [
        f"{entry} is neither train, val nor test" for entry in visible(src) if entry.is_dir() and entry not in splits
    ]
    units = [unit for split in splits for unit in _units(split, left_out)]
    refuse_doubles(((unit.item_id, unit.pictures[0][1]) for unit in units), "both of one item")
    name = src.resolve().name
    return Source(name, licence_of(src), len(units), lambda out: _items(units, name, out), left_out)


def _units(split: Path, left_out: list[str]) -> Iterator[_Unit]:
    for folder in visible(split):
        if not folder.is_dir():
            left_out.append(f"{folder} lies in no folder `good` or TYPE")
            continue
        is_good(folder.name)
        prefix = f"{split.name}-{folder.name}"
        for entry in visible(folder):
            unit = f"{prefix}-{entry.stem if entry.is_file() else entry.name}"
            if entry.is_dir():
                pictures = [(file.stem, file) for file in pictures_in(entry, left_out)]
                left_out += [f"{deeper} lies too deep" for deeper in visible(entry) if deeper.is_dir()]
            else:
                pictures = [(_CAMERA, entry)] if entry in pictures_in(folder, []) else []
            if not pictures:
                left_out.append(f"{entry} holds no picture" if entry.is_dir() else f"{entry} is no picture")
                continue
            refuse_doubles(pictures, "pictures of one camera")
            yield _Unit(SPLITS[split.name.lower()], folder.name, unit, tuple(pictures))


def _items(units: Sequence[_Unit], name: str, out: Path) -> Iterator[Item]:
    for unit in units:
        views = [
            View(camera_id, copy_picture(file, out, unit.item_id, camera_id)[0]) for camera_id, file in unit.pictures
        ]
        yield item_of(unit.item_id, name, unit.split, unit.folder, views)
