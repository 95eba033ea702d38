"""Ours beside its peers: anomalib's PatchCore and PaDiM, and a plain classifier, on the same views and backbone.

    python tests/bench/peers.py WORK --anomalib ENV/bin/python [--data packages booth] [--seed 0] [--booth DATASET]
        [--products 4] [--costs] [--json FILE]

Packages: half of the units are learned, the other half judged, split by seed as `supervised_real.py` does; the learned
good units are the references. Booth: of a dataset by `station simulate dataset`, the first test products are judged,
their references given; supervised methods learn other products. All methods see the same cut views. Nothing is chosen
on judged items; fusion weights are fitted to items held out within the learned ones, or to the val products.

Item scores are kept in WORK, one JSON line a product and method: the same line goes on where it was stopped. Times are
CPU, in multiples of the backbone on one picture measured in the same process; all on one thread.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from peers_cost import BACKBONE, HEADS, ONE_THREAD, item_view
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from supervised_real import judged_scores, learned_units, package_dataset

from station.gallery import GallerySettings, Product, ProductReferences, Shot, ShotView, enrol_product, with_stand_ins
from station.gallery.compare import METHOD, REFERENCES
from station.inference import Bundle, find_bundle, load_bundle
from station.judge import any_of
from station.learn.dataset import Dataset, Split, open_dataset
from station.learn.evaluation.item_figures import item_figures
from station.learn.evaluation.supervised import ShownViews
from station.learn.training.cache import ViewCache, cut_views
from station.learn.tuning.fit import fit_fusion
from station.learn.tuning.scored import ScoredItem

PEERS = ("patchcore", "padim")
CLASSIFIER_PRODUCTS = 2  # for each judged one
SEED = 1

Scores = dict[str, dict[str, float]]
"""Of units, by camera."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a product; `views` are rows of the crops by camera. `role` is shown, learned, tuned or judged.

    Shown units are good ones, and references; learned ones are for supervised methods alone.
    """

    name: str
    product: str
    damaged: bool
    role: str
    views: dict[str, int]


class Folder:
    """What is judged, and what was found so far: crops, masks, units and item scores, on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.crops = np.load(path / "crops.npy", mmap_mode="r")
        self.masks = np.load(path / "masks.npy", mmap_mode="r")
        self.units = [Unit(**own) for own in json.loads((path / "units.json").read_text())]

    def of(self, *roles: str, product: str | None = None) -> list[Unit]:
        return [unit for unit in self.units if unit.role in roles and product in (None, unit.product)]

    def kept(self, method: str) -> dict[str, Scores]:
        file = self.path / f"{method}.jsonl"
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return {line["task"]: line["scores"] for line in lines}

    def keep(self, method: str, task: str, scores: Scores) -> None:
        with (self.path / f"{method}.jsonl").open("a") as lines:
            lines.write(json.dumps({"task": task, "scores": scores}) + "\n")

    def features(self, bundle: Bundle) -> np.ndarray:
        file = self.path / "features.npy"
        if not file.exists():
            np.save(file, np.concatenate([bundle.features([np.array(crop)]) for crop in self.crops]).astype(np.float16))
        return np.load(file, mmap_mode="r")


def write_units(path: Path, units: Sequence[Unit]) -> None:
    """Write the units, and what anomalib is asked: a model a product and camera."""
    (path / "units.json").write_text(json.dumps([asdict(unit) for unit in units]))
    tasks = []
    for product in dict.fromkeys(unit.product for unit in units if unit.role == "judged"):
        own = [unit for unit in units if unit.product == product]
        for camera in dict.fromkeys(camera for unit in own for camera in unit.views):
            rows = {
                role: [unit.views[camera] for unit in own if unit.role == role and camera in unit.views]
                for role in ("shown", "judged")
            }
            tasks.append(
                {
                    "task": f"{product}/{camera}",
                    "product": product,
                    "references": rows["shown"],
                    "judged": rows["judged"],
                }
            )
    (path / "tasks.json").write_text(json.dumps(tasks))


def package_cache(work: Path, bundle: Bundle) -> ViewCache:
    return cut_views(package_dataset(), bundle, work / "cut", lambda _: None)


def lay_packages(path: Path, work: Path, bundle: Bundle, seed: int) -> None:
    cache = package_cache(work, bundle)
    damaged = cache.truth[:, 0] == 1
    learned = set(learned_units(damaged, seed).tolist())
    np.save(path / "crops.npy", cache.crops)
    np.save(path / "masks.npy", cache.masks)
    units = []
    for number, item in enumerate(cache.items):
        rows = np.flatnonzero(cache.owner == number).tolist()
        role = "judged" if number not in learned else "learned" if damaged[number] else "shown"
        views = dict(zip((view.camera_id for view in item.views), rows, strict=True))
        units.append(Unit(item.item_id, item.product_id, bool(damaged[number]), role, views))
    write_units(path, units)


def lay_booth(path: Path, dataset: Dataset, bundle: Bundle, products: int) -> None:
    def first(split: Split, count: int) -> set[str]:
        return set(sorted({item.product_id for item in dataset.items if item.split is split})[:count])

    judged, tuned = first(Split.TEST, products), first(Split.VAL, products)
    learned = first(Split.TRAIN, CLASSIFIER_PRODUCTS * products)
    maker, crops, masks, units = ShownViews(dataset, bundle), [], [], []
    for item in dataset.items:
        if item.product_id in learned and not item.is_reference:
            role = "learned"
        elif item.product_id in judged | tuned:
            role = "shown" if item.is_reference else "judged" if item.product_id in judged else "tuned"
        else:
            continue
        views = {}
        for view in maker.views(item):
            views[view.camera_id] = len(crops)
            crops.append(view.crop)
            masks.append(view.mask)
        units.append(Unit(item.item_id, item.product_id, item.is_damaged, role, views))
    np.save(path / "crops.npy", np.stack(crops))
    np.save(path / "masks.npy", np.stack(masks))
    write_units(path, units)


def shots(folder: Folder, units: Iterable[Unit], features: np.ndarray) -> list[Shot]:
    return [
        {
            camera: ShotView(np.array(folder.crops[row]), np.array(folder.masks[row]), features[row].astype(np.float32))
            for camera, row in unit.views.items()
        }
        for unit in units
    ]


def by_references(
    folder: Folder, shown: Sequence[Unit], judged: Sequence[Unit], bundle: Bundle, features: np.ndarray
) -> Scores:
    """By how much each view exceeds what is usual: the item's score is the worst view's."""
    enrolled = enrol_product(
        with_stand_ins(shots(folder, shown, features), bundle.features),
        GallerySettings().patches_per_product,
        0,
        bundle.features,
    )
    known = ProductReferences.of(Product("item", "Item"), enrolled)
    scores: Scores = {}
    for unit, shot in zip(judged, shots(folder, judged, features), strict=True):
        scores[unit.name] = {}
        for camera, own in shot.items():
            finding = known.compare(item_view(camera, own.crop, own.mask), own.features, bundle.features)
            if finding is not None:
                scores[unit.name][camera] = known.calibration.item_score({camera: finding.score})
    return scores


def ours_on_packages(folder: Folder, work: Path, bundle: Bundle, seed: int) -> None:
    """References and heads, judging the judged units, and each half of the learned ones by the other half."""
    features, cache = folder.features(bundle), package_cache(work, bundle)
    learned = folder.of("shown", "learned")
    halves = [
        [unit for kind in (False, True) for unit in [one for one in learned if one.damaged is kind][half::2]]
        for half in (0, 1)
    ]
    place = {item.item_id: number for number, item in enumerate(cache.items)}
    tasks = {"judged": (learned, folder.of("judged")), "half-0": (halves[1], halves[0]), "half-1": tuple(halves)}
    for task, (known, judged) in tasks.items():
        if task not in folder.kept("heads"):
            own = np.sort([place[unit.name] for unit in known])
            found = judged_scores(cache, np.asarray(features), own, seed)
            cameras = [view.camera_id for view in cache.items[0].views]
            scores = {
                unit.name: dict(zip(cameras, found[place[unit.name], : len(cameras)].tolist(), strict=True))
                for unit in judged
            }
            folder.keep("heads", task, scores)
        if task not in folder.kept("references"):
            good = [unit for unit in known if not unit.damaged]
            folder.keep("references", task, by_references(folder, good, judged, bundle, features))


def ours_on_booth(folder: Folder, bundle: Bundle) -> None:
    features, heads = folder.features(bundle), load_bundle(find_bundle(HEADS), ONE_THREAD)
    for product in dict.fromkeys(unit.product for unit in folder.of("judged", "tuned")):
        judged = folder.of("judged", "tuned", product=product)
        task = f"{judged[0].role}-{product}"
        if task not in folder.kept("heads"):
            scores = {
                unit.name: {
                    camera: float(heads.describe([np.array(folder.crops[row])])[0].scores[0])
                    for camera, row in unit.views.items()
                }
                for unit in judged
            }
            folder.keep("heads", task, scores)
        if task not in folder.kept("references"):
            own = folder.of("shown", product=product)
            folder.keep("references", task, by_references(folder, own, judged, bundle, features))


def classifier(folder: Folder, bundle: Bundle) -> None:
    """Logistic regression on the mean of a view's features, as anyone would do first."""
    if "judged" in folder.kept("classifier"):
        return
    features = folder.features(bundle)
    learned = {unit.product for unit in folder.of("learned")}
    known = [unit for unit in folder.of("learned", "shown") if unit.product in learned]
    rows = [row for unit in known for row in unit.views.values()]
    truth = [unit.damaged for unit in known for _ in unit.views]
    mean = features.mean(axis=(1, 2), dtype=np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    model.fit(mean[rows], truth)
    log_odds = model.decision_function(mean)
    scores = {
        unit.name: {camera: float(log_odds[row]) for camera, row in unit.views.items()} for unit in folder.of("judged")
    }
    folder.keep("classifier", "judged", scores)


def peer_scores(folder: Folder, method: str) -> Scores:
    """anomalib's scores by unit and camera."""
    found = folder.kept(method)
    scores: Scores = {}
    for unit in folder.of("judged"):
        for camera, row in unit.views.items():
            own = found.get(f"{unit.product}/{camera}", {})
            if str(row) in own:
                scores.setdefault(unit.name, {})[camera] = own[str(row)]
    return scores


POOLS: Mapping[str, Callable[[list[float]], float]] = {
    "references": max,
    "heads": lambda views: float(any_of(views)),
    "classifier": lambda views: float(any_of(views)),
    "patchcore": max,
    "padim": max,
}


def item_scores(folder: Folder, method: str, cameras: Sequence[str]) -> dict[str, float]:
    """One score a unit, from these cameras."""
    if method in PEERS:
        views = peer_scores(folder, method)
    else:
        views = {name: own for scores in folder.kept(method).values() for name, own in scores.items()}
    own = {name: [score for camera, score in by.items() if camera in cameras] for name, by in views.items()}
    return {name: POOLS[method](scores) for name, scores in own.items() if scores}


def fused(folder: Folder, cameras: Sequence[str]) -> dict[str, float]:
    """Ours as a whole: the station's fusion of references and heads, fitted to units that neither had seen."""
    scores = {
        source: item_scores(folder, kept, cameras)
        for source, kept in ((REFERENCES, "references"), ("supervised", "heads"))
    }
    tuned = folder.of("tuned") or folder.of("shown", "learned")
    if not all(unit.name in of for of in scores.values() for unit in (*tuned, *folder.of("judged"))):
        return {}
    products = {unit.product for unit in tuned}

    def scored(unit: Unit) -> ScoredItem:
        own = {source: of[unit.name] for source, of in scores.items() if unit.name in of}
        product = unit.product if len(products) > 1 else unit.name
        return ScoredItem(unit.name, product, "", Split.VAL, unit.damaged, (), False, own, {}, ())

    fusion = fit_fusion([scored(unit) for unit in tuned], BACKBONE, METHOD, folder.path.name)
    return {unit.name: fusion.log_odds(scored(unit).scores) for unit in folder.of("judged")}


def figures(folder: Folder) -> list[dict]:
    judged = folder.of("judged")
    cameras = list(dict.fromkeys(camera for unit in judged for camera in unit.views))
    rows = []
    for name, chosen in {**({c: [c] for c in cameras} if len(cameras) == 2 else {}), "all": cameras}.items():
        methods = {m: item_scores(folder, m, chosen) for m in ("references", "heads", "classifier", *PEERS)}
        for method, scores in {"ours": fused(folder, chosen), **methods}.items():
            if len(scores) < len(judged):
                continue  # not run yet
            good, damaged = (np.array([scores[u.name] for u in judged if u.damaged is kind]) for kind in (False, True))
            found = item_figures(good, damaged, SEED)
            own = {key: asdict(found[key]) for key in ("auroc", "recall_at_1pct_fpr")}
            counts = {"good": len(good), "damaged": len(damaged)}
            rows.append({"data": folder.path.name, "views": name, "method": method, **counts, **own})
    return rows


def score_peers(python: Path, folder: Folder) -> None:
    script = Path(__file__).with_name("peers_anomalib.py")
    subprocess.run([str(python), str(script), "score", str(folder.path), "both"], check=True)


def costs(folder: Folder, python: Path) -> list[dict]:
    """What a method costs for the first judged product; times in multiples of the backbone on one picture."""
    own = [str(Path(sys.executable)), str(Path(__file__).with_name("peers_cost.py"))]
    peers = [str(python), str(Path(__file__).with_name("peers_anomalib.py"))]
    model = ["--bundle", str(find_bundle(BACKBONE) / "model.onnx")]
    calls = {
        **{method: (own, []) for method in ("ours", "heads", "classifier")},
        **dict.fromkeys(PEERS, (peers, model)),
    }
    file = folder.path / "costs.jsonl"
    rows = list(map(json.loads, file.read_text().splitlines())) if file.exists() else []
    for method, (program, more) in calls.items():
        if method in {row["method"] for row in rows}:
            continue
        row = {"data": folder.path.name, "method": method}
        for what in ("cost", "judge"):
            done = subprocess.run(
                [*program, what, str(folder.path), method, *more], check=True, stdout=subprocess.PIPE, text=True
            )
            row |= json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        with file.open("a") as lines:
            lines.write(json.dumps(row) + "\n")
    return rows


def show_costs(rows: Sequence[Mapping]) -> Table:
    names = {
        "item_ms": "judge an item",
        "item_in_torch_ms": "the same, not exported",
        "product_ms": "add a product",
        "reference_ms": "add a reference",
    }
    table = Table("data", "method", *names.values(), "peak MiB")
    for row in rows:
        times = (f"{row[name] / row['anchor_ms']:.1f}" if name in row else "-" for name in names)
        table.add_row(row["data"], row["method"], *times, f"{row['peak_mib']:.0f}")
    table.caption = "times in multiples of the backbone on one picture, CPU, one thread"
    return table


def show(rows: Sequence[Mapping]) -> Table:
    table = Table("data", "views", "method", "good / damaged", "AUROC", "recall at 1 % FPR")
    for row in rows:
        cells = [
            f"{row[key]['value']:.3f} ({row[key]['low']:.3f} to {row[key]['high']:.3f})"
            for key in ("auroc", "recall_at_1pct_fpr")
        ]
        table.add_row(row["data"], row["views"], row["method"], f"{row['good']} / {row['damaged']}", *cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--anomalib", type=Path, required=True, help="python of the environment that has anomalib")
    parser.add_argument("--data", nargs="+", choices=("packages", "booth"), default=["packages"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--booth", type=Path, help="a dataset by `station simulate dataset`")
    parser.add_argument("--products", type=int, default=4, help="of the booth to judge, and as many to tune on")
    parser.add_argument("--costs", action="store_true", help="measure time and memory too")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    # Without it the search for PatchCore's coreset, blocks of 23 MB a step, grew to 23 GB of memory.
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(4 << 20)
    cv2.setNumThreads(1)
    bundle = load_bundle(find_bundle(BACKBONE), ONE_THREAD)
    rows, spent = [], []
    for data in arguments.data:
        path = arguments.work / (f"packages-{arguments.seed}" if data == "packages" else "booth")
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "tasks.json").exists():
            if data == "packages":
                lay_packages(path, arguments.work, bundle, arguments.seed)
            else:
                lay_booth(path, open_dataset(arguments.booth), bundle, arguments.products)
        folder = Folder(path)
        classifier(folder, bundle)
        score_peers(arguments.anomalib, folder)
        if data == "packages":
            ours_on_packages(folder, arguments.work, bundle, arguments.seed)
        else:
            ours_on_booth(folder, bundle)
        rows += figures(folder)
        spent += costs(folder, arguments.anomalib) if arguments.costs else []
    Console().print(show(rows))
    if spent:
        Console().print(show_costs(spent))
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": rows, "costs": spent}, indent=1) + "\n")


if __name__ == "__main__":
    main()
