"""The products' undamaged bodies, one builder a kind."""

from collections.abc import Callable, Mapping

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.bodies.boxes import book, carton, sleeve
from station.simulation.bodies.packs import blister, multipack
from station.simulation.bodies.prints import add_fibre, cut_notches, with_unit_prints
from station.simulation.bodies.soft import mailer, polybag
from station.simulation.bodies.turned import bottle, can, tube
from station.simulation.catalogue import Kind, Material, SimProduct
from station.simulation.shape import Patch, Shape

__all__ = ["build_shape"]

Builder = Callable[[SimProduct, Artwork, float, np.random.Generator], dict[str, Patch]]

_BUILDERS: dict[Kind, Builder] = {
    Kind.CARTON: carton,
    Kind.SLEEVE: sleeve,
    Kind.MAILER: mailer,
    Kind.POLYBAG: polybag,
    Kind.BOTTLE: bottle,
    Kind.CAN: can,
    Kind.BLISTER: blister,
    Kind.BOOK: book,
    Kind.TUBE: tube,
    Kind.MULTIPACK: multipack,
}
_FLAT = (Kind.CARTON, Kind.SLEEVE)
"""Kinds that look the same however far apart their points are."""
_BENT_STEP_MM = 3.0
"""How far apart the points of all others are, damaged or not: on another grid they look otherwise."""
_PARTS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.CARTON: {"lid": ("top",), "flap": ("front",)},
    Kind.SLEEVE: {
        "sleeve": ("front", "back", "top", "bottom"),
        "tray": ("left", "right", "tray floor", "tray top", "tray bottom", "contents"),
    },
    Kind.MAILER: {"flap": ("flap",)},
    Kind.POLYBAG: {"film": ("front", "back", "sticker", "back sticker"), "contents": ("contents", "contents back")},
    Kind.BOTTLE: {"cap": ("cap", "cap top"), "label": ("label",), "contents": ("contents", "contents top")},
    Kind.CAN: {"lid": ("lid",)},
    Kind.BLISTER: {"card": ("front", "back", "rim"), "bubble": ("bubble",)},
    Kind.BOOK: {
        "cover": ("front", "front lining", "front rim"),
        "back cover": ("back", "back lining", "back rim"),
        "spine": ("spine",),
        "pages": ("fore edge", "head", "foot", "contents", "last page"),
    },
    Kind.TUBE: {"cap": ("cap", "cap top"), "mouth": ("neck", "mouth")},
    Kind.MULTIPACK: {"wrap": ("band", "film", "film top", "film bottom")},
}


def build_shape(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> Shape:
    """Return a product's undamaged body.

    Args:
        product: which.
        art: what is printed on it.
        step_mm: distance of neighbouring points on bodies of flat faces; damage needs a fine grid, a flat face none.
        rng: soft products are never twice the same.
    """
    art = with_unit_prints(art, product.units)
    step_mm = step_mm if product.kind in _FLAT else _BENT_STEP_MM
    patches = _BUILDERS[product.kind](product, art, step_mm, rng)
    opaque = np.full((*art.sheet.shape[:2], 1), 255, np.uint8)
    texture = np.concatenate([art.sheet, opaque], axis=2)
    if product.kind is Kind.SLEEVE:
        cut_notches(texture, art)
    if product.design.material is Material.KRAFT:
        add_fibre(texture)
    return Shape(product, patches, texture, art.px_per_mm, _parts(product, patches))


def _parts(product: SimProduct, patches: Mapping[str, Patch]) -> dict[str, tuple[str, ...]]:
    """Return the parts a body has; the patches of `unit 1` are called that, or `unit 1` and a word more."""
    parts = {part: tuple(name for name in names if name in patches) for part, names in _PARTS[product.kind].items()}
    for number in range(1, product.units + 1 if product.units > 1 else 1):
        unit = f"unit {number}"
        parts[unit] = tuple(name for name in patches if name == unit or name.startswith(f"{unit} "))
    return parts
