"""Which faces each kind of product has to be printed on, and how large they and the parts between them are."""

from dataclasses import dataclass

import numpy as np

from station.simulation.catalogue import Kind, Material, SimProduct

Size = tuple[float, float]


def face_sizes_mm(product: SimProduct) -> dict[str, Size]:
    """Return the (width, height) of every printed face of a product, by name.

    A face that goes around (`body`, `label`, `cap`, `band`, `unit`) begins behind at the left and runs to the right.
    `contents` is what lies inside. Plain are a sleeve's inner tray with its ends `left` and `right`, a book's `pages`,
    a bottle's `body` and `contents`, a clear bag's `front` and `back`, `bubble` and `film`.
    """
    return _FACES[product.kind](product)


def flap_mm(product: SimProduct) -> float:
    """Return how long a mailer's closing flap is."""
    return 0.27 * product.size_mm[1]


def sticker_mm(product: SimProduct) -> Size:
    """Return the size of the printed stickers on a clear poly bag; that on its back has the barcode."""
    width, height, _ = product.size_mm
    return (0.5 * width, 0.36 * height)


@dataclass(frozen=True, slots=True)
class BottleForm:
    """A bottle's measures in mm: straight from its base to `shoulder`, curved in to `neck`, the cap on top of that."""

    radius: float
    shoulder: float
    neck: float
    height: float
    cap_radius: float
    label: tuple[float, float]


def bottle_form(product: SimProduct) -> BottleForm:
    """Return the measures of a bottle; a slender one has a long neck, a stout one is a jar with a wide cap."""
    radius, height = product.size_mm[0] / 2, product.size_mm[2]
    slender = float(np.clip(height / product.size_mm[0] - 1.2, 0, 1.3)) / 1.3
    cap = (0.16 - 0.04 * slender) * height
    neck = height - cap
    shoulder = neck - (0.06 + 0.22 * slender) * height
    cap_radius = radius * (0.86 - 0.48 * slender)
    return BottleForm(radius, shoulder, neck, height, cap_radius, (0.12 * height, shoulder - 0.04 * height))


@dataclass(frozen=True, slots=True)
class BlisterForm:
    """A blister's measures in mm: the card's thickness, and the bubble's (left, bottom, width, height) and depth."""

    card: float
    bubble: tuple[float, float, float, float]
    depth: float
    unit_radius: float
    unit_length: float


def blister_form(product: SimProduct) -> BlisterForm:
    """Return the measures of a blister; its units stand side by side in one bubble on the card's lower part."""
    width, height, depth = product.size_mm
    card, wall = 0.8, 1.5
    room_wide, room_high = width - 16.0, 0.66 * height - 8.0
    radius = min((depth - card - wall) / 2, room_wide / (2.25 * product.units) - 1.0)
    length = room_high - 8.0
    wide = min(room_wide, 2.25 * radius * product.units + 8.0)
    return BlisterForm(card, (-wide / 2, 8.0 - height / 2, wide, room_high), depth - card, radius, length)


BOOK_COVER_MM = 2.4
BOOK_OVERHANG_MM = 3.0


@dataclass(frozen=True, slots=True)
class TubeForm:
    """A tube's measures in mm: its radius at the shoulder, its cap's radius and length, its body's length."""

    radius: float
    cap_radius: float
    cap: float
    body: float


def tube_form(product: SimProduct) -> TubeForm:
    """Return the measures of a tube; it stands on its cap, the crimp on top."""
    _, height, depth = product.size_mm
    cap = 0.16 * height
    return TubeForm(depth / 2, 0.42 * depth, cap, height - cap - 0.03 * height)


@dataclass(frozen=True, slots=True)
class PackForm:
    """A multipack's measures: its units' `columns` and `rows`, one unit's (width, height, depth) in mm, its `band`.

    Units with a square footprint are round: cans, or bottles where they are slender. A `bare` pack has only its band;
    another one a clear film as well.
    """

    columns: int
    rows: int
    unit: tuple[float, float, float]
    round: bool
    band: float
    bare: bool


def pack_form(product: SimProduct) -> PackForm:
    """Return the measures of a multipack: its units stand in two rows, or in one where they are boxes."""
    width, height, depth = product.size_mm
    rows = 2 if product.units % 2 == 0 else 1
    columns = product.units // rows
    unit = (width / columns, height, depth / rows)
    bare = product.design.material is not Material.CLEAR
    return PackForm(columns, rows, unit, abs(unit[0] / unit[2] - 1) < 0.02, 0.42 * height, bare)


def pack_outline_mm(product: SimProduct) -> float:
    """Return the length of a multipack's band."""
    form, (width, _, depth) = pack_form(product), product.size_mm
    return 2 * (width + depth) - ((8 - 2 * np.pi) * form.unit[0] / 2 if form.round else 0.0)


def _carton(product: SimProduct) -> dict[str, Size]:
    width, height, depth = product.size_mm
    sizes = {"front": (width, height), "back": (width, height), "right": (depth, height), "left": (depth, height)}
    return sizes | {"top": (width, depth), "bottom": (width, depth), "contents": (width, max(height, depth))}


def _sleeve(product: SimProduct) -> dict[str, Size]:
    width, height, depth = product.size_mm
    tray = {"tray floor": (width, height), "tray top": (width, depth), "tray bottom": (width, depth)}
    return _carton(product) | tray


def _mailer(product: SimProduct) -> dict[str, Size]:
    width, height, _ = product.size_mm
    return {"front": (width, height), "back": (width, height), "flap": (width, flap_mm(product))}


def _polybag(product: SimProduct) -> dict[str, Size]:
    size = product.size_mm[:2]
    sizes = {"front": size, "back": size, "contents": size}
    stickers = {"sticker": sticker_mm(product), "back sticker": sticker_mm(product)}
    return sizes | (stickers if product.design.material is Material.CLEAR else {})


def _can(product: SimProduct) -> dict[str, Size]:
    width, _, height = product.size_mm
    end = (width, width)
    return {"body": (float(np.pi * width), height), "lid": end, "base": end, "contents": end}


def _bottle(product: SimProduct) -> dict[str, Size]:
    form = bottle_form(product)
    around, cap = 2 * np.pi * form.radius, 2 * form.cap_radius
    return {
        "body": (around, form.height),
        "label": (around, form.label[1] - form.label[0]),
        "cap": (np.pi * cap, form.height - form.neck),
        "cap top": (cap, cap),
        "base": (2 * form.radius, 2 * form.radius),
        "contents": (around, form.height),
    }


def _blister(product: SimProduct) -> dict[str, Size]:
    form, size = blister_form(product), product.size_mm[:2]
    around = 2 * np.pi * form.unit_radius
    return {"front": size, "back": size, "unit": (around, form.unit_length), "bubble": form.bubble[2:]}


def _book(product: SimProduct) -> dict[str, Size]:
    width, height, depth = product.size_mm
    sizes = {"front": (width, height), "back": (width, height), "spine": (depth, height)}
    return sizes | {"pages": (max(width, height), depth), "contents": (width, height)}


def _tube(product: SimProduct) -> dict[str, Size]:
    form, width = tube_form(product), product.size_mm[0]
    cap = 2 * form.cap_radius
    face = (width, product.size_mm[1] - form.cap)
    sizes = {"front": face, "back": face, "cap": (np.pi * cap, form.cap), "cap top": (cap, cap)}
    return sizes | {"neck": (np.pi * cap, form.cap), "contents": (cap, cap)}


def _multipack(product: SimProduct) -> dict[str, Size]:
    form = pack_form(product)
    wide, high, deep = form.unit
    around = np.pi * wide if form.round else 2 * (wide + deep)
    outline, (width, height, depth) = pack_outline_mm(product), product.size_mm
    sizes = {"band": (outline, form.band), "unit": (around, high), "unit lid": (wide, deep), "unit base": (wide, deep)}
    if product.design.material is not Material.CLEAR:
        return sizes
    return sizes | {"film": (outline, height), "film top": (width, depth), "film bottom": (width, depth)}


_FACES = {
    Kind.CARTON: _carton,
    Kind.SLEEVE: _sleeve,
    Kind.MAILER: _mailer,
    Kind.POLYBAG: _polybag,
    Kind.BOTTLE: _bottle,
    Kind.CAN: _can,
    Kind.BLISTER: _blister,
    Kind.BOOK: _book,
    Kind.TUBE: _tube,
    Kind.MULTIPACK: _multipack,
}
