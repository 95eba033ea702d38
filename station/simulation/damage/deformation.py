"""Deformation: dents, crushed corners, folded corners; the print shears and wears along the creases."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind, Material, SimProduct
from station.simulation.damage.buckling import crumpled, leaning_over
from station.simulation.damage.moves import folded_back
from station.simulation.damage.paint import bared, painted, plain_swatch, within
from station.simulation.damage.site import Stance, draw_site, seen_corner
from station.simulation.faces import BOOK_COVER_MM
from station.simulation.shape import Patch, Shape

_Range = tuple[float, float]
_DENTS_MM: dict[Kind, tuple[tuple[_Range, _Range], tuple[_Range, _Range]]] = {
    # radius and depth of a minor and of a major dent
    Kind.CARTON: (((21, 26), (8, 10)), ((48, 60), (26, 34))),
    Kind.MAILER: (((22, 28), (8, 10)), ((48, 60), (18, 24))),
    Kind.POLYBAG: (((22, 28), (8, 10)), ((46, 58), (16, 22))),
    Kind.BOTTLE: (((31, 35), (20, 23)), ((44, 52), (28, 34))),
    Kind.CAN: (((23, 27), (10, 13)), ((38, 46), (21, 26))),
    Kind.TUBE: (((17, 21), (7, 9)), ((34, 42), (21, 26))),
    Kind.MULTIPACK: (((33, 37), (22, 25)), ((54, 62), (36, 40))),
}
_CORNERS_MM = {  # the same of corners: boxes' are pushed in across the diagonal, a book's along its cover
    Kind.CARTON: (((30, 36), (14, 18)), ((62, 76), (30, 38))),
    Kind.SLEEVE: (((42, 48), (28, 32)), ((84, 100), (36, 44))),
    Kind.BOOK: (((25, 31), (11, 14)), ((46, 56), (26, 32))),
    Kind.MULTIPACK: (((40, 46), (28, 32)), ((76, 88), (52, 58))),
}
_FOLDS_MM: dict[Kind, tuple[_Range, _Range]] = {  # how much of a soft corner is folded over
    Kind.MAILER: ((46, 54), (70, 84)),
    Kind.BLISTER: ((31, 36), (48, 58)),
    Kind.TUBE: ((23, 27), (33, 39)),
}
_DENTED = {Kind.CAN: ("body",), Kind.MULTIPACK: ("band",)}
"""The patches that are dented; of others any."""
_FOLD_BEND_MM = {Kind.BLISTER: 6.0, Kind.TUBE: 3.0}
"""The radius in which card and a tube's weld fold; of others so much depends on how thick they are."""
_CRUMPLED_MM = ((54, 62), (78, 92))
"""How much of a bag's corner is crumpled."""
_LEAN_DEG = ((10, 13), (19, 23))
_WAIST = (-0.15, 0.12)
"""How far a dented bottle leans over, and where its dent can be, in shares of its height off the middle."""
_DOG_EAR_MM, _BOARD_BEND_MM, _LINING_RGB = (27.0, 33.0), 4.0, (240, 237, 228)
"""How much of a book's corner is bent back, the radius it bends in, and what is inside."""
_UP = np.array([0.0, 0.0, 1.0])
_CREASE_WEAR = {Kind.MAILER: 0.2, Kind.POLYBAG: 0.1, Kind.BOTTLE: 0.15, Kind.BLISTER: 0.3, Kind.TUBE: 0.45}
"""How far a sharp crease rubs the print off."""
_HARD_WEAR = 0.75
_CREASE_MM, _CRACKS_FROM, _BRITTLE = 1.1, 1.0, 2.0
"""A crease's half width; how sharply a surface bends where its print begins to crack, and how soon it is all off."""
_RIM_SHARE, _RIM_DEEP = 0.3, 0.72
"""A dent's walls are steep: so much of its radius takes so much of its depth; its floor slopes to the middle."""
_FOLDED, _FOLD_SHARE = 1.5, 0.45
"""How steeply folds stand up from a dent's floor, and how far apart they are, as a share of its radius."""
_SHALLOW = 0.65
"""A dent is at most this deep, as a share of the body's smallest measure."""


def deformed(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape dented, crushed, crumpled or folded at a corner; of a glass bottle the cap is dented."""
    kind = shape.product.kind
    if kind is Kind.BOOK and not major:
        return _dog_eared(shape, stance, rng)
    if _has_corners(shape.product) and (kind not in _DENTS_MM or not major or rng.random() < 0.5):
        return _corner_crushed(shape, major, stance, rng)
    if kind is Kind.POLYBAG:
        shape = crumpled(shape, float(rng.uniform(*_CRUMPLED_MM[major])), stance, rng)
    elif kind in _FOLDS_MM:
        shape = _folded(shape, float(rng.uniform(*_FOLDS_MM[kind][major])), stance, rng)
    is_done = kind is Kind.BLISTER or (not major and kind in (Kind.POLYBAG, Kind.MAILER, Kind.TUBE))
    return shape if is_done else _dented(shape, major, stance, rng)


def _has_corners(product: SimProduct) -> bool:
    """Tell whether a product's corners can be crushed; bottles leave those of their pack empty."""
    _, high, deep = product.size_mm
    return product.kind in _CORNERS_MM and (product.kind is not Kind.MULTIPACK or high < deep)


def _dented(shape: Shape, major: bool, stance: Stance, rng: np.random.Generator) -> Shape:
    product, small = shape.product, min(shape.product.size_mm)
    radius, depth = _drawn(_DENTS_MM[product.kind][major], rng)
    if product.kind is Kind.BOTTLE and product.design.material is Material.GLASS:
        cap = shape.parts["cap"]
        site = draw_site(shape, stance, 2.0, rng, cap)
        lid = replace(shape, patches={name: shape.patches[name] for name in cap})
        bent = pushed_in(lid, site.point, site.normal, 0.6 * radius, 0.7 * depth, 2 * depth, rng)
        return shape.with_patches(bent.patches)
    if product.kind is Kind.BOTTLE:
        return _buckled(shape, radius, depth, np.deg2rad(float(rng.uniform(*_LEAN_DEG[major]))), stance, rng)
    site = draw_site(shape, stance, 22.0 if major else 14.0, rng, _DENTED.get(product.kind))
    thick = float(np.ptp(shape.points() @ site.normal))  # what lies on the tray stays there
    reach = min(depth + 30, 0.95 * thick)
    return pushed_in(shape, site.point, site.normal, radius, min(depth, _SHALLOW * small), reach, rng)


def _buckled(
    shape: Shape, radius: float, depth: float, lean_rad: float, stance: Stance, rng: np.random.Generator
) -> Shape:
    """Push a bottle's wall in and lean the bottle over to that side, across the view of a camera."""
    width, _, height = shape.product.size_mm
    across = stance.towards_cameras[np.abs(stance.towards_cameras @ _UP).argmin()]
    outward = float(rng.choice([-1.0, 1.0])) * np.cross(_UP, across)
    outward /= np.linalg.norm(outward)
    at = width / 2 * outward + float(rng.uniform(*_WAIST)) * height * _UP
    return leaning_over(pushed_in(shape, at, outward, radius, depth, 0.9 * width, rng), at, outward, lean_rad)


def _corner_crushed(shape: Shape, major: bool, stance: Stance, rng: np.random.Generator) -> Shape:
    kind = shape.product.kind
    corner = seen_corner(shape, stance, rng)
    radius, depth = _drawn(_CORNERS_MM[kind][major], rng)
    if kind is Kind.BOOK:
        corner[0] = abs(corner[0])  # the spine's corners are the stronger ones
        outward = np.sign(corner) * (0.65, 0.65, -0.4)  # and down: the corner bends up
        cover = "front" if corner[2] > 0 else "back"
        printed = cover, f"{cover} rim"  # linings and edges of pages share their print with others far away
        return pushed_in(shape, corner, outward, radius, depth, 1.6 * radius, rng, printed)
    reach = min(4 * radius, 0.7 * np.sqrt(3) * min(shape.product.size_mm))  # the faces far behind stay
    scale = float(np.clip(min(shape.product.size_mm) / 60.0, 0.75, 1.0))
    outward = np.sign(corner) / np.sqrt(3)
    if kind is Kind.SLEEVE and not major:  # from above: its upper edges bend down
        outward = outward + 0.9 * stance.up
        outward /= np.linalg.norm(outward)
    return pushed_in(shape, corner, outward, radius * scale, depth * scale, reach, rng)


def _dog_eared(shape: Shape, stance: Stance, rng: np.random.Generator) -> Shape:
    """Bend one corner of a book's upper cover up and back, so that its white lining and the pages below show."""
    width, height, depth = shape.product.size_mm
    facing, end = 1.0 if stance.up[2] >= 0 else -1.0, float(rng.choice([-1.0, 1.0]))
    lean = float(rng.uniform(0.65, 0.9))
    outward = np.array([np.sin(lean), end * np.cos(lean), 0.0])  # not at the spine, where it is stronger
    line = float(outward @ (width / 2, end * height / 2, 0.0)) - float(rng.uniform(*_DOG_EAR_MM))
    turn, level = np.deg2rad(float(rng.uniform(115, 145))), depth / 2 - BOOK_COVER_MM
    names = shape.parts["cover" if facing > 0 else "back cover"]
    shape, (left, top, wide, high) = plain_swatch(shape, _LINING_RGB, 3.0, rng)
    bent: dict[str, Patch] = {}
    for name in names:
        patch = folded_back(shape.patches[name], outward, line, _BOARD_BEND_MM, turn, facing * _UP, level)
        if name.endswith(" lining"):
            low, size = patch.uv_mm.min(axis=(0, 1)), np.ptp(patch.uv_mm, axis=(0, 1))
            patch = replace(patch, uv_mm=(left, top) + (0.1 + 0.8 * (patch.uv_mm - low) / size) * (wide, high))
        bent[name] = patch
    return shape.with_patches(bent)


def _drawn(ranges: tuple[tuple[float, float], ...], rng: np.random.Generator) -> tuple[float, float]:
    radius, depth = (float(rng.uniform(*limits)) for limits in ranges)
    return radius, depth


def _folded(shape: Shape, size_mm: float, stance: Stance, rng: np.random.Generator) -> Shape:
    """Fold one corner over, up and back onto the rest: a lower one of a mailer, of others one off what they hold."""
    width, height, depth = shape.product.size_mm
    side, end = float(rng.choice([-1.0, 1.0])), -1.0 if shape.product.kind is Kind.MAILER else 1.0
    upwards = 1.0 if stance.up[2] >= 0 else -1.0
    lean = float(rng.uniform(0.6, 0.95))  # 45 degrees and less
    outward = np.array([side * np.sin(lean), end * np.cos(lean), 0.0])
    corner = np.array([side * width / 2, end * height / 2, 0.0])
    line = float(corner @ outward) - size_mm
    is_card = shape.product.kind is Kind.BLISTER
    bend = _FOLD_BEND_MM.get(shape.product.kind, 0.3 * depth)
    turn = np.deg2rad(float(rng.uniform(105 if is_card else 135, 160)))
    level = -upwards * depth / 2 if is_card else 0.0
    up = np.array([0.0, 0.0, upwards])
    return shape.with_patches(
        {name: folded_back(patch, outward, line, bend, turn, up, level) for name, patch in shape.patches.items()}
    )


def pushed_in(
    shape: Shape,
    point: NDArray[np.float64],
    normal: NDArray[np.float64],
    radius: float,
    depth: float,
    reach: float,
    rng: np.random.Generator,
    printed: tuple[str, ...] | None = None,
) -> Shape:
    """Push the surface in around a point, in flat facets with sharp creases as board and tin buckle.

    Every point moves against `normal` by an amount that depends on its place alone, so neighbouring faces stay joined.
    The print cracks along the creases, of the patches `printed` or of all.
    """
    dent = _draw_dent(point, normal, radius, depth, reach, rng)
    cracked = _CREASE_WEAR.get(shape.product.kind, _HARD_WEAR)

    def creases(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.clip(dent.bend(points) - _CRACKS_FROM, 0, 1) * cracked, np.float32)

    worn = shape if printed is None else replace(shape, patches={name: shape.patches[name] for name in printed})
    worn = painted(worn, within(point, 1.5 * radius), creases, bared(shape, rng), skins=False)
    shape = replace(worn, patches={**shape.patches, **worn.patches})
    return shape.with_patches({name: patch.moved(dent.pushed(patch.points)) for name, patch in shape.patches.items()})


@dataclass(frozen=True, slots=True)
class _Dent:
    """A dent: a pyramid of facets around `point`, crossed by folds, that fades `reach_mm` below the surface.

    `plane` float64 [3, 2] are the unit directions along the surface; `facets` [2, F] point to the pyramid's sides, each
    as long as one over its distance; `folds` [2, 3] run across the folds, each as long as one over their distance.
    """

    point: NDArray[np.float64]
    normal: NDArray[np.float64]
    plane: NDArray[np.float64]
    facets: NDArray[np.float64]
    folds: NDArray[np.float64]
    depth_mm: float
    reach_mm: float

    def depth_at(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how far points [..., 3] are pushed in, in mm."""
        offset = points - self.point
        flat = offset @ self.plane
        inwards = np.clip(1 - (flat @ self.facets).max(axis=-1), 0, 1)
        pyramid = np.interp(inwards, (0, _RIM_SHARE, 1), (0, _RIM_DEEP, 1))
        waves = np.abs((flat @ self.folds + 0.3) % 2 - 1).mean(axis=-1)
        fade = np.clip(1 + (offset @ self.normal) / self.reach_mm, 0, 1)
        return np.asarray(self.depth_mm * pyramid * np.minimum(1, 1 + _FOLDED * (waves - 0.5)) * fade)

    def pushed(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return where points [..., 3] come to lie."""
        return np.asarray(points - self.depth_at(points)[..., None] * self.normal)

    def bend(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how sharply the surface bends at points [N, 3]: the change of its slope over a crease's width."""
        here = self.depth_at(points)
        steps = _CREASE_MM * self.plane.T
        change = [self.depth_at(points + step) + self.depth_at(points - step) - 2 * here for step in steps]
        return np.asarray(np.abs(change).max(axis=0) / _CREASE_MM * _BRITTLE)


def _draw_dent(
    point: NDArray[np.float64],
    normal: NDArray[np.float64],
    radius: float,
    depth: float,
    reach: float,
    rng: np.random.Generator,
) -> _Dent:
    first = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    first /= np.linalg.norm(first)
    angles = np.linspace(0, 2 * np.pi, 7)[:-1] + rng.uniform(-0.35, 0.35, 6)
    facets = np.stack([np.cos(angles), np.sin(angles)]) / (radius * rng.uniform(0.75, 1.1, 6))
    ways = np.arange(3) * np.pi / 3 + rng.uniform(-0.4, 0.4, 3)
    folds = np.stack([np.cos(ways), np.sin(ways)]) / (_FOLD_SHARE * radius * rng.uniform(0.7, 1.3, 3))
    plane = np.stack([first, np.cross(normal, first)], axis=1)
    return _Dent(point, normal, plane, facets, folds, depth, reach)
