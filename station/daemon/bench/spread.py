"""Times of a repeated step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds of a repeated step."""

    count: int
    median_ms: float
    p99_ms: float

    @classmethod
    def of(cls, samples_ms: Sequence[float]) -> Self:
        """Return the spread of some samples."""
        median_ms, p99_ms = np.percentile(samples_ms, [50, 99])
        return cls(len(samples_ms), float(median_ms), float(p99_ms))
