"""The supervised model on real pictures: packages, half of the units learned, the other half judged.

    python tests/bench/supervised_real.py WORK [--bundle BUNDLE] [--seeds N] [--json FILE]

A seed splits the units, good and damaged ones apart, a unit's two views never. Heads are fitted to the learned half as
`station train` fits few items, once on both views, and judge the other half by the side view, by the top view, and by
both. The units whose pictures showed what a package lies on are learned in every split. The strength of regularisation
is chosen by cross-validation within the learned half. Intervals are 95 %, from resamples of the judged units. WORK
keeps the views cut.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from station.core.damage import Severity
from station.inference import InferenceSettings, find_bundle, load_bundle
from station.judge import any_of
from station.learn.dataset import Card, Dataset, Item, Split, View
from station.learn.evaluation.supervised import SHOWN
from station.learn.training.cache import ViewCache, cut_views
from station.learn.training.fit import Material
from station.learn.training.heads import Heads
from station.learn.training.probe import fit_probe

DATA = Path(__file__).parents[3] / "shared/data/packages"
CAMERAS = ("side", "top")
RESAMPLES = 2000


def package_dataset() -> Dataset:
    items = []
    for kind, severity in (("intact", Severity.NONE), ("damaged", None)):
        for unit in sorted(path.stem for path in (DATA / kind / "side").iterdir()):
            views = tuple(View(camera, f"{kind}/{camera}/{unit}.jpg") for camera in CAMERAS)
            items.append(Item(f"{kind}-{unit}", "packages", "Packages", "carton", Split.TRAIN, (), severity, views))
    return Dataset(DATA, Card("packages", "unknown", "packages", "none"), tuple(items))


def learned_units(damaged: np.ndarray, seed: int) -> np.ndarray:
    """Half of the good units, those that showed the background among them, and half of the damaged ones."""
    rng, good = np.random.default_rng(seed), np.flatnonzero(~damaged)
    half = len(good) // 2
    own = np.concatenate([good[:SHOWN], rng.permutation(good[SHOWN:])[: half - SHOWN]])
    return np.sort(np.concatenate([own, rng.permutation(np.flatnonzero(damaged))[:half]]))


def judged_scores(cache: ViewCache, features: np.ndarray, learned: np.ndarray, seed: int) -> np.ndarray:
    """Log-odds of damage of every unit by side, top and both, [units, 3], by heads fitted to the learned ones."""
    views = np.flatnonzero(np.isin(cache.owner, learned))
    items = tuple(cache.items[item] for item in learned)
    owner = np.searchsorted(learned, cache.owner[views])
    patches, heights, cameras = (own[views] for own in (cache.patches, cache.heights, cache.cameras))
    own = ViewCache(items, cache.crops, cache.masks, patches, cache.truth[learned], heights, owner, cameras)
    sample = features[views].astype(np.float32)
    heads = Heads(sample.mean(axis=(0, 1, 2)), sample.std(axis=(0, 1, 2)))
    fit_probe(heads, Material(features[views], own, np.arange(len(items)), np.arange(0)), seed)
    with torch.inference_mode():
        scores = np.concatenate(
            [heads(torch.from_numpy(one[None].astype(np.float32)).permute(0, 3, 1, 2))[0].numpy() for one in features]
        )
    by_unit = [scores[cache.owner == unit] for unit in range(len(cache.items))]
    return np.array([(*own[:, 0], any_of(own[:, 0])) for own in by_unit])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--bundle", default=InferenceSettings().bundle)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    bundle = load_bundle(find_bundle(arguments.bundle))
    cache = cut_views(package_dataset(), bundle, arguments.work, lambda _: None)
    features = np.concatenate([bundle.features([np.array(crop)]) for crop in cache.crops]).astype(np.float16)
    damaged, rng = cache.truth[:, 0] == 1, np.random.default_rng(0)
    values, drawn = [], []
    for seed in range(arguments.seeds):
        learned = learned_units(damaged, seed)
        scores = judged_scores(cache, features, learned, seed)
        judged = np.setdiff1d(np.arange(len(damaged)), learned)
        values.append([roc_auc_score(damaged[judged], scores[judged, n]) for n in range(3)])
        groups = [judged[damaged[judged] == kind] for kind in (False, True)]
        units = [np.concatenate([rng.choice(group, len(group)) for group in groups]) for _ in range(RESAMPLES)]
        drawn.append([[roc_auc_score(damaged[own], scores[own, n]) for n in range(3)] for own in units])
    table, figures = Table("packages", "AUROC", "95 %", "by split"), {}
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
    for n, name in enumerate((*CAMERAS, "both")):
        each = [value[n] for value in values]
        figures[name] = {"value": float(np.mean(each)), "low": float(low[n]), "high": float(high[n]), "splits": each}
        table.add_row(
            name, f"{np.mean(each):.3f}", f"{low[n]:.3f} to {high[n]:.3f}", ", ".join(f"{v:.3f}" for v in each)
        )
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
