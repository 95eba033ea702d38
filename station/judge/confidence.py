"""From an item's score to a confidence, by the scores of items known to be good.

`damage_confidence` is 1 minus the estimated share of undamaged items that would score at least as
high. 0.95 says: one undamaged item in twenty looks this bad or worse. It is no probability that the
item is damaged, which would depend on how rare damage is.
"""

import bisect
import math
from collections.abc import Sequence

_NARROW = 1e-6


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
