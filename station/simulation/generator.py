"""Any number of products of any kind, drawn from a seed."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from station.simulation.canvas import Colour, ean13
from station.simulation.catalogue import Design, Kind, Material, Motif, SimProduct, catalogue
from station.simulation.settings import SimulationSettings

_SYLLABLES = (
    "au",
    "bri",
    "cel",
    "dor",
    "el",
    "fjo",
    "gal",
    "hel",
    "ka",
    "lu",
    "mi",
    "nor",
    "pa",
    "so",
    "ta",
    "vo",
    "zen",
)
_PRINTED_SHARE = 0.1
"""Share of the products whose artwork shows damage that is none."""


@dataclass(frozen=True, slots=True)
class _Template:
    """What products of one kind are like: the range of their size, what they are made of, and what they hold."""

    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]
    materials: tuple[Material, ...]
    contents: tuple[str, ...]
    is_round: bool = False


_TEMPLATES = {
    Kind.CARTON: _Template(
        (100, 80, 45), (210, 180, 110), (Material.CARD, Material.KRAFT), ("Green tea", "Desk lamp", "Bulbs", "Muesli")
    ),
    Kind.SLEEVE: _Template((130, 85, 30), (200, 130, 50), (Material.CARD,), ("Dark chocolate", "Biscuits", "Pralines")),
    Kind.MAILER: _Template(
        (180, 130, 26), (240, 170, 38), (Material.KRAFT, Material.CARD), ("Padded", "Books & prints")
    ),
    Kind.POLYBAG: _Template(
        (160, 140, 26), (230, 190, 42), (Material.CLEAR, Material.FILM), ("T-shirt", "Socks", "Crisps")
    ),
    Kind.BOTTLE: _Template(
        (60, 60, 140), (84, 84, 220), (Material.GLASS, Material.PLASTIC), ("Olive oil", "Shampoo"), True
    ),
    Kind.CAN: _Template((70, 70, 90), (104, 104, 130), (Material.METAL,), ("Tomatoes", "Ground coffee", "Beans"), True),
    Kind.BLISTER: _Template((90, 130, 18), (120, 165, 30), (Material.CARD,), ("Cells", "Blades", "Glue sticks")),
    Kind.BOOK: _Template((120, 180, 18), (160, 225, 40), (Material.CARD,), ("A novel", "Short stories", "Atlas")),
    Kind.TUBE: _Template((50, 150, 34), (66, 190, 42), (Material.PLASTIC,), ("Toothpaste", "Hand cream")),
    Kind.MULTIPACK: _Template(
        (150, 105, 100), (198, 115, 132), (Material.CARD, Material.CLEAR), ("Juice", "Lager", "Water")
    ),
}
_UNITS = {Kind.BLISTER: (2, 4), Kind.MULTIPACK: (4, 6)}


def draw_products(seed: int, count: int, kinds: Sequence[Kind] = tuple(Kind)) -> tuple[SimProduct, ...]:
    """Draw products, the kinds in turn; a product does not depend on how many are drawn.

    No two products of one seed or of two share an id; they share a barcode (of GS1's range for use inside a company)
    only by chance of one in a hundred billion.
    """
    return tuple(_draw(seed, number, kinds[number % len(kinds)]) for number in range(count))


def redesigned(product: SimProduct, seed: int) -> SimProduct:
    """Return a product in its next packaging: the same id, barcode and body, other artwork."""
    rng = np.random.default_rng((seed, 2, product.version, int(product.barcode)))
    design = product.design
    drawn = _design(product.kind, design.material, design.words, rng)
    return replace(product, version=product.version + 1, design=replace(drawn, inside=design.inside))


def booth_products(settings: SimulationSettings) -> tuple[SimProduct, ...]:
    """Return the products that settings name: the eight named ones, or as many drawn ones as they ask for."""
    if settings.products == 0:
        return catalogue(settings.catalogue_seed)
    return draw_products(settings.catalogue_seed, settings.products)


def _draw(seed: int, number: int, kind: Kind) -> SimProduct:
    rng = np.random.default_rng((seed, 1, number, list(Kind).index(kind)))
    template = _TEMPLATES[kind]
    size = [float(value) for value in np.rint(rng.uniform(template.low_mm, template.high_mm))]
    if template.is_round:
        size[1] = size[0]
    brand = "".join(rng.choice(_SYLLABLES, 2 + int(rng.integers(2)))).upper()
    content = str(rng.choice(template.contents))
    units = int(rng.choice(_UNITS.get(kind, (1,))))
    material = template.materials[int(rng.integers(len(template.materials)))]
    words = (brand, content, f"{units} pieces" if units > 1 else f"No. {int(rng.integers(1, 100))}")
    design = _design(kind, material, words, rng)
    is_printed = bool(rng.random() < _PRINTED_SHARE)
    return SimProduct(
        f"{kind.value}-{seed}-{number:04d}",
        f"{brand} {content}",
        kind,
        ean13("2" + "".join(str(digit) for digit in rng.integers(0, 10, 11))),
        (size[0], size[1], size[2]),
        replace(design, motif=Motif.CRACK) if is_printed else design,
        printed_damage=is_printed,
        units=units,
    )


def _design(kind: Kind, material: Material, words: tuple[str, str, str], rng: np.random.Generator) -> Design:
    hue, is_dark = rng.random(), bool(rng.random() < 0.6)
    base = _colour(hue, rng.uniform(0.35, 0.8), rng.uniform(0.25, 0.6) if is_dark else rng.uniform(0.75, 0.95))
    if material is Material.KRAFT:
        base = (176, 134, 90)
    motifs = [motif for motif in Motif if motif is not Motif.CRACK]
    return Design(
        words=words,
        motif=motifs[int(rng.integers(len(motifs)))],
        base=base,
        ink=(244, 240, 226) if is_dark and material is not Material.KRAFT else (30, 32, 40),
        accent=_colour(hue + rng.uniform(0.3, 0.7), rng.uniform(0.5, 0.9), rng.uniform(0.6, 0.95)),
        inside={Kind.CAN: (196, 198, 200)}.get(kind, (158, 146, 128)),
        gloss={Material.METAL: 0.35, Material.FILM: 0.2, Material.PLASTIC: 0.2}.get(material, 0.0),
        flaps=1 + int(rng.integers(2)),
        material=material,
        seed=int(rng.integers(1 << 62)),
    )


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)
