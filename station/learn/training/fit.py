"""Heads, or a comparison, learned from cached features, in minutes and without a GPU.

Class imbalance: every label's loss is the cross-entropy of its positives and of its negatives, each group weighted by
the inverse of the effective number of its items (Cui et al., "Class-Balanced Loss Based on Effective Number of
Samples", CVPR 2019); for patches, which outnumber damage by hundreds, negatives count by focal weights (Lin et al.,
"Focal Loss for Dense Object Detection", ICCV 2017).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from station.judge import any_of
from station.learn.training.cache import ViewCache
from station.learn.training.comparison import Comparison
from station.learn.training.heads import Heads
from station.learn.training.settings import TrainingSettings
from station.learn.training.truth import UNKNOWN, WHOLE

_BATCH_ITEMS = 16
_RATE, _DECAY = 2e-3, 1e-2
_BETA = 0.99
_FOCUS = 2.0
_FULL_SHARE = 0.25
"""A patch is wholly damaged for the heads when damage covers this share of it."""
_USUAL_SHARE = 0.015
"""Of all patches and labels so many are damaged, about; by a batch's own share, patches of mild batches weigh more."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """How a pass over the training items went: mean loss, and what the validation items say."""

    loss: float
    auroc: float
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How fitting went, epoch by epoch, and what it came to.

    `scores` are log-odds float32 [N, L] of items the fit had not seen; `items` says which, by their place in the cache.
    """

    history: tuple[Epoch, ...]
    items: NDArray[np.intp]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What heads are fitted to, and which items are for what.

    `features` of the cache's views, float16 [N, h, w, C]; for a comparison their differences to references.
    """

    features: NDArray[np.float16]
    cache: ViewCache
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]

    def batch(self, items: NDArray[np.intp]) -> tuple[torch.Tensor, torch.Tensor, NDArray[np.intp]]:
        """Return the items' features [V, C, h, w], the item of each as a place in `items`, and the views."""
        views = np.flatnonzero(np.isin(self.cache.owner, items))
        place = {item: number for number, item in enumerate(items.tolist())}
        owner = torch.tensor([place[item] for item in self.cache.owner[views].tolist()])
        features = torch.from_numpy(self.features[views].astype(np.float32)).permute(0, 3, 1, 2)
        return features.contiguous(), owner, views


def pooled(scores: torch.Tensor, owner: torch.Tensor, count: int) -> torch.Tensor:
    """Return the items' log-odds [items, L] from their views', as `station.judge.any_of` does, with gradients."""
    sums = torch.zeros((count, scores.shape[1]), device=scores.device)
    sums = sums.index_add(0, owner, torch.nn.functional.softplus(scores)).clamp(min=1e-6)
    return sums + (-torch.expm1(-sums)).log()


def item_loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the class-balanced cross-entropy of items, NaN in `truth` counting nothing; see `balance`."""
    known = ~truth.isnan()
    target = torch.where(known, truth, 0)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    weight = torch.where(target > 0, weights[0], weights[1]) * known
    return (loss * weight).sum() / weight.sum()


def patch_loss(maps: torch.Tensor, shares: NDArray[np.uint8]) -> torch.Tensor:
    """Return the focal cross-entropy of patches; `shares` of damage as in `patch_truth`."""
    given = torch.from_numpy(shares).to(maps.device)
    known = given != UNKNOWN
    target = (given.float() / (WHOLE * _FULL_SHARE)).clamp(max=1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(maps, target, reduction="none")
    focus = (maps.sigmoid() - target).abs().detach() ** _FOCUS * known
    return (loss * focus).sum() / (known.sum() * _USUAL_SHARE).clamp(min=1)


def heads_loss(
    outputs: tuple[torch.Tensor, ...],
    patches: NDArray[np.uint8],
    scores: torch.Tensor,
    truth: torch.Tensor,
    weights: torch.Tensor,
) -> torch.Tensor:
    """Return the loss of views: of `scores` by what is true, of patches, and of a gate where there is one."""
    _, maps, *gates = outputs
    loss = item_loss(scores, truth, weights) + patch_loss(maps, patches[:, :-1])
    for gate in gates:
        item = torch.from_numpy(patches[:, -1:]).to(gate.device).float() / WHOLE
        loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(gate, item)
    return loss


def balance(truth: NDArray[np.float32]) -> torch.Tensor:
    """Return the weights of positives and negatives of each label, [2, L], by their effective numbers."""
    counts = np.stack([(truth == 1).sum(axis=0), (truth == 0).sum(axis=0)])
    weights = (1 - _BETA) / (1 - _BETA ** np.maximum(counts, 1))
    return torch.from_numpy(weights / weights.mean(axis=0)).float()


def fit(
    heads: Heads | Comparison,
    material: Material,
    settings: TrainingSettings,
    checkpoint: Path,
    progress: Callable[[int, Epoch], None],
) -> None:
    """Fit heads, going on from a checkpoint where there is one; they end as they were at their best epoch.

    Args:
        heads: to be fitted, or a comparison.
        material: what to.
        settings: passes over the training items; seed of order and dropout.
        checkpoint: a file written after every epoch.
        progress: is told how many epochs are done, and how the last one went.
    """
    optimiser = torch.optim.AdamW(heads.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    learning: dict[str, Any] = {"heads": heads, "optimiser": optimiser, "schedule": schedule}
    state: dict[str, Any] = {"history": [], "best": None}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        for name, part in learning.items():
            part.load_state_dict(state[name])
        for number, known in enumerate(state["history"], start=1):
            progress(number, Epoch(*known))
    weights = balance(material.cache.truth[material.train])
    for epoch in range(len(state["history"]), settings.epochs):
        seed = settings.seed + epoch
        torch.manual_seed(seed)
        loss = float(np.mean(list(_pass(heads, material, weights, optimiser, seed))))
        schedule.step()
        found = Epoch(loss, *ranking(held_out_scores(heads, material), material.cache.truth[material.held_out]))
        state["history"].append((found.loss, found.auroc, found.recall))
        if state["best"] is None or found.auroc >= max(auroc for _, auroc, _ in state["history"]):
            state["best"] = {name: value.clone() for name, value in heads.state_dict().items()}
        save(state | {name: part.state_dict() for name, part in learning.items()}, checkpoint)
        progress(epoch + 1, found)
    heads.load_state_dict(state["best"])
    heads.eval()


def save(state: Any, file: Path) -> None:
    """Write a checkpoint so that it is there wholly or as it was before."""
    torch.save(state, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def held_out_scores(heads: Heads | Comparison, material: Material) -> NDArray[np.float32]:
    """Return the log-odds of the held-out items, float32 [items, L]."""
    heads.eval()
    scores: list[NDArray[np.float64]] = []
    with torch.inference_mode():
        for start in range(0, len(material.held_out), _BATCH_ITEMS):
            items = material.held_out[start : start + _BATCH_ITEMS]
            features, owner, _ = material.batch(items)
            views = heads(features)[0].numpy()
            scores += [any_of(views[owner.numpy() == place]) for place in range(len(items))]
    return np.array(scores, np.float32)


def ranking(scores: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """Return how well `damaged` tells damaged from good items: AUROC, and recall where one good item in 100 passes."""
    good, damaged = scores[truth[:, 0] == 0, 0], scores[truth[:, 0] == 1, 0]
    if not len(good) or not len(damaged):
        return 0.0, 0.0
    auroc = (damaged[:, None] > good).mean() + (damaged[:, None] == good).mean() / 2
    return float(auroc), float((damaged > np.quantile(good, 0.99, method="higher")).mean())


def _pass(
    heads: Heads | Comparison, material: Material, weights: torch.Tensor, optimiser: torch.optim.Optimizer, seed: int
) -> Iterator[float]:
    heads.train()
    order = np.random.default_rng(seed).permutation(material.train)
    for start in range(0, len(order), _BATCH_ITEMS):
        items = order[start : start + _BATCH_ITEMS]
        features, owner, views = material.batch(items)
        outputs = heads(features)
        truth = torch.from_numpy(material.cache.truth[items])
        loss: Any = heads_loss(
            outputs, material.cache.patches[views], pooled(outputs[0], owner, len(items)), truth, weights
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield float(loss.detach())
