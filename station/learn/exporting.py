"""Datasets as others read them: COCO's JSON with pictures beside, or flat Parquet tables with the pictures inside."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from station.core.damage import DamageType
from station.core.errors import DatasetError
from station.learn.dataset import Dataset, Item, Split, View
from station.learn.dataset_table import arrow
from station.learn.pictures import load_colour, load_mask

ANNOTATIONS = "annotations.json"
_UNTYPED = "damage"
"""The category of damage whose type nobody stated."""


def export_coco(dataset: Dataset, out: Path, progress: Callable[[int], None]) -> None:
    """Write `annotations.json` and the colour pictures as COCO has them; see https://cocodataset.org/#format-data.

    Each connected part of a damage mask is an annotation. What COCO has no word for stands with the image: item,
    product, split, severity, damage types and labels.

    Raises:
        DatasetError: `out` is not empty, or a picture is missing.
    """
    _prepare(out)
    categories = {
        name: number for number, name in enumerate((*(damage.value for damage in DamageType), _UNTYPED), start=1)
    }
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, item in enumerate(dataset.items, start=1):
        for view in item.views:
            height, width = load_colour(dataset.path, view).shape[:2]
            (out / view.colour).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(dataset.path / view.colour, out / view.colour)
            size = {"id": len(images) + 1, "file_name": view.colour, "width": width, "height": height}
            images.append({**size, "camera_id": view.camera_id, **_facts(item)})
            for mask in view.damage_masks:
                category = categories[mask.damage_type or _UNTYPED]
                for part in _parts(dataset.path, mask.file):
                    own = {"id": len(annotations) + 1, "image_id": len(images), "category_id": category, "iscrowd": 0}
                    annotations.append({**own, **part})
        progress(number)
    named = [{"id": number, "name": name, "supercategory": "damage"} for name, number in categories.items()]
    info = {"description": dataset.card.name, "licence": dataset.card.licence, "source": dataset.card.source}
    data = {"info": info, "images": images, "annotations": annotations, "categories": named}
    (out / ANNOTATIONS).write_text(json.dumps(data) + "\n")


def export_parquet(dataset: Dataset, out: Path, progress: Callable[[int], None]) -> None:
    """Write one `SPLIT.parquet` for each split, a row a view, its pictures' bytes inside: nothing lies beside them.

    Raises:
        DatasetError: `out` is not empty, or a picture is missing.
    """
    _prepare(out)
    pa = arrow()
    text, real = pa.string(), pa.float64()
    picture = pa.struct([("bytes", pa.binary()), ("path", text)])
    masks = pa.list_(pa.struct([("damage_type", text), ("mask", picture)]))
    names = ("item_id", "product_id", "product_name", "kind", "split", "severity", "barcode", "camera_id")
    schema = pa.schema(
        [
            *((name, text) for name in names),
            *((name, pa.list_(text)) for name in ("damage_types", "labels")),
            *((name, pa.bool_()) for name in ("is_reference", "printed_damage")),
            *((name, picture) for name in ("colour", "depth", "item_mask", "depth_change")),
            ("depth_unit_mm", real),
            ("damage_masks", masks),
        ]
    )
    done = 0
    for split in Split:
        items = [item for item in dataset.items if item.split is split]
        if not items:
            continue
        with pa.parquet.ParquetWriter(out / f"{split}.parquet", schema, compression="zstd") as writer:
            for item in items:
                writer.write_table(pa.Table.from_pylist(list(_rows(dataset.path, item)), schema))
                done += 1
                progress(done)


def _prepare(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out} exists and is not empty. Name a new folder")
    out.mkdir(parents=True, exist_ok=True)


def _facts(item: Item) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "product_id": item.product_id,
        "product_name": item.product_name,
        "kind": item.kind,
        "split": item.split.value,
        "severity": None if item.severity is None else item.severity.name.lower(),
        "damage_types": list(item.damage_types),
        "labels": list(item.labels),
        "is_reference": item.is_reference,
        "printed_damage": item.printed_damage,
        "barcode": item.barcode,
    }


def _parts(folder: Path, file: str) -> Iterator[dict[str, Any]]:
    """Yield each connected part of a mask: its outline, box and area, in px."""
    mask = load_mask(folder, file).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        outlines, _ = cv2.findContours((labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        polygons = [outline.reshape(-1).tolist() for outline in outlines if len(outline) > 2]
        x, y, width, height, area = (int(value) for value in stats[label])
        box = [x, y, x + width, y, x + width, y + height, x, y + height]
        yield {"segmentation": polygons or [box], "bbox": [x, y, width, height], "area": area}


def _rows(folder: Path, item: Item) -> Iterator[dict[str, Any]]:
    for view in item.views:
        yield {
            **_facts(item),
            "camera_id": view.camera_id,
            **{
                name: _picture(folder, getattr(view, name)) for name in ("colour", "depth", "item_mask", "depth_change")
            },
            "depth_unit_mm": view.depth_unit_mm,
            "damage_masks": _masks(folder, view),
        }


def _masks(folder: Path, view: View) -> list[dict[str, Any]]:
    return [{"damage_type": mask.damage_type, "mask": _picture(folder, mask.file)} for mask in view.damage_masks]


def _picture(folder: Path, file: str | None) -> dict[str, Any] | None:
    return None if file is None else {"bytes": (folder / file).read_bytes(), "path": file}
