"""The daily check: the golden target on the tray shows which camera moved, drifted, lost light or went out of focus.

The target is laid on the tray, where only its place and turn are unknown, and held above it, tilted, which tells a
camera that turned from one that moved. Its poses are found from cameras that agree with each other; every camera's own
place is then found against them, and compared with the rig's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Transform
from station.rig import Rig
from station.setup.board import Board
from station.setup.captures import Capture, Shot
from station.setup.depth import z_errors_mm
from station.setup.measure import SHARE, Measure, StepResult, at_most, plain
from station.setup.poses import Observation, difference, inverse, locate, place_board, residuals_px, rms, transform
from station.setup.settings import SetupSettings
from station.setup.solver import least_squares

_SWAPPED_PX = 6.0
_CLEARLY = 0.8
_LYING_PX = 1.5
"""A target that fits the tray worse than this is held above it, or a camera has moved."""

Placement = Mapping[str, Observation]
"""What each camera sees of the golden target, laid in one place."""


@dataclass(frozen=True, slots=True)
class Health:
    """One camera as the golden target shows it: depth error in percent, white's level, edges' width in px."""

    depth_percent: float
    white: float
    edge_px: float


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a camera is from where the rig has it."""

    mm: float
    deg: float


def check(
    rig: Rig,
    target: Board,
    captures: Sequence[Capture],
    baseline: Mapping[str, Health] | None,
    settings: SetupSettings,
) -> tuple[StepResult, dict[str, Health]]:
    """Compare the booth with its rig and with how it was; return the figures, and how every camera is now.

    Args:
        rig: the one in force.
        target: the golden target.
        captures: the target in several places on the tray.
        baseline: how every camera was at setup; None the first time, which makes it.
        settings: the limits.

    Raises:
        SetupError: a camera does not see the target.
    """
    placements = [_placement(target, capture, settings) for capture in captures]
    for camera in rig.cameras:
        if not any(camera.camera_id in placement for placement in placements):
            raise SetupError(
                f"camera {camera.camera_id} does not see the golden target. Lay it in the tray's middle, print up, and "
                "check that the lens is clean; the rig in force was not changed"
            )
    failures = _swapped(rig, placements)
    moved = moved_cameras(rig, placements)
    measures: list[Measure] = []
    for name, by in moved.items():
        measures.append(at_most("moved", name, by.mm, "mm", settings.check_moved_mm))
        measures.append(at_most("turned", name, by.deg, "deg", settings.check_moved_deg))
    now = {camera.camera_id: _health(rig, target, camera.camera_id, captures) for camera in rig.cameras}
    for name, health in now.items():
        measures += _against(name, health, (baseline or now).get(name, health), settings)
    failures += [_sentence(measure) for measure in measures if not measure.ok]
    return StepResult("check", tuple(measures), failures=tuple(failures)), now


def moved_cameras(rig: Rig, placements: Sequence[Placement]) -> dict[str, Moved]:
    """Return how far each camera is from its place in the rig.

    All cameras place the target, unless all but one agree clearly better without it: then those do. So with two cameras
    it is not known which of them moved.
    """
    names = [camera.camera_id for camera in rig.cameras]
    moved, off_px = _judged(rig, placements, names)
    if len(names) < 3:
        return moved
    trials = [_judged(rig, placements, [other for other in names if other != name]) for name in names]
    without, left_px = min(trials, key=lambda trial: trial[1])
    return without if left_px < _CLEARLY * off_px else moved


def _judged(rig: Rig, placements: Sequence[Placement], trusted: Sequence[str]) -> tuple[dict[str, Moved], float]:
    """Return how far each camera has moved if the trusted ones have not, and how ill these agree, RMS px."""
    places = [_place(rig, placement, trusted) for placement in placements]
    moved, off = {}, []
    for camera in rig.cameras:
        name = camera.camera_id
        camera_from_tray = inverse(rig.tray_from_camera(name))
        seen = [
            (place, placement[name])
            for place, placement in zip(places, placements, strict=True)
            if name in placement and place is not None
        ]
        if not seen:
            moved[name] = Moved(float("nan"), float("nan"))
            continue
        points = np.concatenate([here.points_mm @ place[:3, :3].T + place[:3, 3] for place, here in seen])
        pixels = np.concatenate([here.pixels for _, here in seen])
        whole = Observation(points, pixels)
        turn, shift = cv2.solvePnPRefineLM(
            points,
            pixels,
            camera.intrinsics.matrix,
            np.array(camera.intrinsics.distortion),
            cv2.Rodrigues(camera_from_tray[:3, :3])[0],
            camera_from_tray[:3, 3:].copy(),
        )
        found = transform(np.concatenate([turn.ravel(), shift.ravel()]))
        by_mm, by_deg = difference(inverse(found), inverse(camera_from_tray))
        moved[name] = Moved(by_mm, by_deg)
        if name in trusted:
            off.append(rms(residuals_px(camera.intrinsics, camera_from_tray, whole)))
    return moved, float(np.sqrt(np.mean(np.square(off)))) if off else float("inf")


def _place(rig: Rig, placement: Placement, trusted: Sequence[str]) -> Transform | None:
    """Return tray_from_target of a target, lying or held, as the trusted cameras see it; None if none does."""
    seen = {name: placement[name] for name in trusted if name in placement}
    if not seen:
        return None
    poses = {name: inverse(rig.tray_from_camera(name)) for name in seen}
    lenses = {name: rig.camera(name).intrinsics for name in seen}
    widest = max(seen, key=lambda name: len(seen[name].pixels))
    first = inverse(poses[widest]) @ locate(lenses[widest], seen[widest])[0]
    begin = np.array([first[0, 3], first[1, 3], np.arctan2(first[1, 0], first[0, 0])])

    def off(x: NDArray[np.float64]) -> NDArray[np.float64]:
        lying = _lying(x)
        return np.concatenate(
            [residuals_px(lenses[name], poses[name] @ lying, here).ravel() for name, here in seen.items()]
        )

    flat = least_squares(off, begin, x_scale=[10, 10, 0.1], loss="soft_l1", f_scale=1.0).x
    if np.sqrt(2 * np.mean(off(flat) ** 2)) < _LYING_PX:
        return _lying(flat)
    return place_board(lenses, {name: inverse(pose) for name, pose in poses.items()}, seen, first)


def _lying(x: NDArray[np.float64]) -> Transform:
    """Return tray_from_target of a target with its print up on the tray: place and turn; points carry its height."""
    pose = np.eye(4)
    cosine, sine = np.cos(x[2]), np.sin(x[2])
    pose[:3, :3] = [[cosine, sine, 0], [sine, -cosine, 0], [0, 0, -1]]
    pose[:2, 3] = x[:2]
    return pose


def _placement(target: Board, capture: Capture, settings: SetupSettings) -> Placement:
    """Return what cameras see of the target; its points lie that high above what it lies on (its z is down)."""
    points = target.corners_mm() - np.array([0, 0, settings.board_thickness_mm])
    return {
        name: Observation(points[shot.sighting.ids], shot.sighting.pixels)
        for name, shot in capture.items()
        if shot.sighting is not None
    }


def _swapped(rig: Rig, placements: Sequence[Placement]) -> list[str]:
    """Return a sentence for two cameras that see what the other should."""
    names = [camera.camera_id for camera in rig.cameras]
    _, off_px = _judged(rig, placements, names)
    if off_px < _SWAPPED_PX:
        return []
    for one, other in combinations(names, 2):
        exchange = {one: other, other: one}
        crossed = [{exchange.get(name, name): seen for name, seen in placement.items()} for placement in placements]
        if _judged(rig, crossed, names)[1] < min(_SWAPPED_PX, off_px / 4):
            return [
                f"cameras {one} and {other} are swapped: each sees what the other should. "
                "Exchange their cables or roles"
            ]
    return []


def _health(rig: Rig, target: Board, camera_id: str, captures: Sequence[Capture]) -> Health:
    lens = rig.camera(camera_id).intrinsics
    corners = target.corners_mm()
    percents, whites, edges = [], [], []
    for capture in captures:
        shot: Shot | None = capture.get(camera_id)
        if shot is None or shot.sighting is None:
            continue
        pose, _ = locate(lens, Observation(corners[shot.sighting.ids], shot.sighting.pixels))
        off_mm, true_mm = z_errors_mm(shot.depth_mm, lens, pose, shot.sighting.pixels)
        if len(off_mm):
            percents.append(float(100 * np.median(off_mm / true_mm)))
        whites.append(shot.sighting.white)
        edges.append(shot.sighting.edge_px)
    return Health(*(float(np.median(values)) if values else float("nan") for values in (percents, whites, edges)))


def _against(name: str, now: Health, then: Health, settings: SetupSettings) -> list[Measure]:
    light = abs(now.white / then.white - 1) if then.white else float("nan")
    return [
        at_most("depth drifted", name, abs(now.depth_percent - then.depth_percent), "%", settings.check_depth_percent),
        at_most("light changed", name, light, SHARE, settings.check_light),
        at_most("edges grown by", name, now.edge_px / then.edge_px, "times", settings.check_focus),
        plain("depth error", name, now.depth_percent, "%"),
        plain("white", name, now.white, "levels"),
        plain("edges' width", name, now.edge_px, "px"),
    ]


def _sentence(measure: Measure) -> str:
    """Return what a figure beyond its limit means, and what to do about it."""
    camera = f"camera {measure.subject}"
    advice = {
        "moved": f"{camera} has moved by {measure.value:.1f} mm. Tighten it and run `station setup` again",
        "turned": f"{camera} has turned by {measure.value:.2f} degrees. Tighten it and run `station setup` again",
        "depth drifted": f"{camera}'s depth drifted by {measure.value:.1f} %. Let it warm up, then calibrate its depth",
        "light changed": f"{camera} sees light changed by {measure.value:.0%} since setup. Check lamps, exposure, lens",
        "edges grown by": f"{camera} is out of focus: edges are {measure.value:.1f} times as wide. Clean its lens",
    }
    return f"{advice[measure.name]} (limit {measure.limit:g})"
