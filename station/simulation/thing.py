"""Things in a camera's picture: rendered once where they lie, moved about, and put in front of one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.rig import RigCamera
from station.simulation.layout import project
from station.simulation.motion import in_motion
from station.simulation.sensor import Still
from station.simulation.settings import SimulationSettings

_PLANE_MM = 60.0
"""A thing is moved as the plane through its anchor is, of which this is the half size."""
_NEAREST_MM = 160.0
_REACH = 2.0
"""A thing is left out of the picture when its middle is nearer to the camera than that, or beyond twice its view."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An item or hand at rest before one camera, by itself in the booth: `still` is that picture.

    `depth_mm` float32 [H, W] is how far off it is and what it spilt, infinite where neither is seen; `item` bool [H, W]
    is where it is seen itself; `light` uint8 [H, W] the share of its light that the booth beside it keeps, 255 for all;
    `altered` bool [H, W] where it changes the disparity. `anchor_mm` float64 [3] is its middle in the tray's frame.
    """

    still: Still
    depth_mm: NDArray[np.float32]
    item: NDArray[np.bool_]
    light: NDArray[np.uint8]
    altered: NDArray[np.bool_]
    anchor_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Move:
    """How far a thing is from where it was rendered, in the tray's frame, and how fast it goes."""

    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    speed_mm_s: tuple[float, float, float] = (0.0, 0.0, 0.0)


REST = Move()


def composed(
    empty: Still, things: Sequence[tuple[Thing, Move]], camera: RigCamera, settings: SimulationSettings
) -> Still:
    """Return what a camera sees of several things at once, those that move smeared by its exposure."""
    still, nearest_mm = empty, np.full(empty.disparity.shape, np.inf, np.float32)
    for thing, move in things:
        if move == REST and still is empty:  # as rendered, with its edges and gleams on the tray
            still, nearest_mm = thing.still, thing.depth_mm
            continue
        moved = _moved(thing, move, camera)
        if moved is None:
            continue
        behind = _shaded(still, nearest_mm, moved)
        front = moved.depth_mm < nearest_mm
        over = _over(behind, front, moved)
        velocity = _velocity_px_s(camera, thing.anchor_mm + move.offset_mm, np.array(move.speed_mm_s))
        still = in_motion(over, front, behind, velocity, settings) if any(velocity) else over
        nearest_mm = np.minimum(nearest_mm, moved.depth_mm)
    return still


def _shaded(behind: Still, nearest_mm: NDArray[np.float32], thing: Thing) -> Still:
    """Return a picture, with others `nearest_mm` off, with a thing's shadow and blind spots on the tray."""
    bare = ~np.isfinite(nearest_mm)
    light = cv2.cvtColor(np.where(bare, thing.light, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    colour = np.asarray(cv2.multiply(behind.colour, light, scale=1 / 255), np.uint8)
    altered = thing.altered & bare
    disparity = np.where(altered, thing.still.disparity, behind.disparity)
    return Still(colour, disparity, np.where(altered, thing.still.margin, behind.margin))


def _over(behind: Still, front: NDArray[np.bool_], thing: Thing) -> Still:
    """Put a thing into a picture where it is in `front`, bool [H, W]."""
    colour = np.where(front[..., None], thing.still.colour, behind.colour)
    disparity = np.where(front, thing.still.disparity, behind.disparity)
    return Still(colour, disparity, np.where(front, thing.still.margin, behind.margin))


def _moved(thing: Thing, move: Move, camera: RigCamera) -> Thing | None:
    """Return a thing as it looks elsewhere; None where it is out of the picture, or too near the camera."""
    if move.offset_mm == REST.offset_mm:
        return thing
    corners = thing.anchor_mm + _PLANE_MM * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    if not _can_be_seen(camera, thing.anchor_mm + move.offset_mm):
        return None
    before, after = project(camera, corners), project(camera, corners + move.offset_mm)
    warp = cv2.getPerspectiveTransform(before[:, :2].astype(np.float32), after[:, :2].astype(np.float32))
    height, width = thing.depth_mm.shape

    def elsewhere(picture: NDArray[Any], outside: float, how: int = cv2.INTER_NEAREST) -> NDArray[Any]:
        return np.asarray(cv2.warpPerspective(picture, warp, (width, height), flags=how, borderValue=(outside,) * 3))

    depth_mm = elsewhere(thing.depth_mm, np.inf)
    if not np.isfinite(depth_mm).any():
        return None
    further_mm = float((after - before)[:, 2].mean())
    colour = elsewhere(thing.still.colour, 0, cv2.INTER_LINEAR)
    scale = np.float32((before[:, 2] / after[:, 2]).mean())
    still = Still(colour, elsewhere(thing.still.disparity, 0) * scale, elsewhere(thing.still.margin, 0))
    light = elsewhere(thing.light, 255, cv2.INTER_LINEAR)
    item, altered = (elsewhere(mask.view(np.uint8), 0).view(bool) for mask in (thing.item, thing.altered))
    return Thing(still, depth_mm + np.float32(further_mm), item, light, altered, thing.anchor_mm + move.offset_mm)


def _can_be_seen(camera: RigCamera, anchor_mm: NDArray[np.float64]) -> bool:
    """Whether a thing with its middle there may reach into the picture; beyond, lens models mean nothing."""
    x, y, depth_mm = np.linalg.inv(camera.rig_from_camera)[:3] @ (*anchor_mm, 1.0)
    lens = camera.intrinsics
    reach = _REACH * depth_mm
    return bool(depth_mm > _NEAREST_MM and abs(x) < reach * lens.cx / lens.fx and abs(y) < reach * lens.cy / lens.fy)


def _velocity_px_s(
    camera: RigCamera, at_mm: NDArray[np.float64], speed_mm_s: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how fast a moving point goes along the picture's columns and rows."""
    step_s = 1e-3
    before, after = project(camera, np.stack([at_mm, at_mm + step_s * speed_mm_s]))
    columns, rows = (after - before)[:2] / step_s
    return float(columns), float(rows)
