"""A camera's pixels in the tray's frame."""

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.rig import Rig

_GRID_PX = 100
"""An item is first looked for in about this many pixels across the image: every sixth of 640."""
_RIM_SHARE = 0.8
"""The tray is judged by its rim, outside this share of its length and width, where items seldom lie."""
_RIM_PIXELS = 400
_MIN_RIM_PIXELS = 50
_LENS_STEP_PX = 16
_NODES_FROM_CROP = np.column_stack([np.eye(2), np.full(2, (_LENS_STEP_PX + 1) / 2)]) / _LENS_STEP_PX
"""A lens bends so little between near pixels that a few tell the rest. Their first row and column lie half a step
before the crop's, less half a pixel, and their last as far behind it."""
_ONE_MAP = cast(NDArray[np.float32], None)
"""OpenCV's second map where the first holds both coordinates; its type stubs do not know."""
Number = TypeVar("Number", np.uint8, np.uint16, np.int16)
Sample = TypeVar("Sample", np.uint8, np.float32)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of an image, read with a stride: rows `top` to `bottom`, columns `left` to `right` (exclusive)."""

    left: int
    top: int
    right: int
    bottom: int
    stride: int

    def with_stride(self, stride: int) -> "Window":
        """Return it read with another stride, less what is beyond whole strides."""
        across, down = max(1, (self.right - self.left) // stride), max(1, (self.bottom - self.top) // stride)
        return Window(self.left, self.top, self.left + across * stride, self.top + down * stride, stride)

    def read(self, image: NDArray[Number]) -> NDArray[Number]:
        """Return the window's own pixels of an image, [h, w] or [h, w, 3]; they are not to be written to."""
        part = image[self.top : self.bottom, self.left : self.right]
        if self.stride == 1:
            return part
        # The very pixels of a strided copy, several times as fast, as the window is of whole strides.
        size = (part.shape[1] // self.stride, part.shape[0] // self.stride)
        return cast(NDArray[Number], cv2.resize(part, size, interpolation=cv2.INTER_NEAREST))


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What a window of one camera's undistorted image sees of the tray, and what depth means there.

    A pixel's coordinate along a tray axis is `slopes[axis] * depth_mm + offsets_mm[axis]`, for `slopes` float32
    [3, h, w]. `on_tray`, bool [h, w], are the pixels whose rays end on the empty tray; `mm_per_px` is the size of the
    window's own pixels there.
    """

    window: Window
    slopes: NDArray[np.float32]
    offsets_mm: NDArray[np.float32]
    half_mm: NDArray[np.float64]
    on_tray: NDArray[np.bool_]
    mm_per_px: float
    nearest: NDArray[np.int16] | None
    """Where its pixels lie in the camera's image, [h, w, 2], column and row; None where the lens is straight."""

    def read(self, image: NDArray[Number]) -> NDArray[Number]:
        """Return the window's pixels of an image as the camera gave it, without mixing any; not to be written to.

        Args:
            image: [H, W] or [H, W, 3].
        """
        if self.nearest is None:
            return self.window.read(image)
        return cast(NDArray[Number], cv2.remap(image, self.nearest, _ONE_MAP, cv2.INTER_NEAREST))

    def along(self, axis: int, depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the tray coordinate (0 x, 1 y, 2 height) of each pixel from its depth, float32 mm."""
        values: NDArray[np.float32] = self.slopes[axis] * depth_mm
        values += self.offsets_mm[axis]
        return values

    def is_over_tray(self, depth_mm: NDArray[np.float32], share: float = 1.0) -> NDArray[np.bool_]:
        """Return where the points lie over the tray, or over the middle `share` of its length and width."""
        x, y = self.along(0, depth_mm), self.along(1, depth_mm)
        half_x, half_y = self.half_mm * share
        inside: NDArray[np.bool_] = (np.abs(x, out=x) <= half_x) & (np.abs(y, out=y) <= half_y)
        return inside


class TrayGeometry:
    """Where the tray's working volume is in one camera's undistorted image, and what its windows see.

    Attributes:
        camera_id: the camera.
        shape: height and width of the image, px.
        focal_px: mean focal length.
        max_height_mm: height of the working volume.
        bounds: the window around the working volume.
        volume: what that window sees, at a coarse stride.
        rim: some pixels of the tray's rim, as flat indices into the volume window; empty if it is hardly in sight.
        distance_mm: mean depth of the empty tray.
    """

    def __init__(self, rig: Rig, camera_id: str) -> None:
        """Look the camera up.

        Raises:
            RigError: the rig has no such camera, or the camera does not see the tray.
        """
        self._intrinsics = rig.camera(camera_id).intrinsics
        self._tray_from_camera = rig.tray_from_camera(camera_id)
        self._half_mm = np.array(rig.tray.size_mm) / 2
        self._lens = self._image_from_pinhole() if any(self._intrinsics.distortion) else None
        self._nearest = None if self._lens is None else np.rint(self._lens).astype(np.int16)
        self.camera_id = camera_id
        self.shape = (self._intrinsics.height_px, self._intrinsics.width_px)
        self.focal_px = (self._intrinsics.fx + self._intrinsics.fy) / 2
        self.max_height_mm = rig.tray.max_item_height_mm

        self._on_tray, self.distance_mm = np.zeros(self.shape, np.uint8), 0.0  # until the whole image is looked at
        whole = self.sight(Window(0, 0, self.shape[1], self.shape[0], 1))
        plane_mm = _plane_depth_mm(whole)
        on_tray = (plane_mm > 0) & whole.is_over_tray(plane_mm)
        if not on_tray.any():
            raise RigError(
                f"camera {camera_id!r} does not see the tray. Aim it at the tray, then calibrate the booth again"
            )
        self._on_tray = on_tray.view(np.uint8)
        self.distance_mm = float(plane_mm[on_tray].mean())
        self.bounds = self._find_bounds()
        stride = max(1, self.shape[1] // _GRID_PX)
        self.volume = self.sight(self.bounds.with_stride(stride))
        self.rim = self._find_rim(whole, plane_mm)

    def sight(self, window: Window) -> Sight:
        """Return what a window of the undistorted image sees."""
        return Sight(
            window=window,
            slopes=self._slopes(window),
            offsets_mm=self._tray_from_camera[:3, 3].astype(np.float32),
            half_mm=self._half_mm,
            on_tray=window.read(self._on_tray).view(np.bool_),
            mm_per_px=self.distance_mm / self.focal_px * window.stride,
            nearest=None if self._nearest is None else window.read(self._nearest),
        )

    def crop(self, image: NDArray[np.uint8], crop_from_image: NDArray[np.float64], side_px: int) -> NDArray[np.uint8]:
        """Return a square crop of the image as the camera gave it, resampled once, uint8 [side_px, side_px, 3].

        Args:
            image: RGB [H, W, 3].
            crop_from_image: affine map [2, 3] from the undistorted image; beyond its edge the last pixel is repeated.
            side_px: side of the crop.
        """
        if self._lens is None:
            return _three(_warp(_four(image), crop_from_image, side_px))
        nodes_from_image = _NODES_FROM_CROP @ np.vstack([crop_from_image, (0, 0, 1)])
        nodes = _warp(self._lens, nodes_from_image, -(-side_px // _LENS_STEP_PX) + 2)
        lens = cv2.resize(nodes, None, fx=_LENS_STEP_PX, fy=_LENS_STEP_PX, interpolation=cv2.INTER_LINEAR)
        inside = slice(_LENS_STEP_PX, _LENS_STEP_PX + side_px)
        edge = cv2.BORDER_REPLICATE
        crop = cv2.remap(_four(image), lens[inside, inside], _ONE_MAP, cv2.INTER_LINEAR, borderMode=edge)
        return _three(np.asarray(crop, np.uint8))

    def _slopes(self, window: Window) -> NDArray[np.float32]:
        k, turn = self._intrinsics, self._tray_from_camera[:3, :3]
        cols = np.arange(window.left, window.right, window.stride)
        rows = np.arange(window.top, window.bottom, window.stride)
        across = np.outer(turn[:, 0], (cols - k.cx) / k.fx) + turn[:, 2:]
        down = np.outer(turn[:, 1], (rows - k.cy) / k.fy)
        return np.asarray(down.astype(np.float32)[:, :, None] + across.astype(np.float32)[:, None, :])

    def _find_rim(self, whole: Sight, plane_mm: NDArray[np.float32]) -> NDArray[np.intp]:
        middle = whole.is_over_tray(plane_mm, _RIM_SHARE).view(np.uint8)
        for region in (self._on_tray & ~middle, self._on_tray):
            indices = np.flatnonzero(self.volume.window.read(region))
            if len(indices) >= _MIN_RIM_PIXELS:
                return indices[:: max(1, len(indices) // _RIM_PIXELS)]
        return np.empty(0, np.intp)

    def _find_bounds(self) -> Window:
        half_x, half_y = self._half_mm
        corners = np.array(
            [(x, y, z, 1.0) for x in (-half_x, half_x) for y in (-half_y, half_y) for z in (0.0, self.max_height_mm)]
        )
        points = (np.linalg.inv(self._tray_from_camera) @ corners.T)[:3]
        height, width = self.shape
        if (points[2] <= 0).any():
            return Window(0, 0, width, height, 1)
        pixels = (self._intrinsics.matrix @ (points / points[2]))[:2]
        left, top = np.clip(np.floor(pixels.min(axis=1)), 0, (width - 1, height - 1)).astype(int)
        right, bottom = np.clip(np.ceil(pixels.max(axis=1)) + 1, 1, (width, height)).astype(int)
        return Window(int(left), int(top), int(right), int(bottom), 1)

    def _image_from_pinhole(self) -> NDArray[np.float32]:
        """Where each pixel of the undistorted image lies in the camera's, float32 [H, W, 2], column and row."""
        k = self._intrinsics
        lens, _ = cv2.initUndistortRectifyMap(
            k.matrix, np.array(k.distortion), None, k.matrix, (k.width_px, k.height_px), cv2.CV_32FC2
        )
        return np.asarray(lens, np.float32)


def _plane_depth_mm(sight: Sight) -> NDArray[np.float32]:
    """Depth of the empty tray's plane, 0 where it is not in sight."""
    slope = sight.slopes[2]
    falls = slope < 0
    depth_mm = np.zeros_like(slope)
    depth_mm[falls] = -sight.offsets_mm[2] / slope[falls]
    return np.asarray(depth_mm, np.float32)


def _four(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With a channel nobody needs: OpenCV resamples four in half the time of three."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA), np.uint8)


def _three(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB), np.uint8)


def _warp(image: NDArray[Sample], to: NDArray[np.float64], side_px: int) -> NDArray[Sample]:
    warped = cv2.warpAffine(image, to, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast(NDArray[Sample], warped)
