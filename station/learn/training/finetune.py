"""The backbone trained along with provisional heads, on augmented views.

Its last layers learn; without a GPU the first half stays as it is, which needs no gradients there and halves the time.
Batch normalisation is folded into the convolutions and stays so. A pass takes every view that shows damage and as many
that do not: imbalance is met by sampling here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from station.inference.manifest import ColourOrder, Layout, Manifest
from station.learn.training.augment import augment
from station.learn.training.cache import ViewCache
from station.learn.training.fit import balance, item_loss, patch_loss, save
from station.learn.training.graph import GraphModule
from station.learn.training.heads import Heads
from station.learn.training.truth import UNKNOWN

_BATCH_VIEWS = 16
_BACKBONE_RATE, _HEADS_RATE, _DECAY = 3e-4, 2e-3, 1e-2
_FROZEN_SHARE = 0.5
_CLEAR_SHARE = 10
"""A view shows damage where it covers so many percent of a patch."""
_WINDOW = 0.715
"""Where every patch's truth is known, only a window of this share of a view's side is looked at: half the work."""
_SAVE_EVERY = 25


def finetune(
    model: Any,
    manifest: Manifest,
    heads: Heads,
    cache: ViewCache,
    views: NDArray[np.intp],
    epochs: int,
    seed: int,
    checkpoint: Path,
    progress: Callable[[float, float], None],
) -> None:
    """Train a backbone's weights in place, going on from a checkpoint where there is one.

    Args:
        model: the backbone as ONNX.
        manifest: of its bundle.
        heads: provisional ones, trained along.
        cache: the views.
        views: those to train on, by number.
        epochs: passes over the views that show damage and as many others.
        seed: of order and augmentation.
        checkpoint: a file written every few steps.
        progress: is told the share done, and the loss of the last step.

    Raises:
        BundleError: the backbone has an operator that cannot be trained.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    backbone = GraphModule(model, manifest.output.name)
    if device.type == "cpu":
        backbone.freeze(_FROZEN_SHARE)
    learning = [weight for weight in backbone.parameters() if weight.requires_grad]
    groups = [{"params": learning, "lr": _BACKBONE_RATE}, {"params": heads.parameters(), "lr": _HEADS_RATE}]
    network = torch.nn.ModuleList([backbone, heads]).to(device).train()
    optimiser = torch.optim.AdamW(groups, weight_decay=_DECAY)
    truth = view_truth(np.asarray(cache.patches), cache.truth[cache.owner])
    steps = list(_steps(truth, views, epochs, seed))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [_BACKBONE_RATE, _HEADS_RATE], total_steps=len(steps), pct_start=0.1
    )
    done, losses = _resume(checkpoint, network, optimiser, schedule)
    weights = balance(truth[np.concatenate(steps)]).to(device)
    for step in range(done, len(steps)):
        loss: Any = _loss(backbone, heads, manifest, cache, steps[step], (seed, step), weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress((step + 1) / len(steps), losses[-1])
        if (step + 1) % _SAVE_EVERY == 0 or step + 1 == len(steps):
            parts: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
            save({"losses": losses} | {name: part.state_dict() for name, part in parts.items()}, checkpoint)
    backbone.write_back(model)


def view_truth(patches: NDArray[np.uint8], items: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is true of views, float32 [N, L]: what their patches show, else that their items are damaged.

    Args:
        patches: uint8 [N, L, h, w], see `station.learn.training.truth`.
        items: the truth of each view's item, float32 [N, L].
    """
    shown = patches.max(axis=(2, 3))
    stated = np.where(items == 1, np.float32(1), np.float32(np.nan))
    return np.where(shown == UNKNOWN, stated, (shown >= _CLEAR_SHARE).astype(np.float32))


def _steps(truth: NDArray[np.float32], views: NDArray[np.intp], epochs: int, seed: int) -> Iterator[NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    damaged, good = views[truth[views, 0] == 1], views[truth[views, 0] == 0]
    for _ in range(epochs):
        order = rng.permutation(np.concatenate([damaged, rng.permutation(good)[: len(damaged)]]))
        yield from np.array_split(order, -(-len(order) // _BATCH_VIEWS))


def _resume(checkpoint: Path, network: Any, optimiser: Any, schedule: Any) -> tuple[int, list[float]]:
    if not checkpoint.exists():
        return 0, []
    state = torch.load(checkpoint, weights_only=True)
    for name, part in (("network", network), ("optimiser", optimiser), ("schedule", schedule)):
        part.load_state_dict(state[name])
    return len(state["losses"]), state["losses"]


def _loss(
    backbone: GraphModule,
    heads: Heads,
    manifest: Manifest,
    cache: ViewCache,
    views: NDArray[np.intp],
    seed: tuple[int, int],
    weights: torch.Tensor,
) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    drawn = [augment(cache.crops[view], cache.masks[view], cache.patches[view], rng) for view in views]
    if not (cache.patches[views] == UNKNOWN).any():
        drawn = [windowed(*own, rng) for own in drawn]
    patches = np.stack([own for _, own in drawn])
    truth = view_truth(patches, cache.truth[cache.owner[views]])
    features = backbone(input_tensor(np.stack([crop for crop, _ in drawn]), manifest).to(weights.device))
    if manifest.output.layout is Layout.NHWC:
        features = features.permute(0, 3, 1, 2)
    scores, maps = heads(features)
    return item_loss(scores, torch.from_numpy(truth).to(weights.device), weights) + patch_loss(maps, patches)


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


def input_tensor(crops: NDArray[np.uint8], manifest: Manifest) -> torch.Tensor:
    """Return a backbone's input for RGB crops of its size, uint8 [N, H, W, 3]."""
    spec = manifest.input
    order = crops[..., ::-1] if spec.colour is ColourOrder.BGR else crops
    values = (order.astype(np.float32) - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    pictures = torch.from_numpy(np.ascontiguousarray(values))
    return pictures.permute(0, 3, 1, 2).contiguous() if spec.layout is Layout.NCHW else pictures
