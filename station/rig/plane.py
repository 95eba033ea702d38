"""The support plane in one depth image."""

import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.core.geometry import Intrinsics
from station.rig.rig import Tray

_TRIALS = 400
_SAMPLE = 20_000
_SEED = 7
_MIN_SHARE = 0.05
"""A plane holds at least this share of all points with depth."""


def estimate_tray(
    depth_mm: NDArray[np.float32],
    intrinsics: Intrinsics,
    *,
    up: tuple[float, float, float] = (0.0, 0.0, -1.0),
    max_tilt_deg: float = 60.0,
    tolerance_mm: float = 6.0,
    max_item_height_mm: float = 250.0,
) -> Tray:
    """Find the largest plane in a depth image and take it for the tray, with the camera's frame as the rig's.

    RANSAC over point triples (Fischler and Bolles 1981), refined by least squares. The tray's z axis
    points to the camera's side, its x axis along the image's rows; it is as large as the middle
    90 % of the plane's points. The same image gives the same tray.

    Args:
        depth_mm: [H, W], 0 where unknown, aligned to the image `intrinsics` are of; distortion is left aside.
        intrinsics: of that image.
        up: roughly where the tray's normal points, in the camera's frame; the default is towards the camera.
        max_tilt_deg: planes whose normal leaves `up` by more are not taken.
        tolerance_mm: points nearer than this to the plane belong to it.
        max_item_height_mm: the working volume's height, passed on to the tray.

    Raises:
        RigError: there is no such plane.
    """
    rows, cols = np.nonzero(depth_mm)
    z = depth_mm[rows, cols].astype(np.float64)
    points = np.column_stack(
        [(cols - intrinsics.cx) / intrinsics.fx * z, (rows - intrinsics.cy) / intrinsics.fy * z, z]
    )
    generator = np.random.default_rng(_SEED)
    sample = points[generator.permutation(len(points))[:_SAMPLE]]
    up_axis = np.array(up) / np.linalg.norm(up)
    plane = _best_plane(sample, up_axis, float(np.cos(np.radians(max_tilt_deg))), tolerance_mm, generator)
    if plane is None:
        raise RigError("the depth image shows no plane to stand items on. Aim the camera at the empty tray")
    for _ in range(2):
        normal, middle = plane
        inliers = points[np.abs((points - middle) @ normal) < tolerance_mm]
        middle = inliers.mean(axis=0)
        normal = np.linalg.eigh(np.cov((inliers - middle).T))[1][:, 0]
        plane = (normal if normal @ up_axis > 0 else -normal), middle
    return _tray_of(plane[0], inliers, max_item_height_mm)


def _best_plane(
    points: NDArray[np.float64],
    up: NDArray[np.float64],
    min_cosine: float,
    tolerance_mm: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    best, most = None, round(_MIN_SHARE * len(points))
    if len(points) < 3:
        return None
    for a, b, c in points[generator.integers(len(points), size=(_TRIALS, 3))]:
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal)
        if length == 0 or abs(normal @ up) < min_cosine * length:
            continue
        normal /= length
        count = int(np.count_nonzero(np.abs((points - a) @ normal) < tolerance_mm))
        if count > most:
            best, most = (normal, a), count
    return best


def _tray_of(normal: NDArray[np.float64], points: NDArray[np.float64], max_item_height_mm: float) -> Tray:
    along = np.eye(3)[0 if abs(normal[0]) < 0.9 else 1]
    x_axis = along - normal * (normal @ along)
    x_axis /= np.linalg.norm(x_axis)
    axes = np.column_stack([x_axis, np.cross(normal, x_axis), normal])
    low, high = np.percentile(points @ axes[:, :2], [5, 95], axis=0)
    camera_from_tray = np.eye(4)
    camera_from_tray[:3, :3] = axes
    camera_from_tray[:3, 3] = axes @ np.array([*(low + high) / 2, (points @ normal).mean()])
    width, depth = high - low
    return Tray(
        rig_from_tray=camera_from_tray, size_mm=(float(width), float(depth)), max_item_height_mm=max_item_height_mm
    )
