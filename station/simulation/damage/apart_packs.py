"""Caps, lids and packs that came apart: parts lie beside what they belong to."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import (
    laid_beside,
    moved,
    points_of,
    torn_across,
    tray_height,
    without,
)
from station.simulation.damage.open_lids import with_contents, with_neck
from station.simulation.damage.open_packs import with_glue_marks
from station.simulation.damage.site import Stance
from station.simulation.faces import blister_form
from station.simulation.shape import Shape

_X, _Y, _Z = np.eye(3)
_CAP_AWAY_MM = (26.0, 40.0)
"""How far away a cap lies that came off, so that nobody takes it for one that hangs at its neck."""
_BELOW_TEAR_MM, _ABOVE_BUBBLE_MM = 6.0, 4.0
"""How far below the tear in a can or bottle one sees what it holds, and how far above its bubble a card tears."""


def uncap(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Break a bottle or tube in two, whose upper half lies beside; or only its cap is off and lies there."""
    axis = _Z if shape.product.kind is Kind.BOTTLE else np.array([0.0, -1.0, 0.0])
    aside = float(rng.choice([-1.0, 1.0])) * np.cross(stance.up, stance.towards_cameras[-1])  # as that camera sees it
    if major:
        return _in_two(shape, axis, aside, stance, rng)
    whole = with_neck(shape, art)
    cap = {name: whole.patches[name] for name in shape.parts["cap"]}
    facing = axis if rng.random() < 0.5 else -axis
    return laid_beside(
        without(whole, cap), cap, stance, rng, facing, tray_height(shape, stance.up), aside, _CAP_AWAY_MM
    )


def unlid(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear a can in two, whose upper half lies beside; or only its lid is off and lies there."""
    opened, lid = with_contents(shape, art), {"lid": shape.patches["lid"]}
    if major:
        return _in_two(opened, _Z, None, stance, rng)
    return laid_beside(without(opened, lid), lid, stance, rng, _Z)


def _in_two(
    shape: Shape,
    axis: NDArray[np.float64],
    towards: NDArray[np.float64] | None,
    stance: Stance,
    rng: np.random.Generator,
) -> Shape:
    """Tear a body apart across its middle; what it holds stays in the half that stands, as high as that lets it."""
    contents = {name: patch for name, patch in shape.patches.items() if name.startswith("contents")}
    rest, upper = torn_across(without(shape, contents), axis, 0.0, rng)
    held = {
        name: patch.moved(np.minimum(patch.points, (np.inf, np.inf, -_BELOW_TEAR_MM)))
        for name, patch in contents.items()
    }
    stands = abs(float(stance.up @ axis)) > 0.5
    low = tray_height(shape, stance.up)
    return laid_beside(rest.with_patches(held), upper, stance, rng, _X if stands else None, low, towards)


def part_blister(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the bubble off its card with what it holds; or the card's head is torn off and lies beside."""
    if not major:
        _, low, _, high = blister_form(shape.product).bubble
        rest, head = torn_across(without(shape, ("rim",)), _Y, low + high + _ABOVE_BUBBLE_MM, rng)
        return laid_beside(rest, head, stance, rng, None, tray_height(shape, stance.up), _Y)
    held = [
        *shape.parts["bubble"],
        *(name for part, names in shape.parts.items() if part[:5] == "unit " for name in names),
    ]
    torn = with_glue_marks(shape, rng)
    bubble = {name: torn.patches[name] for name in held if name in torn.patches}
    return laid_beside(without(torn, bubble), bubble, stance, rng, _Z)


def part_multipack(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the band off and set the units apart, one of them fallen; or one unit has come out and lies beside."""
    units = [part for part in shape.parts if part.startswith("unit ")]
    unit = str(rng.choice(units))
    names = shape.parts[unit]
    loose = {name: shape.patches[name] for name in names}
    if not major:
        return laid_beside(without(shape, ("film top", *names)), loose, stance, rng, _Z)
    rest = without(shape, [*shape.parts["wrap"], *names])
    middle = points_of(rest.patches).mean(axis=0)
    for part in units:
        if part != unit:
            own = {name: rest.patches[name] for name in shape.parts[part]}
            away = points_of(own).mean(axis=0) - middle
            away -= (away @ stance.up) * stance.up
            rest = rest.with_patches(moved(rest, own, np.eye(3), middle, 0.2 * away))
    return laid_beside(rest, loose, stance, rng, _Z)
