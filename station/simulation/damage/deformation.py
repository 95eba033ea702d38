"""Deformation: dents, crushed corners, folded corners of mailers."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.site import Stance, draw_site, seen_corner
from station.simulation.shape import Patch, Shape

_DENTS_MM = {  # radius and depth of a minor and of a major dent
    Kind.CARTON: (((20, 26), (5, 7)), ((48, 60), (20, 27))),
    Kind.MAILER: (((22, 28), (7, 9)), ((48, 60), (18, 24))),
    Kind.CAN: (((17, 21), (4.5, 6)), ((38, 46), (21, 26))),
}
_CREASE_WEAR = {Kind.CARTON: 0.6, Kind.MAILER: 0.2, Kind.CAN: 0.6}
"""How far a sharp crease rubs the print off."""


def deformed(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a dent, a crushed corner or, of a mailer, a corner folded over."""
    kind, small = shape.product.kind, min(shape.product.size_mm)
    if kind is Kind.CARTON and rng.random() < 0.5:
        corner = seen_corner(shape, stance, rng)
        radius, depth = _drawn(((62, 76), (30, 38)) if major else ((24, 30), (9, 12)), rng)
        scale = min(1.0, small / 60.0)
        return pushed_in(shape, corner, np.sign(corner) / np.sqrt(3), radius * scale, depth * scale, 4 * radius, rng)
    if kind is Kind.MAILER and major:
        shape = _folded(shape, rng)
    site = draw_site(shape, stance, 22.0 if major else 14.0, rng)
    radius, depth = _drawn(_DENTS_MM[kind][major], rng)
    return pushed_in(shape, site.point, site.normal, radius, min(depth, 0.55 * small), depth + 30, rng)


def _drawn(ranges: tuple[tuple[float, float], ...], rng: np.random.Generator) -> tuple[float, float]:
    radius, depth = (float(rng.uniform(*limits)) for limits in ranges)
    return radius, depth


def _folded(shape: Shape, rng: np.random.Generator) -> Shape:
    """Fold one lower corner of a mailer over onto its front."""
    width, height, depth = shape.product.size_mm
    side = float(rng.choice([-1.0, 1.0]))
    lean = float(rng.uniform(0.6, 0.95))  # 45 degrees and less
    outward = np.array([side * np.sin(lean), -np.cos(lean), 0.0])
    corner = np.array([side * width / 2, -height / 2, 0.0])
    line = float(corner @ outward) - float(rng.uniform(58, 72))
    bend, turn = 0.3 * depth, np.deg2rad(float(rng.uniform(135, 160)))

    def bent(patch: Patch) -> Patch:
        points = patch.points.astype(np.float64)
        beyond = np.maximum(points @ outward - line, 0.0)
        angle = np.minimum(beyond / bend, turn)
        rest = beyond - bend * angle
        aside = bend * np.sin(angle) + rest * np.cos(angle) - np.sin(angle) * points[..., 2]
        up = bend * (1 - np.cos(angle)) + rest * np.sin(angle) + np.cos(angle) * points[..., 2]
        moved = points + (aside - beyond)[..., None] * outward
        moved[..., 2] = np.where(beyond > 0, up, points[..., 2])
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

    def hurt(patch: Patch) -> Patch:
        offset = patch.points - point
        flat = np.stack([offset @ first, offset @ second], axis=-1)
        cone = np.clip(1 - (flat @ ways).max(axis=-1), 0, 0.8) / 0.8
        crumple = 1 + 0.22 * np.sin(flat[..., 0] * 6.0 / radius + 1) * np.sin(flat[..., 1] * 7.0 / radius)
        fade = np.clip(1 + (offset @ normal) / reach, 0, 1)
        push = depth * cone * crumple * fade
        bend = np.abs(cv2.Laplacian(push.astype(np.float32), cv2.CV_32F, borderType=cv2.BORDER_REPLICATE))
        crease = np.clip(bend * 0.9 - 0.25, 0, _CREASE_WEAR[shape.product.kind]) * (cone > 0)
        wear = np.maximum(patch.wear, crease)
        return replace(patch, points=(patch.points - push[..., None] * normal).astype(np.float32), wear=wear)

    return shape.with_patches({name: hurt(patch) for name, patch in shape.patches.items()})
