"""Missing unit: pieces of a set that are not there."""

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import without
from station.simulation.damage.site import Stance
from station.simulation.shape import Shape


def short(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with one of its units gone (minor), or with half of them and at least two (major)."""
    units = [part for part in shape.parts if part.startswith("unit ") and set(shape.parts[part]) <= set(shape.patches)]
    lost = max(2, len(units) // 2) if major else 1
    heights = [float((shape.patches[shape.parts[unit][0]].points @ stance.up).max()) for unit in units]
    upper = [unit for unit, high in zip(units, heights, strict=True) if high > max(heights) - 15.0]
    gone = [name for unit in rng.permutation(upper)[: min(lost, len(upper))] for name in shape.parts[str(unit)]]
    return without(shape, gone)
