"""What a learned comparison is shown: each patch of a view beside the reference patch nearest to it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.gallery.patches import on_item, unit

BESIDES = 4
"""So many channels follow the difference itself; see `differences`."""
_NEAREST = 3
_HEIGHT_MM = 100.0


def differences(
    features: NDArray[np.float32],
    mask: NDArray[np.bool_],
    heights_mm: NDArray[np.float32],
    bank: NDArray[np.float32],
    highest_distance: float,
) -> NDArray[np.float32]:
    """Return how each patch differs from the nearest reference patch, float32 [h, w, C + 4], 0 beside the item.

    A patch's unit vector less the nearest one; the cosine distances to the nearest and to the three nearest on
    average, counted in the highest that undamaged items show; 1, for it lies on the item; its height in 100 mm.

    Args:
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
        heights_mm: of the patches, float32 [h, w]; see `patch_heights`.
        bank: L2-normalised reference patches, float32 [P, C], at least one.
        highest_distance: the largest distance to the nearest that undamaged items show from this camera.
    """
    inside = on_item(mask, *features.shape[:2])
    patches = unit(features[inside])
    similarity = patches @ bank.T
    rows, places, closest = np.arange(len(patches)), [], []
    for _ in range(min(_NEAREST, len(bank))):
        places.append(similarity.argmax(axis=1))
        closest.append(similarity[rows, places[-1]])
        similarity[rows, places[-1]] = -1
    distances = 1 - np.stack([closest[0], np.mean(closest, axis=0)], axis=1)
    told = np.zeros((*inside.shape, features.shape[2] + BESIDES), np.float32)
    told[inside] = np.column_stack(
        [
            patches - bank[places[0]],
            distances / max(highest_distance, 1e-6),
            np.ones(len(patches)),
            heights_mm[inside] / _HEIGHT_MM,
        ]
    )
    return told


def patch_heights(
    height_mm: NDArray[np.float32], mask: NDArray[np.bool_], height: int, width: int
) -> NDArray[np.float32]:
    """Return the mean height of the item in each patch, float32 [height, width] in mm; 0 where it is unknown.

    Args:
        height_mm: of the view's pixels, float32 [S, S], NaN unknown.
        mask: the item in the view's crop, bool [S, S].
        height: how many rows of patches there are.
        width: how many columns.
    """
    known = (np.isfinite(height_mm) & mask).astype(np.float32)
    share, total = (
        cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)
        for values in (known, np.nan_to_num(height_mm).astype(np.float32) * known)
    )
    return np.asarray(total / np.maximum(share, 1e-6), np.float32)
