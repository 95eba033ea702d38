"""The steps that make the rig: extrinsics, then the tray."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Transform
from station.rig import Rig, RigCamera, Tray
from station.setup.coverage import coverage_picture, coverage_shares
from station.setup.depth import z_errors_mm
from station.setup.extrinsics import Observation, Solution, View, adjust, inverse, leave_one_out, locate
from station.setup.gather import missing_poses
from station.setup.measure import Measure, StepResult, at_least, at_most, plain
from station.setup.session import BOARD, Session

_LYING_DEG = 4.0
_LYING_MM = 12.0


def extrinsics(session: Session) -> StepResult:
    """Put all cameras into one frame, and state how well they agree.

    Raises:
        SetupError: a camera shares no board pose with the others.
    """
    settings, lenses, seen = session.settings, session.lenses(), _observations(session)
    absent = [name for name in lenses if not any(view[0] == name for view in seen)]
    if absent:
        raise SetupError(
            f"camera {absent[0]} has not seen the board. Hold the board where it and another camera both see it, "
            "and run `station setup` again"
        )
    solution = adjust(lenses, seen)
    errors = leave_one_out(lenses, seen, solution)
    session.save_solution(solution)
    measures: list[Measure] = [
        plain("board poses", "booth", len(solution.rig_from_board), ""),
        at_most("reprojection error", "booth", solution.rms_px, "px", settings.max_reprojection_px),
    ]
    for name in lenses:
        own = [error**2 for view, error in errors.items() if view[0] == name]
        left_out = float(np.sqrt(np.mean(own))) if own else float("nan")
        measures.append(
            at_most("leave-one-out reprojection error", name, left_out, "px", settings.max_leave_one_out_px)
        )
    for pair, apart_mm in _point_to_plane(session, solution).items():
        measures.append(at_most("point-to-plane error of depth", pair, apart_mm, "mm", settings.max_point_to_plane_mm))
    return StepResult("extrinsics", tuple(measures), tuple(missing_poses(list(seen), list(lenses), settings)))


def tray(session: Session) -> StepResult:
    """Find the tray's plane from boards lying on it, make the tray's frame the rig's, and look at what is covered.

    Raises:
        SetupError: no board lay on the tray.
    """
    settings, solution, infos, lenses = session.settings, session.solution(), session.cameras(), session.lenses()
    lying = _lying(session, solution)
    if not lying:
        raise SetupError(
            "no pose of the board lies flat on the tray. Lay it in the tray's middle, print up, its long side along "
            "the near edge, and run `station setup` again"
        )
    board = session.board
    corners = board.corners_mm() + np.array([0, 0, settings.board_thickness_mm])
    places = [pose[:3, :3] @ corners.T + pose[:3, 3:] for pose in lying]
    rig_from_tray, spread_mm = _tray_frame(np.concatenate([place.T for place in places]), lying[0], board.size_mm)
    tray_from_rig = inverse(rig_from_tray)
    cameras = tuple(
        RigCamera(name, info.serial, lenses[name], tray_from_rig @ solution.rig_from_camera[name])
        for name, info in infos.items()
    )
    rig = Rig(cameras, Tray(np.eye(4), (settings.tray_width_mm, settings.tray_depth_mm), settings.max_item_height_mm))
    session.save_draft(rig)
    by_one, by_two = coverage_shares(rig)
    measures = (
        at_least("boards on the tray", "booth", len(lying), "", settings.lying_poses),
        at_most("corners' distance from the tray's plane, RMS", "booth", spread_mm, "mm", settings.max_tray_spread_mm),
        at_least("tray seen by a camera", "booth", by_one, "", settings.min_tray_coverage),
        at_least("working volume seen by two cameras", "booth", by_two, "", settings.min_coverage),
    )
    pictures = [
        ("Coverage of the working volume; red is seen by no camera", session.picture("coverage", coverage_picture(rig)))
    ]
    pictures += [
        (f"Background: camera {name}", session.picture(f"background-{name}", shot.colour))
        for name, shot in session.empty().items()
    ]
    return StepResult("tray", measures, (), tuple(pictures))


def _observations(session: Session) -> dict[View, Observation]:
    """Return the usable views: those whose corners fit a pose."""
    corners, lenses, limit = session.board.corners_mm(), session.lenses(), session.settings.max_view_error_px
    views = {view: Observation(corners[found.ids], found.pixels) for view, found in session.sightings().items()}
    usable = {view: seen for view, seen in views.items() if locate(lenses[view[0]], seen)[1] <= limit}
    if len(usable) * 2 < len(views):
        raise SetupError(
            f"in {len(views) - len(usable)} of {len(views)} views the corners do not fit {session.board.name}. "
            "Check setup.paper, and measure the board's check bars: print it at 100 %, on something flat"
        )
    return usable


def _point_to_plane(session: Session, solution: Solution) -> dict[str, float]:
    """Return for each pair of cameras how far one's depth lies off the board where the other's depth has it, RMS mm.

    Each camera's depth of the board is taken as an offset along its line of sight from the board as all cameras place
    it; two offsets, turned to the board's normal, are as far apart as the surfaces are.
    """
    lenses, offsets = session.lenses(), dict[View, float]()
    for path in session.captures(BOARD):
        number = int(path.name.partition("-")[0])
        for name, shot in session.load_capture(path).items():
            if shot.sighting is None or number not in solution.rig_from_board:
                continue
            pose = inverse(solution.rig_from_camera[name]) @ solution.rig_from_board[number]
            off_mm, true_mm = z_errors_mm(shot.depth_mm, lenses[name], pose, shot.sighting.pixels)
            if len(off_mm) > 100:
                offsets[name, number] = float(np.median(off_mm / true_mm)) * float(pose[:3, 2] @ pose[:3, 3])
    apart: dict[str, float] = {}
    for one, other in combinations(lenses, 2):
        both = [n for (name, n) in offsets if name == one and (other, n) in offsets]
        if both:
            squares = [(offsets[one, n] - offsets[other, n]) ** 2 for n in both]
            apart[f"{one} - {other}"] = float(np.sqrt(np.mean(squares)))
    return apart


def _lying(session: Session, solution: Solution) -> list[Transform]:
    """Return the poses of boards that lie on the tray, as the most in one plane do; the first captured first."""
    poses = solution.rig_from_board
    best: list[int] = []
    for pose in poses.values():
        flat = [number for number, other in poses.items() if _in_plane(pose, other)]
        best = max(best, flat, key=len)
    return [poses[number] for number in sorted(best)] if len(best) >= min(2, session.settings.lying_poses) else []


def _in_plane(pose: Transform, other: Transform) -> bool:
    """Whether two boards lie in one plane, roughly."""
    tilt = np.degrees(np.arccos(np.clip(pose[:3, 2] @ other[:3, 2], -1, 1)))
    return bool(tilt < _LYING_DEG and abs(pose[:3, 2] @ (other[:3, 3] - pose[:3, 3])) < _LYING_MM)


def _tray_frame(points: NDArray[np.float64], first: Transform, size_mm: tuple[float, float]) -> tuple[Transform, float]:
    """Return rig_from_tray and the points' RMS distance from its plane.

    The origin lies below the first board's middle, x along its long side, z up, out of the print.
    """
    middle = points.mean(axis=0)
    normal = np.linalg.eigh(np.cov((points - middle).T))[1][:, 0]
    up = -normal if normal @ first[:3, 2] > 0 else normal
    x_axis = first[:3, 0] - up * (up @ first[:3, 0])
    x_axis /= np.linalg.norm(x_axis)
    frame = np.eye(4)
    frame[:3, :3] = np.column_stack([x_axis, np.cross(up, x_axis), up])
    board_middle = first[:3, :3] @ np.array([size_mm[0] / 2, size_mm[1] / 2, 0]) + first[:3, 3]
    frame[:3, 3] = board_middle - up * (up @ (board_middle - middle))
    return frame, float(np.sqrt((((points - middle) @ up) ** 2).mean()))
