"""From a dataset to a bundle with damage heads: cut, describe, fit, write, prove."""

from collections.abc import Callable, Iterator
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
from station.learn.training.augment import augment
from station.learn.training.cache import ViewCache, cut_views
from station.learn.training.card import card_text
from station.learn.training.export import write_bundle, write_int8
from station.learn.training.finetune import finetune
from station.learn.training.fit import Epoch, Material, fit, held_out_scores
from station.learn.training.graph import backbone_graph
from station.learn.training.heads import Heads
from station.learn.training.report import write_report

WORK = "training"
"""The folder inside the bundle's for what training keeps: views, features, checkpoints, the report."""
_SAMPLE_VIEWS = 300
_WANTED_VIEWS = 3000
_MOST_COPIES = 16
"""Few views are described again in other poses and lights, until there are about so many, at most so often."""
_HELD_OUT_SHARE = 0.2
_CHUNK = 32
_INT8_VIEWS = 100

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows a bar: its title and how many things there are to do; what it yields is told how many are done."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the bundle's folder, its 8-bit variant's, the report, and how the heads' last epoch went."""

    bundle: Path
    int8: Path
    report: Path
    epoch: Epoch


def train(
    dataset: Dataset, source: Path, out: Path, epochs: int, finetune_epochs: int, seed: int, command: str, bar: Bar
) -> Trained:
    """Train damage heads on a bundle's backbone and write both as a new bundle; started again, it goes on.

    Args:
        dataset: its train items are learned, its val items are held out; without these a fifth of the train items,
            whole products where there are several.
        source: the bundle whose backbone is taken.
        out: the new bundle's folder; its 8-bit variant goes beside it, with `-int8`.
        epochs: passes of the heads over the training items.
        finetune_epochs: passes of the backbone; 0 leaves it as it is.
        seed: of everything random.
        command: what builds it again, for its manifest.
        bar: shows progress.

    Raises:
        BundleError: the source cannot be used, or its backbone cannot be trained.
        DatasetError: there is nothing to train on, or `out` holds the training of something else.
    """
    torch.set_num_threads(max(1, torch.get_num_threads()))
    work = out / WORK
    bundle = load_bundle(source)
    with bar("Cutting views", len(dataset.items)) as progress:
        cache = cut_views(dataset, bundle, work, progress)
    learned, held_out = split_items(cache, seed)
    manifest = replace(bundle.manifest, name=out.name, source=_source(bundle, dataset), rebuild=command)
    model = backbone_graph(onnx.load(source / bundle.manifest.model), bundle.manifest)
    if finetune_epochs:
        _finetuned(model, bundle, cache, learned, finetune_epochs, seed, work, bar)
        write_bundle(work / "backbone", manifest, source, model, None, True, "")
        bundle = load_bundle(work / "backbone")
    material = _material(bundle, cache, learned, held_out, seed, work, bar)
    heads, history = _fitted(material, epochs, seed, work, bar)
    scores, truth = held_out_scores(heads, material), cache.truth[held_out]
    text = card_text(manifest, dataset.card, len(learned), len(held_out), bool(finetune_epochs), history[-1])
    write_bundle(out, manifest, source, model, heads, bool(finetune_epochs), text)
    load_bundle(out)
    shown = np.random.default_rng(seed).permutation(len(cache.owner))[:_INT8_VIEWS]
    int8 = out.with_name(f"{out.name}-int8")
    write_int8(out, int8, [np.array(cache.crops[view]) for view in shown], text)
    report = write_report(work, manifest, dataset.card, history, scores, truth)
    return Trained(out, int8, report, history[-1])


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


def _finetuned(
    model: Any,
    bundle: Bundle,
    cache: ViewCache,
    learned: NDArray[np.intp],
    epochs: int,
    seed: int,
    work: Path,
    bar: Bar,
) -> None:
    sample = bundle.features([np.array(crop) for crop in cache.crops[:_CHUNK]]).astype(np.float32)
    views = np.flatnonzero(np.isin(cache.owner, learned))
    torch.manual_seed(seed)
    with bar("Training the backbone", 1000) as progress:
        finetune(
            model,
            bundle.manifest,
            _new_heads(sample),
            cache,
            views,
            epochs,
            seed,
            work / "backbone.pt",
            lambda share, _: progress(round(1000 * share)),
        )


def _fitted(material: Material, epochs: int, seed: int, work: Path, bar: Bar) -> tuple[Heads, list[Epoch]]:
    rng = np.random.default_rng(seed)
    shown = rng.permutation(material.features.shape[1])[:_SAMPLE_VIEWS]
    torch.manual_seed(seed)
    heads, history = _new_heads(material.features[0, shown].astype(np.float32)), list[Epoch]()
    with bar("Training the heads", epochs) as progress:
        progress(0)

        def tell(done: int, epoch: Epoch) -> None:
            history.append(epoch)
            progress(done)

        fit(heads, material, epochs, seed, work / "heads.pt", tell)
    return heads, history


def _new_heads(features: NDArray[np.float32]) -> Heads:
    return Heads(features.mean(axis=(0, 1, 2)), features.std(axis=(0, 1, 2)))


def _material(
    bundle: Bundle,
    cache: ViewCache,
    learned: NDArray[np.intp],
    held_out: NDArray[np.intp],
    seed: int,
    work: Path,
    bar: Bar,
) -> Material:
    """Describe every view, and augmented copies where there are few; a file once complete is read back."""
    count = len(cache.owner)
    copies = min(_MOST_COPIES, max(1, _WANTED_VIEWS // count))
    patches = np.empty((copies, *cache.patches.shape), np.uint8)
    file, shape = work / f"features-{bundle.digest}.npy", (copies, count, *bundle.manifest.feature_shape)
    is_new = not file.exists()
    unfinished = file.with_suffix(".new")
    features = (
        np.lib.format.open_memmap(unfinished, "w+", np.float16, shape) if is_new else np.load(file, mmap_mode="r")
    )
    with bar("Describing views", copies * count) as progress:
        for copy, views in _chunks(copies, count):
            rng = np.random.default_rng((seed, copy, views[0]))
            drawn = [_copy(cache, view, copy, rng) for view in views]
            patches[copy, views] = [own for _, own in drawn]
            if is_new:
                features[copy, views] = bundle.features([crop for crop, _ in drawn])
            progress(copy * count + views[-1] + 1)
    if is_new:
        features.flush()
        unfinished.replace(file)
    return Material(features, patches, cache, learned, held_out)


def _chunks(copies: int, count: int) -> Iterator[tuple[int, range]]:
    for copy in range(copies):
        for start in range(0, count, _CHUNK):
            yield copy, range(start, min(count, start + _CHUNK))


def _copy(cache: ViewCache, view: int, copy: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Any]:
    crop, patches = np.array(cache.crops[view]), np.array(cache.patches[view])
    return (crop, patches) if copy == 0 else augment(crop, np.array(cache.masks[view]), patches, rng)
