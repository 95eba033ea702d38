"""Which pixels are the item."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.vision.geometry import TrayGeometry, Window
from station.vision.settings import VisionSettings

Mask = NDArray[np.bool_]

_RIM_SHARE = 0.8
"""The tray is judged by its rim, outside this share of its length and width, where items seldom lie."""
_LEVEL_RANGE_MM = 25.0
"""Depth may drift by this much with temperature before the tray is not taken for the tray any more."""
_NOISE_FACTOR = 3.0
_MIN_RIM_PIXELS = 50
_SHADOW_GAIN = (0.6, 1.15)
"""Light on the tray may vary by a factor in this range without it being covered."""
_EDGE_MM = 6.0
"""Stereo depth is off by up to this at an item's edge; there colour decides, where it can."""
_COLOUR_TELLS = 0.8
"""Colour is trusted at the edges when it finds this share of what height finds."""


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of one camera's fused depth and last colour.

    `colour` uint8 RGB [h, w, 3]; `depth_mm` float32 [h, w], 0 where unknown; `height_mm` float32
    [h, w] above the rig's tray plane, NaN where unknown; `mm_per_px` on the tray, of the window's own pixels.
    """

    window: Window
    colour: NDArray[np.uint8]
    depth_mm: NDArray[np.float32]
    height_mm: NDArray[np.float32]
    on_tray: Mask
    mm_per_px: float


@dataclass(frozen=True, slots=True)
class TrayLook:
    """The tray in this very picture: how far its depth is off the rig, how noisy it is, and its colour."""

    level_mm: float
    noise_mm: float
    colour: NDArray[np.float32]
    colour_limit: float


def learn_tray(patch: Patch, geometry: TrayGeometry, settings: VisionSettings) -> TrayLook | None:
    """Learn the tray's looks from its rim; None when the patch shows too little of the tray."""
    depth_mm = geometry.plane_depth_mm(patch.window)
    rim = patch.on_tray & ~geometry.inside(depth_mm, patch.window, _RIM_SHARE)
    if np.count_nonzero(rim) < _MIN_RIM_PIXELS:
        rim = patch.on_tray
    if np.count_nonzero(rim) < _MIN_RIM_PIXELS:
        return None
    level_mm = noise_mm = 0.0
    flat = rim & (np.abs(patch.height_mm) < _LEVEL_RANGE_MM)
    if np.count_nonzero(flat) >= _MIN_RIM_PIXELS:
        level_mm, noise_mm = _middle_and_spread(patch.height_mm[flat])
        bare = flat & (np.abs(patch.height_mm - level_mm) < max(settings.min_height_mm, _NOISE_FACTOR * noise_mm))
        rim = bare if np.count_nonzero(bare) >= _MIN_RIM_PIXELS else flat
    pixels = patch.colour[rim].astype(np.float32)
    colour = np.median(pixels, axis=0)
    middle, spread = _middle_and_spread(colour_difference(pixels[None], colour)[0])
    return TrayLook(level_mm, noise_mm, colour, max(settings.min_colour_difference, middle + 4 * spread))


def colour_difference(colour: NDArray[np.generic], tray: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each pixel differs from the tray's colour under the light that suits it best.

    Args:
        colour: RGB [h, w, 3], uint8 or float32.
        tray: RGB [3].
    """
    pixels = colour.astype(np.float32)
    energy = max(float(tray @ tray), 1.0)
    along = cv2.transform(pixels, tray[None, :])
    square = cv2.transform(pixels * pixels, np.ones((1, 3), np.float32))
    gain = np.clip(along / energy, *_SHADOW_GAIN)
    square -= gain * (2 * along - gain * energy)
    return np.sqrt(np.maximum(square, 0))


def find_item(patch: Patch, tray: TrayLook, geometry: TrayGeometry, settings: VisionSettings) -> Mask | None:
    """Return the item's mask, bool [h, w], or None when nothing lies on the tray."""
    height_mm = patch.height_mm - np.float32(tray.level_mm)
    limit_mm = max(settings.min_height_mm, _NOISE_FACTOR * tray.noise_mm)
    raised = (height_mm > limit_mm) & (height_mm < geometry.max_height_mm)
    raised &= geometry.inside(patch.depth_mm, patch.window)
    difference = colour_difference(patch.colour, tray.colour) * patch.on_tray
    unknown = np.isnan(height_mm)
    item = _combine(raised, difference, tray.colour_limit, unknown, _radius(_EDGE_MM, patch))
    solid = cv2.morphologyEx(item.astype(np.uint8), cv2.MORPH_CLOSE, _square(_radius(_EDGE_MM / 2, patch)))
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _CROSS)
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _square(_radius(_EDGE_MM, patch)))
    return _main_part(np.where(unknown, closed, solid), settings, patch)


def _combine(
    raised: Mask, difference: NDArray[np.float32], limit: float, unknown: Mask, edge_px: int
) -> Mask:
    """Height where depth speaks, colour where it is silent, at height's edges, and on items without height."""
    differs = difference > limit
    both = np.count_nonzero(raised & differs)
    colour_found, height_found = np.count_nonzero(differs), np.count_nonzero(raised)
    item = raised | (differs & unknown)
    if colour_found > max(2 * both, height_found):
        return item | _keep_sharp(differs, difference, limit)
    seed, square = raised.astype(np.uint8), _square(edge_px)
    near = cv2.dilate(seed, square).astype(bool)
    item |= differs & near
    if both >= _COLOUR_TELLS * height_found:
        edge = near & ~cv2.erode(seed, square).astype(bool)
        item &= differs | ~edge
    return item


def _keep_sharp(differs: Mask, difference: NDArray[np.float32], limit: float) -> Mask:
    """Drop the parts whose outline is mostly soft: gleams and shadows on the tray fade out, items end."""
    solid = differs.astype(np.uint8)
    _, labels = cv2.connectedComponents(solid)
    outline = differs & (cv2.erode(solid, _square(1)) == 0)
    step = cv2.morphologyEx(difference, cv2.MORPH_GRADIENT, _square(2))
    around = np.bincount(labels[outline], minlength=labels.max() + 1)
    sharp = np.bincount(labels[outline], weights=step[outline] > limit, minlength=labels.max() + 1)
    kept: Mask = (sharp > 0.5 * np.maximum(around, 1))[labels]
    return kept & differs


def _main_part(solid: NDArray[np.uint8], settings: VisionSettings, patch: Patch) -> Mask | None:
    """The largest part, what lies near it, and all they enclose."""
    gap = _square(_radius(settings.merge_gap_mm / 2, patch))
    groups, labels = cv2.connectedComponents(cv2.dilate(solid, gap))
    areas = np.bincount(labels[solid > 0], minlength=groups)
    largest = int(areas.argmax())
    if areas[largest] * patch.mm_per_px**2 < settings.min_item_area_mm2:
        return None
    part = solid * (labels == largest)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    smallest = settings.min_item_area_mm2 / patch.mm_per_px**2 / 8
    filled = np.zeros_like(part)
    cv2.drawContours(filled, [line for line in outlines if cv2.contourArea(line) >= smallest], -1, 1, cv2.FILLED)
    return filled.astype(bool) if filled.any() else None


def _middle_and_spread(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median, and the standard deviation of a normal distribution with the same median deviation."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def _radius(length_mm: float, patch: Patch) -> int:
    return max(1, round(length_mm / patch.mm_per_px))


def _square(radius_px: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
