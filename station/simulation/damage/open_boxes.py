"""Boxes and books standing open: flaps and covers swung out, trays pushed out."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import moved, turn_about
from station.simulation.damage.site import Stance
from station.simulation.shape import Patch, Shape, sheet_patch


def carton_opening(shape: Shape) -> str:
    """Return the face that a carton opens at: one flap closes its top, two its front."""
    return "top" if shape.product.design.flaps == 1 else "front"


def open_carton(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Swing the flap or flaps on a face up; the gap of one ajar looks at a camera."""
    face = carton_opening(shape)
    lid = shape.patches[face]
    rows = lid.grid[0]
    angle = float(rng.uniform(100, 128) if major else rng.uniform(40, 50))
    patches: dict[str, Patch] = {}
    if shape.product.design.flaps == 1:
        down = (lid.points[-1] - lid.points[0]).mean(axis=0)
        free_row = 0 if major or (stance.towards_cameras @ down).min() < -(stance.towards_cameras @ down).max() else -1
        patches[face] = _hinged(lid, -1 - free_row, angle)
    else:
        upper, lower = lid.part(slice(rows // 2 + 1), slice(None)), lid.part(slice(rows // 2, None), slice(None))
        patches[face] = _hinged(upper, 0, angle * float(rng.uniform(0.85, 1.0)) if major else 0.0)
        patches["second flap"] = _hinged(lower, -1, angle)
    patches["contents"] = _beneath(lid, art, 0.35, shape)
    if major:
        patches |= _dust_flaps(lid, shape, rng)
    return shape.with_patches(patches)


def open_sleeve(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Push the tray out at one end."""
    side = float(rng.choice([-1.0, 1.0]))
    out = side * shape.product.size_mm[0] * float(rng.uniform(0.6, 0.7) if major else rng.uniform(0.14, 0.18))
    return shape.with_patches(moved(shape, shape.parts["tray"], np.eye(3), np.zeros(3), (out, 0, 0)))


def open_book(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Turn the front cover up, a little sprung at its edge (minor) or far over (major)."""
    spine = shape.patches["spine"].points
    hinge = np.array([spine[..., 0].min(), 0.0, shape.product.size_mm[2] / 2 - 1.2])
    angle = np.deg2rad(float(rng.uniform(110, 140) if major else rng.uniform(17, 22)))
    turn = turn_about(np.array([0.0, 1.0, 0.0]), -angle)
    return shape.with_patches(moved(shape, shape.parts["cover"], turn, hinge))


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
