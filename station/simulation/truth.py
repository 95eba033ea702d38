"""What is true of one item in one camera's picture: where it is, where it is damaged, and how far its surface moved.

The damaged body is compared with the undamaged one in the same pose, without noise, by what moved, by depth and by the
colour of the surface itself, so that shadows and gleams are no damage. What moved or came to light is damage wherever
it is seen, also where it looks as what was there before. Several damages are told apart by inflicting them one after
the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.rig import RigCamera
from station.simulation.item import PlacedItem
from station.simulation.mesh import item_mesh
from station.simulation.render import Scene, Surface, around
from station.simulation.shape import Shape

_MOVED_MM = 1.0
"""A surface that moved less than this looks as before."""
_LEVELS = 14.0
"""A surface whose colour changed less than this, in levels of its most changed channel, looks as before."""

_GAP_PX = 5
"""Smaller gaps in what is damaged are damaged too."""
_SEAM_PX = 3
"""Narrower strips of what moved are none: what lies inside shows by a hair along a seam."""
_SPECK_PX = 4
"""Patches of fewer pixels are no damage: at an outline a ray may meet either of two neighbours."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One item in one camera's picture, noiseless.

    `item` bool [H, W] is where the item is seen, all its parts included, what was spilt beside it not. `damage` has a
    mask bool [H, W] for each type of damage, also where that is not seen; a missing thing is masked where it should
    be. `severity` is each type's. `depth_change_mm` float32 [H, W] is the damaged depth less the undamaged one, NaN
    where neither body is seen: a dent is positive.
    """

    item: NDArray[np.bool_]
    damage: Mapping[DamageType, NDArray[np.bool_]]
    severity: Mapping[DamageType, Severity]
    depth_change_mm: NDArray[np.float32]


def render_truth(camera: RigCamera, item: PlacedItem) -> Truth:
    """Return what is true of an item in a camera's picture.

    Raises:
        SimulationError: the renderer is not installed.
    """
    points = np.concatenate([shape.points() for shape in item.stages])
    box = around(camera, points @ item.tray_from_item[:3, :3].T + item.tray_from_item[:3, 3])
    seen = [Scene(item_mesh(shape, item.tray_from_item), shape).surface(camera, box) for shape in item.stages]
    masks: dict[DamageType, NDArray[np.bool_]] = {}
    severities: dict[DamageType, Severity] = {}
    for stage, (kind, severity) in enumerate(item.damage, start=1):
        here = _differs(seen[stage - 1], seen[stage], _moved(item.stages[stage - 1], item.stages[stage]))
        masks[kind] = masks.get(kind, np.zeros_like(here)) | here
        severities[kind] = max(severity, severities.get(kind, severity))
    change = seen[-1].depth_mm - seen[0].depth_mm
    change[~(seen[0].item | seen[-1].item)] = np.nan
    size = camera.intrinsics.height_px, camera.intrinsics.width_px

    def whole(part: NDArray[Any], beside: float) -> NDArray[Any]:
        picture = np.full(size, beside, part.dtype)
        picture[box.slices] = part
        return picture

    in_picture = {kind: whole(mask, False) for kind, mask in masks.items()}
    return Truth(whole(seen[-1].item, False), in_picture, severities, whole(change, np.nan))


def _moved(before: Shape, after: Shape) -> NDArray[np.bool_]:
    """Return which of the points of a body moved or are new, bool [N]; what is left of a torn sheet has not moved."""
    parts = []
    for name, patch in after.patches.items():
        old = before.patches.get(name)
        moved = np.full(patch.grid, old is None)
        if old is not None and old.grid == patch.grid:
            moved = np.linalg.norm(patch.points - old.points, axis=2) > _MOVED_MM
        parts.append(moved.reshape(-1))
    return np.concatenate(parts)


def _differs(before: Surface, after: Surface, moved: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where a surface moved or changed its colour, bool [H, W], small gaps closed; `moved` [N] tells points."""
    elsewhere = ((after.corner >= 0) & moved[after.corner]).astype(np.uint8)
    differs = cv2.morphologyEx(elsewhere, cv2.MORPH_OPEN, np.ones((_SEAM_PX, _SEAM_PX), np.uint8)) > 0
    differs |= np.abs(after.depth_mm - before.depth_mm) > _MOVED_MM
    differs |= np.abs(after.skin_mm - before.skin_mm) > _MOVED_MM
    differs |= np.abs(after.albedo - before.albedo).max(axis=2) > _LEVELS
    _, parts, stats, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8))
    differs &= stats[parts, cv2.CC_STAT_AREA] >= _SPECK_PX
    closed = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_GAP_PX, _GAP_PX), np.uint8))
    return np.asarray(closed > 0)
