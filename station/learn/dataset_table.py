"""A dataset's rows as Parquet, through pyarrow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError, pip_install
from station.core.geometry import Intrinsics
from station.learn.dataset import DamageMask, Item, Split, View


@cache
def arrow() -> Any:
    """Return pyarrow with its Parquet module.

    Raises:
        DatasetError: the extra `data` is not installed.
    """
    try:
        import pyarrow.parquet  # binds `pyarrow` as well
    except ImportError as error:
        raise DatasetError(f"datasets need {error.name}. Install the extra: {pip_install('data')}") from error
    return pyarrow


@cache
def schema() -> Any:
    """Return the columns of `items.parquet`, a pyarrow schema."""
    pa = arrow()
    text, real, whole = pa.string(), pa.float64(), pa.int32()
    sides = [(name, whole) for name in ("width_px", "height_px")]
    intrinsics = pa.struct(
        [*sides, *((name, real) for name in ("fx", "fy", "cx", "cy")), ("distortion", pa.list_(real))]
    )
    masks = pa.list_(pa.struct([("damage_type", text), ("file", text), ("saturation_px", real)]))
    view = [("camera_id", text), ("colour", text), ("depth", text), ("depth_unit_mm", real), ("item_mask", text)]
    view += [("damage_masks", masks), ("depth_change", text), ("intrinsics", intrinsics)]
    columns = [(name, text) for name in ("item_id", "product_id", "product_name", "kind", "split")]
    columns += [("damage_types", pa.list_(text)), ("severity", text), ("views", pa.list_(pa.struct(view)))]
    columns += [("is_reference", pa.bool_()), ("barcode", text), ("printed_damage", pa.bool_())]
    columns += [("version", whole), ("rig", text), ("labels", pa.list_(text)), ("artwork_seed", pa.int64())]
    return pa.schema(columns)


def write_table(items: Iterable[Item], file: Path) -> None:
    """Write items as Parquet.

    Raises:
        DatasetError: the disk is full or not writable.
    """
    pa = arrow()
    rows = [{**asdict(item), "severity": _severity_name(item)} for item in items]
    try:
        pa.parquet.write_table(pa.Table.from_pylist(rows, schema()), file, compression="zstd")
    except OSError as error:
        raise DatasetError(f"{file} cannot be written ({error}). Free disk space, then run again") from error


def read_table(file: Path) -> Iterator[Item]:
    """Yield the items of a Parquet file, each checked.

    Raises:
        DatasetError: no such file, no Parquet, another schema, or a row contradicts itself.
    """
    pa = arrow()
    try:
        table = pa.parquet.read_table(file)
        for name in {"labels", "artwork_seed"} - set(table.column_names):  # older datasets have none
            table = table.append_column(name, pa.nulls(len(table), schema().field(name).type))
        missing = [name for name in schema().names if name not in table.column_names]
        if missing:
            raise DatasetError(f"{file} has no column {missing[0]!r}. Build the dataset again, or add the column")
        table = table.select(schema().names).cast(schema())
    except FileNotFoundError as error:
        raise DatasetError(f"{file} is missing. Restore it, or build the dataset again") from error
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{file} is no table of items ({error}). Restore it, or build the dataset again") from error
    known: set[str] = set()
    for row, values in enumerate(table.to_pylist()):
        try:
            item = _item(values)
            _check(item, known)
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{file}, row {row} (item {values['item_id']}): {error}") from error
        known.add(item.item_id)
        yield item


def check_item(item: Item) -> None:
    """Refuse an item that contradicts itself.

    Raises:
        DatasetError: it does; the message names the item, the value and what to do.
    """
    try:
        _check(item, frozenset())
    except ValueError as error:
        raise DatasetError(f"item {item.item_id}: {error}") from error


def _item(row: Mapping[str, Any]) -> Item:
    required = ("item_id", "product_id", "product_name", "kind", "split", "damage_types", "views", "is_reference")
    for name in (*required, "printed_damage", "version"):
        if row[name] is None:
            raise ValueError(f"{name} is empty. Fill it in")
    severity = row["severity"]
    return Item(
        **{
            **row,
            "split": _word(Split, "split", row["split"]),
            "damage_types": tuple(_word(DamageType, "damage_types", word) for word in row["damage_types"]),
            "severity": None if severity is None else _severity(severity),
            "views": tuple(_view(view) for view in row["views"]),
            "labels": tuple(row["labels"] or ()),
        }
    )


def _view(row: Mapping[str, Any]) -> View:
    lens = row["intrinsics"]
    masks = tuple(
        DamageMask(
            None if mask["damage_type"] is None else _word(DamageType, "damage_masks", mask["damage_type"]),
            mask["file"],
            mask["saturation_px"],
        )
        for mask in row["damage_masks"] or ()
    )
    intrinsics = None if lens is None else Intrinsics(**{**lens, "distortion": tuple(lens["distortion"])})
    return View(**{**row, "damage_masks": masks, "intrinsics": intrinsics})


def _word(words: Any, column: str, value: str) -> Any:
    try:
        return words(value)
    except ValueError as error:
        raise ValueError(f"{column} is {value!r}. It must be one of {', '.join(words)}") from error


def _severity_name(item: Item) -> str | None:
    return None if item.severity is None else item.severity.name.lower()


def _severity(value: str) -> Severity:
    names = {severity.name.lower(): severity for severity in Severity}
    if value not in names:
        raise ValueError(f"severity is {value!r}. It must be empty or one of {', '.join(names)}")
    return names[value]


def _check(item: Item, known: set[str] | frozenset[str]) -> None:
    """Raise ValueError where an item contradicts itself or its id is taken."""
    if item.item_id in known:
        raise ValueError("another row has the same item_id. Give each item its own")
    if not item.is_damaged and (item.damage_types or item.labels or any(view.damage_masks for view in item.views)):
        raise ValueError("severity is none, yet it has damage. Clear the damage, or state a severity")
    if item.is_reference and item.is_damaged:
        raise ValueError("a reference is damaged. Only good items can be references")
    if not item.views:
        raise ValueError("it has no views. Give it at least one, or leave it out")
    for view in item.views:
        if (view.depth is None) != (view.depth_unit_mm is None):
            raise ValueError(f"view {view.camera_id}: depth and depth_unit_mm go together. Give both, or neither")
        for file in view.files:
            path = PurePosixPath(file)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"view {view.camera_id} names {file}, outside the dataset. Move it into the folder")
