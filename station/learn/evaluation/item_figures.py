"""How well scores tell damaged items from good ones. Curves are scikit-learn's."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from station.learn.evaluation.intervals import Estimate, bootstrap, share

BASE_RATE = 0.001
"""How many items are damaged where the station works; precision is stated for it, not for the dataset's own share."""
FALSE_POSITIVE_RATES = {"1pct": 0.01, "0.1pct": 0.001}
_PRECISION = 0.5
_EPSILON = 1e-12
NAMES = (
    "auroc",
    "ap",
    *(f"recall_at_{name}_fpr" for name in FALSE_POSITIVE_RATES),
    "recall_at_50pct_precision",
    *(f"ppv_at_{name}_fpr" for name in FALSE_POSITIVE_RATES),
)


def item_figures(good: NDArray[np.float64], damaged: NDArray[np.float64], seed: int) -> Mapping[str, Estimate | None]:
    """Return every figure of `NAMES` with its interval; None where there are no good or no damaged items.

    Recall at a false positive rate is that of the highest threshold which no larger share of the good items passes;
    with fewer good items than one over the rate, that means none of them. The positive predictive value is what this
    recall and that rate make of `BASE_RATE`; its interval joins the recall's and the exact one of the rate, each at its
    worse and at its better end. With fewer good items than one over the rate it is None: they do not tell the rate.

    Args:
        good: scores of good items.
        damaged: scores of damaged items.
        seed: of the bootstrap.
    """
    if not len(good) or not len(damaged):
        return dict.fromkeys(NAMES)
    truth = np.concatenate([np.zeros(len(good), np.int8), np.ones(len(damaged), np.int8)])
    scores = np.concatenate([good, damaged])

    def figures(items: NDArray[np.intp]) -> dict[str, float]:
        return _figures(truth[items], scores[items])

    groups = (np.arange(len(good)), np.arange(len(good), len(scores)))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        estimates = bootstrap(figures, groups, seed)
    told: dict[str, Estimate | None] = {**estimates}
    for name, rate in FALSE_POSITIVE_RATES.items():
        recall = estimates[f"recall_at_{name}_fpr"]
        told[f"ppv_at_{name}_fpr"] = _ppv(recall, rate, len(good)) if len(good) * rate >= 1 - _EPSILON else None
    return told


def roc(good: NDArray[np.float64], damaged: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the false and true positive rates of every threshold, rising."""
    truth = np.concatenate([np.zeros(len(good)), np.ones(len(damaged))])
    false_rate, true_rate, _ = roc_curve(truth, np.concatenate([good, damaged]))
    return false_rate, true_rate


def precision_recall(
    good: NDArray[np.float64], damaged: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the recall and precision of every threshold, recall falling."""
    truth = np.concatenate([np.zeros(len(good)), np.ones(len(damaged))])
    precision, recall, _ = precision_recall_curve(truth, np.concatenate([good, damaged]))
    return recall, precision


def ppv(recall: float, false_positive_rate: float, base_rate: float = BASE_RATE) -> float:
    """Return which share of the items called damaged are damaged, at a base rate."""
    called = recall * base_rate + false_positive_rate * (1 - base_rate)
    return recall * base_rate / called if called else 0.0


def _ppv(recall: Estimate, rate: float, good: int) -> Estimate:
    alarms = share(int(good * rate + _EPSILON), good)
    return Estimate(ppv(recall.value, rate), ppv(recall.low, alarms.high), ppv(recall.high, alarms.low))


def _figures(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> dict[str, float]:
    false_rate, true_rate, _ = roc_curve(truth, scores, drop_intermediate=False)
    hits, alarms = true_rate * np.count_nonzero(truth), false_rate * np.count_nonzero(truth == 0)
    precision = np.divide(hits, hits + alarms, out=np.ones_like(hits), where=hits + alarms > 0)
    recalls = {
        name: float(true_rate[false_rate <= rate + _EPSILON].max()) for name, rate in FALSE_POSITIVE_RATES.items()
    }
    return {
        "auroc": float(auc(false_rate, true_rate)),
        "ap": float(np.sum(np.diff(true_rate) * precision[1:])),  # what average_precision_score sums, from one curve
        **{f"recall_at_{name}_fpr": value for name, value in recalls.items()},
        "recall_at_50pct_precision": float(true_rate[precision >= _PRECISION].max()),
    }
