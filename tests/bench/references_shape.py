"""Missing units and dents told by depth from a product's reference shapes, on a dataset of the simulated booth.

    station simulate dataset DATASET --items 2000 --seed 1
    python tests/bench/references_shape.py DATASET

Of every product the items marked as references are its references; all others are judged. Products of the training
split with an even number were looked at while the comparison was built; the rest, with all of `val` and `test`, are
judged here. The threshold lets one good item in a hundred pass for damaged; intervals are exact (Clopper-Pearson).
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station.core.damage import DamageType
from station.gallery import ShapeReferences
from station.learn.dataset import Dataset, Item, Split, open_dataset
from station.learn.evaluation.intervals import share
from station.learn.evaluation.views import ViewMaker
from station.learn.pictures import load_depth_change_mm
from station.rig import load_rig
from station.vision import item_surface

VIEW_PX = 448
DENT_MM = 5.0
ALARM_RATE = 0.01


@dataclass(frozen=True)
class Scored:
    item: Item
    depth_mm: float
    scores: dict[DamageType, float]


def deepest_mm(dataset: Dataset, item: Item) -> float:
    """The 95th percentile of how much farther than on the whole item the surface is, where it is, in the worst view."""
    deepest = 0.0
    for view in item.views:
        change = load_depth_change_mm(dataset.path, view)
        sunk = np.empty(0) if change is None else change[np.isfinite(change) & (change > 1)]
        deepest = max(deepest, float(np.percentile(sunk, 95)) if len(sunk) > 30 else 0.0)
    return deepest


def scored(dataset: Dataset) -> Iterator[Scored]:
    maker = ViewMaker(dataset, VIEW_PX)
    kinds: dict[str, list[str]] = {}
    products: dict[str, list[Item]] = {}
    for item in dataset.items:
        products.setdefault(item.product_id, []).append(item)
    for product_id, items in products.items():
        known = kinds.setdefault(items[0].kind, [])
        if items[0].split is Split.TRAIN:
            known.append(product_id)
            if len(known) % 2:
                continue
        surfaces = {item.item_id: item_surface(load_rig(dataset.path / item.rig), maker.views(item)) for item in items}
        shown = [surfaces[item.item_id] for item in items if item.is_reference]
        references = ShapeReferences.learn([surface for surface in shown if surface is not None])
        for item in items:
            surface = surfaces[item.item_id]
            if item.is_reference or surface is None or references is None:
                continue
            found = {lack.damage_type: lack.score for lack in references.compare(surface)}
            yield Scored(item, deepest_mm(dataset, item), found)


def line(name: str, kind: DamageType, judged: list[Scored], damaged: list[Scored]) -> str:
    good = np.sort([one.scores.get(kind, 0.0) for one in judged if not one.item.is_damaged])
    threshold = good[-1 - int(ALARM_RATE * len(good))]
    hits = sum(one.scores.get(kind, 0.0) > threshold for one in damaged)
    found = share(hits, len(damaged))
    return (
        f"{name}: {hits} of {len(damaged)}, {found.value:.3f} ({found.low:.3f} to {found.high:.3f}), {len(good)} good"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    judged = list(scored(open_dataset(parser.parse_args().dataset)))
    missing = [one for one in judged if DamageType.MISSING_UNIT in one.item.damage_types]
    dents = [one for one in judged if DamageType.DEFORMATION in one.item.damage_types and one.depth_mm >= DENT_MM]
    lines = (
        line("missing_unit", DamageType.MISSING_UNIT, judged, missing),
        line(f"dents of {DENT_MM:g} mm", DamageType.DEFORMATION, judged, dents),
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
