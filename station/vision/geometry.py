"""A camera's pixels in the tray's frame."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.rig import Rig


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of an image, read with a stride: rows `top` to `bottom`, columns `left` to `right` (exclusive)."""

    left: int
    top: int
    right: int
    bottom: int
    stride: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of the window's pixels in an image."""
        return slice(self.top, self.bottom, self.stride), slice(self.left, self.right, self.stride)

    @property
    def cols(self) -> NDArray[np.float32]:
        """The image columns of the window's columns."""
        return np.arange(self.left, self.right, self.stride, dtype=np.float32)

    @property
    def rows(self) -> NDArray[np.float32]:
        """The image rows of the window's rows."""
        return np.arange(self.top, self.bottom, self.stride, dtype=np.float32)


class TrayGeometry:
    """Where the tray's working volume is in one camera's undistorted image, and what depth means there.

    A pixel's coordinate along any tray axis is `slope * depth + offset`, and the slope is linear in
    column and row; so a window needs no per-pixel tables.

    Attributes:
        camera_id: the camera.
        shape: height and width of the image, px.
        volume: the window around the working volume.
        focal_px: mean focal length.
        max_height_mm: height of the working volume.
    """

    def __init__(self, rig: Rig, camera_id: str) -> None:
        """Look the camera up.

        Raises:
            RigError: the rig has no such camera, or the camera does not see the tray.
        """
        self._intrinsics = rig.camera(camera_id).intrinsics
        self._tray_from_camera = rig.tray_from_camera(camera_id)
        self._half_mm = np.array(rig.tray.size_mm) / 2
        self.camera_id = camera_id
        self.shape = (self._intrinsics.height_px, self._intrinsics.width_px)
        self.focal_px = (self._intrinsics.fx + self._intrinsics.fy) / 2
        self.max_height_mm = rig.tray.max_item_height_mm
        self.volume = self._find_volume()
        self._maps = self._undistortion() if any(self._intrinsics.distortion) else None

    def undistort(self, image: NDArray[np.uint8], interpolation: int) -> NDArray[np.uint8]:
        """Return the image as a pinhole camera had seen it; the image itself if it needs nothing."""
        if self._maps is None:
            return image
        return cv2.remap(image, *self._maps, interpolation)

    def along(self, axis: int, depth_mm: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
        """Return the tray coordinate (0 x, 1 y, 2 height) of each pixel of a window from its depth, float32 mm."""
        k, row = self._intrinsics, self._tray_from_camera[axis]
        across = (row[0] / k.fx * (window.cols - k.cx) + row[2]).astype(np.float32)
        down = (row[1] / k.fy * (window.rows - k.cy)).astype(np.float32)
        values = across[None, :] + down[:, None]
        values *= depth_mm
        values += np.float32(row[3])
        return values

    def inside(self, depth_mm: NDArray[np.float32], window: Window, share: float = 1.0) -> NDArray[np.bool_]:
        """Return where a window's points lie over the tray, or over the middle `share` of its length and width."""
        x = np.abs(self.along(0, depth_mm, window)) <= self._half_mm[0] * share
        y = np.abs(self.along(1, depth_mm, window)) <= self._half_mm[1] * share
        both: NDArray[np.bool_] = x & y
        return both

    def plane_depth_mm(self, window: Window) -> NDArray[np.float32]:
        """Return the depth of the empty tray's plane in a window, float32 mm, 0 where the plane is not in sight."""
        slope = self.along(2, np.float32(1), window) - np.float32(self._tray_from_camera[2, 3])
        with np.errstate(divide="ignore"):
            return np.where(slope < 0, np.float32(-self._tray_from_camera[2, 3]) / slope, np.float32(0))

    def _find_volume(self) -> Window:
        corners = np.array(
            [
                (x, y, z, 1.0)
                for x in (-self._half_mm[0], self._half_mm[0])
                for y in (-self._half_mm[1], self._half_mm[1])
                for z in (0.0, self.max_height_mm)
            ]
        )
        points = (np.linalg.inv(self._tray_from_camera) @ corners.T)[:3]
        height, width = self.shape
        if (points[2] <= 0).any():
            return Window(0, 0, width, height, 1)
        pixels = (self._intrinsics.matrix @ (points / points[2]))[:2]
        left, top = np.clip(np.floor(pixels.min(axis=1)), 0, (width, height)).astype(int)
        right, bottom = np.clip(np.ceil(pixels.max(axis=1)) + 1, 0, (width, height)).astype(int)
        if right - left < 2 or bottom - top < 2:
            raise RigError(
                f"camera {self.camera_id!r} does not see the tray. Aim it at the tray, then calibrate the booth again"
            )
        return Window(int(left), int(top), int(right), int(bottom), 1)

    def _undistortion(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        k = self._intrinsics
        first, second = cv2.initUndistortRectifyMap(
            k.matrix, np.array(k.distortion), None, k.matrix, (k.width_px, k.height_px), cv2.CV_32FC1
        )
        return first, second
