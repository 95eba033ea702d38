"""Any number of products of any kind, drawn from a seed, and new packaging for them."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from station.simulation.canvas import Colour, ean13
from station.simulation.catalogue import (
    Design,
    Emblem,
    Kind,
    Layout,
    Material,
    Pattern,
    PrintedDamage,
    SimProduct,
    Style,
    catalogue,
)
from station.simulation.settings import SimulationSettings
from station.simulation.wares import LANGUAGES, LATIN, SYLLABLES, WARES, Ware

_Choice = TypeVar("_Choice")

_PRINTED_DAMAGE_SHARE = 0.08
_KRAFT, _GREY_BOARD, _WHITE_BOARD, _TIN = (176, 134, 90), (158, 146, 128), (222, 218, 208), (196, 198, 200)
_PADDING = (230, 228, 220)
_FLASHES = ("NEW", "BIO", "+20 %", "VEGAN", "1+1", "FAIR", "ORIGINAL", "PRO", "XL", "ECO")
_FLASH_SHARE = 0.45
_VARNISHED_SHARE = 0.35
"""Share of the cartons, sleeves and books that are varnished."""
_LANGUAGE_WEIGHTS = (0.28, 0.14, 0.12, 0.08, 0.12, 0.08, 0.1, 0.08)
"""How often each language is a product's first."""


@dataclass(frozen=True, slots=True)
class _Body:
    """What bodies of one kind are like: the range of their size, and what their outside may be made of."""

    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]
    materials: tuple[Material, ...]
    units: tuple[int, ...] = (1,)


_BODIES = {
    Kind.CARTON: _Body((80, 70, 36), (215, 190, 115), (Material.CARD, Material.CARD, Material.KRAFT)),
    Kind.SLEEVE: _Body((125, 80, 26), (210, 135, 50), (Material.CARD,)),
    Kind.MAILER: _Body((170, 125, 24), (245, 175, 38), (Material.KRAFT, Material.FILM)),
    Kind.POLYBAG: _Body((150, 135, 26), (235, 195, 44), (Material.FILM,)),
    Kind.BOTTLE: _Body((52, 52, 120), (86, 86, 225), (Material.GLASS, Material.GLASS, Material.PLASTIC)),
    Kind.CAN: _Body((66, 66, 80), (104, 104, 132), (Material.METAL,)),
    Kind.BLISTER: _Body((84, 125, 18), (125, 170, 32), (Material.CARD,), (2, 4)),
    Kind.BOOK: _Body((115, 172, 16), (165, 228, 42), (Material.CARD,)),
    Kind.TUBE: _Body((46, 135, 32), (66, 190, 42), (Material.PLASTIC, Material.PLASTIC, Material.METAL)),
    Kind.MULTIPACK: _Body((58, 100, 58), (66, 125, 66), (Material.CARD, Material.CLEAR), (4, 6)),
}
"""A bottle's and a can's size is (diameter, diameter, height), a multipack's that of one of its units."""


def draw_products(seed: int, count: int, kinds: Sequence[Kind] = tuple(Kind)) -> tuple[SimProduct, ...]:
    """Draw products, the kinds in turn; a product does not depend on how many are drawn.

    No two products of one seed or of two share an id; they share a barcode (of GS1's range for use inside a company)
    only by a chance of one in a hundred billion. Booths' products are none of these, see `booth_products`.
    """
    return tuple(draw_product(seed, number, kinds[number % len(kinds)]) for number in range(count))


def redesigned(product: SimProduct, seed: int) -> SimProduct:
    """Return a product in its next packaging: the same id, brand, barcode and body, another layout and artwork."""
    rng = np.random.default_rng((seed, 12, product.version, int(product.barcode)))
    old = product.design
    languages = old.style.languages if old.style else (0, 1, 2)
    alike = [ware for ware in WARES if product.kind in ware.kinds]
    ware = next((ware for ware in WARES if old.line in ware.names), alike[0])
    printed = old.style.printed_damage if old.style else PrintedDamage.CRACK if product.printed_damage else None
    layouts = [layout for layout in Layout if old.style is None or layout is not old.style.layout]
    style = replace(_style(ware, languages, rng), layout=_one_of(layouts, rng), printed_damage=printed)
    new = _design(product.kind, ware, old.material, old.words, style, rng)
    return replace(product, version=product.version + 1, design=replace(new, inside=old.inside, flaps=old.flaps))


def booth_products(settings: SimulationSettings) -> tuple[SimProduct, ...]:
    """Return the products that settings name: the eight named ones, or as many drawn ones as they ask for.

    None drawn for a booth is a dataset's, whatever the seeds: a booth judges what training on a dataset has not seen.
    """
    if settings.products == 0:
        return catalogue(settings.catalogue_seed)
    kinds = tuple(Kind)
    return tuple(
        draw_product(settings.catalogue_seed, number, kinds[number % len(kinds)], for_booth=True)
        for number in range(settings.products)
    )


def draw_product(seed: int, number: int, kind: Kind, for_booth: bool = False) -> SimProduct:
    """Draw a seed's product of that number; `for_booth` draws another, of another id and artwork."""
    rng = np.random.default_rng((seed, 13 if for_booth else 11, number, list(Kind).index(kind)))
    body, ware = _BODIES[kind], _one_of([ware for ware in WARES if kind in ware.kinds], rng)
    units = int(rng.choice(body.units))
    material = ware.material if ware.material in (Material.CLEAR, Material.PLASTIC) else _one_of(body.materials, rng)
    first = int(rng.choice(len(LANGUAGES), p=_LANGUAGE_WEIGHTS))
    others = rng.permutation([place for place in range(len(LANGUAGES)) if place != first])[: int(rng.integers(1, 4))]
    languages = (first, *(int(place) for place in others))
    brand, written = _brand(first, rng)
    words = (written, ware.names[first], f"{units} pcs" if units > 1 else _one_of(ware.amounts, rng))
    style = _style(ware, languages, rng)
    if rng.random() < _PRINTED_DAMAGE_SHARE and (kind, material) != (Kind.POLYBAG, Material.CLEAR):
        style = replace(style, printed_damage=_one_of(list(PrintedDamage), rng))
    return SimProduct(
        f"{kind.value}-{'booth-' * for_booth}{seed}-{number:04d}",
        f"{brand} {ware.names[0].lower()}",
        kind,
        ean13("2" + "".join(str(digit) for digit in rng.integers(0, 10, 11))),
        _size(kind, body, units, rng),
        _design(kind, ware, material, words, style, rng),
        printed_damage=style.printed_damage is not None,
        units=units,
    )


def _size(kind: Kind, body: _Body, units: int, rng: np.random.Generator) -> tuple[float, float, float]:
    wide, high, deep = (float(value) for value in np.rint(rng.uniform(body.low_mm, body.high_mm)))
    if kind in (Kind.CAN, Kind.BOTTLE):
        return wide, wide, deep
    if kind is Kind.MULTIPACK:  # two rows of round units
        return wide * units / 2, high, wide * 2
    return wide, high, deep


def _brand(language: int, rng: np.random.Generator) -> tuple[str, str]:
    """Draw a brand: in Latin letters, and as it is written where it is sold."""
    places = rng.permutation(len(SYLLABLES))[: 2 + int(rng.random() < 0.45)]
    latin = "".join(SYLLABLES[place][0] for place in places)
    script = {"ru": 1, "el": 2, "zh": 3, "ja": 4}.get(LANGUAGES[language], 0)
    written = "".join(SYLLABLES[place][script] for place in places)
    return latin.capitalize(), written.upper() if rng.random() < 0.6 and script != 2 else written.capitalize()


def _design(
    kind: Kind,
    ware: Ware,
    material: Material,
    words: tuple[str, str, str],
    style: Style,
    rng: np.random.Generator,
) -> Design:
    base, ink, accent = _palette(ware, material, rng)
    is_varnished = kind in (Kind.CARTON, Kind.SLEEVE, Kind.BOOK) and bool(rng.random() < _VARNISHED_SHARE)
    inside = {Kind.CAN: _TIN, Kind.MAILER: _PADDING}.get(kind, _one_of((_GREY_BOARD, _WHITE_BOARD), rng))
    gloss = {Material.METAL: 0.35, Material.FILM: 0.2, Material.PLASTIC: 0.2}.get(material, 0.2 * is_varnished)
    return Design(
        words=words,
        motif=None,
        base=base,
        ink=ink,
        accent=accent,
        inside=_KRAFT if material is Material.KRAFT else inside,
        gloss=gloss,
        flaps=1 + int(rng.random() < 0.3),
        material=material,
        seed=int(rng.integers(1 << 62)),
        style=style,
    )


def _style(ware: Ware, languages: tuple[int, ...], rng: np.random.Generator) -> Style:
    is_flashing = languages[0] < LATIN and rng.random() < _FLASH_SHARE
    return Style(
        layout=_one_of(list(Layout), rng),
        pattern=_one_of(list(Pattern), rng),
        picture=ware.picture,
        emblem=_one_of(list(Emblem), rng),
        names=tuple(ware.names[place] for place in languages),
        languages=languages,
        ware=ware.colour,
        table=ware.table,
        flash=_one_of(_FLASHES, rng) if is_flashing else "",
    )


def _palette(ware: Ware, material: Material, rng: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """Draw a design's base, the ink that is read on it, and an accent."""
    hue = (_one_of(ware.hues, rng) + rng.uniform(-0.03, 0.03)) % 1
    far = (hue + rng.choice([0.08, -0.08, 0.42, 0.5, 0.58])) % 1
    accent = _hsv(far, rng.uniform(0.6, 0.92), rng.uniform(0.7, 0.96))
    white, black = (248, 246, 238), (26, 26, 32)
    if material is Material.KRAFT:
        return _KRAFT, (46, 36, 26), _hsv(hue, 0.75, 0.45)
    scheme = rng.random()
    if scheme < 0.34:
        return _hsv(hue, rng.uniform(0.7, 0.95), rng.uniform(0.45, 0.75)), white, accent
    if scheme < 0.52:
        return _hsv(hue, rng.uniform(0.45, 0.8), rng.uniform(0.16, 0.34)), white, accent
    if scheme < 0.66:
        return _hsv(hue, rng.uniform(0.12, 0.3), rng.uniform(0.9, 0.98)), _hsv(hue, 0.8, 0.3), accent
    if scheme < 0.84:
        return (244, 243, 238), _hsv(hue, 0.85, rng.uniform(0.35, 0.55)), _hsv(hue, 0.85, 0.8)
    if scheme < 0.92:
        return black, (226, 196, 130), _hsv(hue, 0.7, 0.7)
    return _hsv(hue, rng.uniform(0.85, 1.0), rng.uniform(0.88, 0.98)), black if 0.05 < hue < 0.5 else white, white


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _one_of(choices: Sequence[_Choice], rng: np.random.Generator) -> _Choice:
    return choices[int(rng.integers(len(choices)))]
