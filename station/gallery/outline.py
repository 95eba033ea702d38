"""Where the item is in pictures that come without depth or mask.

A picture's border shows what items lie on. What looks unlike the borders of all reference pictures, by its features
or by its colour, is item; GrabCut (Rother et al., SIGGRAPH 2004) then finds its edge. Where most references show no
such thing the item fills the picture, and no outline is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.gallery.patches import coreset, unit
from station.gallery.registered import Describe

_LONG_SIDE_PX = 960
_TILE_PX = 320
_CELL_PX = 16
_BORDER = 0.08
_QUANTILE = 99.8
_FEATURES_KEPT = 2000
_COLOURS_KEPT = 400
_MIN_AREA = 0.005
_MAX_AREA = 0.7
_FOUND_SHARE = 0.8
_MARGIN = 0.06
_COLOUR_CELL_PX = 8


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What the borders of a camera's pictures show: `features` and `colours`, and how far either may be from it.

    `holds` is False where the references' items fill their pictures.
    """

    features: NDArray[np.float32]
    colours: NDArray[np.float32]
    feature_limit: float
    colour_limit: float
    holds: bool


def learn_background(pictures: Sequence[NDArray[np.uint8]], describe: Describe) -> Background:
    """Learn one camera's background from reference pictures, two at least, uint8 RGB [H, W, 3]."""
    described = [_features_and_colours(_scaled(picture), describe) for picture in pictures]
    banks, limits = [], []
    for kind, kept in ((0, _FEATURES_KEPT), (1, _COLOURS_KEPT)):
        borders = [maps[kind][_is_border(maps[kind])] for maps in described]
        half = coreset(np.concatenate(borders[::2]), kept)
        limits.append(float(np.percentile(np.concatenate([_distances(b, half) for b in borders[1::2]]), _QUANTILE)))
        banks.append(coreset(np.concatenate(borders), kept))
    background = Background(banks[0], banks[1], limits[0], limits[1], holds=True)
    found = [_rough(maps, background) is not None for maps in described]
    holds = float(np.mean(found)) >= _FOUND_SHARE
    return Background(banks[0], banks[1], limits[0], limits[1], holds)


def outline(picture: NDArray[np.uint8], background: Background, describe: Describe) -> NDArray[np.bool_] | None:
    """Return the item's mask, bool [H, W], or None where it fills the picture or none is found.

    Args:
        picture: uint8 RGB [H, W, 3].
        background: of the camera.
        describe: the model.
    """
    if not background.holds:
        return None
    small = _scaled(picture)
    rough = _rough(_features_and_colours(small, describe), background)
    if rough is None:
        return None
    sharp = _grab(small, _resized(rough, small.shape[1::-1]))
    return _resized(sharp, picture.shape[1::-1]) > 0


def framing(mask: NDArray[np.bool_], side_px: int) -> NDArray[np.float64]:
    """Return the map that lays an item upright in the middle of a square crop, `crop_from_picture` float64 [2, 3].

    Args:
        mask: the item in its picture, bool [H, W], not empty.
        side_px: the crop's side.
    """
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    scale = side_px * (1 - 2 * _MARGIN) / max(width, height)
    middle = np.array([left + (width - 1) / 2, top + (height - 1) / 2])
    shift = (side_px - 1) / 2 - scale * middle
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def cut_out(
    picture: NDArray[np.uint8], mask: NDArray[np.bool_], crop_from_picture: NDArray[np.float64], side_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return a square crop of a picture, uint8 RGB [S, S, 3], and the item's mask there, bool [S, S].

    Args:
        picture: uint8 RGB [H, W, 3].
        mask: the item in it, bool [H, W].
        crop_from_picture: see `framing`.
        side_px: the crop's side S.
    """
    size = (side_px, side_px)
    crop = cv2.warpAffine(picture, crop_from_picture, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cut = cv2.warpAffine(mask.astype(np.uint8) * 255, crop_from_picture, size, flags=cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8), cut > 127


def _scaled(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at the size that is looked at, its sides multiples of a cell."""
    scale = _LONG_SIDE_PX / max(picture.shape[:2])
    height, width = (max(_TILE_PX, round(scale * side / _CELL_PX) * _CELL_PX) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _features_and_colours(picture: NDArray[np.uint8], describe: Describe) -> tuple[NDArray[np.float32], ...]:
    height, width = picture.shape[:2]
    places = [(top, left) for top in _starts(height) for left in _starts(width)]
    tiles = [np.ascontiguousarray(picture[top : top + _TILE_PX, left : left + _TILE_PX]) for top, left in places]
    described = describe(tiles)
    cells = described.shape[1]
    per_px = cells / _TILE_PX
    features = np.zeros((round(height * per_px), round(width * per_px), described.shape[3]), np.float32)
    for (top, left), tile in zip(places, unit(described), strict=True):
        row, column = round(top * per_px), round(left * per_px)
        features[row : row + cells, column : column + cells] += tile
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    size = (width // _COLOUR_CELL_PX, height // _COLOUR_CELL_PX)
    return unit(features), np.asarray(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), np.float32)


def _starts(length: int) -> list[int]:
    count = -(-length // _TILE_PX)
    last = length - _TILE_PX
    return [round(n * last / max(1, count - 1) / _CELL_PX) * _CELL_PX for n in range(count)]


def _is_border(cells: NDArray[np.float32]) -> NDArray[np.bool_]:
    height, width = cells.shape[:2]
    inner = np.zeros((height, width), np.bool_)
    down, right = max(1, int(_BORDER * height)), max(1, int(_BORDER * width))
    inner[down:-down, right:-right] = True
    return ~inner


def _distances(points: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = (points**2).sum(axis=1)[:, None] - 2 * points @ bank.T + (bank**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), np.float32)


def _rough(maps: Sequence[NDArray[np.float32]], background: Background) -> NDArray[np.uint8] | None:
    """The hull of the largest strange part, on the finer of the two grids."""
    height, width = maps[1].shape[:2]
    strange = np.zeros((height, width), np.uint8)
    known = ((background.features, background.feature_limit), (background.colours, background.colour_limit))
    for cells, (bank, limit) in zip(maps, known, strict=True):
        far = _distances(cells.reshape(-1, cells.shape[2]), bank).reshape(cells.shape[:2]) > limit
        far &= ~_is_border(cells)
        strange |= _resized(far.astype(np.uint8), (width, height))
    opened = cv2.morphologyEx(strange, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    hull = _main_hull(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))
    return hull if hull is not None and _MIN_AREA < hull.mean() < _MAX_AREA else None


def _grab(picture: NDArray[np.uint8], rough: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(rough)
    pad = 2 * _CELL_PX
    rows = slice(max(0, top - pad), top + height + pad)
    columns = slice(max(0, left - pad), left + width + pad)
    seed = rough[rows, columns]
    labels = np.where(seed > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.dilate(seed, np.ones((31, 31), np.uint8)) == 0] = cv2.GC_BGD
    depth = cv2.distanceTransform(seed, cv2.DIST_L2, 5)
    labels[depth > 0.6 * depth.max()] = cv2.GC_FGD
    labels[[0, -1]] = labels[:, [0, -1]] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # GrabCut starts from random clusters
    window = np.ascontiguousarray(picture[rows, columns])
    everywhere = (0, 0, window.shape[1], window.shape[0])
    cv2.grabCut(window, labels, everywhere, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    item = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    hull = _main_hull(cv2.morphologyEx(item, cv2.MORPH_OPEN, np.ones((25, 25), np.uint8)))
    sharp = np.zeros_like(rough)
    sharp[rows, columns] = seed if hull is None else hull
    return sharp


def _resized(mask: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _main_hull(parts: Any) -> NDArray[np.uint8] | None:
    outlines, _ = cv2.findContours(np.asarray(parts, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    hull = np.zeros(parts.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(max(outlines, key=cv2.contourArea)), 1)
    return hull
