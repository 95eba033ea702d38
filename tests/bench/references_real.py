"""The comparison with references on real pictures: packages, tampar faces, deeppcb boards.

    python tests/bench/references_real.py [--json FILE]

Nothing is tuned on what is judged here. Of the packages 30 good units (chosen by seed) are references, the other 30
and all 60 damaged units are judged, a unit's two views never apart. Of tampar each face has its one reference. Of
deeppcb the six pairs of board 00041 are for looking at, the other 32 are judged, each with its template as reference.
Intervals are 95 %, from 2000 resamples of units (faces, boards) with a fixed seed.
"""

import argparse
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from station.core.items import ItemView, Quality
from station.core.verdict import Finding
from station.gallery import (
    Gallery,
    GallerySettings,
    GalleryWriter,
    Product,
    ProductReferences,
    ShotView,
    cut_out,
    enrol_product,
    learn_background,
    outline,
    stand_in,
)
from station.inference import Bundle, InferenceSettings, find_bundle, load_bundle

DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 0
RESAMPLES = 2000
REFERENCES = 30
HIT_IOU = 0.33
PRECISION = 0.9
FACES = {"top": (0, 1), "left": (1, 0), "center": (1, 1), "right": (1, 2), "bottom": (2, 1)}
FACE_PX = 400
SHOWN_BOARD = "00041"
CAMERAS = ("side", "top")
CROP_PX = 320
STAND_INS = 12

Cut = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A crop, uint8 RGB [S, S, 3], and the item in it, bool [S, S]."""

Boxes = Sequence[tuple[float, tuple[int, int, int, int]]]
"""Scores and boxes `x, y, width, height`."""


@dataclass(frozen=True)
class Result:
    """One line of the table: a figure with its 95 % interval."""

    data: str
    figure: str
    value: float
    low: float
    high: float
    judged: str


def read_rgb(path: Path) -> NDArray[np.uint8]:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def as_view(camera_id: str, crop: NDArray[np.uint8], mask: NDArray[np.bool_]) -> ItemView:
    nowhere = np.full(mask.shape, np.nan, np.float32)
    return ItemView(camera_id, crop, mask, nowhere, 1.0, np.eye(2, 3), Quality(100.0, 0.0, 0.0, 0.0))


def auroc(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    return float((bad[:, None] > good).mean() + (bad[:, None] == good).mean() / 2)


def interval(figure: Callable[..., float], *groups: Sequence) -> tuple[float, float]:
    """The 95 % interval of a figure over resamples of each group."""
    rng = np.random.default_rng(SEED)
    drawn = [
        figure(*([group[n] for n in rng.integers(0, len(group), len(group))] for group in groups))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def auroc_result(data: str, good: Sequence[float], bad: Sequence[float]) -> Result:
    def figure(g: Sequence[float], b: Sequence[float]) -> float:
        return auroc(np.array(g), np.array(b))

    low, high = interval(figure, good, bad)
    return Result(data, "AUROC", figure(good, bad), low, high, f"{len(good)} good, {len(bad)} damaged")


def package_units() -> tuple[list[str], list[str], list[str]]:
    """Reference units, other good units, damaged units."""
    folder = DATA / "packages"
    good = sorted(path.stem for path in (folder / "intact/side").iterdir())
    chosen = set(np.random.default_rng(SEED).permutation(good)[:REFERENCES])
    damaged = sorted(path.stem for path in (folder / "damaged/side").iterdir())
    return [unit for unit in good if unit in chosen], [unit for unit in good if unit not in chosen], damaged


def enrolled(bundle: Bundle, shots: Sequence[Mapping[str, Cut]]) -> ProductReferences:
    """A product's references, from disk."""
    described = [{c: ShotView(*cut, bundle.features([cut[0]])[0]) for c, cut in shot.items()} for shot in shots]
    with TemporaryDirectory() as folder:
        writer = GalleryWriter(Path(folder), bundle.digest, "bench")
        patches = GallerySettings().patches_per_product
        writer.add(Product("item", "Item"), enrol_product(described, patches, describe=bundle.features))
        writer.close()
        references = Gallery.open(Path(folder), bundle.digest).references("item")
    assert references is not None
    return references


def compared(bundle: Bundle, references: ProductReferences, camera_id: str, cut: Cut) -> Finding:
    finding = references.compare(as_view(camera_id, *cut), bundle.features([cut[0]])[0], bundle.features)
    assert finding is not None
    return finding


class Packages:
    """The cartons, found in their pictures as the references' pictures tell."""

    def __init__(self, bundle: Bundle, references: Sequence[str]) -> None:
        self.bundle = bundle
        self.backgrounds = {
            camera: learn_background([self.picture("intact", camera, unit) for unit in references], bundle.features)
            for camera in CAMERAS
        }

    @staticmethod
    def picture(kind: str, camera: str, unit: str) -> NDArray[np.uint8]:
        return read_rgb(DATA / "packages" / kind / camera / f"{unit}.jpg")

    def cut(self, camera: str, picture: NDArray[np.uint8]) -> Cut:
        mask = outline(picture, self.backgrounds[camera], self.bundle.features)
        mask = np.ones(picture.shape[:2], np.bool_) if mask is None else mask
        return cut_out(picture, mask, CROP_PX)

    def shot(self, kind: str, unit: str) -> dict[str, Cut]:
        return {camera: self.cut(camera, self.picture(kind, camera, unit)) for camera in CAMERAS}


def packages(bundle: Bundle) -> list[Result]:
    references, good, damaged = package_units()
    source = Packages(bundle, references)
    product = enrolled(bundle, [source.shot("intact", unit) for unit in references])
    scores: dict[str, dict[str, list[float]]] = {name: {"intact": [], "damaged": []} for name in (*CAMERAS, "both")}
    for kind, units in (("intact", good), ("damaged", damaged)):
        for unit in units:
            shot = source.shot(kind, unit)
            found = {camera: compared(bundle, product, camera, cut).score for camera, cut in shot.items()}
            for name in CAMERAS:
                scores[name][kind].append(found[name])
            scores["both"][kind].append(product.calibration.item_score(found))
    return [auroc_result(f"packages {name}", by["intact"], by["damaged"]) for name, by in scores.items()]


def tampar(bundle: Bundle) -> list[Result]:
    def face(path: Path, name: str) -> Cut:
        row, column = (FACE_PX * n for n in FACES[name])
        cut = np.ascontiguousarray(read_rgb(path)[row : row + FACE_PX, column : column + FACE_PX])
        return cut, np.ones(cut.shape[:2], np.bool_)

    good, bad = [], []
    for row in csv.DictReader((DATA / "tampar/labels.csv").open()):
        reference = face(DATA / f"tampar/reference/id_{int(row['parcel_id']):02d}_uvmap.png", row["face"])
        judged = face(DATA / "tampar/field" / row["field"], row["face"])
        product = from_one(bundle, reference)
        score = product.calibration.item_score({"face": compared(bundle, product, "face", judged).score})
        (bad if row["tampered"] == "True" else good).append(score / product.calibration.views["face"].spread)
    return [auroc_result("tampar faces", good, bad)]


def from_one(bundle: Bundle, reference: Cut) -> ProductReferences:
    """The references of a product of which there is one picture."""
    return enrolled(bundle, [{"face": stand_in(*reference, seed) if seed else reference} for seed in range(STAND_INS)])


def deeppcb(bundle: Bundle) -> list[Result]:
    boards = []
    for path in sorted((DATA / "deeppcb").glob("*_temp.jpg")):
        name = path.name.removesuffix("_temp.jpg")
        if name.startswith(SHOWN_BOARD):
            continue
        rows = [[int(n) for n in line.split()] for line in path.with_name(f"{name}.txt").read_text().splitlines()]
        truth = [(left, top, right - left, bottom - top) for left, top, right, bottom, _ in rows]
        judged = read_rgb(path.with_name(f"{name}_test.jpg"))
        full = np.ones(judged.shape[:2], np.bool_)
        product = from_one(bundle, (read_rgb(path), full))
        boards.append((truth, compared(bundle, product, "face", (judged, full)).regions))
    marked = [(truth, [(region.score, region.box_px) for region in regions]) for truth, regions in boards]
    value = detection_recall(marked)
    low, high = interval(detection_recall, marked)
    boxes = sum(len(truth) for truth, _ in marked)
    return [Result("deeppcb", f"recall at precision {PRECISION}", value, low, high, f"{boxes} defects")]


def detection_recall(boards: Sequence[tuple[Sequence[tuple[int, int, int, int]], Boxes]]) -> float:
    """The highest share of true boxes hit, over all score thresholds of at least the precision asked for."""
    hits: list[tuple[float, bool]] = []
    for truth, found in boards:
        free = list(truth)
        for score, box in sorted(found, key=lambda one: -one[0]):
            best = max(free, key=lambda true: iou(true, box), default=None)
            hit = best is not None and iou(best, box) >= HIT_IOU
            if hit:
                free.remove(best)
            hits.append((score, hit))
    if not hits:
        return 0.0
    hits.sort(key=lambda one: -one[0])
    right = np.cumsum([hit for _, hit in hits])
    precise = right / np.arange(1, len(hits) + 1) >= PRECISION
    return float(right[precise].max(initial=0)) / max(1, sum(len(truth) for truth, _ in boards))


def iou(one: Sequence[int], other: Sequence[int]) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {"packages": packages, "tampar": tampar, "deeppcb": deeppcb}
    parser.add_argument("data", nargs="*", choices=runs, default=list(runs))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    bundle = load_bundle(find_bundle(InferenceSettings().bundle))
    results = [result for name in arguments.data for result in runs[name](bundle)]
    table = Table("data", "figure", "value", "95 %", "judged")
    for r in results:
        table.add_row(r.data, r.figure, f"{r.value:.3f}", f"{r.low:.3f} to {r.high:.3f}", r.judged)
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
