"""What of the working volume the cameras see, as shares and as a picture."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.rig import Rig

_STEP_MM = 10.0
_SLICES = 4
_PX_PER_MM = 0.6
_COLOURS = np.array(
    [[200, 40, 40], [240, 180, 60], [150, 200, 110], [70, 160, 90], [40, 140, 150], [60, 100, 190], [70, 60, 140]]
)
_NEAREST_MM = 150.0


def seen_by(rig: Rig, points_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return how many cameras have each point of the tray's frame, [N, 3], in their picture, int [N]."""
    count = np.zeros(len(points_mm), np.intp)
    for camera in rig.cameras:
        camera_from_tray = np.linalg.inv(rig.tray_from_camera(camera.camera_id))
        here = points_mm @ camera_from_tray[:3, :3].T + camera_from_tray[:3, 3]
        lens = camera.intrinsics
        ahead = here[:, 2] > _NEAREST_MM
        # Far outside the picture the lens's polynomial folds back, so the plain pinhole bounds it first.
        plain = (
            np.abs(here[:, :2] / np.maximum(here[:, 2:], 1.0))
            < np.array([lens.width_px / lens.fx, lens.height_px / lens.fy]) * 0.7
        )
        places, _ = cv2.projectPoints(here, np.zeros(3), np.zeros(3), lens.matrix, np.array(lens.distortion))
        x, y = places.reshape(-1, 2).T
        count += ahead & plain.all(axis=1) & (x >= 0) & (x <= lens.width_px - 1) & (y >= 0) & (y <= lens.height_px - 1)
    return count


def coverage_shares(rig: Rig) -> tuple[float, float, float]:
    """Return the share of the tray that some camera sees, and those of the working volume that two and none see."""
    heights = np.linspace(0, rig.tray.max_item_height_mm, _SLICES)
    slices = [seen_by(rig, _grid(rig, height)[0]) for height in heights]
    volume = np.concatenate(slices)
    return float((slices[0] >= 1).mean()), float((volume >= 2).mean()), float((volume == 0).mean())


def coverage_picture(rig: Rig) -> NDArray[np.uint8]:
    """Draw slices of the working volume from the tray up, RGB: how many cameras see each place; red is none."""
    tiles = []
    for height in np.linspace(0, rig.tray.max_item_height_mm, _SLICES):
        points, shape = _grid(rig, height)
        count = np.minimum(seen_by(rig, points), len(_COLOURS) - 1).reshape(shape)[::-1]
        tile = cv2.resize(
            _COLOURS[count].astype(np.uint8),
            None,
            fx=_STEP_MM * _PX_PER_MM,
            fy=_STEP_MM * _PX_PER_MM,
            interpolation=cv2.INTER_NEAREST,
        )
        tile = cv2.copyMakeBorder(tile, 26, 8, 8, 8, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        _write(tile, f"{height:.0f} mm above the tray", (10, 18))
        tiles.append(tile)
    picture = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    legend = np.full((30, picture.shape[1], 3), 255, np.uint8)
    for number, colour in enumerate(_COLOURS[: len(rig.cameras) + 1]):
        cv2.rectangle(legend, (10 + 70 * number, 8), (24 + 70 * number, 22), colour.tolist(), -1)
        _write(legend, f"{number}", (30 + 70 * number, 20))
    _write(legend, "cameras see it", (30 + 70 * len(rig.cameras) + 24, 20))
    return np.asarray(np.vstack([picture, legend]), np.uint8)


def _write(picture: NDArray[Any], words: str, place: tuple[int, int]) -> None:
    cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)


def _grid(rig: Rig, height_mm: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    half_x, half_y = np.array(rig.tray.size_mm) / 2
    x, y = np.meshgrid(
        np.arange(-half_x + _STEP_MM / 2, half_x, _STEP_MM), np.arange(-half_y + _STEP_MM / 2, half_y, _STEP_MM)
    )
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, height_mm)]), (x.shape[0], x.shape[1])
