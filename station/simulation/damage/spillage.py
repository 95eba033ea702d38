"""Spillage: liquid or dry stuff that runs from the top of an item down its side and lies beside it on the tray."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind, Motif, Picture, SimProduct
from station.simulation.damage.paint import Near, Points, coloured, lumps, painted, with_swatch, within
from station.simulation.damage.site import Stance
from station.simulation.finish import MATT, Finish
from station.simulation.shape import Shape, grid_patch

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
_RUNS, _SLOPE = 0.8, 0.3
"""How far down a side it runs, as a share of it, and how little of the way ahead counts as its spread."""
_SCATTERED, _CRUMB_MM = 0.28, 0.8
"""How far crumbs scatter about a heap's border, as a share of its radius, and how large they are."""
_LANE_MM, _ASIDE_MM, _STANDS_MM = 12.0, 10.0, 3.0
_X, _Y = np.eye(3)[:2]
_GAP_RGB = (24, 20, 18)
_SWELL_MM, _SWELL_LONG_MM = 0.25, 16.0
_LAYER_STEP_MM, _LAYER_ROOM, _ABOVE_TRAY_MM = 1.5, 1.3, 0.25
"""What lies on the tray has points this far apart, as far out as this many radii."""


@dataclass(frozen=True, slots=True)
class _Stuff:
    """What spills: a liquid or dry stuff of a colour, or clear liquid, through which what is below looks darker.

    What is `own` comes out of the item.
    """

    rgb: tuple[int, int, int]
    dry: bool = False
    clear: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class _Leak:
    """Where it leaves the item: `point` on a side that looks `outward`, and how far below the tray lies.

    It lands on the tray at `foot`, where the item is widest; the tray meets the item `under_mm` further in.
    """

    point: NDArray[np.float64]
    foot: NDArray[np.float64]
    outward: NDArray[np.float64]
    up: NDArray[np.float64]
    drop_mm: float
    under_mm: float

    def level(self, points: Points) -> NDArray[np.float64]:
        """Return how far points [N, 3] are from the leak seen from above, in mm; down a slope it runs further."""
        offset = points - self.point
        ahead = np.maximum(offset @ self.outward, 0)[:, None] * self.outward
        return np.asarray(offset - (offset @ self.up)[:, None] * self.up - (1 - _SLOPE) * ahead)


def spilt(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a stain of what spilt on it, and a puddle or heap beside it."""
    leak = _draw_leak(shape, stance, rng)
    stuff = _stuff(shape.product, rng)
    radius = float(rng.uniform(30, 40) if major else rng.uniform(12, 15))
    pool_mm = float(rng.uniform(44, 58) if major else rng.uniform(18, 23))
    is_card = shape.product.kind is Kind.BLISTER
    clean = ("bubble", "unit ") if is_card else ()  # it comes out below them
    stained = replace(shape, patches={name: own for name, own in shape.patches.items() if not name.startswith(clean)})
    stained = (_dusted if stuff.dry else _wetted)(stained, leak, radius, stuff, rng)
    if stuff.own:
        stained = _gaping(stained, leak, (15.0 if major else 9.0) * (1.5 if is_card else 1.0))
    shape = replace(stained, patches={**shape.patches, **stained.patches})
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
    if product.kind in _HOLD_LIQUID or pictured is Picture.FILLET:
        return _Stuff(rgb, clear=product.kind in (Kind.BOTTLE, Kind.MULTIPACK) and min(rgb) >= _WATER)
    if product.kind is Kind.BLISTER:
        return _Stuff(rgb)
    around = np.array([_TRAY_RGB, design.base], np.float64)
    apart = np.array([np.abs(around - colour).max(axis=1).min() for colour in _FOREIGN_RGB])
    return _Stuff(_FOREIGN_RGB[int(rng.choice(np.flatnonzero(apart >= min(_TELLS, apart.max()))))], own=False)


def _draw_leak(shape: Shape, stance: Stance, rng: np.random.Generator) -> _Leak:
    """Draw a place at the item's outline, or at the seam of its closure there, on a side that a camera sees."""
    points = shape.points().astype(np.float64)
    seam = _seam(shape)
    heights = points @ stance.up
    level = points - heights[:, None] * stance.up
    towards = stance.towards_cameras - (stance.towards_cameras @ stance.up)[:, None] * stance.up
    sides = towards[np.linalg.norm(towards, axis=1) > 0.2]
    outward = sides[int(rng.integers(len(sides)))] if len(sides) else np.cross(stance.up, rng.normal(size=3))
    turn = float(rng.uniform(-0.8, 0.8))
    outward = np.cos(turn) * outward + np.sin(turn) * np.cross(stance.up, outward)
    outward /= np.linalg.norm(outward)
    is_card = shape.product.kind is Kind.BLISTER
    if is_card:  # square to its seal, not over its head
        outward = np.copysign(1.0, outward) * (_X if outward[1] > -abs(outward[0]) else _Y)
    middle = (level.max(axis=0) + level.min(axis=0)) / 2
    away = seam.mean(axis=0) - (seam.mean(axis=0) @ stance.up) * stance.up - middle
    if np.linalg.norm(away) > _ASIDE_MM and outward @ away < 0:  # not from behind the closed end
        outward -= 2 * (outward @ away) / (away @ away) * away
    lane = 0.25 * float(rng.uniform(-1, 1))
    point, foot = (_outermost(part, outward, stance.up, lane) for part in (seam, points))
    if shape.product.kind is Kind.TUBE:  # its cap lies free of the tray
        foot = point
    elif is_card:
        foot = point + ((points - point) @ outward).max() * outward
    stood_on = _outermost(points[heights < heights.min() + _STANDS_MM], outward, stance.up, lane)
    under_mm = max(0.0, float((foot - stood_on) @ outward))
    return _Leak(point, foot, outward, stance.up, float(point @ stance.up - heights.min()), under_mm)


def _seam(shape: Shape) -> NDArray[np.float64]:
    """Return the points that what a body holds can come out at, [N, 3]: its closure's seam, or anywhere."""
    kind = shape.product.kind
    if kind is Kind.CAN:
        rim = shape.patches["lid"].points[-1]
    elif kind in (Kind.BOTTLE, Kind.TUBE):
        rim = shape.patches["cap"].points[-2 if kind is Kind.BOTTLE else 1]
    elif kind is Kind.MULTIPACK:
        rim = np.concatenate([patch.points[-1] for name, patch in shape.patches.items() if name.endswith(" lid")])
    elif kind is Kind.BLISTER:
        bubble = shape.patches["bubble"].points
        rim = np.concatenate([bubble[0], bubble[-1], bubble[:, 0], bubble[:, -1]])
    else:
        rim = shape.points()
    return np.asarray(rim, np.float64)


def _outermost(
    points: NDArray[np.float64], outward: NDArray[np.float64], up: NDArray[np.float64], lane: float
) -> NDArray[np.float64]:
    """Return the highest of the points that lie furthest outward, in a lane so far, in widths, beside the middle.

    Where the lane is empty, as between parts that lie apart, it is as wide as to hold a point.
    """
    across = points @ np.cross(up, outward)
    across -= (across.max() + across.min()) / 2
    off = np.abs(across - lane * np.ptp(across))
    reach = np.where(off <= max(_LANE_MM, off.min()), points @ outward, -np.inf)
    rim = np.flatnonzero(reach > reach.max() - 4.0)
    return np.asarray(points[rim[int((points[rim] @ up).argmax())]])


def _gaping(shape: Shape, leak: _Leak, half_mm: float) -> Shape:
    """Paint the gap it comes from, dark and pointed at both ends, along the edge or seam."""
    along = np.cross(leak.up, leak.outward)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        share = offset @ along / half_mm
        off = np.linalg.norm(offset - (offset @ along)[:, None] * along, axis=1)
        return np.asarray(np.clip(0.16 * half_mm * (1 - share**2) - off + 0.5, 0, 1), np.float32)

    dark = np.array(_GAP_RGB, np.float32)
    return painted(shape, within(leak.point, 1.3 * half_mm), cover, lambda points, below: 0 * below + dark, skins=False)


def _wetted(shape: Shape, leak: _Leak, radius: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Stain the item around the leak, with runs down its side."""
    wander, runs = lumps(1.2 * radius, rng), lumps(0.45 * radius, rng)
    tint = coloured(stuff.rgb, 4.0, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        offset = points - leak.point
        below = np.maximum(-(offset @ leak.up), 0)
        level = leak.level(points)
        spread = 1 - np.linalg.norm(level, axis=1) / radius + 0.22 * wander(points)
        run = np.clip(0.7 + 0.75 * runs(np.asarray(level, np.float32)), 0.12, 2.0) * (leak.drop_mm + 8) * _RUNS
        faces = (normals @ leak.up > 0.3) | (normals @ leak.outward > 0.15)
        return np.asarray(np.clip(7 * np.minimum(spread, 1 - below / run), 0, 1) * faces, np.float32)

    def paint(points: Points, below: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(
            0.8 * below if stuff.clear else _THICK * (0.8 * tint(points, below) + 0.12 * below), np.float32
        )

    wet = 1.0 if stuff.clear else _SMEARED
    return painted(shape, _below(leak, 1.7 * radius), cover, paint, wet, skins=not stuff.clear)


def _dusted(shape: Shape, leak: _Leak, radius: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Dust the item around the leak; it lies thick in the middle and in grains further out."""
    wander, grains, fine = lumps(radius, rng), lumps(3.4, rng), lumps(1.8, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        level = leak.level(points)
        is_level = normals @ leak.up > 0.3
        spread = np.where(is_level, 1.0, 0.6) - np.linalg.norm(level, axis=1) / radius + 0.2 * wander(points)
        lies = is_level | (normals @ leak.outward > 0.3)
        return np.asarray(np.clip(8 * (spread + 0.22 * (grains(points) + fine(points))), 0, 1) * lies, np.float32)

    return painted(shape, _below(leak, 2.0 * radius), cover, coloured(stuff.rgb, 7.0, rng))


def _below(leak: _Leak, reach_mm: float) -> Near:
    """Return what tells which points lie in the upright cylinder around a leak."""

    def near(points: Points) -> NDArray[np.bool_]:
        return np.asarray((leak.level(points) ** 2).sum(axis=1) < reach_mm**2)

    return near


def _lying(shape: Shape, leak: _Leak, radius: float, stuff: _Stuff, rng: np.random.Generator) -> Shape:
    """Lay a puddle, rounded at its border, or a heap on the tray below the leak."""
    wander, swell = lumps(1.1, rng), lumps(_SWELL_LONG_MM / radius, rng)

    def level(flat: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(1 - np.linalg.norm(flat, axis=1) + 0.16 * wander(flat), np.float32)

    size = round(2 * _LAYER_ROOM * radius * shape.px_per_mm)
    flat = _unit_grid(size)
    lies = level(flat) + (_SCATTERED * _grains(size, shape.px_per_mm, rng) if stuff.dry else 0)
    rgb = 0.72 * np.array(_TRAY_RGB) if stuff.clear else np.array(stuff.rgb) * rng.uniform(0.92, 1.0)
    swatch = np.clip(rgb + (9.0 if stuff.dry else 1.0) * rng.normal(size=(len(flat), 1)), 0, 255)
    picture = np.column_stack([swatch, np.where(lies > 0, 255, 0)]).reshape(size, size, 4)
    shape, (left, top, wide, high) = with_swatch(shape, np.rint(picture).astype(np.uint8))
    count = round(2 * _LAYER_ROOM * radius / _LAYER_STEP_MM)
    flat = _unit_grid(count)
    if stuff.dry:
        rise = 0.16 * radius * np.clip(1 - np.linalg.norm(flat, axis=1), 0, 1)
    else:
        rim = np.sqrt(np.clip(level(flat) / _PUDDLE_RIM, 0, 1))
        rise = (_PUDDLE_MM + _SWELL_MM * swell(flat)) * rim
    low = leak.point @ leak.up - leak.drop_mm + _ABOVE_TRAY_MM
    long = radius + leak.under_mm / 2  # it reaches in to where the item stands
    if shape.product.kind is Kind.BLISTER:  # or to the seal it runs out of
        long = (1.55 * radius + float((leak.foot - leak.point) @ leak.outward)) / 2
    middle = leak.foot + (1.55 * radius - long) * leak.outward + (low - leak.foot @ leak.up) * leak.up
    level_ways = np.stack([radius * np.cross(leak.up, leak.outward), -long * leak.outward])
    points = (middle + flat[:, :2] @ level_ways + rise[:, None] * leak.up).reshape(count, count, 3)
    share = (flat[:, :2] / _LAYER_ROOM + 1) / 2
    uv_mm = (np.array([left, top]) + share * (wide, high)).reshape(count, count, 2)
    layer = grid_patch(points[:, ::-1], uv_mm[:, ::-1], MATT if stuff.dry else _WET)
    number = sum(patch.spilt for patch in shape.patches.values())
    return shape.with_patches({f"spill {number + 1}": replace(layer, spilt=True)})


def _grains(size: int, px_per_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise of unit deviation whose bumps are as large as crumbs, float64 [size * size]."""
    noise = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), _CRUMB_MM * px_per_mm).reshape(-1)
    return np.asarray(noise / noise.std())


def _unit_grid(count: int) -> NDArray[np.float32]:
    """Return points of a square grid around the origin, in radii of what lies there, float32 [count * count, 3]."""
    across, along = np.meshgrid(*[np.linspace(-_LAYER_ROOM, _LAYER_ROOM, count)] * 2)
    return np.dstack([across, along, np.zeros_like(across)]).reshape(-1, 3).astype(np.float32)
