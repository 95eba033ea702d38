"""The scene tracker and the item masks in lock-step, against the truth of simulated items of every kind.

    python tests/bench/tracker_truth.py [--items 500] [--seed 1] [--json FILE]

Half of the items are damaged. Counts items that were missed, found twice or given up, and compares the masks of all
views with the true ones. Views with an IoU of 0 are counted apart, as "no view", and are in no median or percentile.
Items come one at a time: two beside each other are never tested.
"""

import argparse
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from station.cli.progress import counting_bar
from station.core.damage import DamageType
from station.core.frames import Frame, TimeDomain
from station.core.items import ItemCapture
from station.daemon.scene_walk import Arrivals, SceneWalk
from station.scene import SceneSettings
from station.simulation.booth import Booth
from station.simulation.crew import work_off
from station.simulation.generator import draw_products
from station.simulation.settings import SimulationSettings
from station.vision import ViewExtractor, VisionSettings
from station.vision.geometry import TrayGeometry, Window

BATCH = 10
TABLE_WIDTH = 110
"""So many columns a table has where the output is no terminal, so that no name is cut."""
SETTINGS = SimulationSettings(damaged_share=0.5)


@dataclass(frozen=True)
class Row:
    """One item: how often it was captured, why it was given up, and each camera's mask IoU, 0 where it saw none."""

    seed: int
    index: int
    kind: str
    damage: str
    captures: int
    faults: tuple[str, ...]
    iou: dict[str, float]


def captures_of(booth: Booth) -> Iterator[ItemCapture]:
    """Play a booth frame by frame and yield what the scene captures."""
    scene = SceneWalk(booth.rig, SceneSettings(), "bench")
    events = list(booth.announcements)
    t_ns = 0
    for index in range(booth.frame_count):
        for camera in booth.rig.cameras:
            shot = booth.frame(camera.camera_id, index)
            t_ns = shot.t_ns
            due = [event for event in events if event.t_ns <= t_ns]
            events = events[len(due) :]
            frame = Frame(
                camera.camera_id, index, t_ns, t_ns, TimeDomain.GLOBAL, shot.colour, shot.depth, shot.depth_unit_mm
            )
            yield from scene.step(Arrivals(tuple(due), frame=frame), t_ns)
    yield from scene.close(t_ns)


def judge(seed: int, items: int) -> list[Row]:
    """Run one booth of products of its own and set its captures against its plan."""
    booth = Booth(seed, items, SETTINGS, products=draw_products(seed, items))
    extractor = ViewExtractor(booth.rig, VisionSettings())
    found: dict[int, list[ItemCapture]] = defaultdict(list)
    iou: dict[int, dict[str, float]] = {}
    for capture in captures_of(booth):
        t_ns = capture.framesets[0].t_ns if capture.framesets else capture.arrived_ns
        index = max((item.index for item in booth.plan if item.arrive_ns <= t_ns), default=0)
        found[index].append(capture)
        if capture.framesets and index not in iou:
            iou[index] = overlaps(booth, index, capture, extractor)
    cameras = [camera.camera_id for camera in booth.rig.cameras]
    return [
        Row(
            seed,
            item.index,
            item.product.kind.value,
            " ".join(f"{severity.name.lower()} {kind}" for kind, severity in item.damage) or "good",
            len(found[item.index]),
            tuple(capture.fault.word for capture in found[item.index] if capture.fault),
            iou.get(item.index, dict.fromkeys(cameras, 0.0)),
        )
        for item in booth.plan
    ]


def overlaps(booth: Booth, index: int, capture: ItemCapture, extractor: ViewExtractor) -> dict[str, float]:
    """Return each camera's mask IoU in its view's crop, 0 where it has no view."""
    found = {camera.camera_id: 0.0 for camera in booth.rig.cameras}
    for view in extractor.extract(capture):
        known = booth.truth(view.camera_id, index)
        whole = known.item | known.damage.get(DamageType.SPILLAGE, False)  # what is spilt beside an item belongs to it
        image = Window(0, 0, whole.shape[1], whole.shape[0], 1)
        straight = TrayGeometry(booth.rig, view.camera_id).sight(image).read(whole.astype(np.uint8) * 255)
        true_mask = cv2.warpAffine(straight, view.crop_from_image, view.mask.shape[::-1]) > 127
        found[view.camera_id] = float((true_mask & view.mask).sum() / max(1, (true_mask | view.mask).sum()))
    return found


def batch(folder: Path, seed: int, items: int, part: int) -> Iterator[None]:
    """Judge one batch and leave its rows in the folder; yields once an item."""
    rows = judge(seed * 1000 + part, min(BATCH, items - part * BATCH))
    (folder / f"{part}.json").write_text(json.dumps([asdict(row) for row in rows]))
    yield from [None] * len(rows)


def bench(items: int, seed: int) -> list[Row]:
    """Return all rows, in order."""
    parts = range(-(-items // BATCH))
    with (
        tempfile.TemporaryDirectory() as folder,
        counting_bar(Console(stderr=True), "Items tracked", items) as progress,
    ):
        progress(0)
        work_off(partial(batch, Path(folder), seed, items), parts, os.cpu_count() or 1, progress)
        return [Row(**row) for part in parts for row in json.loads((Path(folder) / f"{part}.json").read_text())]


def summary(title: str, groups: dict[str, list[Row]]) -> Table:
    """Return a table with one line a group and one for all."""
    table = Table(title=title, title_justify="left")
    for name in ("", "items", "missed", "twice", "given up", "no view", "IoU median", "IoU p5", "IoU least"):
        table.add_column(name, justify="right" if name else "left")
    for name, rows in groups.items():
        values = np.array([value for row in rows for value in row.iou.values()])
        seen = values[values > 0]
        counts = (
            len(rows),
            sum(row.captures == 0 for row in rows),
            sum(row.captures > 1 for row in rows),
            sum(bool(row.faults) for row in rows),
            int((values == 0).sum()),
        )
        figures = (np.median(seen), np.percentile(seen, 5), seen.min()) if len(seen) else (0.0, 0.0, 0.0)
        table.add_row(name, *map(str, counts), *(f"{figure:.3f}" for figure in figures))
    return table


def grouped(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    """Return rows by a field's value, and all of them."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return {**dict(sorted(groups.items())), "all": list(rows)}


def main() -> None:
    """Print tables by kind and by damage, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = bench(arguments.items, arguments.seed)
    console = Console(width=max(TABLE_WIDTH, Console().width))
    console.print(summary("By kind", grouped(rows, "kind")))
    console.print(summary("By damage", grouped(rows, "damage")))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
