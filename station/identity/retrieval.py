"""Which product an item looks like: its views' nearest reference views, then the faces they have in common.

The nearest are found exactly: one product of matrices over all reference views of all products.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView
from station.gallery import Keypoints, Looks, find_keypoints, homography, match, unit

_PAIRS = 120
"""Pairs of views whose keypoints are compared, at 1 to 2 ms each."""
_VIEWS = 2
"""Of each product, this many reference views with a view of the item."""
_LEAST_PAIRS = 8
_LEAST = 40
"""Pairs of keypoints that must agree, over all views, for an item to be known by its looks."""
_LEAD = 20
"""How many more than with any other product."""
_CLOSE = 3
_AGAINST = 2.0
"""How many times that evidence it takes to contradict an announcement."""
_NARROW = 1e-6


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much an item looks like a product: pairs of keypoints that agree on where its faces are, over all views."""

    product_id: str
    agreeing: int


class Retriever:
    """Looks products up by their pictures.

    Args:
        embeddings: of every product's reference views, float32 [V, C] each, one view at least; products without are not
            found.
        looks: gives a product's looks when its keypoints are needed.
    """

    def __init__(self, embeddings: Mapping[str, NDArray[np.float32]], looks: Callable[[str], Looks | None]) -> None:
        self._looks = looks
        self._products = tuple(embeddings)
        self._starts = np.cumsum([0, *(len(own) for own in embeddings.values())])
        stacked = np.concatenate([np.zeros((0, 1), np.float32)] if not embeddings else list(embeddings.values()))
        width = stacked.shape[1]
        self._middle = stacked.mean(axis=0) if embeddings else np.zeros(width, np.float32)
        self._spread = stacked.std(axis=0) + _NARROW if embeddings else np.ones(width, np.float32)
        self._views = self._normal(stacked)

    def __len__(self) -> int:
        """How many products can be found."""
        return len(self._products)

    def recognise(
        self, views: Sequence[ItemView], embeddings: Sequence[NDArray[np.float32]], expected: str | None = None
    ) -> str | None:
        """Return the product the item looks like, None where it looks like none, or like two.

        Args:
            views: the item's views.
            embeddings: each one's, float32 [C]; see `station.gallery.embed`.
            expected: what it should be; where that is among the nearest few, its keypoints are not asked, and
                another product is believed on stronger evidence alone.
        """
        if expected is None:
            return told_apart(self.rank(views, embeddings))
        if expected in self.lookup(embeddings)[:_CLOSE]:
            return expected
        return told_apart(self.rank(views, embeddings), _AGAINST)

    def rank(self, views: Sequence[ItemView], embeddings: Sequence[NDArray[np.float32]]) -> list[Likeness]:
        """Return the products the item looks most like, best first; see `recognise`."""
        if not views or not self._products:
            return []
        likeness = self._likeness(embeddings)
        found = [find_keypoints(view.crop, view.mask) for view in views]
        ranked = []
        for product in self._nearest(likeness):
            name, own = self._products[product], likeness[:, self._starts[product] : self._starts[product + 1]]
            ranked.append(Likeness(name, _agreeing(found, own, self._looks(name))))
        return sorted(ranked, key=lambda one: -one.agreeing)  # equals stay in the order of their likeness

    def lookup(self, embeddings: Sequence[NDArray[np.float32]]) -> tuple[str, ...]:
        """Return the products whose views are nearest, best first; see `recognise`."""
        if not embeddings or not self._products:
            return ()
        return tuple(self._products[place] for place in self._nearest(self._likeness(embeddings)))

    def _likeness(self, embeddings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The cosine of each of the item's views with every reference view, float32 [K, N]."""
        return np.asarray(self._normal(np.stack(embeddings)) @ self._views.T, np.float32)

    def _nearest(self, likeness: NDArray[np.float32]) -> NDArray[np.intp]:
        """The places of the products whose nearest views are nearest on average, best first."""
        best = np.maximum.reduceat(likeness, self._starts[:-1], axis=1).mean(axis=0)
        return np.argsort(-best, kind="stable")[: _PAIRS // (_VIEWS * len(likeness)) or 1]

    def _normal(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors of what sets embeddings apart from the gallery's middle, float32 [K, C]."""
        return unit(np.asarray((embeddings - self._middle) / self._spread, np.float32))


def told_apart(ranked: Sequence[Likeness], times: float = 1.0) -> str | None:
    """Return the best product where enough agrees, and clearly more than with the second; else None.

    Args:
        ranked: products, best first.
        times: how many times the usual evidence is asked for.
    """
    if not ranked or ranked[0].agreeing < times * _LEAST:
        return None
    is_ahead = len(ranked) == 1 or ranked[0].agreeing - ranked[1].agreeing >= times * _LEAD
    return ranked[0].product_id if is_ahead else None


def _agreeing(found: Sequence[Keypoints], likeness: NDArray[np.float32], looks: Looks | None) -> int:
    """How many pairs of keypoints agree, each of the item's views with that reference view that has most."""
    if looks is None:
        return 0
    nearest = np.argsort(-likeness, axis=1)[:, :_VIEWS]
    return sum(
        max(_common(keypoints, looks.keypoints[view]) for view in own)
        for keypoints, own in zip(found, nearest, strict=True)
    )


def _common(one: Keypoints, other: Keypoints) -> int:
    rows, columns = match(one, other)
    fitted = homography(other.points[columns], one.points[rows], _LEAST_PAIRS)
    return int(np.count_nonzero(fitted[1])) if fitted else 0
