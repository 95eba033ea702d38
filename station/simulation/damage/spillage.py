"""Spillage: liquid or powder that runs from the top of an item down its side and lies beside it on the tray."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.damage.paint import Near, Points, coloured, lumps, painted, with_swatch
from station.simulation.damage.site import Stance
from station.simulation.finish import MATT, Finish
from station.simulation.shape import Shape, grid_patch

_LIQUIDS_RGB = (
    (74, 42, 22),
    (198, 92, 20),
    (150, 26, 20),
    (236, 230, 214),
    (40, 96, 170),
    (46, 32, 26),
    (196, 160, 40),
)
_POWDERS_RGB = ((240, 238, 232), (120, 78, 46), (226, 196, 130), (70, 70, 74))
_TRAY_RGB = (104, 110, 116)
_WET = Finish(gloss=1.0, roughness=0.04)
_TELLS = 60.0
"""A spill's colour differs at least this much, in levels, from the tray's and from what it runs over."""
_POWDER_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class _Leak:
    """Where it leaves the item: `point` at the top of a side that looks `outward`, and how far below the tray lies."""

    point: NDArray[np.float64]
    outward: NDArray[np.float64]
    up: NDArray[np.float64]
    drop_mm: float


def spilt(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a stain of liquid or powder on it, and a puddle or heap beside it."""
    leak = _draw_leak(shape, stance, rng)
    is_powder = bool(rng.random() < _POWDER_SHARE)
    rgb = _draw_colour(shape, _POWDERS_RGB if is_powder else _LIQUIDS_RGB, rng)
    radius = float(rng.uniform(30, 40) if major else rng.uniform(11, 14))
    pool_mm = float(rng.uniform(44, 58) if major else rng.uniform(13, 17))
    if is_powder:
        return _heap(_dusted(shape, leak, radius, rgb, rng), leak, pool_mm, rgb, rng)
    return _puddle(_wetted(shape, leak, radius, 0.75 if major else 0.4, rgb, rng), leak, pool_mm, rgb, rng)


def _draw_leak(shape: Shape, stance: Stance, rng: np.random.Generator) -> _Leak:
    """Draw a place at the item's outline, on a side that a camera sees."""
    points = shape.points().astype(np.float64)
    heights = points @ stance.up
    level = points - heights[:, None] * stance.up
    towards = stance.towards_cameras - (stance.towards_cameras @ stance.up)[:, None] * stance.up
    sides = towards[np.linalg.norm(towards, axis=1) > 0.2]
    outward = sides[int(rng.integers(len(sides)))] if len(sides) else np.cross(stance.up, rng.normal(size=3))
    turn = float(rng.uniform(-0.8, 0.8))
    outward = np.cos(turn) * outward + np.sin(turn) * np.cross(stance.up, outward)
    outward /= np.linalg.norm(outward)
    aside = np.cross(stance.up, outward)
    middle = (level.max(axis=0) + level.min(axis=0)) / 2
    across = (level - middle) @ aside
    lane = np.abs(across - 0.25 * float(rng.uniform(-1, 1)) * np.ptp(across)) < 12.0
    reach = np.where(lane, (level - middle) @ outward, -np.inf)
    rim = np.flatnonzero(reach > reach.max() - 4.0)
    highest = rim[int(heights[rim].argmax())]
    return _Leak(points[highest], outward, stance.up, float(heights[highest] - heights.min()))


def _draw_colour(
    shape: Shape, colours: tuple[tuple[int, int, int], ...], rng: np.random.Generator
) -> tuple[int, int, int]:
    """Draw a colour that tells from the tray and from the item."""
    around = np.array([_TRAY_RGB, shape.product.design.base], np.float64)
    apart = np.array([np.abs(around - colour).max(axis=1).min() for colour in colours])
    good = np.flatnonzero(apart >= min(_TELLS, apart.max()))
    return colours[int(rng.choice(good))]


def _wetted(
    shape: Shape, leak: _Leak, radius: float, share: float, rgb: tuple[int, int, int], rng: np.random.Generator
) -> Shape:
    """Stain the item around the leak, with runs down about this share of the side."""
    wander, runs = lumps(1.2 * radius, rng), lumps(0.45 * radius, rng)
    tint = coloured(rgb, 4.0, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        below = np.maximum(-(offset @ leak.up), 0)
        level = offset - (offset @ leak.up)[:, None] * leak.up
        spread = 1 - np.linalg.norm(level, axis=1) / radius + 0.22 * wander(points)
        run = np.clip(0.7 + 0.75 * runs(np.asarray(level, np.float32)), 0.12, 2.0) * (leak.drop_mm + 8) * share
        faces = (normals @ leak.up > 0.3) | (normals @ leak.outward > 0.15)
        return np.asarray(np.clip(7 * np.minimum(spread, 1 - below / run), 0, 1) * faces, np.float32)

    def paint(points: Points, below: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(0.78 * tint(points, below) + 0.22 * below * 0.7, np.float32)

    return painted(shape, _below(leak, 1.7 * radius), cover, paint, wet=1.0)


def _dusted(shape: Shape, leak: _Leak, radius: float, rgb: tuple[int, int, int], rng: np.random.Generator) -> Shape:
    """Dust the item around the leak; it lies thick in the middle and in grains further out."""
    wander, grains = lumps(radius, rng), lumps(3.2, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        level = offset - (offset @ leak.up)[:, None] * leak.up
        spread = 1.1 - np.linalg.norm(level, axis=1) / radius + 0.2 * wander(points)
        lies = np.clip(0.45 + normals @ leak.up, 0.25, 1) * ((normals @ leak.up > 0.3) | (normals @ leak.outward > 0.3))
        return np.asarray(np.clip(3 * (spread + 0.3 * grains(points)), 0, 0.95) * lies, np.float32)

    return painted(shape, _below(leak, 2.0 * radius), cover, coloured(rgb, 7.0, rng))


def _below(leak: _Leak, reach_mm: float) -> Near:
    """Return what tells which points lie in the upright cylinder around a leak."""

    def near(points: Points) -> NDArray[np.bool_]:
        offset = points - leak.point
        level = offset - (offset @ leak.up)[:, None] * leak.up
        return np.asarray((level**2).sum(axis=1) < reach_mm**2)

    return near


def _puddle(shape: Shape, leak: _Leak, radius: float, rgb: tuple[int, int, int], rng: np.random.Generator) -> Shape:
    colour = np.array(rgb) * rng.uniform(0.92, 1.0)
    return _lying(shape, leak, radius, colour, 1.0, (0.9, 0.5), replace(_WET, opacity=0.9), rng)


def _heap(shape: Shape, leak: _Leak, radius: float, rgb: tuple[int, int, int], rng: np.random.Generator) -> Shape:
    return _lying(shape, leak, radius, np.array(rgb), 9.0, (0.16 * radius, 0.0), MATT, rng)


def _lying(
    shape: Shape,
    leak: _Leak,
    radius: float,
    rgb: NDArray[np.floating],
    grain: float,
    height_mm: tuple[float, float],
    finish: Finish,
    rng: np.random.Generator,
) -> Shape:
    """Lay a rounded or heaped layer on the tray below the leak, `height_mm` high in the middle and at its border."""
    size = round(2.6 * radius * shape.px_per_mm)
    across, along = np.meshgrid(*[np.linspace(-1.3, 1.3, size)] * 2)
    flat = np.dstack([across, along, np.zeros_like(across)]).reshape(-1, 3).astype(np.float32)
    wander, scatter = lumps(1.1, rng), lumps(0.09, rng)
    heaped = height_mm[1] == 0
    level = 1 - np.linalg.norm(flat, axis=1) + 0.16 * wander(flat) + (0.22 * scatter(flat) if heaped else 0)
    swatch = np.clip(rgb + grain * rng.normal(size=(len(flat), 1)), 0, 255)
    alpha = np.where(level > 0, 255, 0)
    picture = np.column_stack([swatch, alpha]).reshape(size, size, 4)
    shape, place = with_swatch(shape, np.rint(picture).astype(np.uint8))
    count = 41
    across, along = np.meshgrid(*[np.linspace(-1.3, 1.3, count)] * 2)
    far = 1 - np.hypot(across, along)
    rise = np.clip(far, 0, 1) if heaped else np.clip(4 * (far + 0.2), 0, 1)
    high = height_mm[1] + (height_mm[0] - height_mm[1]) * rise + 0.25
    aside = np.cross(leak.up, leak.outward)
    middle = leak.point + 0.55 * radius * leak.outward - leak.drop_mm * leak.up
    points = middle + radius * (across[..., None] * aside - along[..., None] * leak.outward)
    points = points[:, ::-1] + high[..., None] * leak.up
    left, top, wide, tall = place
    uv_mm = np.dstack([left + (across + 1.3) / 2.6 * wide, top + (along + 1.3) / 2.6 * tall])[:, ::-1]
    puddle = replace(grid_patch(points, uv_mm, finish), spilt=True)
    number = sum(patch.spilt for patch in shape.patches.values())
    return shape.with_patches({f"spill {number + 1}": puddle})
