"""Damage to a body: dents and crushed corners, holes and tears, open flaps and lids.

Each comes minor, to be found on a second look, or major, to be seen at a glance.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.opening import open_shape
from station.simulation.plan import Damage
from station.simulation.shape import Patch, Shape

_PRINTED = ("front", "back", "right", "left", "top", "bottom", "body")
"""Patches that dents and holes are made in."""
_FLATLY_SEEN = 0.5
"""Damage is put where some camera looks at the surface at least this squarely (cosine)."""
_TORN_RGB = (214, 200, 176)
_DENTS_MM = {  # radius and depth of a minor and of a major dent
    Kind.CARTON: (((20, 26), (5, 7)), ((48, 60), (20, 27))),
    Kind.MAILER: (((22, 28), (7, 9)), ((48, 60), (18, 24))),
    Kind.CAN: (((17, 21), (4.5, 6)), ((38, 46), (21, 26))),
}
_CREASE_WEAR = {Kind.CARTON: 0.6, Kind.MAILER: 0.2, Kind.CAN: 0.6}
"""How far a sharp crease rubs the print off."""


@dataclass(frozen=True, slots=True)
class _Site:
    """A place on a patch: its point and outward normal, float64 [3] each, and its position on the sheet in mm."""

    point: NDArray[np.float64]
    normal: NDArray[np.float64]
    uv_mm: NDArray[np.float64]


def damaged(
    shape: Shape, damage: Damage, towards_cameras: NDArray[np.float64], art: Artwork, rng: np.random.Generator
) -> Shape:
    """Return the shape with damage that at least one camera sees.

    Args:
        shape: the undamaged body, finely gridded.
        damage: what to do to it, one after the other.
        towards_cameras: unit directions from the item to each camera in the item's frame, float64 [K, 3], the one
            from above first.
        art: the shape's artwork.
        rng: draws place, size and form.

    Raises:
        SimulationError: a kind of damage this simulation does not have.
    """
    inflict: dict[DamageType, Callable[[Shape, bool], Shape]] = {
        DamageType.DEFORMATION: lambda body, major: _deformed(body, major, towards_cameras, rng),
        DamageType.PENETRATION: lambda body, major: _penetrated(body, major, towards_cameras, rng),
        DamageType.ACTUATION: lambda body, major: open_shape(body, major, art, rng),
    }
    for kind, severity in damage:
        if kind not in inflict or severity is Severity.NONE:
            names = ", ".join(known.value for known in inflict)
            raise SimulationError(f"the simulated booth cannot make {severity.name} {kind.value}; it makes {names}")
        shape = inflict[kind](shape, severity is Severity.MAJOR)
    return shape


def _deformed(shape: Shape, major: bool, towards_cameras: NDArray[np.float64], rng: np.random.Generator) -> Shape:
    kind, small = shape.product.kind, min(shape.product.size_mm)
    if kind is Kind.CARTON and rng.random() < 0.5:
        corner = _seen_corner(shape, towards_cameras, rng)
        radius, depth = _drawn(((62, 76), (30, 38)) if major else ((24, 30), (9, 12)), rng)
        scale = min(1.0, small / 60.0)
        return _pushed_in(shape, corner, np.sign(corner) / np.sqrt(3), radius * scale, depth * scale, 4 * radius, rng)
    if kind is Kind.MAILER and major:
        shape = _folded(shape, rng)
    site = _draw_site(shape, towards_cameras, 22.0 if major else 14.0, rng)
    radius, depth = _drawn(_DENTS_MM[kind][major], rng)
    return _pushed_in(shape, site.point, site.normal, radius, min(depth, 0.55 * small), depth + 30, rng)


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


def _penetrated(shape: Shape, major: bool, towards_cameras: NDArray[np.float64], rng: np.random.Generator) -> Shape:
    radius = rng.uniform(15, 20) if major else rng.uniform(4, 5.5)
    site = _draw_site(shape, towards_cameras, radius + 4, rng)
    bent = _pushed_in(shape, site.point, site.normal, 1.7 * radius, 0.3 * radius, radius + 8, rng)
    return _punched(bent, site, radius, rng)


def _pushed_in(
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


def _punched(shape: Shape, site: _Site, radius: float, rng: np.random.Generator) -> Shape:
    """Cut a ragged hole with torn edges into the texture, with a tear or two running from it."""
    texture = shape.texture.copy()
    centre = site.uv_mm * shape.px_per_mm
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ragged = radius * rng.uniform(0.72, 1.12, angles.size)
    for tear in rng.choice(angles.size, 3, replace=False):
        ragged[tear] *= rng.uniform(1.5, 2.1)
    stretch, lean = rng.uniform(0.65, 1.0), rng.uniform(0, np.pi)
    xs, ys = ragged * np.cos(angles), stretch * ragged * np.sin(angles)
    hole = np.stack([xs * np.cos(lean) - ys * np.sin(lean), xs * np.sin(lean) + ys * np.cos(lean)], axis=1)
    grown = hole * (1 + (1.2 + rng.uniform(0, 1.8, (angles.size, 1))) / np.linalg.norm(hole, axis=1, keepdims=True))
    torn = np.array(_TORN_RGB, np.float64) * (1.0 if shape.product.kind is not Kind.CAN else 0.8)
    for outline, colour in ((grown, (*torn, 255.0)), (hole, (30.0, 24.0, 20.0, 0.0))):
        corners = np.rint((centre + outline * shape.px_per_mm - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(texture, [corners], colour, cv2.LINE_8, 4)
    return replace(shape, texture=texture)


def _draw_site(shape: Shape, towards_cameras: NDArray[np.float64], margin_mm: float, rng: np.random.Generator) -> _Site:
    """Draw a place on the printed surface that a camera looks at, away from the patches' edges."""
    names = [name for name in shape.patches if name in _PRINTED]
    chances = [_chances(shape, name, towards_cameras, margin_mm).reshape(-1) for name in names]
    total = np.concatenate(chances)
    if not total.any():
        raise SimulationError(f"no camera sees a place for damage on {shape.product.product_id}. Turn another face up")
    drawn = int(rng.choice(total.size, p=total / total.sum()))
    ends = np.cumsum([part.size for part in chances])
    place = int(np.searchsorted(ends, drawn, side="right"))
    patch = shape.patches[names[place]]
    drawn -= int(ends[place]) - chances[place].size
    return _Site(
        patch.points.reshape(-1, 3)[drawn].astype(np.float64),
        patch.normals().reshape(-1, 3)[drawn].astype(np.float64),
        patch.uv_mm.reshape(-1, 2)[drawn].astype(np.float64),
    )


def _chances(shape: Shape, name: str, towards_cameras: NDArray[np.float64], margin_mm: float) -> NDArray[np.float64]:
    """Return how likely damage is at each point of a patch, [R, C]: the more squarely it is seen, the likelier."""
    patch = shape.patches[name]
    squarely = (patch.normals() @ towards_cameras.T).max(axis=2)
    step_mm = max(1e-3, float(np.linalg.norm(patch.uv_mm[1, 0] - patch.uv_mm[0, 0])))
    margin = min(round(margin_mm / step_mm), (min(squarely.shape) - 1) // 2)
    free = np.zeros(squarely.shape, bool)
    free[margin : squarely.shape[0] - margin, margin : squarely.shape[1] - margin] = True
    if name == "front" and "flap" in shape.patches:
        free &= patch.points[..., 1] < shape.patches["flap"].points[..., 1].min() - margin_mm
    return np.where(free & (squarely > _FLATLY_SEEN), squarely, 0.0).astype(np.float64) ** 6


def _seen_corner(shape: Shape, towards_cameras: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw one of a carton's corners on its upper side."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
    upper = corners[corners @ towards_cameras[0] > 0.3]
    seen = (upper @ towards_cameras.T).max(axis=1)
    corner = upper[int(rng.choice(len(upper), p=seen / seen.sum()))]
    return np.asarray(np.sign(corner) * np.array(shape.product.size_mm) / 2)
