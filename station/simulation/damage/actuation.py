"""Actuation: flaps and lids that stand open, with what lies beneath them."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.site import Stance
from station.simulation.faces import flap_mm
from station.simulation.shape import Patch, Shape, disc_patch, sheet_patch


def opening_face(shape: Shape) -> str:
    """Return the face that has to be up, or seen, for an open product to look open."""
    if shape.product.kind is Kind.CAN:
        return "lid"
    return "top" if shape.product.kind is Kind.CARTON and shape.product.design.flaps == 1 else "front"


def open_shape(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with its flap or lid open: ajar (minor), or far open so that one looks inside (major)."""
    opener = {Kind.CARTON: _open_carton, Kind.MAILER: _open_mailer, Kind.CAN: _open_can}[shape.product.kind]
    return opener(shape, major, art, rng)


def _open_carton(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    face = opening_face(shape)
    lid = shape.patches[face]
    rows = lid.wear.shape[0]
    angle = float(rng.uniform(100, 128) if major else rng.uniform(24, 32))
    patches: dict[str, Patch] = {}
    if shape.product.design.flaps == 1:
        patches[face] = _hinged(lid, -1, angle)
    else:
        upper, lower = _rows(lid, 0, rows // 2 + 1), _rows(lid, rows // 2, rows)
        patches[face] = _hinged(upper, 0, angle if major else 0.0)
        patches["second flap"] = _hinged(lower, -1, angle * float(rng.uniform(0.85, 1.0)))
    patches["contents"] = _beneath(lid, art, 0.35, shape)
    if major:
        patches |= _dust_flaps(lid, shape, rng)
    return shape.with_patches(patches)


def _open_mailer(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Fold the flap back; far open, the mouth gapes as well."""
    flap, front = shape.patches["flap"], shape.patches["front"]
    height = shape.product.size_mm[1]
    along = np.linspace(0, 1, flap.wear.shape[0])[:, None]
    across = np.linspace(-1, 1, flap.wear.shape[1])[None, :]
    hinge = flap.points[:1]
    length = along * flap_mm(shape.product)
    if not major:
        side = float(rng.choice([-1.0, 1.0]))
        lift = np.clip((side * across + 0.35) / 1.35, 0, 1) * float(rng.uniform(0.9, 1.1))
        angle = np.pi - lift * along * 1.25  # pi lies closed on the front
        steps = np.diff(length, axis=0, prepend=0)
        points = np.stack(
            [
                np.broadcast_to(flap.points[..., 0], angle.shape),
                np.cumsum(np.cos(angle) * steps, axis=0),
                np.cumsum(np.sin(angle) * steps, axis=0),
            ],
            axis=2,
        )
        points[..., 1:] += hinge[..., 1:]
        points[..., 2] = np.maximum(points[..., 2], flap.points[..., 2])
        return shape.with_patches({"flap": flap.moved(points)})
    curl = float(rng.uniform(0.35, 0.6))
    angle = 0.25 + curl * along
    steps = np.diff(length, axis=0, prepend=0)
    rise = np.cumsum(np.sin(angle) * steps, axis=0) + 0 * across
    reach = np.cumsum(np.cos(angle) * steps, axis=0) + 0 * across
    points = np.stack(
        [flap.points[..., 0], height / 2 + reach, shape.patches["back"].points[0, ::-1, 2] + rise], axis=2
    )
    mouth = front.points.copy()
    from_top = (height / 2 - mouth[..., 1]) / (0.4 * height)
    gape = float(rng.uniform(24, 32)) * np.clip(1 - from_top, 0, 1) ** 1.5
    aside = mouth[..., 0] / (shape.product.size_mm[0] / 2)
    mouth[..., 2] += gape * np.clip(1 - aside**2, 0, 1) ** 0.6
    mouth[..., 1] -= 0.25 * gape
    turned = Patch(points.astype(np.float32), flap.uv_mm, flap.wear)
    return shape.with_patches({"flap": turned, "front": front.moved(mouth)})


def _open_can(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Bend the lid up about a point of the rim."""
    lid = shape.patches["lid"]
    radius = shape.product.size_mm[0] / 2
    angle = np.deg2rad(float(rng.uniform(55, 85) if major else rng.uniform(9, 12)))
    turn = float(rng.uniform(0, 2 * np.pi))
    towards, aside = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    hinge = lid.points[0, 0] * (0, 0, 1) + towards * radius * 0.96
    offset = lid.points - hinge
    away = -(offset @ towards) * 0.95
    bent = angle * np.clip(away / (0.5 * radius), 0, 1) if major else np.full_like(away, angle)
    points = hinge + (offset @ aside)[..., None] * aside * 0.95
    points = points - (away * np.cos(bent))[..., None] * towards
    points[..., 2] += away * np.sin(bent)
    half = shape.product.size_mm[2] / 2
    inside = disc_patch(art.places_mm["contents"], radius * 0.97, half - 14, 1, lid.wear.shape[1])
    return shape.with_patches({"lid": lid.moved(points), "contents": inside})


def _hinged(patch: Patch, hinge_row: int, angle_deg: float) -> Patch:
    """Turn a flap outwards about its first (0) or last (-1) row, a little curled."""
    points = patch.points.astype(np.float64)
    hinge, free = points[hinge_row], points[-1 - hinge_row]
    inward = free - hinge
    length = np.linalg.norm(inward, axis=1, keepdims=True)
    inward /= length
    normal = patch.normals()[hinge_row].astype(np.float64)
    distance = np.linalg.norm(points - hinge, axis=2)
    angle = np.deg2rad(angle_deg) * (0.9 + 0.1 * distance / length.max())
    turned = np.cos(angle)[..., None] * inward + np.sin(angle)[..., None] * normal
    return patch.moved(hinge + distance[..., None] * turned)


def _rows(patch: Patch, start: int, stop: int) -> Patch:
    return Patch(patch.points[start:stop], patch.uv_mm[start:stop], patch.wear[start:stop])


def _beneath(lid: Patch, art: Artwork, share: float, shape: Shape) -> Patch:
    """Return the contents: a crumpled surface some way beneath a lid."""
    corner, right, down, normal, deep = _frame(lid, shape)
    inset = 0.985
    start = corner + (1 - inset) / 2 * (right + down) - share * deep * normal
    patch = sheet_patch(art.places_mm["contents"], start, inset * right, inset * down, 5.0)
    bumps = 3.0 * np.sin(patch.uv_mm[..., 0] * 0.21) * np.sin(patch.uv_mm[..., 1] * 0.17)
    return patch.moved(patch.points + bumps[..., None] * normal)


def _dust_flaps(lid: Patch, shape: Shape, rng: np.random.Generator) -> dict[str, Patch]:
    """Return the two short flaps at a carton opening's sides, half raised; their print is the lid's own."""
    corner, right, down, normal, _ = _frame(lid, shape)
    length = min(0.4 * float(np.linalg.norm(right)), 0.7 * float(np.linalg.norm(down)))
    along = right / np.linalg.norm(right)
    left, top = lid.uv_mm[0, 0]
    wide, high = np.abs(lid.uv_mm[-1, -1] - lid.uv_mm[0, 0])
    share = length / float(np.linalg.norm(right))
    flaps = {}
    for name, start, inward, uv_left in (
        ("left dust flap", corner, along, left),
        ("right dust flap", corner + right, -along, left + wide * (1 - share)),
    ):
        angle = np.deg2rad(float(rng.uniform(75, 125)))
        stretch = length * (np.cos(angle) * inward + np.sin(angle) * normal)
        place = (float(uv_left), float(top), float(wide * share), float(high))
        flap = sheet_patch(
            place, start if inward is along else start + stretch, stretch if inward is along else -stretch, down, 8.0
        )
        flaps[name] = flap
    return flaps


def _frame(
    lid: Patch, shape: Shape
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Return a flat face's upper left corner, its edges right and down, its normal and the body's depth behind it."""
    points = lid.points.astype(np.float64)
    corner, right, down = points[0, 0], points[0, -1] - points[0, 0], points[-1, 0] - points[0, 0]
    normal = np.cross(down, right)
    normal /= np.linalg.norm(normal)
    deep = float(np.abs(normal) @ np.array(shape.product.size_mm))
    return corner, right, down, normal, deep
