"""Soft bodies, never twice the same: padded mailer and poly bag."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import SimProduct
from station.simulation.faces import flap_mm
from station.simulation.finish import MATT, outside
from station.simulation.shape import Patch, grid_patch, shares, uv_grid

_FINE_MM = 4.0
_FILM_MM = 3.0
_SEAM_MM = 7.0
"""Flat edge around a cushion."""


def mailer(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a cushion of two sheets, and the flap that closes it on its front."""
    width, height, depth = product.size_mm
    step_mm = min(step_mm, _FINE_MM)
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
    flap_rows = max(8, round(flap_mm(product) / step_mm) + 1)
    flap_across, flap_along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, flap_rows))
    lying = np.clip(flap_along * flap_mm(product) / height * (rows - 1), 0, rows - 1).astype(int)
    flap = np.stack([(flap_across - 0.5) * width, height / 2 - flap_along * flap_mm(product), flap_across], axis=2)
    flap[..., 2] = front[lying, np.arange(columns)[None, :], 2] + 1.0
    return {
        "front": grid_patch(front, uv_grid(art.places_mm["front"], across, along), finish),
        "back": grid_patch(back, uv_grid(art.places_mm["back"], across, along), finish),
        "flap": grid_patch(flap, uv_grid(art.places_mm["flap"], flap_across, flap_along), finish),
    }


def polybag(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build two crinkled films, welded at their edges, around something folded and soft."""
    width, height, depth = product.size_mm
    step_mm = min(step_mm, _FILM_MM)
    across, along = np.meshgrid(shares(width, step_mm), shares(height, step_mm))
    xs, ys = (across - 0.5) * width, (0.5 - along) * height
    filling, filled = _pillow(xs, ys, (0.84 * width, 0.86 * height), 6.0), 0.86 * depth
    lumps = 1 + 0.06 * _folds(xs, ys, rng)
    loose = _pillow(xs, ys, (width - 2 * _SEAM_MM, height - 2 * _SEAM_MM), 3.0)
    crinkle = _crinkles(xs, ys, rng) * np.sqrt(np.clip(loose, 0.03, 1)) * (1.6 - 1.2 * filling)
    film = 0.5 * depth * (0.35 * loose + 0.65 * filling * np.clip(lumps, 0.9, 1.0)) + crinkle
    half = np.maximum(film, 0.5 * filled * filling * np.clip(lumps, 0.85, 1) + 0.4)
    half *= 0.5 * depth / half.max()
    finish = outside(product)
    patches = {}
    inner = 0.5 * filled * filling * np.clip(lumps, 0.85, 1) - 0.2
    for name, side, height_mm, look in (
        ("front", 1, half, finish),
        ("back", -1, half, finish),
        ("contents", 1, np.minimum(inner, half - 0.3), MATT),
        ("contents back", -1, np.minimum(inner, half - 0.3), MATT),
    ):
        points = np.stack([side * xs, ys, side * (height_mm if side > 0 else np.fliplr(height_mm))], axis=2)
        place = art.places_mm[name.removesuffix(" back") if name.startswith("contents") else name]
        patches[name] = grid_patch(points, uv_grid(place, across, along), replace(look))
    return patches


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


def _crinkles(xs: NDArray[np.floating], ys: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return a thin film's creases, in mm: ridges, sharp on top, that run any way."""
    height = np.zeros_like(xs)
    for _ in range(9):
        angle, length, bend = rng.uniform(0, np.pi), rng.uniform(12, 46), rng.uniform(0, 2 * np.pi, 2)
        path = xs * np.cos(angle) + ys * np.sin(angle)
        path = path + 0.25 * length * np.sin((ys * np.cos(angle) - xs * np.sin(angle)) / length + bend[0])
        height += (0.35 - np.abs(np.sin(np.pi * path / length + bend[1]))) * length * 0.016
    return height
