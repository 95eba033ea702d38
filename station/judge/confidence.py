"""From an item's score to a confidence, by the scores of items known to be good.

`damage_confidence` is 1 minus the estimated share of undamaged items that would score at least as
high. 0.95 says: one undamaged item in twenty looks this bad or worse. It is no probability that the
item is damaged, which would depend on how rare damage is.
"""

import bisect
import math
from collections.abc import Sequence

_NARROW = 1e-6
_RISK = 0.05


def damage_confidence(score: float, good_scores: Sequence[float]) -> float:
    """Return the confidence 0..1 that belongs to an item score; it never falls as the score rises.

    Between good scores the share beyond is interpolated, the k-th of n standing for k/(n+1) as in
    split conformal prediction (Vovk et al., 2005). Beyond either end it decays exponentially at the rate
    that joins the median to that end.

    Args:
        score: the item's score.
        good_scores: scores of undamaged items, rising; without any the confidence is 0.5, which says nothing.
    """
    n = len(good_scores)
    if n == 0:
        return 0.5
    lowest, middle, highest = good_scores[0], good_scores[(n - 1) // 2], good_scores[-1]
    decay = math.log(max(n + 1, 3) / 2)
    if score >= highest:
        return 1.0 - math.exp(-(score - highest) * decay / max(highest - middle, _NARROW)) / (n + 1)
    if score < lowest:
        return math.exp((score - lowest) * decay / max(middle - lowest, _NARROW)) / (n + 1)
    above = bisect.bisect_right(good_scores, score)
    share = (score - good_scores[above - 1]) / (good_scores[above] - good_scores[above - 1])
    return (above + min(share, 1.0)) / (n + 1)


def sideline_score(good_scores: Sequence[float], max_false_alarm_rate: float) -> tuple[float, float]:
    """Return the score above which an item is sidelined, and the false alarm rate that this upholds.

    The threshold is an order statistic of the good scores by the Neyman-Pearson umbrella (Tong, Feng,
    Li, "Neyman-Pearson classification algorithms and NP receiver operating characteristics", Science
    Advances 2018): the lowest one whose true false alarm rate exceeds the one asked for with a chance of
    at most 5 %. With too few good items for that the highest is taken, and the rate returned, which
    holds with the same confidence, is more than was asked for: 59 uphold 5 %, 149 uphold 2 %, 299 uphold 1 %.

    Args:
        good_scores: scores of undamaged items, rising; without any nothing can be passed.
        max_false_alarm_rate: the share of undamaged items that may be sidelined.
    """
    n = len(good_scores)
    if n == 0:
        return -math.inf, 1.0
    risk = 0.0
    for above in range(n + 1):
        risk += _binomial(above, n, max_false_alarm_rate)
        if risk > _RISK:
            break
    if above == 0:
        return good_scores[-1], 1.0 - _RISK ** (1.0 / n)
    return good_scores[n - above], max_false_alarm_rate


def good_items_needed(max_false_alarm_rate: float) -> int:
    """Return how many undamaged items `sideline_score` needs to uphold a false alarm rate, 149 for 2 %."""
    return math.ceil(math.log(_RISK) / math.log1p(-max_false_alarm_rate))


def _binomial(k: int, n: int, rate: float) -> float:
    """The probability of k successes in n trials."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(rate) + (n - k) * math.log1p(-rate))
