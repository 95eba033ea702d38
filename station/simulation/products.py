"""The catalogue: what the simulated booth has to place."""

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Style, draw_face, ean13
from station.simulation.mesh import Sheet, can, carton, mailer


@dataclass(frozen=True, slots=True)
class SimProduct:
    """A product: `kind` is carton, mailer or can; `size_mm` is x, y, z as it stands, for a can both its diameter."""

    product_id: str
    name: str
    kind: str
    barcode: str
    size_mm: tuple[float, float, float]
    style: Style
    seed: int


_PRODUCTS = (
    ("tea-carton", "Harbour Tea", "20 bags", "carton", (140, 95, 75), "stripes", False),
    ("phone-carton", "Nova Phone", "toughened screen", "carton", (165, 100, 55), "dots", True),
    ("soap-carton", "Fjord Soap", "family pack", "carton", (120, 85, 60), "chevrons", False),
    ("lamp-carton", "Lumen Lamp", "warm white", "carton", (185, 120, 90), "rings", False),
    ("book-mailer", "Pageturner", "express", "mailer", (220, 160, 26), "chevrons", False),
    ("shirt-mailer", "Cotton & Co", "size M", "mailer", (240, 180, 34), "dots", False),
    ("bean-can", "Golden Beans", "400 g", "can", (85, 85, 110), "stripes", False),
    ("paint-can", "Quick Primer", "0.75 l", "can", (105, 105, 95), "rings", False),
)


def catalogue(seed: int) -> tuple[SimProduct, ...]:
    """Return the products; their colours and details follow the seed."""
    products = []
    for index, (product_id, title, subtitle, kind, size_mm, pattern, has_crack) in enumerate(_PRODUCTS):
        generator = np.random.default_rng([seed, index])
        hue = (index / len(_PRODUCTS) + generator.uniform(0, 0.08)) % 1.0
        style = Style(
            ground=_rgb(hue, generator.uniform(0.35, 0.6), generator.uniform(0.62, 0.8)),
            accent=_rgb((hue + 0.5) % 1.0, 0.7, 0.55),
            ink=_rgb(hue, 0.6, 0.2),
            pattern=pattern,
            title=title,
            subtitle=subtitle,
            has_printed_crack=has_crack,
        )
        barcode = ean13(f"40{generator.integers(10**9, 10**10 - 1):010d}")
        products.append(SimProduct(product_id, title, kind, barcode, size_mm, style, int(generator.integers(2**31))))
    return tuple(products)


def build_sheets(product: SimProduct, unit: np.random.Generator) -> list[Sheet]:
    """Return one unit of a product, undamaged; `unit` draws what differs between good units (a mailer's wrinkles)."""
    x, y, z = product.size_mm

    def face(role: str, width: float, height: float, number: int) -> NDArray[np.uint8]:
        return draw_face(product.style, product.barcode, (width, height), role, product.seed + number)

    if product.kind == "carton":
        textures = {
            "top": face("front", x, y, 0),
            "bottom": face("back", x, y, 1),
            "front": face("side", x, z, 2),
            "rear": face("side", x, z, 3),
            "right": face("side", y, z, 4),
            "left": face("side", y, z, 5),
        }
        return carton(product.size_mm, textures)
    if product.kind == "mailer":
        textures = {"top": face("front", x, y, 0), "bottom": face("back", x, y, 1)}
        return mailer(product.size_mm, textures, unit.uniform(-1, 1, (6, 6)))
    around = np.pi * x
    wall = np.concatenate([face("front", around / 2, z, 0), face("back", around / 2, z, 1)], axis=1)
    rings = np.full((100, 40, 3), 172, np.uint8)  # a lid's rows run from its middle to its rim
    rings[30:34] = 128
    rings[62:65] = 205
    rings[84:92] = 116
    return can(x / 2, z, {"front": wall, "top": rings, "bottom": rings})


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:

    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)
