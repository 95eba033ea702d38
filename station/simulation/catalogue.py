"""The simulated booth's products: what they are called, how large they are, what is printed on them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np

from station.simulation.canvas import Colour, ean13


class Kind(StrEnum):
    """The kinds of simulated products."""

    CARTON = "carton"
    SLEEVE = "sleeve"
    MAILER = "mailer"
    POLYBAG = "polybag"
    BOTTLE = "bottle"
    CAN = "can"
    BLISTER = "blister"
    BOOK = "book"
    TUBE = "tube"
    MULTIPACK = "multipack"


class Material(StrEnum):
    """What a product's outside is made of; a poly bag of FILM is printed all over, one of CLEAR is see-through."""

    CARD = "card"
    KRAFT = "kraft"
    FILM = "film"
    CLEAR = "clear"
    METAL = "metal"
    GLASS = "glass"
    PLASTIC = "plastic"


class Motif(StrEnum):
    """The picture on a named product's front; `artwork/motifs.py` draws it."""

    WAVES = "waves"
    LAMP = "lamp"
    CRACK = "crack"
    TAPE = "tape"
    LABEL = "label"
    DOTS = "dots"
    FRUIT = "fruit"
    BEANS = "beans"


class Layout(StrEnum):
    """How the front of a drawn product is laid out; `artwork/fronts.py` draws it."""

    HERO = "hero"
    BAND = "band"
    BADGE = "badge"
    SPLIT = "split"
    MINIMAL = "minimal"
    POSTER = "poster"


class Pattern(StrEnum):
    """What lies under a drawn product's words; `artwork/patterns.py` draws it."""

    PLAIN = "plain"
    GRADIENT = "gradient"
    STRIPES = "stripes"
    DIAGONALS = "diagonals"
    DOTS = "dots"
    CHECKS = "checks"
    RAYS = "rays"
    WAVES = "waves"
    TRIANGLES = "triangles"


class Picture(StrEnum):
    """The photograph on a drawn product; `artwork/pictures.py` makes it."""

    LANDSCAPE = "landscape"
    FRUIT = "fruit"
    GRAIN = "grain"
    LEAVES = "leaves"
    CUP = "cup"
    BISCUITS = "biscuits"
    CHOCOLATE = "chocolate"
    DROPS = "drops"
    LAMP = "lamp"
    HEADPHONES = "headphones"
    CELLS = "cells"
    GEARS = "gears"
    FABRIC = "fabric"
    MARBLE = "marble"
    SKYLINE = "skyline"
    CREATURE = "creature"
    FILLET = "fillet"


class Emblem(StrEnum):
    """The shape of a drawn product's logo; `artwork/details.py` draws it."""

    DISC = "disc"
    RING = "ring"
    SHIELD = "shield"
    HEXAGON = "hexagon"
    DIAMOND = "diamond"
    LEAF = "leaf"
    BARS = "bars"


class PrintedDamage(StrEnum):
    """Damage that is only printed; `artwork/printed_damage.py` draws it."""

    CRACK = "crack"
    TEAR = "tear"
    HOLE = "hole"
    CREASE = "crease"
    SPLASH = "splash"


@dataclass(frozen=True, slots=True)
class Style:
    """How a drawn product's faces are composed.

    `names` say what it is in several languages, the first one largest; `languages` are the places of those in
    `wares.LANGUAGES`; `ware` is the colour of what is inside; `table` tells that its back has a nutrition table;
    `flash` is shouted from its front, "" for nothing.
    """

    layout: Layout
    pattern: Pattern
    picture: Picture
    emblem: Emblem
    names: tuple[str, ...]
    languages: tuple[int, ...]
    ware: Colour
    table: bool = False
    flash: str = ""
    printed_damage: PrintedDamage | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """How a product is printed; `words` are its brand, its line and its content.

    `inside` is the colour of its inner side; `gloss` the share of light it mirrors, 0 for none; `flaps` the number
    of flaps that close a carton's opening; `material` what its outside, or a multipack's wrap, is made of;
    `seed` gives what is drawn at random; a named product is drawn with its `motif`, a drawn one in its `style`.
    """

    words: tuple[str, str, str]
    motif: Motif | None
    base: Colour
    ink: Colour
    accent: Colour
    inside: Colour
    gloss: float = 0.0
    flaps: int = 1
    material: Material = Material.CARD
    seed: int = 0
    style: Style | None = None

    @property
    def brand(self) -> str:
        """The large name."""
        return self.words[0]

    @property
    def line(self) -> str:
        """What the product is."""
        return self.words[1]

    @property
    def content(self) -> str:
        """How much of it there is."""
        return self.words[2]


@dataclass(frozen=True, slots=True)
class SimProduct:
    """A product of the simulated booth.

    `size_mm` is (width, height, depth) as its front is looked at; a can's or bottle's is (diameter, diameter, height).
    `version` counts redesigns of its packaging; `printed_damage` says that its artwork shows damage that is none;
    `units` is how many pieces a multipack or a blister card holds.
    """

    product_id: str
    name: str
    kind: Kind
    barcode: str
    size_mm: tuple[float, float, float]
    design: Design
    version: int = 1
    printed_damage: bool = False
    units: int = 1


PRINTED_CRACK = "carton-screen"
"""The product whose artwork shows a smashed screen; the print is not damage."""

_KRAFT = (176, 134, 90)
_GREY_BOARD = (158, 146, 128)
_TIN = (196, 198, 200)

_DESIGNS: dict[str, tuple[Kind, tuple[float, float, float], Design]] = {
    "carton-tea": (
        Kind.CARTON,
        (170.0, 125.0, 75.0),
        Design(
            words=("AURORA", "Mountain tea", "40 bags"),
            motif=Motif.WAVES,
            base=(28, 92, 84),
            ink=(244, 238, 214),
            accent=(226, 168, 62),
            inside=_GREY_BOARD,
        ),
    ),
    "carton-lamp": (
        Kind.CARTON,
        (150.0, 190.0, 85.0),
        Design(
            words=("LUMEN", "Desk lamp", "LED 9 W"),
            motif=Motif.LAMP,
            base=(240, 238, 232),
            ink=(32, 36, 52),
            accent=(246, 186, 28),
            inside=_GREY_BOARD,
        ),
    ),
    PRINTED_CRACK: (
        Kind.CARTON,
        (180.0, 130.0, 55.0),
        Design(
            words=("GLASFIX", "Screen repair", "7 tools"),
            motif=Motif.CRACK,
            base=(36, 44, 74),
            ink=(240, 244, 250),
            accent=(226, 60, 52),
            inside=_GREY_BOARD,
        ),
    ),
    "carton-shipper": (
        Kind.CARTON,
        (210.0, 150.0, 110.0),
        Design(
            words=("NORDPAK", "Handle with care", "Box 3"),
            motif=Motif.TAPE,
            base=_KRAFT,
            ink=(46, 36, 26),
            accent=(206, 178, 128),
            inside=_KRAFT,
            flaps=2,
        ),
    ),
    "mailer-white": (
        Kind.MAILER,
        (230.0, 165.0, 32.0),
        Design(
            words=("Fjordpost", "Padded 2", "Up to 1 kg"),
            motif=Motif.LABEL,
            base=(232, 233, 230),
            ink=(30, 34, 40),
            accent=(38, 108, 178),
            inside=(230, 228, 220),
            gloss=0.12,
        ),
    ),
    "mailer-kraft": (
        Kind.MAILER,
        (200.0, 150.0, 36.0),
        Design(
            words=("PAPIRO", "Books & prints", "Recyclable"),
            motif=Motif.DOTS,
            base=(190, 148, 100),
            ink=(62, 40, 24),
            accent=(40, 116, 72),
            inside=(96, 84, 70),
        ),
    ),
    "can-tomato": (
        Kind.CAN,
        (86.0, 86.0, 112.0),
        Design(
            words=("SOLE", "Peeled tomatoes", "400 g"),
            motif=Motif.FRUIT,
            base=(196, 34, 30),
            ink=(252, 246, 226),
            accent=(54, 128, 52),
            inside=_TIN,
            gloss=0.35,
        ),
    ),
    "can-coffee": (
        Kind.CAN,
        (104.0, 104.0, 124.0),
        Design(
            words=("BRISA", "Ground coffee", "250 g"),
            motif=Motif.BEANS,
            base=(38, 32, 34),
            ink=(234, 208, 152),
            accent=(180, 84, 34),
            inside=_TIN,
            gloss=0.35,
        ),
    ),
}


@lru_cache(maxsize=8)
def catalogue(catalogue_seed: int) -> tuple[SimProduct, ...]:
    """Return the eight named products; the seed gives their barcodes, of GS1's range for use inside a company."""
    rng = np.random.default_rng([catalogue_seed, 1])
    return tuple(
        SimProduct(
            product_id,
            f"{design.brand} {design.line}",
            kind,
            ean13("2" + "".join(str(digit) for digit in rng.integers(0, 10, 11))),
            size_mm,
            replace(design, seed=1000 * catalogue_seed + number),
            printed_damage=product_id == PRINTED_CRACK,
        )
        for number, (product_id, (kind, size_mm, design)) in enumerate(_DESIGNS.items())
    )
