"""The bundle adjustment: the cameras', boards' and, where asked, lenses' values that fit all corners best.

The method is multi-camera calibration from planar targets (Zhang 2000 for the target, Triggs et al. 1999 for the
adjustment): the reprojection error in px over all cameras and board poses is minimised by SciPy's trust-region solver
with a sparse exact Jacobian and a robust loss, every view weighted by how well its corners were found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics, Transform
from station.setup.poses import POSE_SCALE, Observation, Vector, View, inverse, residuals_px, rms, transform, vector
from station.setup.solver import csr_matrix, least_squares

SIGMA_FLOOR_PX = 0.05
_LOSS_SCALE = 3.0
_MAX_STEPS = 60
_POSE, _LENS = 6, 4
"""Unknowns of a pose, rotation vector and translation; of a lens: fx, fy, cx, cy."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The rig as adjusted. Its frame is the first camera's. `sigma_px` is each view's corner error.

    `rms_px` is the reprojection error over all corners.
    """

    lenses: Mapping[str, Intrinsics]
    rig_from_camera: Mapping[str, Transform]
    rig_from_board: Mapping[int, Transform]
    sigma_px: Mapping[View, float]
    rms_px: float


def bundle(seen: Mapping[View, Observation], start: Solution, refine: bool = False) -> Solution:
    """Return the solution that fits all observations best.

    Args:
        seen: what each camera sees of the board in each pose.
        start: where to begin; its `sigma_px` weighs the views.
        refine: whether the lenses' focal lengths and middles are unknown too; their distortion never is.
    """
    problem = _Problem(seen, start, refine)
    fit = least_squares(
        problem.residuals,
        problem.begin,
        problem.jacobian,
        x_scale=problem.scale,
        loss="soft_l1",
        f_scale=_LOSS_SCALE,
        xtol=1e-9,
        max_nfev=_MAX_STEPS,
    )
    return problem.solution(fit.x)


class _Problem:
    """Which unknown stands where: the cameras but the first, the boards, then the lenses if they are refined.

    Cameras are unknown as camera_from_rig, boards as rig_from_board.
    """

    def __init__(self, seen: Mapping[View, Observation], start: Solution, refine: bool) -> None:
        self._seen = seen
        self._start = start
        names, boards = list(start.lenses), sorted({board for _, board in seen})
        self._camera = {name: _POSE * place for place, name in enumerate(names[1:])}
        end = _POSE * len(self._camera)
        self._board = {board: end + _POSE * place for place, board in enumerate(boards)}
        end += _POSE * len(boards)
        self._lens = {name: end + _LENS * place for place, name in enumerate(names)} if refine else {}
        self.begin = np.concatenate(
            [vector(inverse(start.rig_from_camera[name])) for name in self._camera]
            + [vector(start.rig_from_board[board]) for board in boards]
            + [_lens_vector(start.lenses[name]) for name in self._lens]
        )
        self.scale = np.concatenate([np.tile(POSE_SCALE, end // _POSE), np.ones(_LENS * len(self._lens))])

    def residuals(self, x: Vector) -> Vector:
        """Return reprojected minus seen of every corner, in its view's sigma."""
        parts = []
        for view, here in self._seen.items():
            lens, camera, board = self._at(x, view)
            off = residuals_px(lens, transform(camera) @ transform(board), here)
            parts.append(off.ravel() / self._start.sigma_px[view])
        return np.concatenate(parts)

    def jacobian(self, x: Vector) -> Any:
        """Return how the residuals follow the unknowns, sparse."""
        rows, columns, values, row = [], [], [], 0
        for view, here in self._seen.items():
            name, board = view
            slopes = _slopes(*self._at(x, view), here)
            count = len(slopes[0])
            places = self._camera.get(name), self._board[board], self._lens.get(name)
            for block, place in zip(slopes, places, strict=True):
                if place is not None:
                    width = block.shape[1]
                    rows.append(np.repeat(np.arange(row, row + count), width))
                    columns.append(np.tile(np.arange(place, place + width), count))
                    values.append((block / self._start.sigma_px[view]).ravel())
            row += count
        where = np.concatenate(rows), np.concatenate(columns)
        return csr_matrix((np.concatenate(values), where), shape=(row, len(x)))

    def solution(self, x: Vector) -> Solution:
        """Return what the unknowns say."""
        cameras = dict(self._start.rig_from_camera)
        for name, place in self._camera.items():
            cameras[name] = inverse(transform(x[place : place + _POSE]))
        boards = {board: transform(x[place : place + _POSE]) for board, place in self._board.items()}
        off_px, lenses = {}, dict(self._start.lenses)
        for view, here in self._seen.items():
            lenses[view[0]] = lens = self._at(x, view)[0]
            off_px[view] = residuals_px(lens, inverse(cameras[view[0]]) @ boards[view[1]], here)
        sigma = {view: max(rms(found), SIGMA_FLOOR_PX) for view, found in off_px.items()}
        return Solution(lenses, cameras, boards, sigma, rms(np.concatenate(list(off_px.values()))))

    def _at(self, x: Vector, view: View) -> tuple[Intrinsics, Vector, Vector]:
        """Return a view's lens, camera_from_rig and rig_from_board."""
        name, board = view
        camera, lens = self._camera.get(name), self._start.lenses[name]
        if name in self._lens:
            fx, fy, cx, cy = x[self._lens[name] : self._lens[name] + _LENS].tolist()
            lens = replace(lens, fx=fx, fy=fy, cx=cx, cy=cy)
        at_rest = np.zeros(_POSE)
        place = self._board[board]
        return lens, at_rest if camera is None else x[camera : camera + _POSE], x[place : place + _POSE]


def _lens_vector(lens: Intrinsics) -> Vector:
    return np.array([lens.fx, lens.fy, lens.cx, lens.cy])


def _slopes(
    lens: Intrinsics, camera: Vector, board: Vector, seen: Observation
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return how pixels follow camera_from_rig, rig_from_board, and the lens; float64 [2 N, 6], [2 N, 6], [2 N, 4]."""
    composed = cv2.composeRT(board[:3], board[3:], camera[:3], camera[3:])
    turn, shift, rr1, rt1, rr2, rt2, tr1, tt1, tr2, tt2 = composed
    _, by = cv2.projectPoints(seen.points_mm, turn, shift, lens.matrix, np.array(lens.distortion))
    by_pose, by_lens = by[:, :_POSE], np.asarray(by[:, _POSE : _POSE + _LENS], np.float64)
    by_board = by_pose @ np.block([[rr1, rt1], [tr1, tt1]])
    by_camera = by_pose @ np.block([[rr2, rt2], [tr2, tt2]])
    return by_camera, by_board, by_lens
