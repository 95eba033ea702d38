"""Soft bodies, never twice the same: padded mailer and poly bag."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import SimProduct
from station.simulation.faces import flap_mm, sticker_mm
from station.simulation.finish import MATT, PAPER, outside
from station.simulation.shape import Patch, Place, grid_patch, shares, uv_grid

_SEAM_MM = 7.0
"""Flat edge around a cushion."""
_FILLED = 0.85
"""How much of a bag's width and height its content takes."""
_FLAP_ABOVE_MM = 1.0


def mailer(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a cushion of two sheets, and the flap that closes it on its front."""
    width, height, depth = product.size_mm
    finish = outside(product)
    columns, rows = round(width / step_mm) + 1, round(height / step_mm) + 1
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    inner_x = np.clip(np.abs(across - 0.5) * width / (width / 2 - _SEAM_MM), 0, 1)
    inner_y = np.clip(np.abs(along - 0.5) * height / (height / 2 - _SEAM_MM), 0, 1)
    cushion = np.sqrt((1 - inner_x**4) * (1 - inner_y**4))
    folds = _folds(across * width, along * height, rng) * 2 * np.sqrt(cushion * (1 - cushion) + 0.02)
    xs, ys = (across - 0.5) * width, (0.5 - along) * height
    front_z = 0.75 * depth * cushion + folds - 0.25 * depth
    back_z = -0.25 * depth * cushion + 0.3 * folds - 0.25 * depth
    front = np.stack([xs, ys, np.maximum(front_z, back_z + 0.4)], axis=2)
    back = np.stack([-xs, ys, np.minimum(back_z, np.fliplr(front[..., 2]) - 0.4)], axis=2)
    flap_rows = round(flap_mm(product) / height * (rows - 1)) + 1  # on the front's own rows, which cannot poke through
    flap = front[:flap_rows] + np.array([0, 0, _FLAP_ABOVE_MM])
    flap_across, flap_along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, flap_rows))
    return {
        "front": grid_patch(front, uv_grid(art.places_mm["front"], across, along), finish),
        "back": grid_patch(back, uv_grid(art.places_mm["back"], across, along), finish),
        "flap": grid_patch(flap, uv_grid(art.places_mm["flap"], flap_across, flap_along), finish),
    }


def polybag(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build two crinkled films, welded at their edges, around something folded and soft."""
    width, height, depth = product.size_mm
    finish = outside(product)
    across, along = np.meshgrid(shares(width, step_mm), shares(height, step_mm))
    xs, ys = (across - 0.5) * width, (0.5 - along) * height
    filling = _pillow(xs, ys, (_FILLED * width, _FILLED * height), 6.0)
    loose = _pillow(xs, ys, (width - 2 * _SEAM_MM, height - 2 * _SEAM_MM), 3.0)
    crinkle = crinkles(xs, ys, rng) * np.sqrt(np.clip(loose, 0.03, 1)) * (1.6 - 1.2 * filling)
    inner = 0.43 * depth * filling * np.clip(1 + 0.06 * _folds(xs, ys, rng), 0.85, 1)
    half = np.maximum(0.18 * depth * loose + 0.75 * inner + crinkle, inner + 0.4)
    welded = np.minimum(np.minimum(across, 1 - across) * width, np.minimum(along, 1 - along) * height)
    half = np.where(welded < 0.5 * step_mm, 0.05, half)
    inner, half = inner * 0.5 * depth / half.max(), half * 0.5 * depth / half.max()
    patches = {
        "front": grid_patch(np.stack([xs, ys, half], axis=2), uv_grid(art.places_mm["front"], across, along), finish),
        "back": grid_patch(
            np.stack([-xs, ys, -np.fliplr(half)], axis=2), uv_grid(art.places_mm["back"], across, along), finish
        ),
    }
    rows, columns = xs.shape
    columns_there = ((_FILLED * (across - 0.5) + 0.5) * (columns - 1)).astype(np.float32)
    rows_there = ((_FILLED * (along - 0.5) + 0.5) * (rows - 1)).astype(np.float32)
    lying = np.asarray(cv2.remap(inner.astype(np.float32), columns_there, rows_there, cv2.INTER_LINEAR))
    lying[[0, -1]] = lying[:, [0, -1]] = 0
    for name, side, height_mm in (("contents", 1, lying), ("contents back", -1, -np.fliplr(lying))):
        points = np.stack([side * _FILLED * xs, _FILLED * ys, height_mm], axis=2)
        patches[name] = grid_patch(points, uv_grid(art.places_mm["contents"], across, along), MATT)
    for name, film_name in (("sticker", "front"), ("back sticker", "back")):
        if name in art.places_mm:
            patches[name] = _sticker(patches[film_name], product, art.places_mm[name])
    return patches


def _sticker(film: Patch, product: SimProduct, place: Place) -> Patch:
    """Return a sticker on the middle of a bag's film."""
    wide, high = (size / whole for size, whole in zip(sticker_mm(product), product.size_mm, strict=False))
    rows, columns = film.grid
    top, left = round((rows - 1) * (0.5 - high / 2)), round((columns - 1) * (0.5 - wide / 2))
    cut = slice(top, rows - top), slice(left, columns - left)
    across, along = np.meshgrid(np.linspace(0, 1, columns - 2 * left), np.linspace(0, 1, rows - 2 * top))
    points = film.points[cut] + 0.2 * film.normals()[cut]
    return grid_patch(points, uv_grid(place, across, along), PAPER)


def _pillow(
    xs: NDArray[np.floating], ys: NDArray[np.floating], size: tuple[float, float], power: float
) -> NDArray[np.floating]:
    """Return a plateau of height 1 over a rectangle, rounded down to 0 at its edges."""
    inner_x, inner_y = (np.clip(2 * np.abs(v) / s, 0, 1) for v, s in zip((xs, ys), size, strict=True))
    return np.asarray(np.sqrt((1 - inner_x**power) * (1 - inner_y**power)))


def _folds(xs: NDArray[np.floating], ys: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return the gentle folds of a soft wrapper, in mm."""
    height = np.zeros_like(xs)
    for _ in range(7):
        angle, length = rng.uniform(0, np.pi), rng.uniform(14, 60)
        wave = np.sin(2 * np.pi * (xs * np.cos(angle) + ys * np.sin(angle)) / length + rng.uniform(0, 2 * np.pi))
        height += wave * length * 0.006
    return height


def crinkles(xs: NDArray[np.floating], ys: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return a thin film's creases, in mm: ridges, sharp on top, that run any way."""
    height = np.zeros_like(xs)
    for _ in range(9):
        angle, length, bend = rng.uniform(0, np.pi), rng.uniform(12, 46), rng.uniform(0, 2 * np.pi, 2)
        path = xs * np.cos(angle) + ys * np.sin(angle)
        path = path + 0.25 * length * np.sin((ys * np.cos(angle) - xs * np.sin(angle)) / length + bend[0])
        height += (0.35 - np.abs(np.sin(np.pi * path / length + bend[1]))) * length * 0.016
    return height
