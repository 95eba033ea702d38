"""How a product looks: what its reference views are found by, and recognised by, when nothing names the item.

A view is found by its embedding, the item's patches pooled with a generalised mean (Radenovic, Tolias and Chum,
PAMI 2019), and recognised by its keypoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.gallery.keypoints import Keypoints, find_keypoints
from station.gallery.patches import patch_coverage, unit

LOOKS = 16
"""Reference views kept per product."""
_KEYPOINTS = 400
_LEVELS = 255
"""Descriptors are kept in bytes: no value of a unit vector exceeds 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """A product's reference views: `embeddings` float32 [V, C] and each one's keypoints."""

    embeddings: NDArray[np.float32]
    keypoints: tuple[Keypoints, ...]


def embed(features: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return a view's embedding, float32 [C]: its patches' generalised mean of power 3 (Radenovic et al., 2019).

    Args:
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
    """
    weight = patch_coverage(mask, *features.shape[:2]).ravel()
    positive = np.maximum(features, 0).reshape(len(weight), -1)
    mean = weight @ (positive * positive * positive) / max(float(weight.sum()), 1e-6)
    return np.asarray(np.cbrt(mean), np.float32)


def learn_looks(
    crops: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]], features: Sequence[NDArray[np.float32]]
) -> Looks:
    """Return the looks of a product: of its views, those most unlike one another.

    Args:
        crops: uint8 RGB [S, S, 3] each.
        masks: the item in each, bool [S, S].
        features: each one's feature map, float32 [h, w, C].
    """
    embeddings = np.stack([embed(own, mask) for own, mask in zip(features, masks, strict=True)])
    chosen = _spread(unit(embeddings))
    found = tuple(find_keypoints(crops[view], masks[view], _KEYPOINTS) for view in chosen)
    return Looks(embeddings[chosen], found)


def write_looks(looks: Looks, file: Path) -> None:
    """Write the looks, .npz."""
    np.savez(
        file,
        embeddings=looks.embeddings,
        counts=np.array([len(own.points) for own in looks.keypoints]),
        points=np.concatenate([own.points for own in looks.keypoints]),
        descriptors=np.concatenate([own.descriptors * _LEVELS for own in looks.keypoints]).round().astype(np.uint8),
    )


def read_looks(file: Path) -> Looks:
    """Read what `write_looks` wrote.

    Raises:
        GalleryError: the file is missing or malformed.
    """
    try:
        with np.load(file) as stored:
            ends = np.cumsum(stored["counts"])[:-1]
            points = np.split(stored["points"], ends)
            descriptors = np.split(stored["descriptors"].astype(np.float32) / _LEVELS, ends)
            return Looks(stored["embeddings"], tuple(map(Keypoints, points, descriptors)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"looks {file} cannot be read ({error}). Enrol the product again") from error


def read_embeddings(file: Path) -> NDArray[np.float32]:
    """Read the embeddings alone, float32 [V, C].

    Raises:
        GalleryError: the file is missing or malformed.
    """
    try:
        with np.load(file) as stored:
            return np.asarray(stored["embeddings"], np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise GalleryError(f"looks {file} cannot be read ({error}). Enrol the product again") from error


def _spread(embeddings: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the places of vectors that lie close to all others: greedy k-centre."""
    nearest = np.full(len(embeddings), np.inf)
    chosen: list[int] = []
    while len(chosen) < min(LOOKS, len(embeddings)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, 1.0 - embeddings @ embeddings[chosen[-1]])
        nearest[chosen] = -1.0
    return np.array(chosen, np.intp)
