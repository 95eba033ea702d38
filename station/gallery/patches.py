"""Comparing a picture with references patch by patch.

A memory bank of patch features and the distance to the nearest of them is PatchCore's idea (Roth et
al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022), as is the greedy coreset that
keeps the bank small without leaving a kind of patch out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_COVERED = 0.5
_PROJECTED_CHANNELS = 24


def patch_coverage(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.float32]:
    """Return how much of each patch the mask covers, float32 [height, width] in 0..1."""
    coverage = cv2.resize(mask.view(np.uint8) * np.uint8(255), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(coverage, np.float32) / np.float32(255)


def on_item(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Return which patches lie on the item, half covered by its mask at least, bool [height, width]."""
    return np.asarray(patch_coverage(mask, height, width) >= _COVERED)


def item_patches(features: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the L2-normalised vectors of the patches on the item, float32 [P, C].

    Args:
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
    """
    inside = on_item(mask, *features.shape[:2])
    return unit(features[inside])


def patch_distances(
    features: NDArray[np.float32], mask: NDArray[np.bool_], bank: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return each patch's distance to the nearest reference patch: cosine distance, 0 (same) to 2.

    A patch less than half covered by the mask is background and 0. An empty bank is at distance 2
    from everything.

    Args:
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
        bank: L2-normalised reference patches, float16 or float32 [P, C].

    Returns:
        Distances, float32 [h, w].
    """
    inside = on_item(mask, *features.shape[:2])
    distances = np.zeros(inside.shape, np.float32)
    if not inside.any():
        return distances
    similarity = np.full(int(inside.sum()), -1.0, np.float32)
    if len(bank):
        patches = features[inside]
        nearest = (patches @ np.asarray(bank, np.float32).T).max(axis=1)
        similarity = nearest / np.maximum(np.linalg.norm(patches, axis=1), 1e-12)
    distances[inside] = np.clip(1.0 - similarity, 0.0, 2.0)
    return distances


def coreset(patches: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.float32]:
    """Return at most `count` patches that lie close to all others: greedy k-centre on a random projection.

    Args:
        patches: L2-normalised vectors, float32 [P, C].
        count: how many to keep.
        seed: of the projection and of the first patch chosen.

    Returns:
        The patches kept, float32 [min(P, count), C], in the order they were chosen.
    """
    if len(patches) <= count:
        return patches
    rng = np.random.default_rng(seed)
    projection = rng.normal(size=(patches.shape[1], _PROJECTED_CHANNELS)) / np.sqrt(_PROJECTED_CHANNELS)
    points = (patches @ projection).astype(np.float32)
    squares = np.einsum("pc,pc->p", points, points)
    nearest = np.full(len(points), np.inf, np.float32)
    chosen = np.empty(count, np.intp)
    index = int(rng.integers(len(points)))
    for step in range(count):
        chosen[step] = index
        np.minimum(nearest, squares - 2.0 * (points @ points[index]) + squares[index], out=nearest)
        index = int(nearest.argmax())
    return patches[chosen]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors scaled to length one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
