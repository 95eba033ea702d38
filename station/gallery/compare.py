"""A view against its references: a score, a map and the places where they differ."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.verdict import Finding, Region
from station.gallery.patches import patch_distances

SOURCE = "references"
METHOD = "nearest-patch-1"  # changes whenever scores stop being comparable with stored calibrations
_TOP_PATCHES = 3


def view_score(distances: NDArray[np.float32]) -> float:
    """Return a view's score: the mean of its largest patch distances, so that one odd patch is not enough."""
    count = min(_TOP_PATCHES, distances.size)
    return float(np.partition(distances, -count, axis=None)[-count:].mean())


def compare_view(
    camera_id: str,
    features: NDArray[np.float32],
    mask: NDArray[np.bool_],
    bank: NDArray[np.floating],
    highest_distance: float,
) -> Finding:
    """Compare one view with the product's references from the same camera.

    Args:
        camera_id: the camera.
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
        bank: the product's reference patches, [P, C].
        highest_distance: the largest patch distance of undamaged items; regions lie above it.

    Returns:
        A finding whose regions' scores count in `highest_distance`, worst first, at least one.
    """
    distances = patch_distances(features, mask, bank)
    return Finding(
        source=SOURCE,
        camera_id=camera_id,
        score=view_score(distances),
        regions=_regions(camera_id, distances, mask.shape[0], highest_distance),
        score_map=distances,
    )


def _regions(
    camera_id: str, distances: NDArray[np.float32], crop_px: int, highest_distance: float
) -> tuple[Region, ...]:
    level = min(highest_distance, 0.999 * float(distances.max()))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((distances > level).astype(np.uint8), connectivity=8)
    scale_y, scale_x = crop_px / distances.shape[0], crop_px / distances.shape[1]
    regions = []
    for label in range(1, count):
        x, y, width, height = (int(value) for value in stats[label, :4])
        box = (round(x * scale_x), round(y * scale_y), round(width * scale_x), round(height * scale_y))
        regions.append(Region(camera_id, box, float(distances[labels == label].max()) / max(highest_distance, 1e-6)))
    return tuple(sorted(regions, key=lambda region: -region.score))
