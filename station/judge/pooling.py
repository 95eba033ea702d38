"""Several views' log-odds of damage become the item's."""

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray


def any_of(views: ArrayLike) -> NDArray[np.float64]:
    """Return the log-odds that any view shows damage, each speaking for itself: the noisy-or (Pearl, 1988).

    No less than the worst view's; those of a single view are its own.

    Args:
        views: the log-odds of each view, [V] or of several things [V, L]; at least one view.

    Returns:
        The item's, [] or [L].
    """
    return np.asarray(reduce(_either, np.asarray(views, np.float64)))


def _either(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Odds of a and of b make odds of `a + b + ab` for either: their complements multiply."""
    return np.asarray(np.logaddexp(np.logaddexp(one, other), one + other))
