"""Figures with their intervals: bootstrap by item, exact where resampling has nothing to say."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binomtest

CONFIDENCE = 0.95
RESAMPLES = 1000
_FEW = 10
"""Groups smaller than this are too few to be resampled."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds its true value with `CONFIDENCE`."""

    value: float
    low: float
    high: float


def share(hits: int, count: int) -> Estimate:
    """Return a share of independent items with its exact interval (Clopper and Pearson, Biometrika 1934)."""
    result = binomtest(hits, count)
    interval = result.proportion_ci(CONFIDENCE, method="exact")
    return Estimate(hits / count, float(interval.low), float(interval.high))


def bootstrap(
    figures: Callable[[NDArray[np.intp]], Mapping[str, float]],
    groups: Iterable[NDArray[np.intp]],
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Estimate]:
    """Return figures of a sample with percentile intervals, each group of items resampled by itself.

    A figure that is 0 or 1 on the sample is so on every resample, and a group of a few items hardly varies: both would
    claim certainty. Of pairs of one good and one damaged item, as many as the smaller group has are independent; there
    the interval is widened to the exact one of as many independent trials.

    Args:
        figures: computes the figures of the items with these indices; each lies in 0..1.
        groups: the items' indices, good and damaged ones apart, so that every resample has both.
        seed: of the resampling.
        resamples: how often.
    """
    groups = [group for group in groups if len(group)]
    rng = np.random.default_rng(seed)
    values = figures(np.concatenate(groups))
    drawn = [figures(np.concatenate([rng.choice(group, len(group)) for group in groups])) for _ in range(resamples)]
    margin = (1 - CONFIDENCE) / 2
    trials = min(map(len, groups))
    estimates = {}
    for name, value in values.items():
        low, high = np.quantile([one[name] for one in drawn], [margin, 1 - margin])
        if trials < _FEW or not 0 < value < 1:
            low, high = min(low, _exact(value, trials, margin)), max(high, _exact(value, trials, 1 - margin))
        estimates[name] = Estimate(float(value), float(min(low, value)), float(max(high, value)))
    return estimates


def _exact(value: float, trials: int, level: float) -> float:
    """Return a bound of the exact interval of a share of independent trials; the share may lie between two counts."""
    hits = value * trials
    if level < 0.5:
        return float(beta.ppf(level, hits, trials - hits + 1)) if hits > 0 else 0.0
    return float(beta.ppf(level, hits + 1, trials - hits)) if hits < trials else 1.0
