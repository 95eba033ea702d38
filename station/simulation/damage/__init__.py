"""Damage to a body: seven types, each minor, to be found on a second look, or major, to be seen at a glance."""

from collections.abc import Callable

import numpy as np

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.actuation import open_shape, opening_face
from station.simulation.damage.deformation import deformed
from station.simulation.damage.penetration import penetrated
from station.simulation.damage.site import Stance
from station.simulation.damage.superficial import marred
from station.simulation.plan import Damage
from station.simulation.shape import Shape

__all__ = ["Stance", "opening_face", "possible", "stages"]

_Inflict = Callable[[Shape, bool, Stance, Artwork, np.random.Generator], Shape]
_INFLICT: dict[DamageType, _Inflict] = {
    DamageType.DEFORMATION: deformed,
    DamageType.PENETRATION: penetrated,
    DamageType.ACTUATION: open_shape,
    DamageType.SUPERFICIAL: marred,
}


def possible(kind: Kind) -> tuple[DamageType, ...]:
    """Return the types of damage that a kind of product can have."""
    return tuple(_INFLICT)


def stages(shape: Shape, damage: Damage, stance: Stance, art: Artwork, rng: np.random.Generator) -> tuple[Shape, ...]:
    """Return a body undamaged and after each damage, one after the other; at least one camera sees each.

    Args:
        shape: the undamaged body, finely gridded.
        damage: what to do to it.
        stance: how it lies before the cameras.
        art: the shape's artwork.
        rng: draws place, size and form.

    Raises:
        SimulationError: damage that this kind of product cannot have.
    """
    bodies = [shape]
    for kind, severity in damage:
        if kind not in possible(shape.product.kind) or severity is Severity.NONE:
            names = ", ".join(known.value for known in possible(shape.product.kind))
            raise SimulationError(
                f"the simulated booth cannot make {severity.name} {kind.value} of a {shape.product.kind.value}; "
                f"it makes {names}. Ask for one of these"
            )
        bodies.append(_INFLICT[kind](bodies[-1], severity is Severity.MAJOR, stance, art, rng))
    return tuple(bodies)
