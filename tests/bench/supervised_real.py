"""The supervised model on real pictures: packages, half of the units learned, the other half judged.

    python tests/bench/supervised_real.py [--bundle BUNDLE] [--seeds N] [--json FILE]

A seed splits the units, good and damaged ones apart, a unit's two views never; heads are trained on the learned half as
`station train` does, once on both views, and judge the other half by the side view, by the top view, and by both.
Nothing is chosen on what is judged. Intervals are 95 %, from resamples of the judged units of all splits.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from references_real import DATA, auroc, interval
from rich.console import Console
from rich.table import Table

from station.core.damage import Severity
from station.inference import InferenceSettings, find_bundle, load_bundle
from station.learn.dataset import Card, Dataset, Item, Split, View
from station.learn.evaluation.supervised import SHOWN, SupervisedScorer, zoom_of
from station.learn.evaluation.views import ViewMaker, references_of
from station.learn.training.train import train

CAMERAS = ("side", "top")
EPOCHS = 25


def package_dataset(seed: int) -> Dataset:
    """The packages, half of the good and half of the damaged units in each split."""
    rng, items = np.random.default_rng(seed), []
    for kind, severity in (("intact", Severity.NONE), ("damaged", None)):
        units = rng.permutation(sorted(path.stem for path in (DATA / f"packages/{kind}/side").iterdir()))
        for number, unit in enumerate(units):
            split = Split.TRAIN if number < len(units) / 2 else Split.TEST
            views = tuple(View(camera, f"{kind}/{camera}/{unit}.jpg") for camera in CAMERAS)
            items.append(Item(f"{kind}-{unit}", "packages", "Packages", "carton", split, (), severity, views))
    return Dataset(DATA / "packages", Card("packages", "unknown", "packages", "none"), tuple(items))


def judged(dataset: Dataset, bundle_folder: Path) -> dict[str, dict[bool, list[float]]]:
    """Scores of good and damaged test items by the view they are judged by."""
    scorer = SupervisedScorer(load_bundle(bundle_folder), zoom_of(dataset))
    maker = ViewMaker(dataset, scorer.view_px)
    shown = references_of(dataset.items, SHOWN)["packages"]
    score = scorer.product([maker.views(item) for item in shown])
    scores = {name: {False: [], True: []} for name in (*CAMERAS, "both")}
    for item in (item for item in dataset.items if item.split is Split.TEST):
        views = maker.views(item)
        for name, own in scores.items():
            chosen = [view for view in views if name in ("both", view.camera_id)]
            own[item.is_damaged].append(score(chosen).score)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default=InferenceSettings().bundle)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    splits = []
    for seed in range(arguments.seeds):
        dataset = package_dataset(seed)
        with TemporaryDirectory() as folder:
            source, out = find_bundle(arguments.bundle), Path(folder) / "heads"
            train(dataset, source, out, EPOCHS, 0, seed, "bench", lambda *_: Quiet())
            splits.append(judged(dataset, out))
    table, figures = Table("packages", "AUROC", "95 %", "by split"), {}
    for name in splits[0]:
        units = [one[name] for one in splits]

        def mean(*groups: list[float]) -> float:
            return float(
                np.mean([auroc(np.array(g), np.array(d)) for g, d in zip(groups[::2], groups[1::2], strict=True)])
            )

        groups = [own for one in units for own in (one[False], one[True])]
        value, (low, high) = mean(*groups), interval(mean, *groups)
        each = [mean(one[False], one[True]) for one in units]
        figures[name] = {"value": value, "low": low, "high": high, "splits": each}
        table.add_row(name, f"{value:.3f}", f"{low:.3f} to {high:.3f}", ", ".join(f"{own:.3f}" for own in each))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


class Quiet:
    """A bar that nobody sees."""

    def __enter__(self):
        return lambda _: None

    def __exit__(self, *_):
        return None


if __name__ == "__main__":
    main()
