"""Local features of a view, and the plane-to-plane maps that they agree on.

SIFT (Lowe, 2004) with the square-root descriptors of Arandjelovic and Zisserman, "Three things everyone should know
to improve object retrieval" (CVPR 2012); homographies by MAGSAC++ (Barath et al., CVPR 2020).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_MOST = 800
_CONTRAST = 0.015
_RATIO = 0.85
_INLIER_PX = 2.5
_ITERATIONS = 1000
_CONFIDENCE = 0.999
_STRETCH = (0.2, 3.0)
"""How much a map between two views of one face may shrink or stretch it anywhere."""

Matches = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Keypoints:
    """`points` float32 [N, 2], `x, y` in crop px; `descriptors` float32 [N, 128] of unit length."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]

    def only(self, chosen: NDArray[np.intp]) -> "Keypoints":
        """Return the chosen ones."""
        return Keypoints(self.points[chosen], self.descriptors[chosen])


def find_keypoints(crop: NDArray[np.uint8], mask: NDArray[np.bool_], most: int = _MOST) -> Keypoints:
    """Return the item's keypoints, the strongest if there are too many.

    Args:
        crop: uint8 RGB [S, S, 3].
        mask: the item in it, bool [S, S].
        most: how many at most.
    """
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    detector = cv2.SIFT.create(nfeatures=most, contrastThreshold=_CONTRAST)
    found, described = detector.detectAndCompute(luma, mask.astype(np.uint8))
    if not found:
        return Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
    descriptors = np.sqrt(described / np.maximum(described.sum(axis=1, keepdims=True), 1e-9))
    return Keypoints(np.array([one.pt for one in found], np.float32), descriptors.astype(np.float32))


def match(one: Keypoints, other: Keypoints) -> Matches:
    """Return the indices of keypoints that are each other's nearest, and clearly nearer than the second."""
    if len(one.points) < 2 or len(other.points) < 2:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    likeness = one.descriptors @ other.descriptors.T
    rows = np.arange(len(likeness))
    nearest = likeness.argmax(axis=1)
    best = likeness[rows, nearest]
    mutual = likeness.argmax(axis=0)[nearest] == rows
    likeness[rows, nearest] = -1.0
    clear = 1.0 - best < _RATIO**2 * (1.0 - likeness.max(axis=1))
    chosen = np.flatnonzero(mutual & clear)
    return chosen, nearest[chosen]


def homography(
    origin: NDArray[np.float32], target: NDArray[np.float32], least: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Return the map of one plane to another, float64 [3, 3], and which pairs agree with it.

    Args:
        origin: points float32 [N, 2].
        target: where they are seen, float32 [N, 2].
        least: how many pairs must agree.

    Returns:
        None where too few agree, or what they agree on is no view of a face.
    """
    if len(origin) < max(4, least):
        return None
    fitted: Any = cv2.findHomography(
        origin, target, cv2.USAC_MAGSAC, _INLIER_PX, maxIters=_ITERATIONS, confidence=_CONFIDENCE
    )
    found, agreeing = fitted
    if found is None:  # OpenCV's stubs say that it never is
        return None
    inside: NDArray[np.bool_] = agreeing.ravel() > 0
    if np.count_nonzero(inside) < least or not _is_view(found, origin[inside]):
        return None
    return found, inside


def _is_view(found: NDArray[np.float64], points: NDArray[np.float32]) -> bool:
    """Whether the map keeps the face's handedness and size, in its middle and at its corners."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    places = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)
    places = np.vstack([places, points.mean(axis=0)])
    steps = places[:, None] + np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    seen = cv2.perspectiveTransform(steps.reshape(1, -1, 2), found).reshape(-1, 3, 2)
    jacobians = np.stack([seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 0]], axis=2).astype(np.float64)
    stretch = np.linalg.svd(jacobians, compute_uv=False)
    upright = np.linalg.det(jacobians) > 0
    return bool(upright.all() and stretch.min() > _STRETCH[0] and stretch.max() < _STRETCH[1])
