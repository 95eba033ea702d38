"""Cans and bottles standing open: lids bent up, caps screwed up or off."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import moved, points_of, turn_about
from station.simulation.damage.site import Stance
from station.simulation.faces import bottle_form
from station.simulation.finish import PLASTIC
from station.simulation.shape import Patch, Place, Shape, disc_patch, grid_patch, turned_patch, uv_grid

_FILLED_MM, _BELOW_RIM_MM = 12.0, 14.0
"""How far behind a can's wall and below its rim one sees what it holds."""
_CAP_INSIDE, _RING_MM = 0.55, 4.0
"""How much darker a cap is inside, and how high the ring is that stays on the neck."""
_STRAP_WIDE, _STRAP_THICK_MM, _STRAP_BELOW_MM = 0.5, 0.8, 6.0
"""Half a strap's width in radii of its cap, how far it stands out, and how far down the neck it reaches."""


def open_can(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Bend the lid up about a point of the rim, or half of it about its middle, so that a camera sees under it."""
    lid = shape.patches["lid"]
    radius = shape.product.size_mm[0] / 2
    angle = np.deg2rad(float(rng.uniform(55, 85) if major else rng.uniform(32, 40)))
    ahead = stance.towards_cameras[-1]
    turn = float(np.arctan2(ahead[0], -ahead[1]) + rng.uniform(-0.4, 0.4))
    towards, aside = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    hinge = lid.points[0, 0] * (0, 0, 1) + towards * radius * 0.96
    offset, fit = lid.points - hinge, 0.95 if major else 1.0
    away = -(offset @ towards) * fit
    free = np.maximum(away - (0 if major else 0.85 * radius), 0)
    bent = angle * np.clip(free / (0.5 * radius), 0, 1) if major else np.full_like(free, angle)
    points = hinge + (offset @ aside)[..., None] * aside * fit
    points = points - (away - free + free * np.cos(bent))[..., None] * towards
    points[..., 2] += free * np.sin(bent)
    return with_contents(shape, art).with_patches({"lid": lid.moved(points)})


def with_contents(shape: Shape, art: Artwork) -> Shape:
    """Return a can with what it holds, some way below its rim."""
    radius, half = shape.product.size_mm[0] / 2, shape.product.size_mm[2] / 2
    columns = shape.patches["lid"].grid[1]
    return shape.with_patches(
        {"contents": disc_patch(art.places_mm["contents"], radius * 0.97, half - _BELOW_RIM_MM, 1, columns)}
    )


def filled(shape: Shape, art: Artwork) -> Shape:
    """Return a can with what it holds, behind its wall."""
    width, _, height = shape.product.size_mm
    wall = np.array(
        [[width / 2 - _FILLED_MM, high] for high in np.linspace(height / 2 - _BELOW_RIM_MM, -0.45 * height, 12)]
    )
    columns = shape.patches["lid"].grid[1]
    return shape.with_patches({"filling": turned_patch(art.places_mm["contents"], wall, columns)})


def unscrew(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Screw the cap up (minor), or open it wide, so that it hangs by its strap (major), as a camera sees."""
    cap = shape.parts["cap"]
    points = points_of({name: shape.patches[name] for name in cap})
    axis = np.array([0.0, 0.0, 1.0]) if shape.product.kind is Kind.BOTTLE else np.array([0.0, -1.0, 0.0])
    heights = points @ axis
    tall = float(np.ptp(heights))
    base = points.mean(axis=0) + (heights.min() - heights.mean()) * axis
    across = stance.towards_cameras[np.abs(stance.towards_cameras @ axis).argmin()]
    sideways = across - (across @ axis) * axis
    tilt = float(rng.choice([-1.0, 1.0])) * sideways / np.linalg.norm(sideways)
    wide = float(np.ptp(points @ np.cross(axis, tilt))) / 2
    opened = with_neck(shape, art)
    if major:
        hinge = base + wide * np.cross(tilt, axis)
        turn = turn_about(tilt, np.deg2rad(float(rng.uniform(80, 100))))
        strap = _strap(art.places_mm["cap"], hinge, axis, tilt, (wide, tall), turn)
        return opened.with_patches(moved(opened, cap, turn, hinge) | {"strap": strap})
    angle = np.deg2rad(float(rng.uniform(22, 28)))
    angle = min(angle, float(np.arcsin(min(0.8 * tall / wide, 1.0))))  # a wide cap lies flatter on its mouth
    lift = max(8.0, 0.4 * tall) + 0.2 * wide * np.sin(angle)
    return opened.with_patches(moved(opened, cap, turn_about(tilt, angle), base, lift * axis))


def _strap(
    place: Place,
    hinge: NDArray[np.float64],
    axis: NDArray[np.float64],
    tilt: NDArray[np.float64],
    cap_mm: tuple[float, float],
    turn: NDArray[np.float64],
) -> Patch:
    """Return the strap that ties a cap, of a radius and height, to its neck: bent at the `hinge` as the cap turns."""
    wide, tall = cap_mm
    heights = np.concatenate([np.linspace(tall, 0, 8), np.linspace(0, -_STRAP_BELOW_MM, 4)[1:]])
    aside = _STRAP_WIDE * wide * np.linspace(-1, 1, 9)
    across, along = np.meshgrid(aside, heights)
    bulge = np.sqrt(wide**2 - across**2) - wide + _STRAP_THICK_MM
    flat = across[..., None] * tilt + bulge[..., None] * np.cross(tilt, axis) + along[..., None] * axis
    points = hinge + np.where(along[..., None] > 0, flat @ turn.T, flat)
    return grid_patch(points, uv_grid(place, 0.5 + 0 * across, (tall - along) / (2 * tall)), PLASTIC)


def with_neck(shape: Shape, art: Artwork) -> Shape:
    """Return a body with what its cap hides: the cap's dark inside, and a bottle's neck; a tube has one already.

    The ring that tells of the first opening stays on a bottle's neck.
    """
    column, row = (round((low + 1.0) * art.px_per_mm) for low in art.places_mm["cap"][:2])
    red, green, blue = (int(_CAP_INSIDE * level) for level in art.sheet[row, column])
    caps = {name: shape.patches[name] for name in shape.parts["cap"]}
    shape = shape.with_patches(
        {name: replace(patch, finish=replace(patch.finish, inside=(red, green, blue))) for name, patch in caps.items()}
    )
    if shape.product.kind is not Kind.BOTTLE:
        return shape
    form = bottle_form(shape.product)
    foot = form.neck - form.height / 2
    radius, top = 0.74 * form.cap_radius, foot + 0.7 * (form.height - form.neck)
    profile = np.array([[0.85 * radius, top], [radius, top], [radius, top - 3.0], [1.04 * radius, foot - 2.0]])
    mouth = disc_patch(art.places_mm["contents"], 0.85 * radius, top - 9.0, 1, 49, shape.patches["contents"].finish)
    neck = turned_patch(art.places_mm["body"], profile, 49, PLASTIC)
    ring = np.array([[1.05 * radius, foot + _RING_MM], [1.15 * radius, foot + _RING_MM], [1.15 * radius, foot]])
    left, low, wide, _ = art.places_mm["cap"]
    tied = turned_patch((left, low, wide, 2 * _RING_MM), ring, 49, PLASTIC)
    body = shape.patches["body"].points.copy()
    above = body[..., 2] > foot + 0.1
    middle = body[above, :2].mean(axis=0)
    body[above, :2] = middle + 0.98 * radius / (form.cap_radius - 1.0) * (body[above, :2] - middle)
    drawn_in = shape.patches["body"].moved(body)
    return shape.with_patches({"body": drawn_in, "open neck": neck, "open mouth": mouth, "neck ring": tied})
