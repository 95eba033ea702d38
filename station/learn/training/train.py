"""From a dataset to a bundle with damage heads, and a comparison: cut, describe, fit, write, prove."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from station.inference import Bundle, load_bundle
from station.learn.dataset import Dataset, Split
from station.learn.training.cache import ViewCache, cut_views, training_items
from station.learn.training.card import card_text
from station.learn.training.compared import compared_items, write_differences
from station.learn.training.comparison import Comparison
from station.learn.training.export import add_comparison, write_bundle, write_int8
from station.learn.training.finetune import finetune
from station.learn.training.fit import Course, Epoch, Material, fit, held_out_scores
from station.learn.training.graph import Network, backbone_graph
from station.learn.training.heads import Heads
from station.learn.training.probe import FEW_ITEMS, fit_probe
from station.learn.training.report import write_report
from station.learn.training.settings import TrainingSettings, keep_settings

WORK = "training"
"""The folder inside the bundle's for what training keeps: views, features, checkpoints, the report."""
_SAMPLE_VIEWS = 300
_HELD_OUT_SHARE = 0.2
_CHUNK = 32
_INT8_VIEWS = 100
_PROVED_BY = 2
"""Views whose differences prove a comparison."""

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows a bar: its title and how many things there are to do; what it yields is told how many are done."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the bundle's folder, its 8-bit variant's, the report, and how the heads' last epoch went.

    `compared` is how the comparison's best epoch went, None where none was learned.
    """

    bundle: Path
    int8: Path
    report: Path
    epoch: Epoch
    compared: Epoch | None


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """A training under way: what it is told, the views cut, which items are learned and which held out."""

    settings: TrainingSettings
    cache: ViewCache
    learned: NDArray[np.intp]
    held_out: NDArray[np.intp]
    work: Path
    bar: Bar


def train(
    dataset: Dataset, source: Path, out: Path, settings: TrainingSettings, bar: Bar, command: str = ""
) -> Trained:
    """Train damage heads on a bundle's backbone and write both as a new bundle; started again, it goes on.

    Where the dataset's products have references, a comparison with them is learned along.

    Args:
        dataset: its train items are learned, its val items are held out; without these a fifth of the train items,
            whole products where there are several.
        source: the bundle whose backbone is taken.
        out: the new bundle's folder; its 8-bit variant goes beside it, with `-int8`.
        settings: how to train.
        bar: shows progress.
        command: what builds it again, for its manifest.

    Raises:
        BundleError: the source cannot be used, or its backbone cannot be trained.
        DatasetError: there is nothing to train on, or `out` holds the training of something else or
            with other settings.
    """
    bundle = load_bundle(source)
    with bar("Cutting views", len(training_items(dataset))) as progress:
        cache = cut_views(dataset, bundle, out / WORK, progress)
    keep_settings(out / WORK, settings, bundle.digest)
    run = _Run(settings, cache, *split_items(cache, settings.seed), out / WORK, bar)
    manifest = replace(
        bundle.manifest, name=out.name, source=_source(bundle, dataset), rebuild=command, comparison=None
    )
    model, heads = backbone_graph(onnx.load(source / bundle.manifest.model), bundle.manifest), None
    retrained = settings.finetune_epochs > 0
    if retrained:
        heads = _finetuned(run, model, bundle)
        write_bundle(run.work / "backbone", manifest, source, model, None, True, "")
        bundle = load_bundle(run.work / "backbone")
    material = _material(run, bundle)
    heads, course = _fitted(run, material, heads)
    compared = _compared(run, bundle, material)
    epochs = course.history[-1], compared.epoch if compared else None
    text = card_text(manifest, dataset.card, len(run.learned), len(run.held_out), retrained, *epochs)
    write_bundle(out, manifest, source, model, heads, retrained, text)
    if compared is not None:
        add_comparison(out, compared.comparison, compared.sample)
    load_bundle(out)
    int8 = out.with_name(f"{out.name}-int8")
    write_int8(out, int8, [np.array(cache.crops[view]) for view in _shuffled(run)[:_INT8_VIEWS]], text)
    return Trained(out, int8, write_report(run.work, manifest, dataset, course, cache), *epochs)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """A comparison learned, how its best epoch went, and differences to prove it by, float32 [N, h, w, C + 4]."""

    comparison: Comparison
    epoch: Epoch
    sample: NDArray[np.float32]


def split_items(cache: ViewCache, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which of a cache's items that any camera sees are learned, and which are held out."""
    seen = np.unique(cache.owner)
    is_val = np.array([cache.items[item].split is Split.VAL for item in seen])
    if is_val.any():
        return seen[~is_val], seen[is_val]
    rng = np.random.default_rng(seed)
    products = np.array([cache.items[item].product_id for item in seen])
    names = np.unique(products)
    if len(names) >= 1 / _HELD_OUT_SHARE:
        out = np.isin(products, rng.permutation(names)[: round(_HELD_OUT_SHARE * len(names))])
    else:
        out = np.zeros(len(seen), np.bool_)
        for damaged in (False, True):
            own = np.flatnonzero([cache.items[item].is_damaged == damaged for item in seen])
            out[rng.permutation(own)[: max(1, round(_HELD_OUT_SHARE * len(own)))]] = True
    return seen[~out], seen[out]


def _source(bundle: Bundle, dataset: Dataset) -> str:
    return f"{bundle.manifest.source}; trained on {dataset.card.name} ({dataset.card.licence})"


def _finetuned(run: _Run, model: Any, bundle: Bundle) -> Heads:
    """Train the backbone in place; return the heads that learned along, which the others go on from."""
    sample = bundle.features([np.array(crop) for crop in run.cache.crops[:_CHUNK]]).astype(np.float32)
    torch.manual_seed(run.settings.seed)
    network = Network(model, bundle.manifest, _new_heads(sample))
    views = np.flatnonzero(np.isin(run.cache.owner, run.learned))
    with run.bar("Training the backbone", 1000) as progress:
        checkpoint = run.work / "backbone.pt"
        finetune(network, run.cache, views, run.settings, checkpoint, lambda share: progress(round(1000 * share)))
    network.backbone.write_back(model)
    return network.heads.cpu()


def _fitted(run: _Run, material: Material, heads: Heads | None) -> tuple[Heads, Course]:
    """Fit the heads, or new ones, and return them and how that went."""
    torch.manual_seed(run.settings.seed)
    if heads is None:
        sample = material.features[np.sort(_shuffled(run)[:_SAMPLE_VIEWS])]
        heads = _new_heads(sample.astype(np.float32))
    if len(run.learned) + len(run.held_out) < FEW_ITEMS:
        epoch, scores = fit_probe(heads, material, run.settings.seed)
        return heads, Course((epoch,), np.arange(len(scores)), scores)
    history = _epochs(run, "Training the heads", heads, material, run.work / "heads.pt")
    return heads, Course(history, run.held_out, held_out_scores(heads, material))


def _compared(run: _Run, bundle: Bundle, material: Material) -> _Compared | None:
    """Learn a comparison from the items that have references to be compared with, None where they are too few."""
    known, damaged = compared_items(run.cache), run.cache.truth[:, 0]
    learned, held_out = (items[known[items]] for items in (run.learned, run.held_out))
    if len(learned) + len(held_out) < FEW_ITEMS or min(len(set(damaged[part])) for part in (learned, held_out)) < 2:
        return None
    file = run.work / f"differences-{bundle.manifest.files[bundle.manifest.model][:16]}.npy"
    count = len({run.cache.items[item].product_id for item in np.flatnonzero(known)})
    with run.bar("Comparing with references", count) as progress:
        told = write_differences(run.cache, material.features, bundle, file, progress)
    torch.manual_seed(run.settings.seed)
    comparison = Comparison(told.shape[-1])
    compared = Material(told, run.cache, learned, held_out)
    history = _epochs(run, "Training the comparison", comparison, compared, run.work / "comparison.pt")
    sample = np.flatnonzero(np.isin(run.cache.owner, held_out))[:_PROVED_BY]
    return _Compared(comparison, max(history, key=lambda epoch: epoch.auroc), told[sample].astype(np.float32))


def _epochs(
    run: _Run, title: str, heads: Heads | Comparison, material: Material, checkpoint: Path
) -> tuple[Epoch, ...]:
    """Fit to the material, under a bar, and return how every epoch went."""
    history: list[Epoch] = []
    with run.bar(title, run.settings.epochs) as progress:
        progress(0)

        def tell(done: int, epoch: Epoch) -> None:
            history.append(epoch)
            progress(done)

        fit(heads, material, run.settings, checkpoint, tell)
    return tuple(history)


def _shuffled(run: _Run) -> NDArray[np.intp]:
    """All views in a random order."""
    return np.random.default_rng(run.settings.seed).permutation(len(run.cache.owner))


def _new_heads(features: NDArray[np.float32]) -> Heads:
    return Heads(features.mean(axis=(0, 1, 2)), features.std(axis=(0, 1, 2)))


def _material(run: _Run, bundle: Bundle) -> Material:
    """Describe every view; a file once complete is read back."""
    count = len(run.cache.owner)
    file = run.work / f"features-{bundle.manifest.files[bundle.manifest.model][:16]}.npy"
    if not file.exists():
        unfinished = file.with_suffix(".new")
        shape = (count, *bundle.manifest.feature_shape)
        features = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
        with run.bar("Describing views", count) as progress:
            for start in range(0, count, _CHUNK):
                crops = [np.array(crop) for crop in run.cache.crops[start : start + _CHUNK]]
                features[start : start + _CHUNK] = bundle.features(crops)
                progress(start + len(crops))
        features.flush()
        unfinished.replace(file)
    return Material(np.load(file, mmap_mode="r"), run.cache, run.learned, run.held_out)
