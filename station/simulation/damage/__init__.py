"""Damage to a body: seven types, each minor, to be found on a second look, or major, to be seen at a glance."""

import numpy as np

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.actuation import open_shape, opening_face
from station.simulation.damage.deconstruction import taken_apart
from station.simulation.damage.deformation import deformed
from station.simulation.damage.missing import short
from station.simulation.damage.moves import on_tray, tray_height
from station.simulation.damage.penetration import penetrated
from station.simulation.damage.site import Inflict, Stance
from station.simulation.damage.spillage import spills_dry, spilt
from station.simulation.damage.superficial import marred
from station.simulation.plan import Damage
from station.simulation.shape import Shape

__all__ = ["Stance", "face_up", "possible", "spills_dry", "stages"]

_INFLICT: dict[DamageType, Inflict] = {
    DamageType.DEFORMATION: deformed,
    DamageType.PENETRATION: penetrated,
    DamageType.ACTUATION: open_shape,
    DamageType.DECONSTRUCTION: taken_apart,
    DamageType.SPILLAGE: spilt,
    DamageType.SUPERFICIAL: marred,
    DamageType.MISSING_UNIT: short,
}
_SETS = (Kind.BLISTER, Kind.MULTIPACK)
"""Kinds that hold several units."""
_ONE_SIDED: dict[DamageType, tuple[Kind, ...]] = {
    DamageType.ACTUATION: (Kind.CARTON, Kind.SLEEVE, Kind.MAILER, Kind.POLYBAG, Kind.BLISTER, Kind.BOOK),
    DamageType.DECONSTRUCTION: (Kind.SLEEVE, Kind.MAILER, Kind.MULTIPACK),
    DamageType.SPILLAGE: (Kind.BLISTER,),
    DamageType.MISSING_UNIT: (Kind.BLISTER, Kind.MULTIPACK),
}
"""Kinds that open, come apart or show what is missing at one face only."""


def possible(kind: Kind) -> tuple[DamageType, ...]:
    """Return the types of damage that a kind of product can have."""
    return tuple(known for known in _INFLICT if known is not DamageType.MISSING_UNIT or kind in _SETS)


def face_up(shape: Shape, damage: Damage) -> str | None:
    """Return which face of a body has to be up for its damage to be seen; None for any.

    Damaged items lie as good ones do, or how they lie would give the damage away. Only what is opened, apart or
    missing at one face, which nobody would see from behind, has that face up: a mailer's flap, a blister's units.
    """
    is_one_sided = any(shape.product.kind in _ONE_SIDED.get(kind, ()) for kind, _ in damage)
    return opening_face(shape) if is_one_sided else None


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
        if kind is DamageType.MISSING_UNIT and shape.product.units < 2:
            raise SimulationError(
                f"nothing can be missing from {shape.product.product_id}, of one unit. Choose a product of more"
            )
        hurt = _INFLICT[kind](bodies[-1], severity is Severity.MAJOR, stance, art, rng)
        bodies.append(on_tray(hurt, stance.up, tray_height(shape, stance.up)))
    return tuple(bodies)
