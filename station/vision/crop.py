"""An item turned into its own orientation."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.vision.geometry import Window


def crop_from_image(mask: NDArray[np.bool_], window: Window, side_px: int, fill: float) -> NDArray[np.float64]:
    """Return the affine map, float64 [2, 3], that lays the mask's smallest rectangle level in a square crop.

    The rectangle's longer side becomes horizontal and fills `fill` of the crop; which of its two ends
    comes left is not decided.
    """
    outlines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    (x, y), (width, height), angle_deg = cv2.minAreaRect(np.concatenate(outlines))
    if height > width:
        width, angle_deg = height, angle_deg + 90
    angle_deg = (angle_deg + 90) % 180 - 90
    turn, scale = math.radians(angle_deg), fill * side_px / ((width + 1) * window.stride)
    cos, sin, middle = scale * math.cos(turn), scale * math.sin(turn), (side_px - 1) / 2
    x, y = x * window.stride + window.left, y * window.stride + window.top
    return np.array([[cos, sin, middle - cos * x - sin * y], [-sin, cos, middle + sin * x - cos * y]])


def from_window(image_map: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Return the map from a window's own pixels, given that from the image's."""
    linear = image_map[:, :2]
    origin = linear @ np.array([window.left, window.top], np.float64) + image_map[:, 2]
    return np.column_stack([linear * window.stride, origin])


def warp_mask(mask: NDArray[np.bool_], crop_from_window: NDArray[np.float64], side_px: int) -> NDArray[np.bool_]:
    """Return a window's mask as it lies in the square crop, bool [side_px, side_px], its outline smooth.

    A crop is finer than its window; so half of its resolution tells all, in a third of the time.
    """
    half = side_px // 2
    scale = half / side_px
    half_from_window = crop_from_window * scale
    half_from_window[:, 2] += (scale - 1) / 2  # pixels' centres
    small = cv2.warpAffine(mask.view(np.uint8) * 255, half_from_window, (half, half), flags=cv2.INTER_LINEAR)
    cut: NDArray[np.bool_] = cv2.resize(small, (side_px, side_px), interpolation=cv2.INTER_LINEAR) > 127
    return cut


def border_fraction(mask: NDArray[np.bool_], window: Window, image_shape: tuple[int, int]) -> float:
    """Return the share of the mask's outline that lies on the image's border."""
    height, width = image_shape
    top, left = window.top == 0, window.left == 0
    bottom, right = window.bottom > height - window.stride, window.right > width - window.stride
    if not (top or left or bottom or right):
        return 0.0
    outline = _outline(mask)
    on_border = np.zeros_like(outline)
    on_border[0, :] |= top
    on_border[:, 0] |= left
    on_border[-1, :] |= bottom
    on_border[:, -1] |= right
    return float(np.count_nonzero(outline & on_border)) / max(1, int(np.count_nonzero(outline)))


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = cv2.erode(mask.view(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    outline: NDArray[np.bool_] = mask & (inner == 0)
    return outline
