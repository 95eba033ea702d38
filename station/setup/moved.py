"""Which cameras are no longer where the rig has them, as a golden target shows it.

The target is laid on the tray, where only its place and turn are unknown, and held above it, tilted, which tells a
camera that turned from one that moved. Its poses are found from cameras that agree with each other; every camera's own
place is then found against them, and compared with the rig's. Cameras that moved all alike still agree; that the
target then lies off the tray gives them away, unless they slid along it, or turned about its normal.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.rig import Rig
from station.setup.poses import Observation, difference, inverse, locate, place_board, residuals_px, rms, transform
from station.setup.solver import least_squares

LYING_MM = 30.0
"""A target further from the tray than this is held above it."""
_LYING_DEG = 6.0
_LYING_PX = 1.5
_CLEARLY = 0.8

Placement = Mapping[str, Observation]
"""What each camera sees of the golden target, laid in one place; the points' z = 0 is what it lies on."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How far something is from where the rig has it."""

    mm: float
    deg: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How far each camera is off, how far all together are from the tray, and how often the target lay on it."""

    cameras: Mapping[str, Moved]
    together: Moved
    lying: int


def find_moved(rig: Rig, placements: Sequence[Placement], limit: Moved) -> Standing:
    """Return how far each camera is from its place in the rig, and all of them from the tray.

    All cameras place the target, unless all but one agree clearly better without it: then those do. Of two cameras each
    is judged as the other alone places the target, for between them a move would be halved: both are told off, and
    it is not known which of them moved. Where the target lies off the tray by more than the limit, the tray does not
    help to place it.
    """
    cameras, trusted = _judged_best(rig, placements, on_tray=True)
    together, lying = _off_tray(rig, placements, trusted)
    if not (together.mm <= limit.mm and together.deg <= limit.deg):
        cameras, trusted = _judged_best(rig, placements, on_tray=False)
        together, lying = _off_tray(rig, placements, trusted)
    return Standing(cameras, together, lying)


def disagreement_px(rig: Rig, placements: Sequence[Placement]) -> float:
    """Return how ill all cameras agree on where the target is, RMS px."""
    return _judged(rig, placements, [camera.camera_id for camera in rig.cameras], on_tray=True)[1]


def _judged_best(rig: Rig, placements: Sequence[Placement], on_tray: bool) -> tuple[dict[str, Moved], list[str]]:
    """Return how far each camera has moved, and the cameras that were trusted for it."""
    names = [camera.camera_id for camera in rig.cameras]
    if len(names) == 2:
        return {name: _judged(rig, placements, {*names} - {name}, on_tray)[0][name] for name in names}, names
    moved, off_px = _judged(rig, placements, names, on_tray)
    groups = [[other for other in names if other != name] for name in names]
    trials = [(*_judged(rig, placements, group, on_tray), group) for group in groups]
    without, left_px, group = min(trials, key=lambda trial: trial[1])
    return (without, group) if left_px < _CLEARLY * off_px else (moved, names)


def _judged(
    rig: Rig, placements: Sequence[Placement], trusted: Collection[str], on_tray: bool
) -> tuple[dict[str, Moved], float]:
    """Return how far each camera has moved if the trusted ones have not, and how ill these agree, RMS px."""
    places = [_place(rig, placement, trusted, on_tray) for placement in placements]
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
        moved[name] = Moved(*difference(inverse(found), inverse(camera_from_tray)))
        if name in trusted:
            off.append(rms(residuals_px(camera.intrinsics, camera_from_tray, whole)))
    return moved, float(np.sqrt(np.mean(np.square(off)))) if off else float("inf")


def _place(rig: Rig, placement: Placement, trusted: Collection[str], on_tray: bool) -> Transform | None:
    """Return tray_from_target as the trusted cameras see it, on the tray if it fits there; None if none sees it."""
    seen = {name: placement[name] for name in trusted if name in placement}
    if not seen:
        return None
    poses = {name: inverse(rig.tray_from_camera(name)) for name in seen}
    lenses = {name: rig.camera(name).intrinsics for name in seen}
    widest = max(seen, key=lambda name: len(seen[name].pixels))
    first = inverse(poses[widest]) @ locate(lenses[widest], seen[widest])[0]

    def off(x: NDArray[np.float64]) -> NDArray[np.float64]:
        lying = _lying(x)
        return np.concatenate(
            [residuals_px(lenses[name], poses[name] @ lying, here).ravel() for name, here in seen.items()]
        )

    if on_tray:
        begin = np.array([first[0, 3], first[1, 3], np.arctan2(first[1, 0], first[0, 0])])
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


def _off_tray(rig: Rig, placements: Sequence[Placement], trusted: Sequence[str]) -> tuple[Moved, int]:
    """Return how far off the tray the trusted cameras see the target that lies on it, and how often it lies there."""
    heights, normals = [], []
    for placement in placements:
        place = _place(rig, placement, trusted, on_tray=False)
        if place is None:
            continue
        points = np.concatenate([placement[name].points_mm for name in trusted if name in placement])
        middle = np.array([*points[:, :2].mean(axis=0), 0.0])
        height = float((place[:3, :3] @ middle + place[:3, 3])[2])
        if abs(height) < LYING_MM and _tilt_deg(place[:3, 2]) < _LYING_DEG:
            heights.append(height)
            normals.append(place[:3, 2])
    if not heights:
        return Moved(float("nan"), float("nan")), 0
    return Moved(abs(float(np.median(heights))), _tilt_deg(np.mean(normals, axis=0))), len(heights)


def _tilt_deg(down: NDArray[np.float64]) -> float:
    """Return the angle between the tray's normal and that of a target, whose z is down."""
    return float(np.degrees(np.arctan2(np.linalg.norm(down[:2]), -down[2])))
