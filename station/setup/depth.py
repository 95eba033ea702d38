"""Depth quality as the vendor's own tool names it, measured on a plane.

Definitions after Intel's "RealSense Camera Depth Testing Methodology" (2018) and the depth quality tool that comes
with librealsense (tools/depth-quality/readme.md): fill rate, plane-fit RMS error, sub-pixel RMS error, Z accuracy and
temporal noise, in a region of interest in the picture's middle. Sub-pixel RMS is that of BL FL / Z - BL FL / ZP over
pixels, with baseline BL, focal length FL in px, depth Z and the plane's depth ZP. ZP is taken along the pixel's ray,
and FL is that of the picture depth is aligned to; the tool projects onto the plane along its normal and measures
unaligned depth. The tool leaves out the nearest and the farthest 0.5 % of the pixels; here only what lies so far off
the plane that it is another surface is left out (five times the median distance, 3.4 standard deviations of normal
noise), so that noise of 2 mm reads as 2 mm.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.core.geometry import Intrinsics, Transform
from station.rig import estimate_tray

_ROI_SHARE = 0.4
_FAR_OUT = 5.0
"""A point further from the plane than so many times the median distance is another surface: dust, the tray's rim."""
_ROUGHLY_MM = 12.0
_FEWEST_POINTS = 100


@dataclass(frozen=True, slots=True)
class DepthQuality:
    """One camera's depth on a plane: `distance_mm` is the plane's in the region's middle, RMS figures in mm and px."""

    fill: float
    distance_mm: float
    plane_rms_mm: float
    subpixel_rms_px: float
    temporal_noise_mm: float

    def percent(self, length_mm: float) -> float:
        """Return a length in percent of the distance."""
        return 100 * length_mm / self.distance_mm if self.distance_mm else float("nan")


def measure_depth(
    depth_mm: NDArray[np.float32], lens: Intrinsics, baseline_mm: float, roi_share: float = _ROI_SHARE
) -> DepthQuality:
    """Measure depth on a plane that fills the middle of the picture.

    Args:
        depth_mm: several frames of the same, float32 [N, H, W], 0 where unknown.
        lens: of that picture.
        baseline_mm: distance of the camera's two depth imagers, for the sub-pixel RMS.
        roi_share: the region's share of the picture's width and height.
    """
    height, width = depth_mm.shape[1:]
    down, across = _border(height, width, roi_share)
    region = depth_mm[:, down : height - down, across : width - across]
    fill = float((region > 0).mean())
    rows, columns = np.nonzero(region[-1])
    if len(rows) < _FEWEST_POINTS:
        return DepthQuality(fill, 0.0, float("nan"), float("nan"), float("nan"))
    slopes = _slopes(lens, rows + down, columns + across)
    z_mm = region[-1][rows, columns].astype(np.float64)
    normal, offset = _fit_plane(slopes * z_mm[:, None], _largest_plane(region[-1], lens, down, across))
    off_mm = slopes * z_mm[:, None] @ normal - offset
    kept = np.abs(off_mm) < _FAR_OUT * max(float(np.median(np.abs(off_mm[np.abs(off_mm) < _ROUGHLY_MM]))), 0.05)
    on_plane_mm = offset / (slopes @ normal)
    disparity_px = lens.fx * baseline_mm * (1 / z_mm - 1 / on_plane_mm)
    known = (region > 0).all(axis=0)
    noise = region[:, known].std(axis=0, ddof=1) if known.any() and len(region) > 1 else np.array([np.nan])
    return DepthQuality(
        fill,
        float(abs(offset / (_slopes(lens, np.array([height / 2]), np.array([width / 2])) @ normal)[0])),
        float(np.sqrt((off_mm[kept] ** 2).mean())),
        float(np.sqrt((disparity_px[kept] ** 2).mean())),
        float(np.median(noise)),
    )


def off_plane_percent(
    depth_mm: NDArray[np.float32], lens: Intrinsics, roi_share: float = _ROI_SHARE
) -> NDArray[np.float64]:
    """Return how far depth is off the plane in the picture's middle, in percent; NaN where unknown or no part of it.

    Args:
        depth_mm: one frame, float32 [H, W], 0 where unknown.
        lens: of that picture.
        roi_share: the middle's share of the picture's width and height.
    """
    height, width = depth_mm.shape
    down, across = _border(height, width, roi_share)
    region = depth_mm[down : height - down, across : width - across]
    found = np.full(depth_mm.shape, np.nan)
    rows, columns = np.nonzero(region)
    if len(rows) < _FEWEST_POINTS:
        return found
    points = _slopes(lens, rows + down, columns + across) * region[rows, columns, None].astype(np.float64)
    normal, offset = _fit_plane(points, _largest_plane(region, lens, down, across))
    rows, columns = np.nonzero(depth_mm)
    off_mm = depth_mm[rows, columns] - offset / (_slopes(lens, rows, columns) @ normal)
    near = np.abs(off_mm) < _ROUGHLY_MM
    found[rows[near], columns[near]] = 100 * off_mm[near] / depth_mm[rows[near], columns[near]]
    return found


def z_errors_mm(
    depth_mm: NDArray[np.float32], lens: Intrinsics, camera_from_board: Transform, outline_px: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return measured minus true depth of the pixels inside a board's outline, and the true depth; float64 [N] mm.

    Args:
        depth_mm: float32 [H, W], 0 where unknown.
        lens: of that picture.
        camera_from_board: where the board is.
        outline_px: points around the part of the board to look at, [M, 2].
    """
    inside = np.zeros(depth_mm.shape, np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(outline_px.astype(np.float32)).astype(np.int32), 1)
    rows, columns = np.nonzero((cv2.erode(inside, np.ones((7, 7), np.uint8)) > 0) & (depth_mm > 0))
    normal = camera_from_board[:3, 2]
    true_mm = (normal @ camera_from_board[:3, 3]) / (_slopes(lens, rows, columns) @ normal)
    return depth_mm[rows, columns].astype(np.float64) - true_mm, true_mm


def points_mm(depth_mm: NDArray[np.float32], lens: Intrinsics) -> NDArray[np.float64]:
    """Return the points of a depth picture, float32 [H, W], in the camera's frame, float64 [N, 3] mm."""
    rows, columns = np.nonzero(depth_mm)
    return _slopes(lens, rows, columns) * depth_mm[rows, columns, None].astype(np.float64)


def _border(height: int, width: int, roi_share: float) -> tuple[int, int]:
    """Return how many rows and columns around the region of interest are left out."""
    return round(height * (1 - roi_share) / 2), round(width * (1 - roi_share) / 2)


def _slopes(lens: Intrinsics, rows: NDArray[np.generic], columns: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the rays through pixels, a mm of depth long each, float64 [N, 3]."""
    pixels = np.column_stack([columns, rows]).astype(np.float64).reshape(-1, 1, 2)
    if len(pixels) == 0:
        return np.empty((0, 3))
    straight = cv2.undistortPoints(pixels, lens.matrix, np.array(lens.distortion)).reshape(-1, 2)
    return np.column_stack([straight, np.ones(len(straight))]).astype(np.float64)


def _largest_plane(region_mm: NDArray[np.float32], lens: Intrinsics, down: int, across: int) -> Transform | None:
    """Return the largest plane's frame in a region of the picture, roughly; None where there is none."""
    part = replace(
        lens, cx=lens.cx - across, cy=lens.cy - down, width_px=region_mm.shape[1], height_px=region_mm.shape[0]
    )
    try:
        return estimate_tray(region_mm, part, max_tilt_deg=80).rig_from_tray
    except RigError:
        return None


def _fit_plane(points: NDArray[np.float64], near: Transform | None) -> tuple[NDArray[np.float64], float]:
    """Return unit normal and offset of the plane of most points: least squares, then again without far ones."""
    kept = np.ones(len(points), bool)
    if near is not None:
        kept = np.abs((points - near[:3, 3]) @ near[:3, 2]) < _ROUGHLY_MM
    for _ in range(3):
        middle = points[kept].mean(axis=0)
        normal = np.linalg.eigh(np.cov((points[kept] - middle).T))[1][:, 0]
        off = np.abs((points - middle) @ normal)
        kept = off < _FAR_OUT * max(float(np.median(off[kept])), 0.05)
    normal = normal if normal @ middle > 0 else -normal
    return normal, float(normal @ middle)
