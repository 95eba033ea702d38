"""Cans and bottles standing open: lids bent up, caps screwed up or off."""

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import moved, points_of, turn_about
from station.simulation.damage.site import Stance
from station.simulation.faces import bottle_form
from station.simulation.finish import PLASTIC
from station.simulation.shape import Shape, disc_patch, turned_patch


def open_can(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Bend the lid up about a point of the rim."""
    lid = shape.patches["lid"]
    radius = shape.product.size_mm[0] / 2
    angle = np.deg2rad(float(rng.uniform(55, 85) if major else rng.uniform(16, 20)))
    turn = float(rng.uniform(0, 2 * np.pi))
    towards, aside = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    hinge = lid.points[0, 0] * (0, 0, 1) + towards * radius * 0.96
    offset = lid.points - hinge
    away = -(offset @ towards) * 0.95
    bent = angle * np.clip(away / (0.5 * radius), 0, 1) if major else np.full_like(away, angle)
    points = hinge + (offset @ aside)[..., None] * aside * 0.95
    points = points - (away * np.cos(bent))[..., None] * towards
    points[..., 2] += away * np.sin(bent)
    return with_contents(shape, art).with_patches({"lid": lid.moved(points)})


def with_contents(shape: Shape, art: Artwork) -> Shape:
    """Return a can with what it holds, some way below its rim."""
    radius, half = shape.product.size_mm[0] / 2, shape.product.size_mm[2] / 2
    columns = shape.patches["lid"].grid[1]
    return shape.with_patches({"contents": disc_patch(art.places_mm["contents"], radius * 0.97, half - 14, 1, columns)})


def unscrew(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Screw the cap up (minor), or off, so that it hangs askew on the mouth (major); a camera sees it lean."""
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
    angle = np.deg2rad(float(rng.uniform(32, 44) if major else rng.uniform(22, 28)))
    angle = min(angle, float(np.arcsin(min(0.8 * tall / wide, 1.0))))  # a wide cap lies flatter on its mouth
    if major:  # it rests on the mouth's edge
        lift, aside = 0.65 * tall + 0.4 * wide * np.tan(angle), 0.55 * wide * np.cross(tilt, axis)
    else:
        lift, aside = max(12.0, 0.75 * tall) + 0.2 * wide * np.sin(angle), np.zeros(3)
    turned = moved(shape, cap, turn_about(tilt, angle), base, lift * axis + aside)
    return with_neck(shape, art).with_patches(turned)


def with_neck(shape: Shape, art: Artwork) -> Shape:
    """Return a bottle with what its cap hides, the open neck; a tube has one already."""
    if shape.product.kind is not Kind.BOTTLE:
        return shape
    form = bottle_form(shape.product)
    foot = form.neck - form.height / 2
    radius, top = 0.74 * form.cap_radius, foot + 0.7 * (form.height - form.neck)
    profile = np.array([[0.85 * radius, top], [radius, top], [radius, top - 3.0], [1.04 * radius, foot - 2.0]])
    mouth = disc_patch(art.places_mm["contents"], 0.85 * radius, top - 4.0, 1, 49, shape.patches["contents"].finish)
    neck = turned_patch(art.places_mm["body"], profile, 49, PLASTIC)
    return shape.with_patches({"open neck": neck, "open mouth": mouth})
