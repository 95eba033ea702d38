"""Caps, lids and packs that came apart: parts lie beside what they belong to."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import laid_beside, moved, points_of, tray_height, turn_about, without
from station.simulation.damage.open_lids import with_contents, with_neck
from station.simulation.damage.open_packs import with_glue_marks
from station.simulation.damage.site import Stance
from station.simulation.shape import Patch, Shape

_Z = np.array([0.0, 0.0, 1.0])


def uncap(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the cap off and lay it beside; or half of it has broken away and lies there."""
    axis = _Z if shape.product.kind is Kind.BOTTLE else np.array([0.0, -1.0, 0.0])
    whole = with_neck(shape, art)
    cap = {name: whole.patches[name] for name in shape.parts["cap"]}
    opened = without(whole, cap)
    low = tray_height(shape, stance.up)
    aside = float(rng.choice([-1.0, 1.0])) * np.cross(stance.up, stance.towards_cameras[-1])  # as that camera sees it
    if major:
        return laid_beside(opened, cap, stance, rng, axis if rng.random() < 0.5 else -axis, low, aside)
    kept, broken = _broken(cap, axis, stance)
    return laid_beside(opened.with_patches(kept), broken, stance, rng, None, low, aside)


def _broken(
    cap: dict[str, Patch], axis: NDArray[np.float64], stance: Stance
) -> tuple[dict[str, Patch], dict[str, Patch]]:
    """Break a cap in two along its axis; the camera that sees it best sees where it is broken."""
    kept, broken = {}, {}
    for name, patch in cap.items():
        columns = patch.grid[1]
        middle = points_of(cap).mean(axis=0)
        out = patch.points[-1] - middle
        seen = (out - (out @ axis)[:, None] * axis) @ stance.towards_cameras[-1]
        patch = _rolled(patch, int(np.argmax(seen)) - columns // 4)
        cut = columns // 2 + 1
        broken[name], kept[name] = patch.part(slice(None), slice(cut)), patch.part(slice(None), slice(cut - 1, columns))
    return kept, {f"broken {name}": patch for name, patch in broken.items()}


def _rolled(patch: Patch, columns: int) -> Patch:
    """Return a patch that goes around with its first column elsewhere."""

    def roll(grid: NDArray[np.float32]) -> NDArray[np.float32]:
        turned = np.roll(grid[:, :-1], -columns, axis=1)
        return np.concatenate([turned, turned[:, :1]], axis=1)

    return replace(patch, points=roll(patch.points), uv_mm=roll(patch.uv_mm))


def unlid(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the lid off and lay it beside; or it has slipped to one side."""
    opened = with_contents(shape, art)
    lid = {"lid": shape.patches["lid"]}
    if major:
        return laid_beside(without(opened, lid), lid, stance, rng, _Z if rng.random() < 0.5 else -_Z)
    turn = rng.uniform(0, 2 * np.pi)
    way = np.array([np.cos(turn), np.sin(turn), 0.0])
    tilt = turn_about(np.cross(_Z, way), np.deg2rad(float(rng.uniform(4, 6))))
    slip = float(rng.uniform(0.2, 0.26)) * shape.product.size_mm[0] * way + 7.5 * _Z
    return opened.with_patches(moved(opened, ("lid",), tilt, lid["lid"].points.mean(axis=(0, 1)), slip))


def part_blister(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the bubble off its card with what it holds; or it sits askew."""
    held = [
        *shape.parts["bubble"],
        *(name for part, names in shape.parts.items() if part[:5] == "unit " for name in names),
    ]
    torn = with_glue_marks(shape, rng)
    bubble = {name: torn.patches[name] for name in held if name in torn.patches}
    if major:
        return laid_beside(without(torn, bubble), bubble, stance, rng, _Z)
    turn = turn_about(_Z, float(rng.choice([-1, 1])) * np.deg2rad(float(rng.uniform(9, 12))))
    slip = np.array([float(rng.uniform(5, 7)) * float(rng.choice([-1, 1])), float(rng.uniform(6, 9)), 0.6])
    return torn.with_patches(moved(torn, bubble, turn, points_of(bubble).mean(axis=0), slip))


def part_multipack(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the band off and set the units apart, one of them fallen; or one unit has worked its way up."""
    units = [part for part in shape.parts if part.startswith("unit ")]
    unit = str(rng.choice(units))
    names = shape.parts[unit]
    if not major:
        opened = without(shape, ("film top",))
        middle = points_of({name: shape.patches[name] for name in names}).mean(axis=0)
        lift = float(rng.uniform(0.28, 0.34)) * shape.product.size_mm[1] * np.array([0.0, 1.0, 0.0])
        lean = turn_about(np.cross([0.0, 1.0, 0.0], middle), np.deg2rad(float(rng.uniform(5, 8))))
        return opened.with_patches(moved(opened, names, lean, middle, lift))
    loose = {name: shape.patches[name] for name in names}
    rest = without(shape, [*shape.parts["wrap"], *names])
    middle = points_of(rest.patches).mean(axis=0)
    for part in units:
        if part != unit:
            own = {name: rest.patches[name] for name in shape.parts[part]}
            away = points_of(own).mean(axis=0) - middle
            away -= (away @ stance.up) * stance.up
            rest = rest.with_patches(moved(rest, own, np.eye(3), middle, 0.2 * away))
    return laid_beside(rest, loose, stance, rng, _Z)
