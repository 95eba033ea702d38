"""Deformation: dents, crushed corners, folded corners; the print shears and wears along the creases."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind, Material
from station.simulation.damage.site import Stance, draw_site, seen_corner
from station.simulation.shape import Patch, Shape

_Range = tuple[float, float]
_DENTS_MM: dict[Kind, tuple[tuple[_Range, _Range], tuple[_Range, _Range]]] = {
    # radius and depth of a minor and of a major dent
    Kind.CARTON: (((20, 26), (5, 7)), ((48, 60), (20, 27))),
    Kind.SLEEVE: (((20, 26), (5, 7)), ((44, 54), (16, 22))),
    Kind.MAILER: (((22, 28), (7, 9)), ((48, 60), (18, 24))),
    Kind.POLYBAG: (((22, 28), (7, 9)), ((46, 58), (16, 22))),
    Kind.BOTTLE: (((18, 22), (5, 7)), ((38, 46), (18, 24))),
    Kind.CAN: (((17, 21), (4.5, 6)), ((38, 46), (21, 26))),
    Kind.BLISTER: (((16, 20), (5, 7)), ((34, 42), (14, 18))),
    Kind.BOOK: (((20, 26), (4.5, 6)), ((46, 56), (12, 16))),
    Kind.TUBE: (((17, 21), (5.5, 7)), ((34, 42), (21, 26))),
    Kind.MULTIPACK: (((19, 23), (6, 8)), ((44, 52), (22, 28))),
}
_CORNERS_MM = {  # the same of corners: boxes' are pushed in across the diagonal, a book's along its cover
    Kind.CARTON: (((24, 30), (9, 12)), ((62, 76), (30, 38))),
    Kind.SLEEVE: (((24, 30), (9, 12)), ((62, 76), (30, 38))),
    Kind.BOOK: (((19, 24), (7, 9)), ((46, 56), (26, 32))),
}
_FOLDS_MM: dict[Kind, tuple[_Range | None, _Range]] = {  # how much of a soft corner is folded over
    Kind.MAILER: (None, (58, 72)),
    Kind.POLYBAG: (None, (52, 66)),
    Kind.BLISTER: ((22, 27), (46, 56)),
}
_CREASE_WEAR = {Kind.MAILER: 0.2, Kind.POLYBAG: 0.1, Kind.BOTTLE: 0.2, Kind.BLISTER: 0.3, Kind.TUBE: 0.45}
"""How far a sharp crease rubs the print off."""
_HARD_WEAR = 0.6
_SHALLOW = 0.65
"""A dent is at most this deep, as a share of the body's smallest measure."""


def deformed(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a dent, a crushed corner, or a corner folded over; of a glass bottle the cap is dented."""
    product, small = shape.product, min(shape.product.size_mm)
    if product.kind in _CORNERS_MM and (rng.random() < 0.5 or (major and product.kind is Kind.BOOK)):
        return _corner_crushed(shape, major, stance, rng)
    fold = _FOLDS_MM.get(product.kind, (None, (0.0, 0.0)))[major]
    if fold and (product.kind is not Kind.BLISTER or major or rng.random() < 0.5):
        shape = _folded(shape, float(rng.uniform(*fold)), stance, rng)
        if product.kind is Kind.BLISTER:
            return shape
    radius, depth = _drawn(_DENTS_MM[product.kind][major], rng)
    cap = shape.parts.get("cap", ())
    if product.design.material is Material.GLASS and cap:
        site = draw_site(shape, stance, 2.0, rng, cap)
        lid = replace(shape, patches={name: shape.patches[name] for name in cap})
        bent = pushed_in(lid, site.point, site.normal, 0.7 * radius, 0.8 * depth, 2 * depth, rng)
        return shape.with_patches(bent.patches)
    site = draw_site(shape, stance, 22.0 if major else 14.0, rng, _yielding(shape))
    thick = float(np.ptp(shape.points() @ site.normal))  # what lies on the tray stays there
    reach = min(depth + 30, 0.95 * thick)
    return pushed_in(shape, site.point, site.normal, radius, min(depth, _SHALLOW * small), reach, rng)


def _yielding(shape: Shape) -> tuple[str, ...] | None:
    """Return the patches to dent: of a blister its bubble, of other things whichever is seen."""
    bubble = shape.parts.get("bubble", ())
    return tuple(name for name in (*bubble, "back") if name in shape.patches) if bubble else None


def _corner_crushed(shape: Shape, major: bool, stance: Stance, rng: np.random.Generator) -> Shape:
    kind = shape.product.kind
    corner = seen_corner(shape, stance, rng)
    radius, depth = _drawn(_CORNERS_MM[kind][major], rng)
    if kind is Kind.BOOK:
        corner[0] = abs(corner[0])  # the spine's corners are the stronger ones
        return pushed_in(shape, corner, np.sign(corner) * (1, 1, 0) / np.sqrt(2), radius, depth, 1.6 * radius, rng)
    scale = min(1.0, min(shape.product.size_mm) / 60.0)
    return pushed_in(shape, corner, np.sign(corner) / np.sqrt(3), radius * scale, depth * scale, 4 * radius, rng)


def _drawn(ranges: tuple[tuple[float, float], ...], rng: np.random.Generator) -> tuple[float, float]:
    radius, depth = (float(rng.uniform(*limits)) for limits in ranges)
    return radius, depth


def _folded(shape: Shape, size_mm: float, stance: Stance, rng: np.random.Generator) -> Shape:
    """Fold one corner over, up and back onto the rest: a lower one, or of a blister one beside its bubble."""
    width, height, depth = shape.product.size_mm
    side, end = float(rng.choice([-1.0, 1.0])), 1.0 if shape.product.kind is Kind.BLISTER else -1.0
    upwards = 1.0 if stance.up[2] >= 0 else -1.0
    lean = float(rng.uniform(0.6, 0.95))  # 45 degrees and less
    outward = np.array([side * np.sin(lean), end * np.cos(lean), 0.0])
    corner = np.array([side * width / 2, end * height / 2, 0.0])
    line = float(corner @ outward) - size_mm
    is_card = shape.product.kind is Kind.BLISTER
    bend, turn = 0.3 * (20.0 if is_card else depth), np.deg2rad(float(rng.uniform(105 if is_card else 135, 160)))
    level = -upwards * depth / 2 if is_card else 0.0

    def bent(patch: Patch) -> Patch:
        points = patch.points.astype(np.float64)
        beyond = np.maximum(points @ outward - line, 0.0)
        angle = np.minimum(beyond / bend, turn)
        rest = beyond - bend * angle
        high = upwards * (points[..., 2]) - upwards * level
        aside = bend * np.sin(angle) + rest * np.cos(angle) - np.sin(angle) * high
        up = bend * (1 - np.cos(angle)) + rest * np.sin(angle) + np.cos(angle) * high
        moved = points + (aside - beyond)[..., None] * outward
        moved[..., 2] = np.where(beyond > 0, level + upwards * up, points[..., 2])
        return patch.moved(moved)

    return shape.with_patches({name: bent(patch) for name, patch in shape.patches.items()})


def pushed_in(
    shape: Shape,
    point: NDArray[np.float64],
    normal: NDArray[np.float64],
    radius: float,
    depth: float,
    reach: float,
    rng: np.random.Generator,
) -> Shape:
    """Push the surface in around a point, in flat facets with sharp creases as board and tin buckle.

    Every point moves against `normal` by an amount that depends on its place alone, so neighbouring faces stay joined.
    """
    first = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    angles = np.linspace(0, 2 * np.pi, 7)[:-1] + rng.uniform(-0.35, 0.35, 6)
    radii = radius * rng.uniform(0.75, 1.1, 6)
    ways = np.stack([np.cos(angles), np.sin(angles)]) / radii

    wears = _CREASE_WEAR.get(shape.product.kind, _HARD_WEAR)

    def hurt(patch: Patch) -> Patch:
        offset = patch.points - point
        flat = np.stack([offset @ first, offset @ second], axis=-1)
        cone = np.clip(1 - (flat @ ways).max(axis=-1), 0, 0.8) / 0.8
        crumple = 1 - 0.32 * np.abs(np.sin(flat[..., 0] * 6.0 / radius) * np.sin(flat[..., 1] * 7.0 / radius + 0.6))
        fade = np.clip(1 + (offset @ normal) / reach, 0, 1)
        push = depth * cone * crumple * fade
        bend = np.abs(cv2.Laplacian(push.astype(np.float32), cv2.CV_32F, borderType=cv2.BORDER_REPLICATE))
        crease = np.clip(bend * 0.9 - 0.25, 0, wears) * (cone > 0)
        wear = np.maximum(patch.wear, crease)
        return replace(patch, points=(patch.points - push[..., None] * normal).astype(np.float32), wear=wear)

    return shape.with_patches({name: hurt(patch) for name, patch in shape.patches.items()})
