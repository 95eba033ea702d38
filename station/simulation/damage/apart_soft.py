"""Soft packs that came apart: torn across, or all their seam has burst."""

from dataclasses import replace

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import laid_beside, moved, torn_across, tray_height, turn_about, without
from station.simulation.damage.open_soft import with_block
from station.simulation.damage.paint import burst_weld
from station.simulation.damage.site import Stance
from station.simulation.shape import Shape

_Y, _Z = np.eye(3)[1:]
_TORN_AT = 0.1
"""Where a soft pack is torn across, below its middle, as a share of its height."""
_STRIP_AT = 0.26
"""The same of the strip that a mailer's front loses."""
_EMPTY = 0.25
"""How thick a bag stays where nothing is in it, as a share of its thickness."""


def burst_mailer(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear a strip off the front's lower end, which bares the inside (minor), or off all (major); it lies beside."""
    height, low = shape.product.size_mm[1], tray_height(shape, stance.up)
    if major:
        rest, end = torn_across(shape, -_Y, 0.0, rng)
        filled = with_block(rest, 0.7, 0.15 * height, rng)
        turn = turn_about(_Z, float(rng.choice([-1.0, 1.0])) * float(rng.uniform(0.1, 0.25)))
        rest = filled.with_patches(moved(filled, ("contents",), turn, np.zeros(3)))
    else:
        sheet = replace(shape, patches={"front": shape.patches["front"]})
        front, end = torn_across(sheet, -_Y, _STRIP_AT * height, rng)
        rest = with_block(shape, 0.8, -0.5 * _TORN_AT * height, rng).with_patches(front.patches)
    return laid_beside(rest, end, stance, rng, None, low, -_Y)


def burst_polybag(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear off a bag's end, which lies beside (minor), or burst its weld: what was inside lies beside it (major)."""
    way, low = float(rng.choice([-1.0, 1.0])) * _Y, tray_height(shape, stance.up)
    contents = {name: shape.patches[name] for name in shape.parts["contents"]}
    if not major:
        rest, end = torn_across(without(shape, contents), way, _TORN_AT * shape.product.size_mm[1], rng)
        return laid_beside(rest.with_patches(contents), end, stance, rng, None, low, way)
    burst = without(burst_weld(shape, way, rng), contents)
    flat = {
        name: patch.moved(patch.points - (1 - _EMPTY) * (patch.points @ stance.up - low)[..., None] * stance.up)
        for name, patch in burst.patches.items()
    }
    return laid_beside(burst.with_patches(flat), contents, stance, rng, None, low, way)
