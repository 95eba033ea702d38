"""The steps that make the rig: extrinsics, then the tray."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Transform
from station.rig import Rig, RigCamera, Tray
from station.setup.bundle import Solution
from station.setup.captures import Capture, Kind
from station.setup.chart import cells
from station.setup.coverage import coverage_picture, coverage_shares
from station.setup.depth import points_mm, z_errors_mm
from station.setup.extrinsics import adjust, leave_one_out
from station.setup.gather import missing_poses, shared_poses
from station.setup.intrinsics import usable_views
from station.setup.lying import most_in_plane
from station.setup.measure import SHARE, Measure, StepResult, at_least, at_most, plain
from station.setup.poses import View, inverse
from station.setup.roles import contact_sheet
from station.setup.session import Session, capture_number
from station.setup.settings import SetupSettings
from station.simulation.layout import Layout, load_layout


def extrinsics(session: Session) -> StepResult:
    """Put all cameras into one frame, and state how well they agree.

    Raises:
        SetupError: a camera shares no board pose with the others.
    """
    settings, lenses = session.settings, session.lenses()
    seen = usable_views(session, lenses)
    solution = adjust(lenses, seen)
    errors = leave_one_out(seen, solution)
    session.save_solution(solution)
    measures: list[Measure] = [
        plain("poses in all", "booth", len(solution.rig_from_board), ""),
        at_most("reprojection error", "booth", solution.rms_px, "px", settings.max_reprojection_px),
    ]
    for name in lenses:
        own, shared = shared_poses(list(seen), name)
        measures.append(at_least("poses of the board", name, own, "", settings.poses_per_camera))
        measures.append(at_least("poses shared with another", name, shared, "", settings.poses_shared))
        squares = [error**2 for view, error in errors.items() if view[0] == name]
        left_out = float(np.sqrt(np.mean(squares))) if squares else float("nan")
        measures.append(at_most("leave-one-out error", name, left_out, "px", settings.max_leave_one_out_px))
    for (one, other), apart_mm in _point_to_plane(session, solution).items():
        limit_mm = settings.max_point_to_plane_mm
        measures.append(at_most("point-to-plane error", f"{one}/{other}", apart_mm, "mm", limit_mm))
    drawing = session.drawing("extrinsics", cells(errors, settings.max_leave_one_out_px))
    caption = "Leave-one-out error by camera and capture, px; empty where it did not see the board, or alone"
    missing = tuple(missing_poses(list(seen), list(lenses), settings))
    return StepResult("extrinsics", tuple(measures), missing, ((caption, drawing),))


def tray(session: Session) -> StepResult:
    """Find the tray's plane from boards lying on it, make the tray's frame the rig's, and look at what is covered.

    Raises:
        SetupError: no board lay on the tray.
        SimulationError: the booth file `setup.booth` names cannot be used.
    """
    settings, solution, plan = session.settings, session.solution(), load_layout(session.settings.booth)
    lying = _lying(session, solution)
    if not lying:
        raise SetupError(
            "no two poses of the board lie flat on the tray. Run `station setup` again and lay it in the tray's "
            "middle, print up, its words away from you, and in other places"
        )
    board = session.board
    corners = board.corners_mm() + np.array([0, 0, settings.board_thickness_mm])
    places = [pose[:3, :3] @ corners.T + pose[:3, 3:] for pose in lying]
    rig_from_tray, spread_mm = _tray_frame(np.concatenate([place.T for place in places]), lying[0], board.size_mm)
    tray_from_rig = inverse(rig_from_tray)
    cameras = tuple(
        RigCamera(name, info.serial, solution.lenses[name], tray_from_rig @ solution.rig_from_camera[name])
        for name, info in session.cameras().items()
    )
    rig = Rig(cameras, Tray(np.eye(4), plan.tray.size_mm, plan.tray.max_item_height_mm))
    session.save_draft(rig)
    by_one, by_two, blind = coverage_shares(rig)
    measures = [
        at_least("boards on the tray", "booth", len(lying), "", settings.lying_poses),
        at_most("corners off its plane, RMS", "booth", spread_mm, "mm", settings.max_tray_spread_mm),
        at_least("tray seen by one", "booth", by_one, SHARE, settings.min_tray_coverage),
        at_least("volume seen by two", "booth", by_two, SHARE, settings.min_coverage),
        plain("blind spots of the volume", "booth", blind, SHARE),
    ]
    apart, failures, advice = against_plan(rig, plan)
    if len(lying) < settings.lying_poses:
        advice.append(
            f"the board lay on the tray {len(lying)} times, {settings.lying_poses} are asked for. Run `station setup` "
            "again and lay it down where it says so"
        )
    frame, moved = tray_shift(rig, plan, settings)
    heights, off = tray_depth(rig, session.empty(), settings)
    measures += [*frame, *heights]
    failures += [*moved, *off]
    return StepResult("tray", (*measures, *apart), tuple(advice), _tray_pictures(session, rig), (), tuple(failures))


def against_plan(rig: Rig, plan: Layout) -> tuple[list[Measure], list[str], list[str]]:
    """Return how far cameras stand from their planned places, what is amiss with that, and advice."""
    planned = {place.camera_id: np.array(place.position_mm) for place in plan.cameras}
    found = {camera.camera_id: rig.tray_from_camera(camera.camera_id)[:3, 3] for camera in rig.cameras}
    if set(found) != set(planned):
        words = f"setup.booth plans cameras {', '.join(planned)}, here are {', '.join(found)}: places are not compared"
        return [], [], [words]
    apart = [
        plain("from its planned place", name, float(np.linalg.norm(at - planned[name])), "mm")
        for name, at in found.items()
    ]
    stands = {name: min(planned, key=lambda other: np.linalg.norm(at - planned[other])) for name, at in found.items()}
    failures = [
        f"cameras {name} and {other} are swapped: each stands where setup.booth has the other. Exchange their roles "
        "with `station setup discover`; or the board lay the wrong way round at first, its words towards you"
        for name, other in stands.items()
        if name < other and stands[other] == name
    ]
    failures += [
        f"camera {name} stands where setup.booth has {other}. Give it its role anew with `station setup discover`"
        for name, other in stands.items()
        if name != other and stands[other] != name
    ]
    return apart, failures, []


def tray_shift(rig: Rig, plan: Layout, settings: SetupSettings) -> tuple[list[Measure], list[str]]:
    """Return how far the first board, which makes the working area, lay from the planned place, and what is amiss.

    The cameras' planned places are turned and shifted along the tray onto the found ones (least squares).
    """
    planned = {place.camera_id: np.array(place.position_mm) for place in plan.cameras}
    if set(planned) != {camera.camera_id for camera in rig.cameras}:
        return [], []
    there = np.array([planned[camera.camera_id][:2] for camera in rig.cameras])
    here = np.array([rig.tray_from_camera(camera.camera_id)[:2, 3] for camera in rig.cameras])
    a, b = (places @ [1, 1j] for places in (there, here))
    turn = np.vdot(a - a.mean(), b - b.mean())
    turn /= abs(turn)
    shift_mm, turn_deg = abs(a.mean() - b.mean() / turn), abs(np.degrees(np.angle(turn)))
    measures = [
        at_most("working area off its plan", "booth", shift_mm, "mm", settings.max_tray_shift_mm),
        at_most("working area turned", "booth", turn_deg, "deg", settings.max_tray_turn_deg),
    ]
    if all(measure.ok for measure in measures):
        return measures, []
    words = (
        f"the working area lies {shift_mm:.0f} mm and {turn_deg:.0f} degrees off the plan by the cameras' places. The "
        "first board must lie in the tray's middle, straight, its words away from you: run `station setup` again; or "
        "correct the cameras' places in setup.booth"
    )
    return measures, [words]


def tray_depth(rig: Rig, empty: Capture, settings: SetupSettings) -> tuple[list[Measure], list[str]]:
    """Return how far each camera's depth of the empty tray lies off the found plane, and what is amiss.

    Taken is the median height of the points within the working area, so that neither noise nor a rim tells.
    """
    heights_mm = {}
    for name, shot in empty.items():
        points = points_mm(shot.depth_mm, rig.camera(name).intrinsics)
        tray_from_camera = rig.tray_from_camera(name)
        places = points @ tray_from_camera[:3, :3].T + tray_from_camera[:3, 3]
        inside = (np.abs(places[:, :2]) < np.array(rig.tray.size_mm) / 2).all(axis=1)
        heights_mm[name] = float(np.median(places[inside, 2])) if inside.any() else np.nan
    limit_mm = settings.max_tray_depth_mm
    measures = [at_most("empty tray's depth off it", name, abs(mm), "mm", limit_mm) for name, mm in heights_mm.items()]
    return measures, [
        f"camera {name} sees the empty tray {abs(mm):.1f} mm {'above' if mm > 0 else 'below'} the plane found from the "
        f"lying boards. Measure the board's bars, setup.board_bar_mm says {settings.board_bar_mm:g} mm, and from the "
        f"tray to its print, setup.board_thickness_mm says {settings.board_thickness_mm:g} mm; if both are right, "
        "calibrate the camera's depth"
        for name, mm in heights_mm.items()
        if abs(mm) > limit_mm
    ]


def _tray_pictures(session: Session, rig: Rig) -> tuple[tuple[str, str], ...]:
    coverage = session.picture("coverage", coverage_picture(rig))
    backgrounds = contact_sheet({name: shot.colour for name, shot in session.empty().items()})
    return (
        ("How many cameras see each place of the working volume, its near side below; red is a blind spot", coverage),
        ("Background: the empty tray", session.picture("background", backgrounds)),
    )


def _point_to_plane(session: Session, solution: Solution) -> dict[tuple[str, str], float]:
    """Return for each pair of cameras how far one's depth lies off the board where the other's depth has it, RMS mm.

    Each camera's depth of the board is taken as an offset along its line of sight from the board as all cameras place
    it; two offsets, turned to the board's normal, are as far apart as the surfaces are.
    """
    lenses, offsets = session.lenses(), dict[View, float]()
    for path in session.captures(Kind.BOARD):
        number = capture_number(path)
        for name, shot in session.load_capture(path).items():
            if shot.sighting is None or number not in solution.rig_from_board:
                continue
            pose = inverse(solution.rig_from_camera[name]) @ solution.rig_from_board[number]
            off_mm, true_mm = z_errors_mm(shot.depth_mm, lenses[name], pose, shot.sighting.pixels)
            if len(off_mm) > 100:
                offsets[name, number] = float(np.median(off_mm / true_mm)) * float(pose[:3, 2] @ pose[:3, 3])
    apart: dict[tuple[str, str], float] = {}
    for one, other in combinations(lenses, 2):
        both = [n for (name, n) in offsets if name == one and (other, n) in offsets]
        if both:
            squares = [(offsets[one, n] - offsets[other, n]) ** 2 for n in both]
            apart[one, other] = float(np.sqrt(np.mean(squares)))
    return apart


def _lying(session: Session, solution: Solution) -> list[Transform]:
    """Return the poses of boards that lie on the tray, as the most in one plane do; the first captured first."""
    flat = most_in_plane(solution.rig_from_board)
    enough = len(flat) >= min(2, session.settings.lying_poses)
    return [solution.rig_from_board[number] for number in flat] if enough else []


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
