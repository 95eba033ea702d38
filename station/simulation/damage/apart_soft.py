"""Soft packs that came apart: their seams have burst."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import folded_back, moved, tray_height, turn_about
from station.simulation.damage.paint import burst_weld, plain_swatch
from station.simulation.damage.site import Stance
from station.simulation.shape import Shape, sheet_patch

_Y, _Z = np.eye(3)[1:]
_BULGE_WIDE, _BULGE_LONG = 0.42, 0.34
"""How far a burst seam bulges: half its width as a share of the mailer's, its length as a share of the height."""
_PEEL_BEND_MM, _PEEL_TURN_RAD, _PEEL_LEVEL = 26.0, 2.6, 0.25
"""How a mailer's front bends as it is peeled off: in which radius, how far, and at which share of the depth."""
_BLOCK, _BLOCK_RGB = (0.8, 0.4), ((238, 235, 226), (58, 84, 132))
"""What a mailer holds is seen this wide and long, as shares of the mailer's size, and of these colours."""
_BLOCK_TOP, _BLOCK_HIGH = -0.06, 0.3
"""Where that begins below the mailer's middle, as a share of its height, and how high it lies, of its depth."""
_PEEPS, _PEEPS_MM = 0.5, 14.0
"""What a mailer holds peeps out of a burst seam: how much narrower than the whole it is there, and how far."""
_EMPTY = 0.25
"""How thick a bag stays where nothing is in it, as a share of its thickness."""


def burst_mailer(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Split the seams of the lower end: what is inside peeps out (minor), or the front sheet peels up off it."""
    front, (width, height, depth) = shape.patches["front"], shape.product.size_mm
    if not major:
        points = front.points.astype(np.float64)
        middle = float(rng.uniform(-0.15, 0.15)) * width
        bow = np.clip(1 - ((points[..., 0] - middle) / (_BULGE_WIDE * width)) ** 2, 0, 1)
        near = np.clip(1 - (points[..., 1] + height / 2) / (_BULGE_LONG * height), 0, 1) ** 1.3
        points[..., 2] += float(rng.uniform(29, 35)) * near * bow
        points[..., 1] += 0.07 * height * near * bow
        shape = _with_block(shape, rng)
        out = shape.patches["contents"]
        peeping = out.moved(
            out.points * (_PEEPS, 1.0, 1.0) + (middle, -_PEEPS_MM - 0.5 * height - out.points[-1, 0, 1], 0.0)
        )
        return shape.with_patches({"front": front.moved(points), "contents": peeping})
    line = (0.5 - float(rng.uniform(0.42, 0.52))) * height
    peeled = folded_back(front, -_Y, line, _PEEL_BEND_MM, _PEEL_TURN_RAD, _Z, _PEEL_LEVEL * depth)
    return _with_block(shape, rng).with_patches({"front": peeled})


def _with_block(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a mailer with what it holds, of the one of some colours that is least like the mailer's own."""
    width, height, depth = shape.product.size_mm
    apart = [np.abs(np.subtract(rgb, shape.product.design.base)).max() for rgb in _BLOCK_RGB]
    shape, place = plain_swatch(shape, _BLOCK_RGB[int(np.argmax(apart))], 3.0, rng)
    wide, high = _BLOCK[0] * width, _BLOCK[1] * height
    top = float(shape.patches["back"].points[..., 2].max()) + _BLOCK_HIGH * depth
    corner = np.array([-wide / 2, _BLOCK_TOP * height, top])
    sheet = sheet_patch(place, corner, np.array([wide, 0, 0]), np.array([0, -high, 0]), 5.0)
    return shape.with_patches({"contents": sheet})


def burst_polybag(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Split a side weld: what is inside comes out there a little, or nearly all of it, which leaves the bag flat."""
    width = shape.product.size_mm[0]
    side = float(rng.choice([-1.0, 1.0]))
    shape = burst_weld(shape, np.array([side, 0.0, 0.0]), rng)
    out = width * float(rng.uniform(0.6, 0.68) if major else rng.uniform(0.15, 0.19))
    if major:
        shape = _emptied(shape, side, out, stance)
    turn = turn_about(_Z, float(rng.uniform(0.12, 0.3)) * float(rng.choice([-1, 1])) * (1.0 if major else 0.4))
    names = shape.parts["contents"]
    return shape.with_patches(moved(shape, names, turn, np.zeros(3), (side * out, 0, 0)))


def _emptied(shape: Shape, side: float, out_mm: float, stance: Stance) -> Shape:
    """Lay a bag's films flat where what is inside is no more once it has moved out by so much."""
    width, low = shape.product.size_mm[0], tray_height(shape, stance.up)

    def flat(points: NDArray[np.float32]) -> NDArray[np.float64]:
        held = np.clip((side * points[..., 0] - out_mm) / (0.1 * width) + 4.5, 0, 1)
        sink = (points @ stance.up - low) * (1 - _EMPTY) * (1 - held)
        return np.asarray(points - sink[..., None] * stance.up)

    films = {name: patch for name, patch in shape.patches.items() if name not in shape.parts["contents"]}
    return shape.with_patches({name: patch.moved(flat(patch.points)) for name, patch in films.items()})
