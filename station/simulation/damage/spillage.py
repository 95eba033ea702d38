"""Spillage: liquid or dry stuff that runs from the top of an item down its side and lies beside it on the tray."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind, Motif, Picture, SimProduct
from station.simulation.damage.moves import without
from station.simulation.damage.paint import Near, Points, coloured, lumps, painted, with_swatch
from station.simulation.damage.site import Stance
from station.simulation.finish import MATT, Finish
from station.simulation.shape import Shape, grid_patch
from station.simulation.trace import CLEAR

_FOREIGN_RGB = (
    (74, 42, 22),
    (198, 92, 20),
    (150, 26, 20),
    (236, 230, 214),
    (40, 96, 170),
    (46, 32, 26),
    (196, 160, 40),
)
"""Liquids that another item, which leaked before, has left on this one."""
_HOLD_LIQUID = (Kind.BOTTLE, Kind.TUBE, Kind.MULTIPACK, Kind.CAN)
_LOOSE = (
    Picture.GRAIN,
    Picture.LEAVES,
    Picture.CUP,
    Picture.BISCUITS,
    Picture.CHOCOLATE,
    Picture.CREATURE,
    Picture.CELLS,
    Motif.WAVES,
    Motif.BEANS,
)
"""What is pictured on dry wares that trickle out as crumbs or powder; cells that leak leave a crust of salt."""
_SALT_RGB = (236, 236, 230)
_WATER = 200
"""A drink no channel of whose colour is darker than this is as clear as water."""
_TRAY_RGB = (104, 110, 116)
_WET = Finish(gloss=1.0, roughness=0.04, opacity=0.9)
_SMEARED, _THICK = 0.5, 1.2
"""How wet a stain is, and how much lighter than through the wet its pigment is."""
_TELLS = 60.0
"""A foreign liquid's colour differs at least this much, in levels, from the tray's and from what it runs over."""
_PUDDLE_MM, _PUDDLE_RIM = 2.4, 0.2
"""How high a puddle stands, held by its skin, and how much of its radius rounds down to its border."""
_SWELL_MM, _SWELL_LONG_MM = 0.25, 16.0
_LAYER_STEP_MM, _LAYER_ROOM, _ABOVE_TRAY_MM = 1.5, 1.3, 0.25
"""What lies on the tray has points this far apart, as far out as this many radii."""


@dataclass(frozen=True, slots=True)
class _Stuff:
    """What spills: a liquid or dry stuff of a colour, or clear liquid, through which what is below looks darker."""

    rgb: tuple[int, int, int]
    dry: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True)
class _Leak:
    """Where it leaves the item: `point` at the top of a side that looks `outward`, and how far below the tray lies."""

    point: NDArray[np.float64]
    outward: NDArray[np.float64]
    up: NDArray[np.float64]
    drop_mm: float


def spilt(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a stain of what spilt on it, and a puddle or heap beside it."""
    leak = _draw_leak(shape, stance, rng)
    stuff = _stuff(shape.product, rng)
    radius = float(rng.uniform(30, 40) if major else rng.uniform(11, 14))
    pool_mm = float(rng.uniform(44, 58) if major else rng.uniform(14, 18))
    shape = (_dusted if stuff.dry else _wetted)(shape, leak, radius, 0.75 if major else 0.4, stuff, rng)
    return _lying(shape, leak, pool_mm, stuff, rng)


def spills_dry(product: SimProduct) -> bool:
    """Tell whether what a product holds trickles out as crumbs or powder."""
    return _stuff(product, np.random.default_rng(0)).dry


def _stuff(product: SimProduct, rng: np.random.Generator) -> _Stuff:
    """Return what a product holds if that can spill, or else a liquid that is not its own."""
    design = product.design
    pictured, rgb = (design.style.picture, design.style.ware) if design.style else (design.motif, design.base)
    if pictured is Picture.CELLS:
        return _Stuff(_SALT_RGB, dry=True)
    if pictured in _LOOSE and (product.kind not in _HOLD_LIQUID or pictured in (Picture.GRAIN, Motif.BEANS)):
        return _Stuff(rgb, dry=True)
    is_water = min(rgb) >= _WATER
    holds = product.kind in _HOLD_LIQUID and not (product.kind is Kind.MULTIPACK and is_water)
    if holds or pictured is Picture.FILLET:
        return _Stuff(rgb, clear=product.kind is Kind.BOTTLE and is_water)
    if product.kind is Kind.BLISTER:
        return _Stuff(rgb)
    around = np.array([_TRAY_RGB, design.base], np.float64)
    apart = np.array([np.abs(around - colour).max(axis=1).min() for colour in _FOREIGN_RGB])
    return _Stuff(_FOREIGN_RGB[int(rng.choice(np.flatnonzero(apart >= min(_TELLS, apart.max()))))])


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


def _wetted(shape: Shape, leak: _Leak, radius: float, share: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Stain the item around the leak, with runs down about this share of the side."""
    wander, runs = lumps(1.2 * radius, rng), lumps(0.45 * radius, rng)
    tint = coloured(stuff.rgb, 4.0, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        below = np.maximum(-(offset @ leak.up), 0)
        level = offset - (offset @ leak.up)[:, None] * leak.up
        spread = 1 - np.linalg.norm(level, axis=1) / radius + 0.22 * wander(points)
        run = np.clip(0.7 + 0.75 * runs(np.asarray(level, np.float32)), 0.12, 2.0) * (leak.drop_mm + 8) * share
        faces = (normals @ leak.up > 0.3) | (normals @ leak.outward > 0.15)
        return np.asarray(np.clip(7 * np.minimum(spread, 1 - below / run), 0, 1) * faces, np.float32)

    def paint(points: Points, below: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(
            0.8 * below if stuff.clear else _THICK * (0.8 * tint(points, below) + 0.12 * below), np.float32
        )

    wettable = shape
    if stuff.clear:  # it leaves no skin on clear film
        wettable = without(shape, (name for name, patch in shape.patches.items() if patch.finish.opacity < CLEAR))
    stained = painted(wettable, _below(leak, 1.7 * radius), cover, paint, wet=1.0 if stuff.clear else _SMEARED)
    return stained.with_patches({name: patch for name, patch in shape.patches.items() if name not in stained.patches})


def _dusted(shape: Shape, leak: _Leak, radius: float, share: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Dust the item around the leak; it lies thick in the middle and in grains further out."""
    wander, grains = lumps(radius, rng), lumps(3.2, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        level = offset - (offset @ leak.up)[:, None] * leak.up
        spread = 1.1 - np.linalg.norm(level, axis=1) / radius + 0.2 * wander(points)
        lies = np.clip(0.45 + normals @ leak.up, 0.25, 1) * ((normals @ leak.up > 0.3) | (normals @ leak.outward > 0.3))
        return np.asarray(np.clip(3 * (spread + 0.3 * grains(points)), 0, 0.95) * lies, np.float32)

    return painted(shape, _below(leak, 2.0 * radius), cover, coloured(stuff.rgb, 7.0, rng))


def _below(leak: _Leak, reach_mm: float) -> Near:
    """Return what tells which points lie in the upright cylinder around a leak."""

    def near(points: Points) -> NDArray[np.bool_]:
        offset = points - leak.point
        level = offset - (offset @ leak.up)[:, None] * leak.up
        return np.asarray((level**2).sum(axis=1) < reach_mm**2)

    return near


def _lying(shape: Shape, leak: _Leak, radius: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Lay a puddle, rounded at its border, or a heap on the tray below the leak."""
    wander, scatter, swell = lumps(1.1, rng), lumps(0.09, rng), lumps(_SWELL_LONG_MM / radius, rng)

    def level(flat: NDArray[np.float32]) -> NDArray[np.float32]:
        spread = 1 - np.linalg.norm(flat, axis=1) + 0.16 * wander(flat)
        return np.asarray(spread + 0.22 * scatter(flat) if stuff.dry else spread, np.float32)

    size = round(2 * _LAYER_ROOM * radius * shape.px_per_mm)
    flat = _unit_grid(size)
    rgb = 0.72 * np.array(_TRAY_RGB) if stuff.clear else np.array(stuff.rgb) * rng.uniform(0.92, 1.0)
    swatch = np.clip(rgb + (9.0 if stuff.dry else 1.0) * rng.normal(size=(len(flat), 1)), 0, 255)
    picture = np.column_stack([swatch, np.where(level(flat) > 0, 255, 0)]).reshape(size, size, 4)
    shape, (left, top, wide, high) = with_swatch(shape, np.rint(picture).astype(np.uint8))
    count = round(2 * _LAYER_ROOM * radius / _LAYER_STEP_MM)
    flat = _unit_grid(count)
    if stuff.dry:
        rise = 0.16 * radius * np.clip(1 - np.linalg.norm(flat, axis=1), 0, 1)
    else:
        rim = np.sqrt(np.clip(level(flat) / _PUDDLE_RIM, 0, 1))
        rise = (_PUDDLE_MM + _SWELL_MM * swell(flat)) * rim
    middle = leak.point + 0.55 * radius * leak.outward - (leak.drop_mm - _ABOVE_TRAY_MM) * leak.up
    level_ways = radius * np.stack([np.cross(leak.up, leak.outward), -leak.outward])
    points = (middle + flat[:, :2] @ level_ways + rise[:, None] * leak.up).reshape(count, count, 3)
    share = (flat[:, :2] / _LAYER_ROOM + 1) / 2
    uv_mm = (np.array([left, top]) + share * (wide, high)).reshape(count, count, 2)
    layer = grid_patch(points[:, ::-1], uv_mm[:, ::-1], MATT if stuff.dry else _WET)
    number = sum(patch.spilt for patch in shape.patches.values())
    return shape.with_patches({f"spill {number + 1}": replace(layer, spilt=True)})


def _unit_grid(count: int) -> NDArray[np.float32]:
    """Return points of a square grid around the origin, in radii of what lies there, float32 [count * count, 3]."""
    across, along = np.meshgrid(*[np.linspace(-_LAYER_ROOM, _LAYER_ROOM, count)] * 2)
    return np.dstack([across, along, np.zeros_like(across)]).reshape(-1, 3).astype(np.float32)
