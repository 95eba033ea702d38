"""TAMPAR's parcels: each labelled face of a parcel in the field, with the same face of its reference map.

A map is a grid of 3 x 3 cells, one a face. Each face of each parcel is a product of its own, with one reference.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.core.damage import Severity
from station.core.errors import DatasetError
from station.learn.dataset import Item, Split, View
from station.learn.importing.source import Source, damage_words, licence_of, read_picture, save_picture

_CELLS = {"top": (0, 1), "left": (1, 0), "center": (1, 1), "right": (1, 2), "bottom": (2, 1)}
_COLUMNS = ("parcel_id", "field", "face", "tampering", "tampered")
_TRUTH = {"true": True, "false": False}
_KIND = "parcel face"


def read_tampar(src: Path) -> Source:
    """Find the labelled faces: `labels.csv`, `reference/id_NN_uvmap.png` and `field/*.png`.

    Raises:
        DatasetError: `labels.csv` is missing or a row of it does not hold together.
    """
    file = src / "labels.csv"
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows = list(csv.DictReader(text))
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}. Name the folder that holds it") from error
    for number, row in enumerate(rows, start=2):
        missing = [name for name in _COLUMNS if row.get(name) is None]
        if missing:
            raise DatasetError(f"{file}, line {number} has no {missing[0]}. Fill it in")
        if row["face"] not in _CELLS or row["tampered"].lower() not in _TRUTH or not row["parcel_id"].isdigit():
            raise DatasetError(
                f"{file}, line {number}: {row}. parcel_id must be a number, face one of {', '.join(_CELLS)}, "
                "tampered True or False"
            )
    faces = sorted({(int(row["parcel_id"]), row["face"]) for row in rows})
    return Source(src.resolve().name, licence_of(src), len(rows) + len(faces), partial(_items, src, rows, faces))


def _items(src: Path, rows: Sequence[Mapping[str, str]], faces: Sequence[tuple[int, str]], out: Path) -> Iterator[Item]:
    for parcel, face in faces:
        product = _product(parcel, face)
        view = _cut(src / "reference" / f"id_{parcel:02d}_uvmap.png", face, out, f"{product}-reference")
        reference = f"{product}-reference"
        yield Item(reference, product, product, _KIND, Split.TRAIN, (), Severity.NONE, (view,), is_reference=True)
    for row in rows:
        product = _product(int(row["parcel_id"]), row["face"])
        item_id = f"{Path(row['field']).stem}-{row['face']}"
        damaged = _TRUTH[row["tampered"].lower()]
        types, labels = damage_words(*([row["tampering"]] if damaged else []))
        view = _cut(src / "field" / row["field"], row["face"], out, item_id)
        severity = None if damaged else Severity.NONE
        yield Item(item_id, product, product, _KIND, Split.TEST, types, severity, (view,), labels=labels)


def _product(parcel: int, face: str) -> str:
    return f"parcel-{parcel:02d}-{face}"


def _cut(file: Path, face: str, out: Path, item_id: str) -> View:
    picture: NDArray[np.generic] = read_picture(file)
    height, width, *channels = picture.shape
    if height != width or height % 3 or not channels:
        raise DatasetError(
            f"{file} has {width} x {height} px{'' if channels else ', grey'}; a map is a square of 3 x 3 faces, in "
            "colour. Restore it"
        )
    side = picture.shape[0] // 3
    row, column = _CELLS[face]
    cell = picture[row * side : (row + 1) * side, column * side : (column + 1) * side, :3]
    return View(face, save_picture(cell, out, item_id, face))
