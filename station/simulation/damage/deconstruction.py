"""Deconstruction: things come apart; seams give way, parts lie beside what they belong to."""

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.apart_boxes import burst_carton, part_book, part_sleeve
from station.simulation.damage.apart_packs import part_blister, part_multipack, uncap, unlid
from station.simulation.damage.apart_soft import burst_mailer, burst_polybag
from station.simulation.damage.site import Inflict, Stance
from station.simulation.shape import Shape

_APART: dict[Kind, Inflict] = {
    Kind.CARTON: burst_carton,
    Kind.SLEEVE: part_sleeve,
    Kind.MAILER: burst_mailer,
    Kind.POLYBAG: burst_polybag,
    Kind.BOTTLE: uncap,
    Kind.CAN: unlid,
    Kind.BLISTER: part_blister,
    Kind.BOOK: part_book,
    Kind.TUBE: uncap,
    Kind.MULTIPACK: part_multipack,
}


def taken_apart(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a part loose or torn off (minor), or in pieces beside each other (major)."""
    return _APART[shape.product.kind](shape, major, stance, art, rng)
