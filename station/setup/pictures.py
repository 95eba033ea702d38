"""Pictures for the report: where each camera's depth is off, and where it saw the board's corners."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.setup.roles import contact_sheet

_UNKNOWN = 90
_DIM = 0.5
_LONGER = 100
"""Residuals are drawn that many times as long."""
_DOT, _LINE = (120, 200, 255), (255, 170, 60)
_SCALE_PX, _BAR_PX = 30, 14


def with_scale(picture: NDArray[np.uint8], colours: NDArray[np.uint8], least: str, most: str) -> NDArray[np.uint8]:
    """Return a picture, RGB [H, W, 3], with a bar of colours, RGB [N, 3], below it and what its two ends mean."""
    strip = np.full((_SCALE_PX, picture.shape[1], 3), 255, np.uint8)
    left = _written(strip, least, 10)
    bar = cv2.resize(colours[None], (picture.shape[1] // 3, _BAR_PX))
    top = (_SCALE_PX - _BAR_PX) // 2
    strip[top : top + _BAR_PX, left : left + bar.shape[1]] = bar
    _written(strip, most, left + bar.shape[1] + 8)
    return np.vstack([picture, strip])


def _written(strip: NDArray[np.uint8], words: str, left: int) -> int:
    """Write words into a strip; return where the next may begin."""
    (width, height), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    place = left, (len(strip) + height) // 2
    cv2.putText(strip, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
    return left + width + 8


def depth_sheet(off_percent: Mapping[str, NDArray[np.float64]], full_percent: float) -> NDArray[np.uint8]:
    """Return by camera how far depth is off, [H, W] in percent, NaN where unknown: blue too near, red too far; RGB.

    Args:
        off_percent: by camera's name.
        full_percent: what is drawn as fully blue or red.
    """
    tiles = {}
    for name, off in off_percent.items():
        share = np.clip(np.nan_to_num(off) / full_percent, -1, 1)
        fading = 255 * (1 - np.abs(share))
        tile = np.stack([np.where(share > 0, 255, fading), fading, np.where(share < 0, 255, fading)], axis=-1)
        tile[np.isnan(off)] = _UNKNOWN
        tiles[name] = tile.astype(np.uint8)
    return contact_sheet(tiles)


def corner_sheet(
    pictures: Mapping[str, NDArray[np.uint8]],
    seen: Mapping[str, Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]],
) -> NDArray[np.uint8]:
    """Return every corner each camera saw, and how far off it is, a hundred times as long; RGB.

    Args:
        pictures: by camera's name what it sees, RGB [H, W, 3].
        seen: by camera's name its views: corners and their residuals, float64 [N, 2] px.
    """
    tiles = {}
    for name, picture in pictures.items():
        tile = np.asarray(picture * _DIM, np.uint8)
        for pixels, off_px in seen.get(name, ()):
            for place, end in zip(pixels, pixels + _LONGER * off_px, strict=True):
                start = np.rint(place).astype(int).tolist()
                cv2.line(tile, start, np.rint(end).astype(int).tolist(), _LINE, 1, cv2.LINE_AA)
                cv2.circle(tile, start, 1, _DOT, -1, cv2.LINE_AA)
        tiles[name] = tile
    return contact_sheet(tiles)
