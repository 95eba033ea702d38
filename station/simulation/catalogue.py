"""The simulated booth's products: what they are called, how large they are, what is printed on them."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from station.core.errors import SimulationError
from station.simulation.canvas import Colour, ean13


class Kind(StrEnum):
    """The three kinds of simulated products."""

    CARTON = "carton"
    MAILER = "mailer"
    CAN = "can"


class Motif(StrEnum):
    """The picture on a product's front; `motifs.py` draws it."""

    WAVES = "waves"
    LAMP = "lamp"
    CRACK = "crack"
    TAPE = "tape"
    LABEL = "label"
    DOTS = "dots"
    FRUIT = "fruit"
    BEANS = "beans"


@dataclass(frozen=True, slots=True)
class Design:
    """How a product is printed. `flaps` is the number of flaps that close a carton's opening."""

    brand: str
    line: str
    content: str
    motif: Motif
    base: Colour
    ink: Colour
    accent: Colour
    inside: Colour
    gloss: float = 0.05
    flaps: int = 1


@dataclass(frozen=True, slots=True)
class SimProduct:
    """A product of the simulated booth.

    `size_mm` is (width, height, depth) as its front is looked at; a can's is (diameter, diameter, height).
    """

    product_id: str
    name: str
    kind: Kind
    barcode: str
    size_mm: tuple[float, float, float]
    design: Design


PRINTED_CRACK = "carton-screen"
"""The product whose artwork shows a smashed screen; the print is not damage."""

_KRAFT = (176, 134, 90)
_GREY_BOARD = (158, 146, 128)
_TIN = (196, 198, 200)

_PRODUCTS: tuple[tuple[str, Kind, tuple[float, float, float], Design], ...] = (
    (
        "carton-tea",
        Kind.CARTON,
        (170.0, 125.0, 75.0),
        Design(
            "AURORA", "Mountain tea", "40 bags", Motif.WAVES, (28, 92, 84), (244, 238, 214), (226, 168, 62), _GREY_BOARD
        ),
    ),
    (
        "carton-lamp",
        Kind.CARTON,
        (150.0, 190.0, 85.0),
        Design(
            "LUMEN", "Desk lamp", "LED 9 W", Motif.LAMP, (240, 238, 232), (32, 36, 52), (246, 186, 28), _GREY_BOARD
        ),
    ),
    (
        PRINTED_CRACK,
        Kind.CARTON,
        (180.0, 130.0, 55.0),
        Design(
            "GLASFIX", "Screen repair", "7 tools", Motif.CRACK, (36, 44, 74), (240, 244, 250), (226, 60, 52), _GREY_BOARD
        ),
    ),
    (
        "carton-shipper",
        Kind.CARTON,
        (210.0, 150.0, 110.0),
        Design("NORDPAK", "Handle with care", "Box 3", Motif.TAPE, _KRAFT, (46, 36, 26), (206, 178, 128), _KRAFT, 0.02, 2),
    ),
    (
        "mailer-white",
        Kind.MAILER,
        (230.0, 165.0, 32.0),
        Design(
            "Fjordpost", "Padded 2", "Up to 1 kg", Motif.LABEL, (232, 233, 230), (30, 34, 40), (38, 108, 178), (132, 136, 140), 0.12
        ),
    ),
    (
        "mailer-kraft",
        Kind.MAILER,
        (200.0, 150.0, 36.0),
        Design(
            "PAPIRO", "Books & prints", "Recyclable", Motif.DOTS, (190, 148, 100), (62, 40, 24), (40, 116, 72), (96, 84, 70)
        ),
    ),
    (
        "can-tomato",
        Kind.CAN,
        (86.0, 86.0, 112.0),
        Design(
            "SOLE", "Peeled tomatoes", "400 g", Motif.FRUIT, (196, 34, 30), (252, 246, 226), (54, 128, 52), _TIN, 0.35
        ),
    ),
    (
        "can-coffee",
        Kind.CAN,
        (104.0, 104.0, 124.0),
        Design(
            "BRISA", "Ground coffee", "250 g", Motif.BEANS, (38, 32, 34), (234, 208, 152), (180, 84, 34), _TIN, 0.35
        ),
    ),
)  # fmt: skip


@lru_cache(maxsize=8)
def catalogue(catalogue_seed: int) -> tuple[SimProduct, ...]:
    """Return all products; the seed gives their barcodes (GS1's range for use inside a company, 200-299)."""
    rng = np.random.default_rng([catalogue_seed, 1])
    return tuple(
        SimProduct(
            product_id,
            f"{design.brand} {design.line}",
            kind,
            ean13("2" + "".join(str(digit) for digit in rng.integers(0, 10, 11))),
            size_mm,
            design,
        )
        for product_id, kind, size_mm, design in _PRODUCTS
    )


def product(product_id: str, catalogue_seed: int) -> SimProduct:
    """Return the product of that id.

    Raises:
        SimulationError: there is none.
    """
    for candidate in catalogue(catalogue_seed):
        if candidate.product_id == product_id:
            return candidate
    names = ", ".join(candidate.product_id for candidate in catalogue(catalogue_seed))
    raise SimulationError(f"the simulated booth has no product {product_id!r}; it has {names}. Correct the name")
