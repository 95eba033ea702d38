"""The project's dataset format: what there is to learn from and to be judged by.

A dataset is a folder. `dataset.json` says what it is, `items.parquet` has one row an item, and the pictures lie
beside them, named by the rows. Everything that reads or writes it needs the extra `data`.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.core.geometry import Intrinsics

FORMAT = 1
CARD, TABLE = "dataset.json", "items.parquet"
DEPTH_CHANGE_UNIT_MM = 0.1
DEPTH_CHANGE_OFFSET = 32768
"""A depth change picture holds round(mm / unit) + offset; 0 where it is unknown. Away from the camera is positive."""


class Split(StrEnum):
    """What an item is for."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class DamageMask:
    """Where damage of one type is seen: a picture whose nonzero pixels are damaged; None where no type is stated.

    `saturation_px`: how many of these pixels count as having found it all; None where every pixel counts.
    """

    damage_type: DamageType | None
    file: str
    saturation_px: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One camera's pictures of an item; files are relative to the dataset's folder, None where there is none.

    `colour` is any picture OpenCV reads. `depth` is a 16-bit PNG in `depth_unit_mm`, 0 unknown, aligned to colour,
    as every other picture here. `item_mask` is nonzero on the item. `depth_change` is a 16-bit PNG, see
    `DEPTH_CHANGE_OFFSET`: how much farther the surface is than on the undamaged item.
    """

    camera_id: str
    colour: str
    depth: str | None = None
    depth_unit_mm: float | None = None
    item_mask: str | None = None
    damage_masks: tuple[DamageMask, ...] = ()
    depth_change: str | None = None
    intrinsics: Intrinsics | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every picture of the view."""
        maybe = (self.colour, self.depth, self.item_mask, self.depth_change, *(mask.file for mask in self.damage_masks))
        return tuple(file for file in maybe if file is not None)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what it is, what is wrong with it, and its views.

    A good item has severity NONE and no damage types. A damaged one has severity MINOR or MAJOR (the worst of its
    damage), or None where nobody stated it; its types are empty where nobody stated them. `labels` are the source's
    own words for damage that is none of the station's types. `is_reference`: a good item that shows what the product
    should look like, and is not to be judged. `version` counts the product's redesigns from 1. `rig` is the file of
    the rig that took the views, relative to the dataset's folder. `artwork_seed` is what a simulated product's print
    was drawn from.
    """

    item_id: str
    product_id: str
    product_name: str
    kind: str
    split: Split
    damage_types: tuple[DamageType, ...]
    severity: Severity | None
    views: tuple[View, ...]
    is_reference: bool = False
    barcode: str | None = None
    printed_damage: bool = False
    version: int = 1
    rig: str | None = None
    labels: tuple[str, ...] = ()
    artwork_seed: int | None = None

    @property
    def is_damaged(self) -> bool:
        """Whether anything is wrong with it."""
        return self.severity is not Severity.NONE


@dataclass(frozen=True, slots=True)
class Card:
    """What a dataset is: `command` builds it again."""

    name: str
    licence: str
    source: str
    command: str


@dataclass(frozen=True)
class Dataset:
    """A dataset on disk, in the order it was written."""

    path: Path
    card: Card
    items: tuple[Item, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many items, products, references and damaged items there are, and items of every split."""
        return count(self.items)


def count(items: tuple[Item, ...]) -> dict[str, int]:
    """Return how many items, products, references, damaged items and items of each split there are."""
    return {
        "items": len(items),
        "products": len({item.product_id for item in items}),
        "references": sum(item.is_reference for item in items),
        "damaged": sum(item.is_damaged for item in items),
        **{split.value: sum(item.split is split for item in items) for split in Split},
    }


def open_dataset(path: Path) -> Dataset:
    """Read a dataset's card and rows, and check that every picture it names is there.

    Raises:
        DatasetError: the extra `data` is not installed; the dataset is unfinished, missing or malformed; a row
            contradicts itself; a picture is missing. The message names the file and the row.
    """
    from station.learn.dataset_table import read_table

    card, counts = _read_card(path / CARD)
    items = tuple(read_table(path / TABLE))
    if len(items) != counts["items"]:
        raise DatasetError(
            f"{path / TABLE} has {len(items)} rows, {path / CARD} says {counts['items']} items. "
            f"Build the dataset again: {card.command}"
        )
    for row, item in enumerate(items):
        for file in (*([item.rig] if item.rig else []), *(file for view in item.views for file in view.files)):
            if not (path / file).is_file():
                raise DatasetError(
                    f"{path / TABLE}, row {row} (item {item.item_id}) names {file}, which is not in {path}. "
                    f"Restore the file, or build the dataset again: {card.command}"
                )
    return Dataset(path, card, items)


def card_json(card: Card, counts: dict[str, int]) -> str:
    """Return the text of `dataset.json`."""
    change = {"unit_mm": DEPTH_CHANGE_UNIT_MM, "offset": DEPTH_CHANGE_OFFSET, "unknown": 0}
    return json.dumps({"format": FORMAT, **asdict(card), "counts": counts, "depth_change": change}, indent=1) + "\n"


def _read_card(file: Path) -> tuple[Card, dict[str, Any]]:
    try:
        data = json.loads(file.read_text())
        if data["format"] != FORMAT:
            raise DatasetError(
                f"{file} has format {data['format']}; this station reads format {FORMAT}. Import the data again"
            )
        card = Card(*(str(data[name]) for name in ("name", "licence", "source", "command")))
        return card, {"items": int(data["counts"]["items"])}
    except FileNotFoundError as error:
        raise DatasetError(
            f"{file.parent} is no finished dataset: {file.name} is missing. Name another folder, or run the command "
            "that builds it again: it continues where it stopped"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{file} is malformed ({error!r}). Restore it, or build the dataset again") from error
