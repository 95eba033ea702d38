"""The score above which an item is sidelined, and what the scores of good items prove about it.

The threshold is an order statistic of the good scores by the Neyman-Pearson umbrella (Tong, Feng, Li,
"Neyman-Pearson classification algorithms and NP receiver operating characteristics", Science Advances 2018).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    """Items that score above `score` are sidelined.

    With probability `confidence`, no more than the share `max_false_alarm_rate` of all undamaged items does. It was
    chosen on `good_items` of them, of which `false_alarms` lie above it.
    """

    score: float
    max_false_alarm_rate: float
    confidence: float
    good_items: int
    false_alarms: int


def choose_threshold(good_scores: Sequence[float], max_false_alarm_rate: float, confidence: float) -> Threshold:
    """Return the lowest threshold that upholds the rate, or the one that upholds the least where none does.

    That is the order statistic whose true false alarm rate exceeds the one asked for with a chance of at most
    1 - `confidence`, whatever the scores' distribution. With too few good items for that the highest score is taken,
    and the rate told, which holds with the same confidence, is more than was asked for.

    Args:
        good_scores: scores of independent undamaged items, rising; without any nothing can be passed.
        max_false_alarm_rate: the share of undamaged items that may be sidelined.
        confidence: the probability that it is upheld.
    """
    n, risk = len(good_scores), 0.0
    if n == 0:
        return Threshold(-math.inf, 1.0, confidence, 0, 0)
    for above in range(n + 1):
        risk += _binomial(above, n, max_false_alarm_rate)
        if risk > 1.0 - confidence:
            break
    if above == 0:
        return Threshold(good_scores[-1], certifiable_rate(n, confidence), confidence, n, 0)
    score = good_scores[n - above]
    return Threshold(score, max_false_alarm_rate, confidence, n, sum(one > score for one in good_scores))


def certifiable_rate(good_items: int, confidence: float) -> float:
    """Return the lowest false alarm rate that so many good items can uphold, 0.01 for 299 at 95 %."""
    return 1.0 - (1.0 - confidence) ** (1.0 / good_items) if good_items else 1.0


def good_items_needed(max_false_alarm_rate: float, confidence: float) -> int:
    """Return how many good items it takes to uphold a false alarm rate, 299 for 1 % at 95 %."""
    return math.ceil(math.log(1.0 - confidence) / math.log1p(-max_false_alarm_rate))


def _binomial(k: int, n: int, rate: float) -> float:
    """The probability of k successes in n trials."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(rate) + (n - k) * math.log1p(-rate))
