"""Which parts of a product are seen again and again: its faces, learned from reference views.

A face is a set of keypoints of one view (its anchor) that move together, as one plane would, through most of the
views that show them. That tells a carton's sides from one another, from the background, and from what differs from
unit to unit, without knowing the product's shape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.gallery.keypoints import Keypoints, Matches, homography, match

LEAST_AGREEING = 8
_SEED_AGREEING = 5
_SEED_POINTS = 24
_SEEDS = 8
_ANCHORS = 3
_ROUNDS = 3
_NEAR_PX = 2.5
_AGREEING_SHARE = 0.6
_ENOUGH_PER_VIEW = 40
_MIN_VIEWS = 3


@dataclass(frozen=True, slots=True)
class Face:
    """A face as learned: `anchor` is a view's number, `chosen` its keypoints, `placed` the views that show it.

    `placed` maps a view's number to the map from the anchor's crop to that view's, float64 [3, 3].
    """

    anchor: int
    chosen: NDArray[np.intp]
    placed: Mapping[int, NDArray[np.float64]]


def learn_faces(views: Sequence[Keypoints], most: int, seed: int = 0) -> tuple[Face, ...]:
    """Return the faces that the views show, the best supported first.

    Args:
        views: the keypoints of reference views, at least three for any face to be found.
        most: how many faces to look for.
        seed: of the places where the search starts.
    """
    learner = _Learner(views, np.random.default_rng(seed))
    faces: list[Face] = []
    while len(faces) < most and (face := learner.best()) is not None:
        faces.append(face)
        learner.use_up(face)
    return tuple(faces)


class _Learner:
    def __init__(self, views: Sequence[Keypoints], rng: np.random.Generator) -> None:
        self._views = views
        self._rng = rng
        count = len(views)
        pairs = {(a, b): match(views[a], views[b]) for a in range(count) for b in range(a + 1, count)}
        self._matches: dict[tuple[int, int], Matches] = pairs | {(b, a): (k, i) for (a, b), (i, k) in pairs.items()}
        self._free = [np.ones(len(view.points), np.bool_) for view in views]

    def best(self) -> Face | None:
        """The face seen best in most views, from a few anchors and a few starts on each."""
        votes = [self._votes(view) for view in range(len(self._views))]
        anchors = sorted(range(len(votes)), key=lambda view: -int(votes[view].sum()))[:_ANCHORS]
        best: tuple[int, Face] | None = None
        for anchor in anchors:
            wanted = np.flatnonzero(votes[anchor] >= _MIN_VIEWS - 1)
            if len(wanted) < LEAST_AGREEING:
                continue
            points = self._views[anchor].points
            for start in self._rng.choice(wanted, min(_SEEDS, len(wanted)), replace=False):
                distance = np.linalg.norm(points[wanted] - points[start], axis=1)
                found = self._grow(anchor, wanted[np.argsort(distance)[:_SEED_POINTS]])
                if found is not None and (best is None or found[0] > best[0]):
                    best = found
        return best[1] if best else None

    def use_up(self, face: Face) -> None:
        """Take what lies on the face out of the search."""
        outline = cv2.convexHull(self._views[face.anchor].points[face.chosen]).reshape(1, -1, 2)
        for view, placed in face.placed.items():
            seen = cv2.perspectiveTransform(outline, placed).reshape(-1, 1, 2)
            for number, point in enumerate(self._views[view].points):
                if cv2.pointPolygonTest(seen, (float(point[0]), float(point[1])), True) > -_NEAR_PX:
                    self._free[view][number] = False
        self._free[face.anchor][face.chosen] = False

    def _votes(self, anchor: int) -> NDArray[np.int64]:
        votes = np.zeros(len(self._views[anchor].points), np.int64)
        for view in range(len(self._views)):
            if view != anchor:
                here, there = self._matches[anchor, view]
                votes[here[self._free[anchor][here] & self._free[view][there]]] += 1
        return votes

    def _grow(self, anchor: int, chosen: NDArray[np.intp]) -> tuple[int, Face] | None:
        """Let the keypoints' planes in each view say which other keypoints move with them."""
        points = self._views[anchor].points
        for step in range(_ROUNDS):
            least = LEAST_AGREEING if step else _SEED_AGREEING
            seen, agreed, support = np.zeros(len(points)), np.zeros(len(points)), 0
            placed: dict[int, NDArray[np.float64]] = {anchor: np.eye(3)}
            for view in range(len(self._views)):
                here, there = self._matches.get((anchor, view), (chosen[:0], chosen[:0]))
                on_face = np.isin(here, chosen)
                target = self._views[view].points[there]
                fitted = homography(points[here[on_face]], target[on_face], least)
                if fitted is None or fitted[1].mean() < 0.5:
                    continue
                projected = cv2.perspectiveTransform(points[here][None], fitted[0])[0]
                near = np.linalg.norm(projected - target, axis=1) < _NEAR_PX
                seen[here] += 1
                agreed[here] += near
                support += min(int(np.count_nonzero(fitted[1])), _ENOUGH_PER_VIEW)
                placed[view] = fitted[0]
            needed = np.maximum(_MIN_VIEWS - 1, _AGREEING_SHARE * seen)
            chosen = np.flatnonzero((agreed >= needed) & self._free[anchor])
            if len(placed) < _MIN_VIEWS or len(chosen) < LEAST_AGREEING:
                return None
        return support, Face(anchor, chosen, placed)
