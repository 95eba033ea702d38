"""Poses of a board and of cameras: what is seen, where it is by that, and how far off it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Intrinsics, Transform
from station.setup.solver import least_squares

POSE_SCALE = (0.01, 0.01, 0.01, 10.0, 10.0, 10.0)
"""Typical sizes of a pose's unknowns: a hundredth of a radian, ten millimetres."""

Vector = NDArray[np.float64]
View = tuple[str, int]
"""A camera's id and the number of a board pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a camera sees of a board: points of the board's frame, float64 [N, 3] mm, at `pixels`, float64 [N, 2]."""

    points_mm: NDArray[np.float64]
    pixels: NDArray[np.float64]


def locate(lens: Intrinsics, seen: Observation) -> tuple[Transform, float]:
    """Return camera_from_board and its reprojection RMS in px.

    Raises:
        SetupError: no pose fits.
    """
    matrix, distortion = lens.matrix, np.array(lens.distortion)
    # SOLVEPNP_IPPE, made for planes, is off by tens of pixels for points off z = 0 whose first three are in no line.
    found, turn, shift = cv2.solvePnP(seen.points_mm, seen.pixels, matrix, distortion, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        raise SetupError("the board's corners fit no pose. Check that the printed board is flat and the right one")
    turn, shift = cv2.solvePnPRefineLM(seen.points_mm, seen.pixels, matrix, distortion, turn, shift)
    pose = transform(np.concatenate([turn.ravel(), shift.ravel()]))
    return pose, rms(residuals_px(lens, pose, seen))


def residuals_px(lens: Intrinsics, camera_from_board: Transform, seen: Observation) -> NDArray[np.float64]:
    """Return reprojected minus seen, float64 [N, 2] px."""
    turn = cv2.Rodrigues(camera_from_board[:3, :3])[0]
    places, _ = cv2.projectPoints(
        seen.points_mm, turn, camera_from_board[:3, 3], lens.matrix, np.array(lens.distortion)
    )
    return np.asarray(places.reshape(-1, 2) - seen.pixels, np.float64)


def rms(residuals: NDArray[np.float64]) -> float:
    """Return the root mean square length of residuals [N, 2]."""
    return float(np.sqrt((residuals**2).sum(axis=1).mean()))


def place_board(
    lenses: Mapping[str, Intrinsics],
    rig_from_camera: Mapping[str, Transform],
    seen: Mapping[str, Observation],
    start: Transform,
) -> Transform:
    """Return rig_from_board as several cameras of a known rig see it."""

    def off(x: Vector) -> Vector:
        board = transform(x)
        parts = [
            residuals_px(lenses[name], inverse(rig_from_camera[name]) @ board, found).ravel()
            for name, found in seen.items()
        ]
        return np.concatenate(parts)

    found = least_squares(off, vector(start), x_scale=POSE_SCALE, loss="soft_l1", f_scale=0.5)
    return transform(found.x)


def transform(x: Vector) -> Transform:
    """Return the transform of a rotation vector and a translation, float64 [6]."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(x[:3])[0], x[3:6]
    return pose


def inverse(pose: Transform) -> Transform:
    """Return b_from_a of a_from_b."""
    return np.asarray(np.linalg.inv(pose), np.float64)


def vector(pose: Transform) -> Vector:
    """Return a transform as its rotation vector and translation, float64 [6]."""
    return np.concatenate([cv2.Rodrigues(pose[:3, :3])[0].ravel(), pose[:3, 3]])


def difference(a: Transform, b: Transform) -> tuple[float, float]:
    """Return how far two transforms lie apart: mm between their origins, and degrees."""
    turn = cv2.Rodrigues(a[:3, :3].T @ b[:3, :3])[0]
    return float(np.linalg.norm(a[:3, 3] - b[:3, 3])), float(np.degrees(np.linalg.norm(turn)))
