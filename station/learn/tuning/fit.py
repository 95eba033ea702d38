"""Fitting the fusion weights: a logistic model with weights of no less than zero, calibrated on held-out products."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold

from station.core.errors import TuningError
from station.judge import Fusion, SourceWeight
from station.learn.tuning.scored import ScoredItem

_FOLDS = 5
_PENALTY = 1.0
"""Of squared weights, against the summed loss of all items: it only matters where items are few."""
_LEAST = 10
_MAD = 1.4826
_NARROW = 1e-6


def fit_fusion(items: Sequence[ScoredItem], model: str, method: str, made_from: str) -> Fusion:
    """Fit the fusion weights to items that no room was trained on.

    Good and damaged items count the same in sum, whatever their numbers. Then the log-odds are stretched so that they
    are right on products the weights were not fitted to: folds leave out whole products.

    Args:
        items: both good and damaged; those that could not be judged do not count.
        model: digest of the bundle whose scores they are.
        method: name of the comparison with references.
        made_from: what the items are, for people.

    Raises:
        TuningError: there are too few good or damaged items.
    """
    doubts = Counter(word for item in items for word in item.doubts)
    items = [item for item in items if item.judged]
    damaged = sum(item.damaged for item in items)
    if min(damaged, len(items) - damaged) < _LEAST:
        raise TuningError(
            f"{len(items) - damaged} good and {damaged} damaged items are too few to fit weights to; it takes {_LEAST} "
            f"of each{_listed(doubts)}. Bring more items, or keep the weights there are"
        )
    fusion = _weights(items, Fusion(model, method, 0.0, {}, (), made_from))
    held_out = held_out_log_odds(items, fusion)
    slope, bias = _logistic(held_out[:, None], _truth(items), penalty=0.0)
    weights = {source: replace(own, weight=own.weight * float(slope[0])) for source, own in fusion.weights.items()}
    good = sorted(bias + slope[0] * score for score, item in zip(held_out, items, strict=True) if not item.damaged)
    return replace(
        fusion,
        bias=float(bias + slope[0] * fusion.bias),
        weights=weights,
        good_scores=tuple(map(float, good)),
    )


def held_out_log_odds(items: Sequence[ScoredItem], fusion: Fusion) -> NDArray[np.float64]:
    """Return each item's log-odds by weights fitted to the products of the other folds, float64 [N]."""
    groups = [item.product_id for item in items]
    folds = GroupKFold(min(_FOLDS, len(set(groups)))).split(items, groups=groups)
    log_odds = np.zeros(len(items))
    for others, own in folds:
        fitted = _weights([items[one] for one in others], fusion)
        log_odds[own] = [fitted.log_odds(items[one].scores) for one in own]
    return log_odds


def _weights(items: Sequence[ScoredItem], fusion: Fusion) -> Fusion:
    sources = sorted({source for item in items for source in item.scores})
    weights = {source: _bent(items, source) for source in sources}
    evidence = np.array(
        [
            [own.evidence(item.scores[source]) if source in item.scores else 0.0 for source, own in weights.items()]
            for item in items
        ]
    )
    fitted, bias = _logistic(evidence, _truth(items), _PENALTY)
    return replace(
        fusion,
        bias=float(bias),
        weights={
            source: replace(own, weight=float(weight))
            for (source, own), weight in zip(weights.items(), fitted, strict=True)
        },
    )


def _bent(items: Sequence[ScoredItem], source: str) -> SourceWeight:
    """How a source's score is counted: neutral lies midway between what good and damaged items show on average."""
    good, damaged = (
        np.array([item.scores[source] for item in items if item.damaged is truth and source in item.scores])
        for truth in (False, True)
    )
    if not len(good) or not len(damaged):
        return SourceWeight(0.0, 1.0, 0.0, 0.0)
    usual = float(np.median(good))
    spread = max(_MAD * float(np.median(np.abs(good - usual))), _NARROW)
    own = SourceWeight(usual, spread, 0.0, 0.0)
    means = [np.mean([own.evidence(score) for score in scores]) for scores in (good, damaged)]
    return replace(own, neutral=float(np.mean(means)))


def _logistic(
    evidence: NDArray[np.float64], damaged: NDArray[np.bool_], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Return weights of at least zero, float64 [S], and the bias, of the least penalised balanced loss."""
    sign = np.where(damaged, 1.0, -1.0)
    counts = np.where(damaged, damaged.mean(), 1 - damaged.mean())
    share = 0.5 / counts

    def loss(unknown: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (evidence @ unknown[:-1] + unknown[-1])
        pull = -share * sign / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.append(evidence.T @ pull + 2 * penalty * unknown[:-1], pull.sum())
        return float((share * np.logaddexp(0, -margin)).sum() + penalty * (unknown[:-1] ** 2).sum()), gradient

    sources = evidence.shape[1]
    start = np.append(np.full(sources, 0.1), 0.0)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * sources + [(None, None)])
    return found.x[:-1], float(found.x[-1])


def _listed(doubts: Counter[str]) -> str:
    named = ", ".join(f"{word} {count}" for word, count in doubts.most_common())
    return f"; the others are in doubt: {named}" if named else ""


def _truth(items: Sequence[ScoredItem]) -> NDArray[np.bool_]:
    return np.array([item.damaged for item in items])
