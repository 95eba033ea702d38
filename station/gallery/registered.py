"""A view laid over the references of one face: compared patch by patch at the same place.

What the pristine product shows there, print included, is at no distance; what differs from unit to unit is known
to vary there and weighs less. Each place's distances are counted in the spread of good units at that very place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.gallery.faces import LEAST_AGREEING, learn_faces
from station.gallery.keypoints import Keypoints, find_keypoints, homography, match
from station.gallery.patches import patch_coverage, unit
from station.gallery.structure import Structure, even_luma, excess, learn_structure, settle

Describe = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]
"""From pictures uint8 RGB [S, S, 3] to their features, float32 [N, h, w, C]."""

_SEARCH = 2
_TOP_PATCHES = 3
_SEEN_SHARE = 0.5
_MIN_VIEWS = 4
_ODD = 6.0
"""A reference whose face is this many spreads odder than the others' is left out."""
_LARGE_PART = 0.1
_NARROW = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class FaceReferences:
    """One face of a product in the frame of its anchor's crop.

    `keypoints` of the anchor; `maps` [h, w, K, C] of unit vectors, K good units; `usual` and `spread` of their
    distances to one another at each patch, float32 [h, w], `spread` infinite off the face; `centre` and `scale`
    of their scores, `highest` what their patch scores reach; `structure` what each pixel shows.
    """

    keypoints: Keypoints
    maps: NDArray[np.float32]
    usual: NDArray[np.float32]
    spread: NDArray[np.float32]
    centre: float
    scale: float
    highest: float
    structure: Structure


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A view laid over a face.

    `view_from_face` float64 [3, 3], in px of the two crops, that `agreeing` keypoints bear out; `picture` is the
    view's crop in the face's frame.
    """

    face: FaceReferences
    view_from_face: NDArray[np.float64]
    picture: NDArray[np.uint8]
    agreeing: int


@dataclass(frozen=True, slots=True, eq=False)
class LearnedFaces:
    """A product's faces, and how the views that they were learned from score when left out.

    `left_out` maps the number of a view to its scores by the `id` of the face.
    """

    faces: tuple[FaceReferences, ...]
    left_out: Mapping[int, Mapping[int, float]]


def place(faces: Sequence[FaceReferences], crop: NDArray[np.uint8], mask: NDArray[np.bool_]) -> tuple[Placed, ...]:
    """Return the view laid over every face that it is seen to show; none where registration fails.

    Args:
        faces: the product's.
        crop: the view, uint8 RGB [S, S, 3].
        mask: the item in it, bool [S, S].
    """
    if not faces:
        return ()
    seen = find_keypoints(crop, mask)
    placed = []
    for face in faces:
        here, there = match(face.keypoints, seen)
        fitted = homography(face.keypoints.points[here], seen.points[there], LEAST_AGREEING)
        if fitted is not None:
            settled = settle(fitted[0], _lay(crop, fitted[0]), face.structure.middle, _cover_px(face))
            placed.append(Placed(face, settled, _lay(crop, settled), int(np.count_nonzero(fitted[1]))))
    return tuple(placed)


def patch_scores(placed: Placed, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how unusual each patch of a placed view is, in spreads of good units, float32 [h, w].

    Args:
        placed: the view over a face.
        features: of its picture there, float32 [h, w, C].
    """
    face = placed.face
    distances = local_distances(unit(features), face.maps)
    scores: NDArray[np.float32] = (distances - face.usual) / face.spread
    height, width = distances.shape
    inside = _lay(np.ones(placed.picture.shape[:2], np.uint8), placed.view_from_face, cv2.BORDER_CONSTANT)
    return np.where(patch_coverage(inside > 0, height, width) > _SEEN_SHARE, scores, 0).astype(np.float32)


def face_score(scores: NDArray[np.float32], face: FaceReferences) -> float:
    """Return how unusual a face is, in spreads of good units' faces."""
    return (_pooled(scores) - face.centre) / face.scale


def face_cover(face: FaceReferences) -> NDArray[np.float32]:
    """Return 1 for every patch on the face and 0 off it, float32 [h, w]."""
    return np.isfinite(face.spread).astype(np.float32)


def seen_from_view(scores: NDArray[np.float32], placed: Placed) -> NDArray[np.float32]:
    """Return a face's patch scores laid over the view's own patches, 0 off the face."""
    height, width = scores.shape
    cell = np.diag([placed.picture.shape[1] / width, placed.picture.shape[0] / height, 1.0])
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    to_px = shift @ cell @ np.linalg.inv(shift)
    moved = np.linalg.inv(to_px) @ placed.view_from_face @ to_px
    return np.asarray(cv2.warpPerspective(scores, moved, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def odd_structure(placed: Placed, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return where a placed view's fine structure is odd, over the view, 1 being what good units reach, float32 [S, S].

    Where it is odd over a large part of the face the view does not lie well enough, and all is 0.

    Args:
        placed: the view over a face.
        mask: the item in the view's crop, bool [S, S].
    """
    structure = placed.face.structure
    odd = excess(even_luma(placed.picture), structure) / np.float32(structure.limit)
    on_face = _cover_px(placed.face) & (_lay(mask.astype(np.uint8), placed.view_from_face, cv2.BORDER_CONSTANT) > 0)
    odd[~on_face] = 0
    if np.count_nonzero(odd > 1) > _LARGE_PART * np.count_nonzero(on_face):
        return np.zeros_like(odd)
    size = odd.shape[::-1]
    return np.asarray(cv2.warpPerspective(odd, placed.view_from_face, size, flags=cv2.INTER_LINEAR), np.float32)


def _cover_px(face: FaceReferences) -> NDArray[np.bool_]:
    shape = face.structure.middle.shape
    return cv2.resize(face_cover(face), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def local_distances(features: NDArray[np.float32], maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each patch's cosine distance to the nearest of the maps' patches at most `_SEARCH` away.

    Args:
        features: unit vectors, float32 [h, w, C].
        maps: unit vectors, [h, w, K, C].
    """
    height, width, channels = features.shape
    best = np.full((height, width), -1.0, np.float32)
    for down in range(-_SEARCH, _SEARCH + 1):
        rows, from_rows = _overlap(height, down)
        for right in range(-_SEARCH, _SEARCH + 1):
            columns, from_columns = _overlap(width, right)
            here = features[rows, columns].reshape(-1, channels, 1)
            there = maps[from_rows, from_columns]
            likeness = (there.reshape(-1, maps.shape[2], channels) @ here)[..., 0].max(axis=1)
            window = best[rows, columns]
            np.maximum(window, likeness.reshape(window.shape), out=window)
    return 1.0 - best


def learn_references(
    crops: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]], describe: Describe, most: int, units: int
) -> LearnedFaces:
    """Learn a product's faces from views of good units.

    Args:
        crops: the views, uint8 RGB [S, S, 3].
        masks: the item in each, bool [S, S].
        describe: the model.
        most: how many faces at most.
        units: how many good units to keep per face at most.
    """
    keypoints = [find_keypoints(crop, mask) for crop, mask in zip(crops, masks, strict=True)]
    faces: list[FaceReferences] = []
    left_out: dict[int, dict[int, float]] = {}
    for face in learn_faces(keypoints, most):
        if len(face.placed) < _MIN_VIEWS:
            continue
        chosen = sorted(face.placed, key=lambda view: view != face.anchor)[:units]
        shown, places = even_luma(crops[face.anchor]), dict(face.placed)
        for view in chosen:
            places[view] = settle(places[view], _lay(crops[view], places[view]), shown, masks[face.anchor])
        laid = [_lay(crops[view], places[view]) for view in chosen]
        cover = np.mean([_lay(masks[view].astype(np.float32), places[view], cv2.BORDER_CONSTANT) for view in chosen], 0)
        maps = np.stack([unit(described) for described in describe(laid)], axis=2)
        anchor = keypoints[face.anchor].only(face.chosen)
        learned, scores = _calibrated(anchor, maps, cover, learn_structure(laid))
        sound = [n for n, score in enumerate(scores) if score <= _ODD]
        if _MIN_VIEWS <= len(sound) < len(scores):  # a defective or misplaced reference must not excuse its like
            kept = learn_structure([laid[n] for n in sound])
            learned, _ = _calibrated(anchor, maps[:, :, sound], cover, kept)
        faces.append(learned)
        for view, score in zip(chosen, scores, strict=True):
            left_out.setdefault(view, {})[id(learned)] = score
    return LearnedFaces(tuple(faces), left_out)


def _calibrated(
    keypoints: Keypoints, maps: NDArray[np.float32], cover: NDArray[np.float32], structure: Structure
) -> tuple[FaceReferences, list[float]]:
    """The face, and the scores of its units when each is left out of the yardstick."""
    height, width, count, _ = maps.shape
    others = [[other for other in range(count) if other != one] for one in range(count)]
    distances = np.stack([local_distances(maps[:, :, one], maps[:, :, others[one]]) for one in range(count)])
    on_face = patch_coverage(cover > _SEEN_SHARE, height, width) >= _SEEN_SHARE
    counted = [
        (distances[one] - usual) / spread
        for one in range(count)
        for usual, spread in [_yardstick(distances[others[one]], on_face)]
    ]
    pooled = np.array([_pooled(scores) for scores in counted])
    centre = float(np.median(pooled))
    scale = max(1.4826 * float(np.median(np.abs(pooled - centre))), 0.1 * abs(centre), _NARROW)
    highest = float(np.median([scores.max() for scores in counted]) + 3 * scale)
    face = FaceReferences(keypoints, maps, *_yardstick(distances, on_face), centre, scale, highest, structure)
    return face, [(float(score) - centre) / scale for score in pooled]


def _yardstick(
    distances: NDArray[np.float32], on_face: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    spread = distances.std(axis=0)
    floor = np.median(spread[on_face]) if on_face.any() else 0.0
    bounded = np.where(on_face, spread + max(float(floor), _NARROW), np.inf)
    return distances.mean(axis=0), bounded.astype(np.float32)


def _pooled(scores: NDArray[np.float32]) -> float:
    count = min(_TOP_PATCHES, scores.size)
    return float(np.partition(scores, -count, axis=None)[-count:].mean())


def _lay(
    picture: NDArray[Any], view_from_face: NDArray[np.float64], border: int = cv2.BORDER_REPLICATE
) -> NDArray[Any]:
    height, width = picture.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(picture, view_from_face, (width, height), flags=flags, borderMode=border)


def _overlap(length: int, shift: int) -> tuple[slice, slice]:
    """The places that have a neighbour `shift` away, and those neighbours."""
    return slice(max(0, -shift), length - max(0, shift)), slice(max(0, shift), length + min(0, shift))
