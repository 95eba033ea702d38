"""An item's shape as all cameras see it together: one map of heights, straight from above."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemSurface, ItemView
from station.rig import Rig

CELLS = 160
CELL_MM = 2.0
_STEP_PX = 2
"""Every second pixel of every second row is as fine as the cells."""


def item_surface(rig: Rig, views: Sequence[ItemView]) -> ItemSurface | None:
    """Return the item's heights over the tray, the item in the middle; None where no view has depth on it.

    Each cell takes the highest point of the item that any camera sees there.

    Args:
        rig: the cameras that took the views.
        views: of one item, one each camera.
    """
    points_mm = np.concatenate([np.empty((0, 3)), *(_points_mm(rig, view) for view in views)])
    if not len(points_mm):
        return None
    low, high = np.percentile(points_mm[:, :2], [1, 99], axis=0)
    middle = (low + high) / 2
    cells = np.floor((points_mm[:, :2] - middle) / CELL_MM + CELLS / 2).astype(np.intp)
    inside = ((cells >= 0) & (cells < CELLS)).all(axis=1)
    heights = np.full((CELLS, CELLS), -np.inf, np.float32)
    np.maximum.at(heights, (cells[inside, 1], cells[inside, 0]), points_mm[inside, 2].astype(np.float32))
    heights[~np.isfinite(heights)] = np.nan
    return ItemSurface(heights, CELL_MM, (float(middle[0]), float(middle[1])))


def box_in_view(
    rig: Rig, view: ItemView, surface: ItemSurface, box: tuple[int, int, int, int], height_mm: float
) -> tuple[int, int, int, int]:
    """Return the box in a view's crop, px, around what stands on a box of a surface's cells up to a height.

    Args:
        rig: the cameras that took the view.
        view: one of those that the surface was made of.
        surface: the item's.
        box: `x, y, width, height` in cells.
        height_mm: of what stands there, or should.
    """
    left, top, width, height = box
    corners = np.array([(x, y) for x in (left, left + width) for y in (top, top + height)])
    ground = (corners - len(surface.height_mm) / 2) * surface.cell_mm + surface.middle_mm
    points = np.vstack([np.column_stack([ground, np.full(4, z), np.ones(4)]) for z in (0.0, height_mm)])
    seen = (np.linalg.inv(rig.tray_from_camera(view.camera_id)) @ points.T)[:3]
    image = rig.camera(view.camera_id).intrinsics.matrix @ seen
    crop = view.crop_from_image @ np.vstack([image[:2] / image[2], np.ones(len(points))])
    (x, y), (right, bottom) = np.rint(crop.min(axis=1)).astype(int), np.rint(crop.max(axis=1)).astype(int)
    return int(x), int(y), int(right - x), int(bottom - y)


def _points_mm(rig: Rig, view: ItemView) -> NDArray[np.float64]:
    """The item's points in the tray's frame, float64 [P, 3]."""
    height = np.where(view.mask, view.height_mm, np.float32(np.nan))[::_STEP_PX, ::_STEP_PX]
    rows, columns = np.nonzero(np.isfinite(height))
    linear, shift = view.crop_from_image[:, :2], view.crop_from_image[:, 2:]
    image_px = np.linalg.inv(linear) @ (np.stack([columns, rows]) * _STEP_PX - shift)
    intrinsics = rig.camera(view.camera_id).intrinsics
    rays = np.linalg.inv(intrinsics.matrix) @ np.vstack([image_px, np.ones(len(rows))])
    tray_from_camera = rig.tray_from_camera(view.camera_id)
    along, origin = tray_from_camera[:3, :3] @ rays, tray_from_camera[:3, 3:]
    above = height[rows, columns].astype(np.float64)
    return np.asarray((origin + along * ((above - origin[2]) / along[2])).T)
