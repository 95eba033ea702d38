"""Missing unit: pieces of a set that are not there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import without
from station.simulation.damage.paint import Points, coloured, painted
from station.simulation.damage.site import Stance
from station.simulation.shape import Shape

_UNPRINTED_RGB, _AROUND_MM = (238, 234, 224), 0.3


def short(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with one of its units gone (minor), or with half of them and at least two (major)."""
    units = [part for part in shape.parts if part.startswith("unit ") and set(shape.parts[part]) <= set(shape.patches)]
    lost = max(2, len(units) // 2) if major else 1
    heights = [float((shape.patches[shape.parts[unit][0]].points @ stance.up).max()) for unit in units]
    upper = [unit for unit, high in zip(units, heights, strict=True) if high > max(heights) - 15.0]
    gone = [name for unit in rng.permutation(upper)[: min(lost, len(upper))] for name in shape.parts[str(unit)]]
    if shape.product.kind is Kind.BLISTER:
        shape = _bare_beneath(shape, [name for name in gone if name in shape.patches], rng)
    return without(shape, gone)


def _bare_beneath(shape: Shape, gone: list[str], rng: np.random.Generator) -> Shape:
    """Leave the card white where a unit hid it: nobody prints there."""
    boxes = [(patch.min(axis=(0, 1)), patch.max(axis=(0, 1))) for patch in (shape.patches[n].points for n in gone)]

    def beneath(points: Points) -> NDArray[np.bool_]:
        inside = [
            ((points > low - _AROUND_MM) & (points < high + _AROUND_MM))[:, :2].all(axis=1) for low, high in boxes
        ]
        return np.asarray(np.logical_or.reduce(inside))

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        return np.asarray(beneath(points) & (normals[:, 2] > 0.5), np.float32)

    front = replace(shape, patches={"front": shape.patches["front"]})
    bare = painted(front, beneath, cover, coloured(_UNPRINTED_RGB, 3.0, rng))
    return replace(bare, patches=shape.patches)
