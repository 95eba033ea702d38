"""Actuation: flaps and lids that stand open, with what lies beneath them."""

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.open_boxes import carton_opening, open_book, open_carton, open_sleeve
from station.simulation.damage.open_lids import open_can, unscrew
from station.simulation.damage.open_packs import open_blister, open_multipack
from station.simulation.damage.open_soft import open_mailer, open_polybag
from station.simulation.damage.site import Inflict, Stance
from station.simulation.shape import Shape

_OPENERS: dict[Kind, Inflict] = {
    Kind.CARTON: open_carton,
    Kind.SLEEVE: open_sleeve,
    Kind.MAILER: open_mailer,
    Kind.POLYBAG: open_polybag,
    Kind.BOTTLE: unscrew,
    Kind.CAN: open_can,
    Kind.BLISTER: open_blister,
    Kind.BOOK: open_book,
    Kind.TUBE: unscrew,
    Kind.MULTIPACK: open_multipack,
}


def opening_face(shape: Shape) -> str:
    """Return the face that a product opens at, or that its units look out of."""
    if shape.product.kind is Kind.CARTON:
        return carton_opening(shape)
    return "top" if shape.product.kind is Kind.MULTIPACK else "front"


def open_shape(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape open: ajar (minor), or so far that one looks inside (major)."""
    return _OPENERS[shape.product.kind](shape, major, stance, art, rng)
