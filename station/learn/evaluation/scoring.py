"""What is evaluated: ways to score an item's views, behind one protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView

Views = Sequence[ItemView]
"""One item, seen by one camera or several."""


@dataclass(frozen=True, slots=True)
class ItemScore:
    """How damaged an item looks, higher is worse; None is silence, and `reason` says why.

    `maps` are coarse score maps over the views' crops by camera, float32 [h, w], comparable between items.
    """

    score: float | None
    maps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    reason: str = ""


class ProductScorer(Protocol):
    """Scores items of one product."""

    def __call__(self, views: Views) -> ItemScore:
        """Return an item's score."""


class Scorer(Protocol):
    """A way of scoring. `name` says what it is; `view_px` is the side of the views it wants."""

    @property
    def name(self) -> str:
        """What it is, for reports."""

    @property
    def view_px(self) -> int:
        """The side of the views it wants, in px."""

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of the product that has these references; there may be none."""
