"""Boxes and books that came apart."""

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import laid_beside, moved, on_tray, points_of, tray_height, turn_about, without
from station.simulation.damage.site import Stance
from station.simulation.shape import Patch, Shape, sheet_patch

_Z = np.array([0.0, 0.0, 1.0])
_BOARD_MM = 0.5
"""An empty sleeve's inside, which one sees, lies this far above the tray."""
_FACES = ("front", "back", "right", "left", "top", "bottom")


def burst_carton(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Burst a box: its sides lean out and its lid lies beside it; or one side has come off and lies there."""
    facing = {name: float(shape.patches[name].normals().mean(axis=(0, 1)) @ stance.up) for name in _FACES}
    lid = max(_FACES, key=lambda name: facing[name])
    sides = [name for name in _FACES if abs(facing[name]) < 0.5]
    low = tray_height(shape, stance.up)
    if not major:
        seen = [
            float((shape.patches[name].normals().mean(axis=(0, 1)) @ stance.towards_cameras.T).max()) for name in sides
        ]
        side = sides[int(np.argsort(seen)[-1 - int(rng.integers(2))])]
        outward = shape.patches[side].normals().mean(axis=(0, 1))
        rest = without(shape, (side,)).with_patches({"contents": _stuffing(shape, art, stance, 0.94)})
        return laid_beside(rest, {side: shape.patches[side]}, stance, rng, outward, low, outward)
    panel = {lid: shape.patches[lid]}
    burst = {side: _leaning(shape, side, stance, float(rng.uniform(16, 32))) for side in sides}
    rest = without(shape, (lid,)).with_patches({**burst, "contents": _stuffing(shape, art, stance, 0.7)})
    normal = shape.patches[lid].normals().mean(axis=(0, 1))
    return laid_beside(rest, panel, stance, rng, normal if rng.random() < 0.6 else -normal, low)


def _leaning(shape: Shape, side: str, stance: Stance, angle_deg: float) -> Patch:
    """Lean one side of a box outwards about its lower edge."""
    points = shape.patches[side].points.astype(np.float64)
    normal = shape.patches[side].normals().mean(axis=(0, 1)).astype(np.float64)
    flat = points.reshape(-1, 3)
    heights = flat @ stance.up
    foot = flat[heights < heights.min() + 1.0].mean(axis=0)
    return moved(shape, (side,), turn_about(np.cross(stance.up, normal), np.deg2rad(angle_deg)), foot)[side]


def _stuffing(shape: Shape, art: Artwork, stance: Stance, share: float) -> Patch:
    """Return a rumpled heap of what a box holds, which fills this share of its height."""
    points = shape.points().astype(np.float64)
    up = stance.up
    ahead = np.eye(3)[int(np.argmin(np.abs(up)))]
    aside = np.cross(ahead, up)
    low, high = ((points @ up).min(), (points @ up).max())
    wide, deep = np.ptp(points @ aside), np.ptp(points @ ahead)
    middle = points.mean(axis=0) - (points.mean(axis=0) @ up - low) * up
    corner = middle - 0.48 * wide * aside + 0.48 * deep * ahead
    sheet = sheet_patch(art.places_mm["contents"], corner, 0.96 * wide * aside, -0.96 * deep * ahead, 5.0)
    u, v = ((np.linspace(-1, 1, count)) for count in sheet.grid)
    fall = (1 - np.abs(u)[:, None] ** 9) * (1 - np.abs(v)[None, :] ** 9)
    bumps = 1 + 0.05 * np.sin(sheet.uv_mm[..., 0] * 0.21) * np.sin(sheet.uv_mm[..., 1] * 0.17)
    return sheet.moved(sheet.points + ((high - low) * share * fall * bumps)[..., None] * up)


def part_sleeve(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Slide the sleeve off its tray (minor); or its front is torn off (major); either lies beside."""
    low = tray_height(shape, stance.up)
    if not major:
        tray = {name: shape.patches[name] for name in shape.parts["tray"]}
        return laid_beside(on_tray(without(shape, tray), stance.up, low + _BOARD_MM), tray, stance, rng, _Z, low)
    return laid_beside(without(shape, ("front",)), {"front": shape.patches["front"]}, stance, rng, _Z, low)


def part_book(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear the cover off the pages and lay it beside; or it hangs askew on them."""
    part = "cover" if stance.up[2] > 0 else "back cover"
    cover = {name: shape.patches[name] for name in shape.parts[part]}
    facing = np.sign(stance.up[2]) * _Z
    if major:
        return laid_beside(without(shape, cover), cover, stance, rng, facing if rng.random() < 0.6 else -facing)
    turn = turn_about(_Z, float(rng.choice([-1, 1])) * np.deg2rad(float(rng.uniform(8, 11))))
    slip = np.array([float(rng.uniform(10, 14)), float(rng.uniform(-4, 4)), 0.0]) + 0.8 * facing
    return shape.with_patches(moved(shape, cover, turn, points_of(cover).mean(axis=0), slip))
