"""The backbone trained along with provisional heads, on augmented views.

Its last layers learn; without a GPU the first half stays as it is, which needs no gradients there and halves the time.
Batch normalisation is folded into the convolutions and stays so. A pass takes every view that shows damage and as many
that do not: imbalance is met by sampling here.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from station.learn.training.augment import augment
from station.learn.training.cache import ViewCache
from station.learn.training.fit import balance, heads_loss, save
from station.learn.training.graph import Network
from station.learn.training.settings import TrainingSettings
from station.learn.training.truth import UNKNOWN

_BATCH_VIEWS = 16
_BACKBONE_RATE, _HEADS_RATE, _DECAY = 3e-4, 2e-3, 1e-2
_FROZEN_SHARE = 0.5
_CLEAR_SHARE = 10
"""A view shows damage where it covers so many percent of a patch."""
_WINDOW = 0.715
"""Where every patch's truth is known, only a window of this share of a view's side is looked at: half the work."""
_SAVE_EVERY = 25
_WARM_SHARE = 0.1
_SHORTEST_CYCLE = 11
"""Steps; warming up to the rate would take none of fewer, and PyTorch divides by them."""


def finetune(
    network: Network,
    cache: ViewCache,
    views: NDArray[np.intp],
    settings: TrainingSettings,
    checkpoint: Path,
    progress: Callable[[float], None],
) -> None:
    """Train a network, going on from a checkpoint where there is one.

    Args:
        network: the backbone and the heads that learn along.
        cache: the views.
        views: those to train on, by number.
        settings: passes over the views that show damage and as many others; seed of order and augmentation.
        checkpoint: a file written every few steps.
        progress: is told the share done.
    """
    network.to(torch.device("cuda" if torch.cuda.is_available() else "cpu")).train()
    if not torch.cuda.is_available():
        network.backbone.freeze(_FROZEN_SHARE)
    truth = view_truth(np.asarray(cache.patches), cache.truth[cache.owner])
    steps = list(_steps(truth, views, settings))
    optimiser, schedule = _optimiser(network, len(steps))
    learning: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
    done = _resume(checkpoint, learning)
    weights = balance(truth[np.concatenate(steps)])
    for step in range(done, len(steps)):
        rng = np.random.default_rng((settings.seed, step))
        loss: Any = _loss(network, cache, steps[step], rng, weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        progress((step + 1) / len(steps))
        if (step + 1) % _SAVE_EVERY == 0 or step + 1 == len(steps):
            save({"done": step + 1} | {name: part.state_dict() for name, part in learning.items()}, checkpoint)


def view_truth(patches: NDArray[np.uint8], items: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is true of views, float32 [N, L]: what their patches show, else that their items are damaged.

    Args:
        patches: uint8 [N, L + 1, h, w], see `station.learn.training.truth`.
        items: the truth of each view's item, float32 [N, L].
    """
    shown = patches[:, :-1].max(axis=(2, 3))
    stated = np.where(items == 1, np.float32(1), np.float32(np.nan))
    return np.where(shown == UNKNOWN, stated, (shown >= _CLEAR_SHARE).astype(np.float32))


def _steps(
    truth: NDArray[np.float32], views: NDArray[np.intp], settings: TrainingSettings
) -> Iterator[NDArray[np.intp]]:
    rng = np.random.default_rng(settings.seed)
    damaged, good = views[truth[views, 0] == 1], views[truth[views, 0] == 0]
    for _ in range(settings.finetune_epochs):
        order = rng.permutation(np.concatenate([damaged, rng.permutation(good)[: len(damaged)]]))
        yield from np.array_split(order, -(-len(order) // _BATCH_VIEWS))


def _optimiser(network: Network, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
    learning = [weight for weight in network.backbone.parameters() if weight.requires_grad]
    groups = [
        {"params": learning, "lr": _BACKBONE_RATE},
        {"params": list(network.heads.parameters()), "lr": _HEADS_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=_DECAY)
    rates, planned = [_BACKBONE_RATE, _HEADS_RATE], max(steps, _SHORTEST_CYCLE)
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=planned, pct_start=_WARM_SHARE)


def _resume(checkpoint: Path, learning: Mapping[str, Any]) -> int:
    """Take up where the checkpoint is; return how many steps are done."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    for name, part in learning.items():
        part.load_state_dict(state[name])
    return int(state["done"])


def _loss(
    network: Network, cache: ViewCache, views: NDArray[np.intp], rng: np.random.Generator, weights: torch.Tensor
) -> torch.Tensor:
    drawn = [augment(cache.crops[view], cache.masks[view], cache.patches[view], rng) for view in views]
    if not (cache.patches[views] == UNKNOWN).any():
        drawn = [windowed(*own, rng) for own in drawn]
    patches = np.stack([own for _, own in drawn])
    truth = torch.from_numpy(view_truth(patches, cache.truth[cache.owner[views]]))
    outputs = network(np.stack([crop for crop, _ in drawn]))
    device = outputs[0].device
    return heads_loss(outputs, patches, outputs[0], truth.to(device), weights.to(device))


def windowed(
    crop: NDArray[np.uint8], patches: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a random window of a view, cut between patches, and its patches."""
    height, width = patches.shape[1:]
    high, wide = round(_WINDOW * height), round(_WINDOW * width)
    row, column = rng.integers(height - high + 1), rng.integers(width - wide + 1)
    step = crop.shape[0] // height
    rows, columns = slice(row * step, (row + high) * step), slice(column * step, (column + wide) * step)
    return crop[rows, columns], patches[:, row : row + high, column : column + wide]
