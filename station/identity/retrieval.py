"""Which product an item looks like: its views' nearest reference views, then the faces they have in common.

The nearest are found exactly: one product of matrices over all reference views of all products.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
_ALIKE = 0.5
"""Likeness that keypoints are asked below, and that is enough where they do not know: references may be few, or alike.
"""
_UNKNOWN_AMONG = -1.0, 1.0
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
        self._among = {
            name: _likeness_among(self._views[start:end])
            for name, (start, end) in zip(self._products, pairwise(self._starts), strict=True)
        }

    def __len__(self) -> int:
        """How many products can be found."""
        return len(self._products)

    def recognise(self, views: Sequence[ItemView], embeddings: Sequence[NDArray[np.float32]]) -> str | None:
        """Return the product the item looks like, None where it looks like none, or like two.

        Args:
            views: the item's views.
            embeddings: each one's, float32 [C]; see `station.gallery.embed`.
        """
        return told_apart(self.rank(views, embeddings))

    def confirm(
        self, views: Sequence[ItemView], embeddings: Sequence[NDArray[np.float32]], expected: str
    ) -> str | None:
        """Return what an item that should be `expected` looks like: that, another product, None where like neither.

        It is `expected`, and its keypoints are not asked, where that product is the nearest and no farther than the
        closest two of its own references are from each other. Else keypoints speak. Where they know no product,
        `expected` must be the nearest, and as near as its references usually are to each other with some keypoints that
        agree, if it has any; or more must agree, as where damage changed it much. A product
        without looks is contradicted by another's keypoints alone.

        Args:
            views: the item's views.
            embeddings: each one's, float32 [C]; see `station.gallery.embed`.
            expected: what it should be.
        """
        if not views or not self._products:
            return expected
        near = dict(zip(self._products, self._nearness(self._likeness(embeddings)).tolist(), strict=True))
        if expected not in near:
            return self.recognise(views, embeddings) or expected
        own, (usual, closest) = near[expected], self._among[expected]
        if own >= max(closest, _ALIKE, *near.values()):
            return expected
        ranked = self.rank(views, embeddings)
        agreeing = next((one.agreeing for one in ranked if one.product_id == expected), 0)
        if agreeing >= _LEAST and ranked[0].agreeing - agreeing < _LEAD:
            return expected
        if (found := told_apart(ranked)) is not None:
            return found
        alike = own >= usual and (agreeing or self._is_bare(expected))
        return expected if own >= max(near.values()) and (alike or agreeing >= _LEAD) else None

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

    def _is_bare(self, product: str) -> bool:
        """Whether a product's reference views have too few keypoints to agree on, or it has none."""
        looks = self._looks(product)
        return looks is None or float(np.median([len(own.points) for own in looks.keypoints])) < _LEAST

    def _likeness(self, embeddings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The cosine of each of the item's views with every reference view, float32 [K, N]."""
        return np.asarray(self._normal(np.stack(embeddings)) @ self._views.T, np.float32)

    def _nearest(self, likeness: NDArray[np.float32]) -> NDArray[np.intp]:
        """The places of the products whose nearest views are nearest on average, best first."""
        most = _PAIRS // (_VIEWS * len(likeness)) or 1
        return np.argsort(-self._nearness(likeness), kind="stable")[:most]

    def _nearness(self, likeness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Each product's likeness: that of its nearest views, averaged over the item's, float32 [P]."""
        return np.asarray(np.maximum.reduceat(likeness, self._starts[:-1], axis=1).mean(axis=0), np.float32)

    def _normal(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors of what sets embeddings apart from the gallery's middle, float32 [K, C]."""
        return unit(np.asarray((embeddings - self._middle) / self._spread, np.float32))


def told_apart(ranked: Sequence[Likeness]) -> str | None:
    """Return the best product where enough agrees, and clearly more than with the second; else None.

    Args:
        ranked: products, best first.
    """
    if not ranked or ranked[0].agreeing < _LEAST:
        return None
    is_ahead = len(ranked) == 1 or ranked[0].agreeing - ranked[1].agreeing >= _LEAD
    return ranked[0].product_id if is_ahead else None


def _likeness_among(views: NDArray[np.float32]) -> tuple[float, float]:
    """How like its nearest other a product's reference view is: usually, and at most."""
    if len(views) < 2:
        return _UNKNOWN_AMONG
    likeness = views @ views.T
    np.fill_diagonal(likeness, -1.0)
    nearest = likeness.max(axis=1)
    return min(float(np.median(nearest)), _ALIKE), float(nearest.max())


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
