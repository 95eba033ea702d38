"""How good the fused confidence is: whether it means what it says, and what each source adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from station.judge import Fusion, probability
from station.learn.evaluation.intervals import Estimate, bootstrap
from station.learn.tuning.fit import fit_fusion
from station.learn.tuning.scored import ScoredItem

BINS = 15
_RESAMPLES, _SEED = 1000, 1


@dataclass(frozen=True, slots=True)
class Bin:
    """Items of like confidence: how many, their mean confidence, and the share of them that is damaged."""

    items: int
    confidence: float
    damaged: float


@dataclass(frozen=True, slots=True)
class Contest:
    """Average precision of all sources together and of one alone, and the gain, on items that both judged.

    `group` says whose items they are, `source` which one is alone.
    """

    group: str
    source: str
    good: int
    damaged: int
    alone: float
    together: float
    gain: Estimate


def reliability(confidences: NDArray[np.float64], damaged: NDArray[np.bool_]) -> list[Bin]:
    """Return the bins of equal width 1/15 that hold items, rising.

    Args:
        confidences: 0 to 1, [N].
        damaged: what is true, [N].
    """
    places = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return [
        Bin(int(np.count_nonzero(own)), float(confidences[own].mean()), float(damaged[own].mean()))
        for own in (places == place for place in range(BINS))
        if own.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error (Naeini, Cooper, Hauskrecht, AAAI 2015): the bins' mean gap, by items."""
    return sum(one.items * abs(one.confidence - one.damaged) for one in bins) / sum(one.items for one in bins)


def confidences(items: Sequence[ScoredItem], fusion: Fusion) -> NDArray[np.float64]:
    """Return the items' confidences, float64 [N]."""
    return np.array([probability(fusion.log_odds(item.scores)) for item in items])


def ablation(calibration: Sequence[ScoredItem], judged: Sequence[ScoredItem]) -> dict[str, NDArray[np.float64]]:
    """Return the judged items' log-odds by each source alone and by all, each fitted on the calibration items."""
    sources = sorted({source for item in calibration for source in item.scores})
    choices: Mapping[str, Sequence[str]] = {**{source: [source] for source in sources}, "all": sources}
    rows = {}
    for name, chosen in choices.items():
        fitted = fit_fusion([_only(item, chosen) for item in calibration], "", "", name)
        rows[name] = np.array([fitted.log_odds(_only(item, chosen).scores) for item in judged])
    return rows


def contest(
    group: str, source: str, items: Sequence[ScoredItem], alone: NDArray[np.float64], together: NDArray[np.float64]
) -> Contest | None:
    """Return what all sources gain over one, with the interval of pairs resampled together; None without both kinds.

    Args:
        group: whose items they are.
        source: which one is alone.
        items: the items, [N].
        alone: their log-odds by one source.
        together: their log-odds by all.
    """
    damaged = np.array([item.damaged for item in items], bool)
    if not damaged.any() or damaged.all():
        return None

    def gain(own: NDArray[np.intp]) -> dict[str, float]:
        precision = [average_precision_score(damaged[own], scores[own]) for scores in (together, alone)]
        return {"gain": (1 + precision[0] - precision[1]) / 2}  # shares lie in 0..1

    groups = (np.flatnonzero(~damaged), np.flatnonzero(damaged))
    shifted = bootstrap(gain, groups, _SEED, _RESAMPLES)["gain"]
    return Contest(
        group,
        source,
        int(np.count_nonzero(~damaged)),
        int(np.count_nonzero(damaged)),
        float(average_precision_score(damaged, alone)),
        float(average_precision_score(damaged, together)),
        Estimate(2 * shifted.value - 1, 2 * shifted.low - 1, 2 * shifted.high - 1),
    )


def _only(item: ScoredItem, sources: Sequence[str]) -> ScoredItem:
    return replace(item, scores={source: score for source, score in item.scores.items() if source in sources})
