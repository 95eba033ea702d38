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
    cells = np.floor((points_mm[:, :2] - (low + high) / 2) / CELL_MM + CELLS / 2).astype(np.intp)
    inside = ((cells >= 0) & (cells < CELLS)).all(axis=1)
    heights = np.full((CELLS, CELLS), -np.inf, np.float32)
    np.maximum.at(heights, (cells[inside, 1], cells[inside, 0]), points_mm[inside, 2].astype(np.float32))
    return ItemSurface(np.where(np.isfinite(heights), heights, np.float32(np.nan)), CELL_MM)


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
