"""Heads for few items: logistic regression on the mean of the item's patches.

With some dozens of items anything larger learns them by heart. What is learned is linear in the standardised features,
so the mean of the patches' log-odds is the picture's, and the map shows which patches speak for damage. The gate that
tells item from surroundings is a logistic regression on patches. The strength of regularisation is chosen by
cross-validation over items, which also gives every item a score from a fit that had not seen it. Good and damaged items
weigh alike.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from station.inference.manifest import LABELS
from station.judge import any_of
from station.learn.training.fit import Epoch, Material, ranking
from station.learn.training.heads import Heads, Line
from station.learn.training.truth import WHOLE

FEW_ITEMS = 300
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
_FOLDS = 5
_GATE_VIEWS, _GATE_PATCHES = 200, 40_000
_NEVER = -10.0
"""The log-odds of a label that nothing is known of."""


def fit_probe(heads: Heads, material: Material, seed: int) -> tuple[Epoch, NDArray[np.float32]]:
    """Fit heads to all items of the material, held-out ones too; return how cross-validation went, and its scores.

    Args:
        heads: to be fitted; see `Heads.rest_on`.
        material: what to.
        seed: of folds and samples.

    Returns:
        The epoch, and log-odds of every item by fits that had not seen it, float32 [items, L].
    """
    gate = _gate(heads, material, seed)
    heads.rest_on(gate, (np.zeros((len(LABELS), len(gate[0][0])), np.float32), np.zeros(len(LABELS), np.float32)))
    views = _on_item(heads, material)
    truth, owner = material.cache.truth, material.cache.owner
    tried = {strength: _cross_validated(views, truth, owner, strength, seed) for strength in _STRENGTHS}
    best = max(tried, key=lambda strength: ranking(tried[strength], truth)[0])
    lines = [_line(views, truth[owner, label], best) for label in range(len(LABELS))]
    weights, biases = np.stack([line[0] for line in lines]), np.array([line[1] for line in lines], np.float32)
    heads.rest_on(gate, (weights, biases))
    heads.eval()
    return Epoch(float("nan"), *ranking(tried[best], truth)), tried[best]


def _gate(heads: Heads, material: Material, seed: int) -> Line:
    """What tells the item's patches from those beside it; nothing where the item fills every view."""
    rng = np.random.default_rng(seed)
    shown = np.sort(rng.permutation(len(material.features))[:_GATE_VIEWS])
    patches = _standard(heads, material.features[shown]).reshape(-1, material.features.shape[-1])
    is_item = (material.cache.patches[shown, -1] > WHOLE / 2).ravel()
    drawn = rng.permutation(len(patches))[:_GATE_PATCHES]
    if is_item[drawn].all() or not is_item[drawn].any():
        return np.zeros((1, patches.shape[1]), np.float32), np.zeros(1, np.float32)
    found = LogisticRegression(C=0.01, max_iter=200).fit(patches[drawn], is_item[drawn])
    return found.coef_.astype(np.float32), found.intercept_.astype(np.float32)


def _on_item(heads: Heads, material: Material) -> NDArray[np.float32]:
    """The mean of the standardised features over the item as the gate sees it, float32 [N, C]."""
    means = []
    with torch.inference_mode():
        for features in material.features:
            standard = torch.from_numpy(_standard(heads, features[np.newaxis])).permute(0, 3, 1, 2)
            weight = heads.gate(standard).sigmoid()
            means.append(((standard * weight).mean((2, 3)) / weight.mean((2, 3))).numpy()[0])
    return np.stack(means)


def _standard(heads: Heads, features: NDArray[np.float16]) -> NDArray[np.float32]:
    shift, scale = (part.numpy()[:, 0, 0] for part in (heads.shift, heads.scale))
    return np.asarray((features.astype(np.float32) - shift) * scale, np.float32)


def _cross_validated(
    views: NDArray[np.float32], truth: NDArray[np.float32], owner: NDArray[np.intp], strength: float, seed: int
) -> NDArray[np.float32]:
    seen = np.unique(owner)
    scores = np.full(truth.shape, _NEVER, np.float32)
    folds = StratifiedKFold(
        min(_FOLDS, int(np.bincount(truth[seen, 0].astype(int)).min())), shuffle=True, random_state=seed
    )
    for learned, judged in folds.split(seen, truth[seen, 0]):
        is_learned = np.isin(owner, seen[learned])
        lines = [_line(views[is_learned], truth[owner[is_learned], label], strength) for label in range(len(LABELS))]
        weights, biases = np.stack([line[0] for line in lines], axis=1), np.array([line[1] for line in lines])
        for item in seen[judged]:
            scores[item] = any_of(views[owner == item] @ weights + biases)
    return scores


def _line(views: NDArray[np.float32], truth: NDArray[np.float32], strength: float) -> tuple[NDArray[np.float32], float]:
    """Return the weights and bias that tell views with a label from those without."""
    known = ~np.isnan(truth)
    if len(np.unique(truth[known])) < 2:
        return np.zeros(views.shape[1], np.float32), _NEVER
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=1000))
    model.fit(views[known], truth[known])
    scaler, line = model[0], model[1]
    weights = line.coef_[0] / scaler.scale_
    return weights.astype(np.float32), float(line.intercept_[0] - weights @ scaler.mean_)
