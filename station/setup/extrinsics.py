"""Where the cameras are: bundle adjustment over poses of a board that two or more of them see.

The method is multi-camera calibration from planar targets (Zhang 2000 for the target, Triggs et al. 1999 for the
adjustment): the reprojection error in px over all cameras and board poses is minimised by SciPy's trust-region solver
with a sparse exact Jacobian and a robust loss, every view weighted by how well its corners were found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Intrinsics, Transform
from station.setup.solver import csr_matrix, least_squares

_LOSS_SCALE = 3.0
_SIGMA_FLOOR_PX = 0.05
_WEIGHING_ROUNDS = 2
_AMBIGUOUS = 2.0

Vector = NDArray[np.float64]
View = tuple[str, int]
"""A camera's id and the number of a board pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a camera sees of a board: points of the board's frame, float64 [N, 3] mm, at `pixels`, float64 [N, 2]."""

    points_mm: NDArray[np.float64]
    pixels: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The rig as adjusted. Its frame is the reference camera's. `sigma_px` is each view's corner error.

    `rms_px` is the reprojection error over all corners.
    """

    rig_from_camera: Mapping[str, Transform]
    rig_from_board: Mapping[int, Transform]
    sigma_px: Mapping[View, float]
    rms_px: float


def locate(lens: Intrinsics, seen: Observation) -> tuple[Transform, float]:
    """Return camera_from_board and its reprojection RMS in px.

    Raises:
        SetupError: no pose fits.
    """
    matrix, distortion = lens.matrix, np.array(lens.distortion)
    found, turns, shifts, errors = cv2.solvePnPGeneric(
        seen.points_mm, seen.pixels, matrix, distortion, flags=cv2.SOLVEPNP_IPPE
    )
    if not found:
        raise SetupError("the board's corners fit no pose. Check that the printed board is flat and the right one")
    best = int(np.argmin(np.ravel(errors)))
    turn, shift = cv2.solvePnPRefineLM(seen.points_mm, seen.pixels, matrix, distortion, turns[best], shifts[best])
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


def adjust(
    lenses: Mapping[str, Intrinsics],
    seen: Mapping[View, Observation],
    start: Solution | None = None,
    rounds: int = _WEIGHING_ROUNDS,
) -> Solution:
    """Return the rig that fits all observations best; the first camera of `lenses` is its frame.

    Args:
        lenses: each camera's intrinsics.
        seen: what each camera sees of the board in each pose.
        start: where to begin; from single views when None.
        rounds: how often the views are weighed anew.

    Raises:
        SetupError: a camera shares no board pose with the others.
    """
    solution = start or _chain(lenses, seen)
    sigma = solution.sigma_px
    for _ in range(rounds):
        solution = _bundle(lenses, seen, solution, sigma)
        sigma = solution.sigma_px
    return solution


def leave_one_out(
    lenses: Mapping[str, Intrinsics], seen: Mapping[View, Observation], solution: Solution
) -> dict[View, float]:
    """Return for each view how far off its corners are, RMS px, by what the other views say without it.

    The rig is adjusted without the whole pose; the other cameras then place the board, and the left-out camera's
    corners are predicted from that. Views of poses that no other camera sees are left out.
    """
    errors: dict[View, float] = {}
    for pose in sorted({pose for _, pose in seen}):
        here = {view: found for view, found in seen.items() if view[1] == pose}
        rest = {view: found for view, found in seen.items() if view[1] != pose}
        if len(here) < 2 or {name for name, _ in rest} != set(lenses):
            continue
        without = _bundle(lenses, rest, solution, solution.sigma_px)
        for view in here:
            others = {name: found for (name, _), found in here.items() if name != view[0]}
            board = place_board(lenses, without.rig_from_camera, others, solution.rig_from_board[pose])
            camera_from_board = inverse(without.rig_from_camera[view[0]]) @ board
            errors[view] = rms(residuals_px(lenses[view[0]], camera_from_board, here[view]))
    return errors


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

    found = least_squares(off, vector(start), x_scale=_scale(1), loss="soft_l1", f_scale=0.5)
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


def _chain(lenses: Mapping[str, Intrinsics], seen: Mapping[View, Observation]) -> Solution:
    """Return a first guess: single views joined from the reference camera outwards, most corners first."""
    single: dict[View, tuple[Transform, float]] = {}
    for view, found in seen.items():
        single[view] = locate(lenses[view[0]], found)
    cameras: dict[str, Transform] = {next(iter(lenses)): np.eye(4)}
    boards: dict[int, Transform] = {}
    while True:
        for pose in {pose for _, pose in seen} - set(boards):
            views = [view for view in single if view[1] == pose and view[0] in cameras]
            if views:
                best = max(views, key=lambda view: len(seen[view].pixels))
                boards[pose] = cameras[best[0]] @ single[best][0]
        missing = [name for name in lenses if name not in cameras]
        if not missing:
            break
        linked = {name: [view for view in single if view[0] == name and view[1] in boards] for name in missing}
        nearest = max(missing, key=lambda name: len(linked[name]))
        if not linked[nearest]:
            raise SetupError(
                f"camera {nearest} shares no pose of the board with {', '.join(cameras)}. "
                "Hold the board where it and another camera both see it, and run this step again"
            )
        guesses = [boards[view[1]] @ inverse(single[view][0]) for view in linked[nearest]]
        cameras[nearest] = min(guesses, key=lambda guess: _disagreement(guess, guesses))
    return Solution(cameras, boards, {view: max(error, _SIGMA_FLOOR_PX) for view, (_, error) in single.items()}, np.inf)


def _disagreement(guess: Transform, guesses: Sequence[Transform]) -> float:
    """Return how far a guess lies from the others; a planar target's mirrored pose is the odd one out."""
    apart = [difference(guess, other) for other in guesses]
    return float(np.median([mm + 10 * degrees for mm, degrees in apart]))


def _bundle(
    lenses: Mapping[str, Intrinsics],
    seen: Mapping[View, Observation],
    start: Solution,
    sigma_px: Mapping[View, float],
) -> Solution:
    names = list(lenses)
    poses = sorted({pose for _, pose in seen})
    first_board = 6 * (len(names) - 1)
    column_of_camera = {name: 6 * (index - 1) for index, name in enumerate(names)}
    column_of_board = {pose: first_board + 6 * index for index, pose in enumerate(poses)}
    begin = np.concatenate(
        [vector(inverse(start.rig_from_camera[name])) for name in names[1:]]
        + [vector(start.rig_from_board[pose]) for pose in poses]
    )

    def parts(x: Vector, view: View) -> tuple[Vector, Vector]:
        """Return camera_from_rig and rig_from_board of a view, as vectors."""
        column = column_of_camera[view[0]]
        camera = x[column : column + 6] if column >= 0 else np.zeros(6)
        board = column_of_board[view[1]]
        return camera, x[board : board + 6]

    def off(x: Vector) -> Vector:
        found = []
        for view, here in seen.items():
            camera, board = parts(x, view)
            found.append(
                residuals_px(lenses[view[0]], transform(camera) @ transform(board), here).ravel() / sigma_px[view]
            )
        return np.concatenate(found)

    def slopes(x: Vector) -> Any:
        rows, columns, values, row = [], [], [], 0
        for view, here in seen.items():
            camera, board = parts(x, view)
            by_camera, by_board = _slopes(lenses[view[0]], camera, board, here)
            count = len(by_board)
            for block, column in ((by_camera, column_of_camera[view[0]]), (by_board, column_of_board[view[1]])):
                if column >= 0:
                    rows.append(np.repeat(np.arange(row, row + count), 6))
                    columns.append(np.tile(np.arange(column, column + 6), count))
                    values.append((block / sigma_px[view]).ravel())
            row += count
        return csr_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(row, len(begin))
        )

    fit = least_squares(
        off, begin, slopes, x_scale=_scale(len(begin) // 6), loss="soft_l1", f_scale=_LOSS_SCALE, xtol=1e-9, max_nfev=60
    )
    cameras = {
        name: np.eye(4) if column < 0 else inverse(transform(fit.x[column : column + 6]))
        for name, column in column_of_camera.items()
    }
    boards = {pose: transform(fit.x[column : column + 6]) for pose, column in column_of_board.items()}
    off_px = {
        view: residuals_px(lenses[view[0]], inverse(cameras[view[0]]) @ boards[view[1]], here)
        for view, here in seen.items()
    }
    sigma = {view: max(rms(found), _SIGMA_FLOOR_PX) for view, found in off_px.items()}
    return Solution(cameras, boards, sigma, rms(np.concatenate(list(off_px.values()))))


def _slopes(
    lens: Intrinsics, camera: Vector, board: Vector, seen: Observation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how pixels follow camera_from_rig and rig_from_board, float64 [2 N, 6] each."""
    composed = cv2.composeRT(board[:3], board[3:], camera[:3], camera[3:])
    turn, shift, rr1, rt1, rr2, rt2, tr1, tt1, tr2, tt2 = composed
    _, by = cv2.projectPoints(seen.points_mm, turn, shift, lens.matrix, np.array(lens.distortion))
    by_pose = by[:, :6]
    by_board = by_pose @ np.block([[rr1, rt1], [tr1, tt1]])
    by_camera = by_pose @ np.block([[rr2, rt2], [tr2, tt2]])
    return by_camera, by_board


def _scale(poses: int) -> Vector:
    """Return typical sizes of the unknowns: a hundredth of a radian, ten millimetres."""
    return np.tile([0.01, 0.01, 0.01, 10.0, 10.0, 10.0], poses)
