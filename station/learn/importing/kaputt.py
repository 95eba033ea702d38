"""The form of Kaputt: `query-SPLIT.parquet` has a row a picture to judge, `reference-SPLIT.parquet` a row a reference.

The tables' paths are relative to the table's folder, to SRC, or to `query-crop`, `reference-mask` and the like in SRC,
as the dataset unpacks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from station.core.damage import Severity
from station.core.errors import DatasetError
from station.learn.dataset import Item, Split, View
from station.learn.dataset_table import arrow
from station.learn.importing.source import SPLITS, Source, copy_picture, damage_words, read_picture

_LABELS = ("capture_id", "item_identifier", "item_material", "defect", "major_defect", "defect_types")
_PICTURES = ("image", "crop", "mask")
_TRUTH = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_CAMERA = "camera"
_LICENCE = "research only: no weights trained on it may be shipped; see the licence it came with"


@dataclass(frozen=True, slots=True)
class _Row:
    table: Path
    number: int
    split: Split
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.table}, row {self.number}"


def read_kaputt(src: Path) -> Source:
    """Find the rows of the tables; see the module for their form.

    Raises:
        DatasetError: there is no such table, it lacks a column, or is no Parquet.
    """
    queries = sorted(src.rglob("query-*.parquet"))
    if not queries:
        raise DatasetError(f"{src} holds no query-SPLIT.parquet. Name the folder that the dataset was unpacked into")
    rows = [row for table in queries for row in _rows(table, (*_LABELS, *_columns("query")))]
    columns = ("item_identifier", *_columns("reference"))
    references = [row for table in sorted(src.rglob("reference-*.parquet")) for row in _rows(table, columns)]
    return Source(src.resolve().name, _LICENCE, len(rows) + len(references), partial(_items, src, references, rows))


def _columns(role: str) -> tuple[str, ...]:
    return tuple(f"{role}_{name}" for name in _PICTURES)


def _rows(table: Path, columns: Sequence[str]) -> Iterator[_Row]:
    split = SPLITS.get(table.stem.split("-", 1)[1].lower())
    if split is None:
        raise DatasetError(
            f"{table} is named for no split. Rename it to {table.stem.split('-')[0]}-test.parquet or alike"
        )
    pa = arrow()
    try:
        found = pa.parquet.read_schema(table).names
        missing = [name for name in columns if name not in found]
        if missing:
            raise DatasetError(f"{table} has no column {missing[0]!r}; it has {', '.join(found)}. Add the column")
        rows = pa.parquet.read_table(table, columns=list(columns)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{table} is no Parquet table ({error}). Restore it") from error
    for number, values in enumerate(rows):
        yield _Row(table, number, split, values)


def _items(src: Path, references: Sequence[_Row], queries: Sequence[_Row], out: Path) -> Iterator[Item]:
    materials = {row.values["item_identifier"]: row.values["item_material"] for row in queries}
    taken: dict[str, int] = {}
    for row in references:
        product = _text(row, "item_identifier")
        item_id = _own(f"{product}-reference", taken)
        view = _view(src, row, "reference", out, item_id)
        kind = materials.get(product) or "unknown"
        yield Item(item_id, product, product, kind, row.split, (), Severity.NONE, (view,), is_reference=True)
    for row in queries:
        product = _text(row, "item_identifier")
        item_id = _own(_text(row, "capture_id"), taken)
        types, labels = damage_words(*(row.values["defect_types"] or "").split(","))
        severity = _severity(row)
        if severity is Severity.NONE and (types or labels):
            raise DatasetError(f"{row} is no defect, yet has defect_types {row.values['defect_types']!r}. Correct one")
        view = _view(src, row, "query", out, item_id)
        kind = row.values["item_material"] or "unknown"
        yield Item(item_id, product, product, kind, row.split, types, severity, (view,), labels=labels)


def _severity(row: _Row) -> Severity | None:
    defect, major = _truth(row, "defect"), _truth(row, "major_defect")
    if defect is None:
        raise DatasetError(f"{row} does not say whether it is a defect. Fill the column in")
    if not defect:
        return Severity.NONE
    return None if major is None else Severity.MAJOR if major else Severity.MINOR


def _truth(row: _Row, column: str) -> bool | None:
    value = row.values[column]
    if value is not None and str(value).strip().lower() not in _TRUTH:
        raise DatasetError(f"{row}: {column} is {value!r}. Write true or false")
    return None if value is None else _TRUTH[str(value).strip().lower()]


def _view(src: Path, row: _Row, role: str, out: Path, item_id: str) -> View:
    """Copy the crop and the item's mask; the whole picture where the mask is not the crop's but that one's."""
    mask = _file(src, row, f"{role}_mask") if row.values[f"{role}_mask"] else None
    colour = _file(src, row, f"{role}_crop")
    if mask is not None and (shape := read_picture(mask).shape[:2]) != read_picture(colour).shape[:2]:
        colour = _file(src, row, f"{role}_image")
        if read_picture(colour).shape[:2] != shape:
            raise DatasetError(f"{row}: mask {mask} has neither the size of the crop nor of the image. Restore it")
    name, _ = copy_picture(colour, out, item_id, _CAMERA, as_stored=True)
    return View(_CAMERA, name, item_mask=copy_picture(mask, out, item_id, _CAMERA, "item")[0] if mask else None)


def _file(src: Path, row: _Row, column: str) -> Path:
    name = _text(row, column)
    folders = (
        row.table.parent,
        src,
        src / column.replace("_", "-"),
        row.table.parent.parent / column.replace("_", "-"),
    )
    found = [folder / name for folder in folders if (folder / name).is_file()]
    if not found:
        raise DatasetError(f"{row} names {column} {name}, which is not in {src}. Restore the file, or drop the row")
    return found[0]


def _text(row: _Row, column: str) -> str:
    if row.values[column] in (None, ""):
        raise DatasetError(f"{row}: {column} is empty. Fill it in")
    return str(row.values[column])


def _own(name: str, taken: dict[str, int]) -> str:
    """Return an id that is a folder's name and nobody else's."""
    name = name.replace("/", "-")
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"
