"""Which pixels are the item."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from station.vision.geometry import Sight, TrayGeometry
from station.vision.settings import VisionSettings

Mask = NDArray[np.bool_]

_LEVEL_RANGE_MM = 25.0
"""Depth may drift by this much with temperature before the tray is not taken for the tray any more."""
_BARE_SHARE = 0.6
"""The rim tells the tray's level only if this share of it is near enough to be tray: items may cover the rest."""
_MIN_BARE_PIXELS = 50
_NOISE_FACTOR = 3.0
_SHADOW_GAIN = (0.4, 1.15)
"""Light on the tray may vary by a factor in this range without it being covered."""
_EDGE_MM = 4.0
"""Stereo depth is off by up to this at an item's edge; there colour decides, where it can."""
_VOTE_MM = 2.0
_VOTE_SHARE = 0.7
"""A pixel is raised where more than this share of the depth known as near as `_VOTE_MM` is.

Stereo scatters an item's height beyond its edge, among holes and the tray's own depth; within it, among holes alone.
"""
_COLOUR_TELLS = 0.6
"""Colour decides at an edge where it tells this share of what lies just inside of it from the tray."""
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of one camera's fused depth and last colour.

    `colour` uint8 RGB [h, w, 3]; `depth_mm` float32 [h, w], 0 where unknown; `height_mm` float32
    [h, w] above the rig's tray plane, NaN where unknown.
    """

    sight: Sight
    colour: NDArray[np.uint8]
    depth_mm: NDArray[np.float32]
    height_mm: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrayLook:
    """The tray in this very picture: how far its depth is off the rig, how noisy it is, and its colour.

    What differs from `colour` by more than `colour_limit` is not tray; an infinite limit means colour cannot tell.
    """

    level_mm: float
    noise_mm: float
    colour: NDArray[np.float32]
    colour_limit: float


def learn_tray(patch: Patch, geometry: TrayGeometry, settings: VisionSettings) -> TrayLook:
    """Learn the tray's looks from its rim in a patch of the whole working volume.

    Where items hide the rim the tray's level is the rig's; where no bare tray can be told its colour says nothing.
    """
    height_mm = patch.height_mm.ravel()[geometry.rim]
    level_mm = noise_mm = 0.0
    known = ~np.isnan(height_mm)
    flat = np.abs(height_mm) < _LEVEL_RANGE_MM
    if np.count_nonzero(flat) >= max(_MIN_BARE_PIXELS, _BARE_SHARE * np.count_nonzero(known)):
        level_mm, noise_mm = _middle_and_spread(height_mm[flat])
    bare = np.abs(height_mm - level_mm) < max(settings.min_height_mm, _NOISE_FACTOR * noise_mm)
    if not known.any():
        bare = ~known
    if np.count_nonzero(bare) < _MIN_BARE_PIXELS:
        return TrayLook(level_mm, noise_mm, np.zeros(3, np.float32), np.inf)
    pixels = patch.colour.reshape(-1, 3)[geometry.rim[bare]]
    colour = np.partition(pixels, len(pixels) // 2, axis=0)[len(pixels) // 2].astype(np.float32)
    usual, spread = _middle_and_spread(np.sqrt(colour_difference(pixels[None], colour)))
    return TrayLook(level_mm, noise_mm, colour, max(settings.min_colour_difference, usual + 4 * spread))


def middle(values: NDArray[np.float32] | NDArray[np.uint8]) -> float:
    """Return the median, of an even number the upper one; of so few values NumPy's own takes many times as long."""
    return float(np.partition(values, values.size // 2, axis=None)[values.size // 2])


def colour_difference(colour: NDArray[np.uint8], tray: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each pixel differs from the tray's colour under the light that suits it best, squared.

    Args:
        colour: RGB [h, w, 3].
        tray: RGB [3].
    """
    pixels = colour.astype(np.float32)
    along = np.asarray(cv2.transform(pixels, tray[None]), np.float32)
    pixels *= pixels
    square = np.asarray(cv2.transform(pixels, np.ones((1, 3), np.float32)), np.float32)
    energy = max(float(tray @ tray), 1.0)
    gain = along * np.float32(1 / energy)
    np.maximum(gain, _SHADOW_GAIN[0], out=gain)  # several times as fast as clipping
    np.minimum(gain, _SHADOW_GAIN[1], out=gain)
    along *= 2
    along -= gain * np.float32(energy)
    square -= gain * along
    np.maximum(square, 0, out=square)
    return square


class Found(NamedTuple):
    """The item's mask, bool [h, w], and the area of the largest raised thing apart from it."""

    mask: Mask
    beside_mm2: float


def find_item(patch: Patch, tray: TrayLook, geometry: TrayGeometry, settings: VisionSettings) -> Found | None:
    """Return the item, or None when nothing lies on the tray."""
    mm_per_px = patch.sight.mm_per_px
    low_mm = tray.level_mm + max(settings.min_height_mm, _NOISE_FACTOR * tray.noise_mm)
    raised = (patch.height_mm > low_mm) & (patch.height_mm < geometry.max_height_mm)
    raised &= patch.sight.is_over_tray(patch.depth_mm)
    unknown = patch.depth_mm == 0
    raised = _voted(raised, unknown, _square(_VOTE_MM / mm_per_px))
    difference = colour_difference(patch.colour, tray.colour)
    edge = _square(_EDGE_MM / mm_per_px)
    item = _combine(raised, difference, patch.sight.on_tray, tray.colour_limit, unknown, edge)
    solid = cv2.morphologyEx(item.view(np.uint8), cv2.MORPH_CLOSE, edge)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _CROSS)
    return _main_part(np.asarray(solid, np.uint8), raised, settings, mm_per_px)


def _voted(raised: Mask, unknown: Mask, around: NDArray[np.uint8]) -> Mask:
    """Where most of the known depth around a pixel is raised."""
    counts = [
        cv2.boxFilter(which.view(np.uint8), cv2.CV_32F, around.shape, normalize=False) for which in (raised, ~unknown)
    ]
    most: Mask = counts[0] > _VOTE_SHARE * counts[1]
    return most


def _combine(
    raised: Mask,
    difference: NDArray[np.float32],
    on_tray: Mask,
    limit: float,
    unknown: Mask,
    edge: NDArray[np.uint8],
) -> Mask:
    """Height where depth speaks; colour where it is silent, at height's edges, and on items without height.

    Colour speaks only of pixels whose ray ends on the tray: beyond it any colour may be behind the item.
    """
    is_bare = on_tray & (difference <= limit**2)
    differs = on_tray & ~is_bare
    seed = raised.view(np.uint8)
    near = cv2.dilate(seed, edge).view(np.bool_)
    item = raised | (differs & (unknown | near)) | _keep_sharp(differs, np.sqrt(difference), limit)
    # At an edge colour decides where it tells the item from the tray just inside of that edge.
    inner = np.asarray(cv2.erode(seed, edge), np.uint8)
    size = (4 * edge.shape[1] + 1, 4 * edge.shape[0] + 1)
    told = cv2.boxFilter(differs.view(np.uint8) & inner, cv2.CV_32F, size, normalize=False)
    solid = cv2.boxFilter(inner, cv2.CV_32F, size, normalize=False)
    item &= ~(is_bare & near & (told > _COLOUR_TELLS * solid)) | inner.view(np.bool_)
    return item


def _keep_sharp(differs: Mask, difference: NDArray[np.float32], limit: float) -> Mask:
    """Drop the parts whose outline is mostly soft: gleams and shadows on the tray fade out, items end."""
    solid = differs.view(np.uint8)
    count, labels = cv2.connectedComponents(solid)
    outline = np.flatnonzero(differs & (cv2.erode(solid, _square(1)) == 0))
    part = labels.ravel()[outline]
    step = cv2.morphologyEx(difference, cv2.MORPH_GRADIENT, _square(1)).ravel()[outline]
    around = np.bincount(part, minlength=count)
    sharp = np.bincount(part[step > limit], minlength=count)
    kept: Mask = (sharp > around / 2)[labels]
    return kept


def _main_part(solid: NDArray[np.uint8], raised: Mask, settings: VisionSettings, mm_per_px: float) -> Found | None:
    """The largest part, what lies near it, and all they enclose."""
    needed_px = settings.min_item_area_mm2 / mm_per_px**2
    count, labels = cv2.connectedComponents(cv2.dilate(solid, _square(settings.merge_gap_mm / 2 / mm_per_px)))
    beside_px = 0
    if count > 2:
        labels *= solid
        areas = np.bincount(labels.ravel(), minlength=count)
        areas[0] = 0
        largest = areas.argmax()
        solid = (labels == largest).view(np.uint8)
        beside = np.bincount(labels[raised], minlength=count)  # dirt on the tray is flat
        beside[0] = beside[largest] = 0
        beside_px = int(beside.max())
    if np.count_nonzero(solid) < needed_px:
        return None
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(solid)
    parts = [outline for outline in outlines if cv2.contourArea(outline) >= needed_px / 8]
    cv2.drawContours(filled, parts, -1, 1, cv2.FILLED)
    return Found(filled.view(np.bool_), beside_px * mm_per_px**2) if parts else None


def _middle_and_spread(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median, and the standard deviation of a normal distribution with the same median deviation."""
    centre = middle(values)
    return centre, 1.4826 * middle(np.abs(values - np.float32(centre)))


def _square(radius_px: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius_px)) + 1
    return np.ones((side, side), np.uint8)
