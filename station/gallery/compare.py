"""A view against its product's references: a score, a map and the places where they differ.

The nearest of all reference patches speaks whatever the view's pose. Where the view could be laid over faces of the
product, the oddest of those adds to it, each patch compared at its place: less than in proportion, since the spread of
a face is learned from few units.
"""

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.verdict import Finding, Region
from station.gallery.calibration import ViewCalibration
from station.gallery.patches import patch_distances
from station.gallery.registered import (
    Placed,
    face_cover,
    face_score,
    odd_structure,
    patch_scores,
    seen_from_view,
)
from station.gallery.structure import MARGIN_PX, odd_boxes

REFERENCES = "references"
METHOD = "nearest-patch-1"  # changes whenever scores stop being comparable with stored calibrations
_TOP_PATCHES = 3
_FACES_WEIGHT = 0.5
_FINE_CELL_PX = 4


def view_score(distances: NDArray[np.float32]) -> float:
    """Return a view's score: the mean of its largest patch distances, so that one odd patch is not enough."""
    count = min(_TOP_PATCHES, distances.size)
    return float(np.partition(distances, -count, axis=None)[-count:].mean())


def compare_view(
    camera_id: str,
    features: NDArray[np.float32],
    mask: NDArray[np.bool_],
    bank: NDArray[np.floating],
    usual: ViewCalibration,
    placed: Sequence[Placed] = (),
    described: Iterable[NDArray[np.float32]] = (),
    left_out: Mapping[int, float] | None = None,
) -> Finding:
    """Compare one view with the product's references.

    Args:
        camera_id: the camera.
        features: the view's feature map, float32 [h, w, C].
        mask: the item in the view's crop, bool [S, S].
        bank: the product's reference patches, [P, C].
        usual: what undamaged items look like from this camera; regions lie above its highest distance.
        placed: the view laid over those faces of the product that it shows.
        described: the features of their pictures, float32 [h, w, C] each.
        left_out: the scores of faces (by their place in `placed`) that this very view was a reference of.

    Returns:
        A finding whose regions' scores count in what undamaged items reach at most, worst first, at least one.
    """
    distances = patch_distances(features, mask, bank)
    scores, seen = view_score(distances), distances / max(usual.highest_distance, 1e-6)
    if placed:
        covered = np.zeros(distances.shape, np.bool_)
        on_faces = np.zeros(distances.shape, np.float32)
        oddest = []
        for number, (one, face_features) in enumerate(zip(placed, described, strict=True)):
            unusual = patch_scores(one, face_features)
            known = (left_out or {}).get(number)
            oddest.append(face_score(unusual, one.face) if known is None else known)
            covered |= seen_from_view(face_cover(one.face), one) > 0.5
            np.maximum(on_faces, seen_from_view(unusual / np.float32(one.face.highest), one), out=on_faces)
        scores += usual.spread * _FACES_WEIGHT * float(np.arcsinh(max(oddest)))
        seen = np.where(covered, (seen + on_faces) / 2, seen).astype(np.float32)
    regions = _regions(camera_id, seen, mask.shape[0])
    if placed:
        odd = odd_structure(max(placed, key=lambda one: one.agreeing), mask)  # fine structure needs the surest place
        regions = _sharpened(regions, [Region(camera_id, box, score) for score, box in odd_boxes(odd)])
        seen = _sharpened_map(seen, odd)
    return Finding(source=REFERENCES, camera_id=camera_id, score=scores, regions=regions, score_map=seen)


def _sharpened(coarse: Sequence[Region], fine: Sequence[Region]) -> tuple[Region, ...]:
    """The fine regions, and those coarse ones in which none of them lies."""
    kept = [region for region in coarse if not any(_centre_within(one, region) for one in fine)]
    return tuple(sorted([*kept, *fine], key=lambda region: -region.score))


def _sharpened_map(seen: NDArray[np.float32], odd: NDArray[np.float32]) -> NDArray[np.float32]:
    """The coarse map, or where there is odd structure a finer one, in which it stands for the coarse part around it."""
    if odd.max() <= 1:
        return seen
    cells = len(odd) // _FINE_CELL_PX
    wide = cv2.dilate(odd, np.ones((2 * MARGIN_PX + 1,) * 2, np.uint8))
    fine = np.asarray(cv2.resize(wide, (cells, cells), interpolation=cv2.INTER_AREA), np.float32)
    coarse = np.asarray(cv2.resize(seen, (cells, cells), interpolation=cv2.INTER_LINEAR), np.float32)
    _, labels = cv2.connectedComponents((coarse > 1).astype(np.uint8), connectivity=8)
    explained = np.isin(labels, np.unique(labels[(fine > 1) & (labels > 0)]))
    return np.maximum(np.where(explained, np.minimum(coarse, 1), coarse), np.where(fine > 1, fine, 0))


def _centre_within(inner: Region, outer: Region) -> bool:
    x, y, width, height = inner.box_px
    left, top, across, down = outer.box_px
    return left <= x + width / 2 <= left + across and top <= y + height / 2 <= top + down


def _regions(camera_id: str, seen: NDArray[np.float32], crop_px: int) -> tuple[Region, ...]:
    level = min(1.0, 0.999 * float(seen.max()))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((seen > level).astype(np.uint8), connectivity=8)
    scale_y, scale_x = crop_px / seen.shape[0], crop_px / seen.shape[1]
    regions = []
    for label in range(1, count):
        x, y, width, height = (int(value) for value in stats[label, :4])
        box = (round(x * scale_x), round(y * scale_y), round(width * scale_x), round(height * scale_y))
        regions.append(Region(camera_id, box, float(seen[labels == label].max())))
    return tuple(sorted(regions, key=lambda region: -region.score))
