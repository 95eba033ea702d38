"""What motion does to a picture: exposure smears it, and rows read one after another lean it over."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.sensor import Still
from station.simulation.settings import SimulationSettings


def in_motion(
    moving: Still,
    covered: NDArray[np.bool_],
    behind: Still,
    velocity_px_s: tuple[float, float],
    settings: SimulationSettings,
) -> Still:
    """Return a still in which what covers some pixels moves while the colour is taken.

    The middle row is read in the middle of the exposure. The depth imagers read all rows at once; where motion
    smears an outline they are unsure.

    Args:
        moving: the scene with the moving thing where it is in the middle of the exposure.
        covered: the pixels that it or its shadow covers, bool [H, W].
        behind: the scene without it.
        velocity_px_s: how fast it moves along columns and rows, in px a second.
        settings: the exposure's and the readout's times.
    """
    columns_px, rows_px = (speed * settings.exposure_ms / 1000 for speed in velocity_px_s)
    lean_px = max(map(abs, velocity_px_s)) * settings.readout_ms / 2000
    box = _around(covered, math.ceil(math.hypot(columns_px, rows_px) / 2 + lean_px) + 1)
    if box is None:
        return moving
    part = moving.colour[box]
    cover = np.where(covered[box], 255, 0).astype(np.uint8)
    layer = np.dstack([np.where(cover[..., None] > 0, part, 0), cover]).astype(np.uint8)
    layer = _smeared(_leaning(layer, box, velocity_px_s, settings), columns_px, rows_px)
    through = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2RGB)
    colour, margin = moving.colour.copy(), moving.margin.copy()
    colour[box] = cv2.add(cv2.multiply(behind.colour[box], through, scale=1 / 255), layer[..., :3])
    smear = np.minimum(layer[..., 3], 255 - layer[..., 3]).astype(np.float32) / 127
    margin[box] -= smear
    return Still(colour, moving.disparity, margin)


def _around(covered: NDArray[np.bool_], reach_px: int) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not rows.size:
        return None
    return (
        slice(max(0, int(rows[0]) - reach_px), int(rows[-1]) + reach_px + 1),
        slice(max(0, int(columns[0]) - reach_px), int(columns[-1]) + reach_px + 1),
    )


def _leaning(
    layer: NDArray[np.uint8], box: tuple[slice, slice], velocity_px_s: tuple[float, float], settings: SimulationSettings
) -> NDArray[np.uint8]:
    """Shift each row by what was moved between the middle row's readout and its own."""
    row_s = settings.readout_ms / 1000 / settings.height_px
    across, down = (speed * row_s for speed in velocity_px_s)
    start = box[0].start - settings.height_px / 2
    take = np.array([[1.0, -across, -across * start], [0.0, 1 - down, -down * start]])
    return _warped(layer, take)


def _smeared(layer: NDArray[np.uint8], columns_px: float, rows_px: float) -> NDArray[np.uint8]:
    """Average a layer along its way: each step averages two copies half as far apart as the last."""
    steps = math.ceil(math.log2(max(1.0, math.hypot(columns_px, rows_px))))
    for step in range(1, steps + 1):
        share = 0.5 ** (step + 1)
        ahead, back = (
            _warped(layer, np.array([[1.0, 0.0, sign * columns_px * share], [0.0, 1.0, sign * rows_px * share]]))
            for sign in (1, -1)
        )
        layer = np.asarray(cv2.addWeighted(ahead, 0.5, back, 0.5, 0), np.uint8)
    return layer


def _warped(layer: NDArray[np.uint8], take: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the layer whose pixel (x, y) is taken from `take` @ (x, y, 1); empty outside."""
    size = layer.shape[1::-1]
    return np.asarray(cv2.warpAffine(layer, take, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8)
