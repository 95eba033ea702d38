"""The faces of drawn products: which panel stands where on each kind."""

import numpy as np

from station.simulation.artwork.details import (
    Box,
    barcode_size_mm,
    draw_barcode,
    draw_emblem,
    draw_signs,
    draw_stamp,
    draw_table,
    readable,
    write_prose,
)
from station.simulation.artwork.fronts import draw_front
from station.simulation.artwork.patterns import draw_pattern
from station.simulation.artwork.printed_damage import draw_printed_damage
from station.simulation.canvas import Canvas, blend
from station.simulation.catalogue import Kind, Material, SimProduct
from station.simulation.faces import blister_form

_CODE_MM = 57.0
"""Barcodes are as wide as that, if there is room at all."""
_PAPER, _INK, _STEEL = (250, 250, 248), (24, 24, 26), (188, 190, 192)


def draw_drawn(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> None:
    """Draw a printed face of a product whose design has a style."""
    if name in ("body", "label", "band", "unit"):
        _around(canvas, product, name, rng)
    elif name == "sticker":
        _sticker(canvas, product)
    elif name == "spine":
        _spine(canvas, product)
    elif name == "back sticker" or (name == "back" and product.kind is not Kind.MAILER):
        _info(canvas, product, rng)
    elif name == "back":
        _mailer_back(canvas, product, rng)
    elif name == "front":
        _front(canvas, product, rng)
    else:
        _side(canvas, product, name, rng)


def _front(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    if product.kind is Kind.MAILER:
        _mailer_front(canvas, product, rng)
        return
    if product.kind is Kind.BLISTER:
        _blister_front(canvas, product)
    elif product.kind is Kind.TUBE:
        standing = Canvas(canvas.height_mm - 8.0, canvas.width_mm, product.design.base)
        draw_front(standing, product)
        canvas.stamp(standing.turned().pixels, 0, 8.0)
    else:
        draw_front(canvas, product)
    draw_printed_damage(canvas, product, rng)


def _info(canvas: Canvas, product: SimProduct, rng: np.random.Generator, with_barcode: bool = True) -> None:
    """Draw a back: brand above, texts in each language, a table, signs and the barcode."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    assert design.style is not None
    draw_pattern(canvas, design, rng, 0.3)
    if wide < 0.6 * high or (wide < 58 and high > wide):
        lying = Canvas(high, wide, design.base)
        _info(lying, product, rng, with_barcode)
        canvas.stamp(lying.turned().pixels, 0, 0)
        return
    edge, head = 0.04 * min(wide, high) + 1.0, 0.15 * high
    canvas.rectangle(0, 0, wide, head, design.accent)
    ink = readable(design.accent, design)
    canvas.fitted(design.brand, (edge, 0.14 * head, 0.4 * wide, 0.72 * head), ink, 800, 0.0)
    canvas.fitted(design.line, (0.5 * wide, 0.26 * head, 0.5 * wide - edge, 0.5 * head), ink, 500, 1.0)
    room: Box = (edge, head + edge, wide - 2 * edge, high - head - 2 * edge)
    if not with_barcode:
        _texts(canvas, product, room, rng)
        return
    code_wide, code_high = barcode_size_mm(min(room[2], max(0.62 * room[2], _CODE_MM)), room[3])
    left = wide - edge - code_wide
    draw_barcode(canvas, product, (left, room[1], code_wide, room[3]))
    if design.style.table and room[3] - code_high > 14:
        box = (left, room[1], code_wide, room[3] - code_high - edge)
        draw_table(canvas, box, readable(design.base, design), design.base, rng)
    _texts(canvas, product, (edge, room[1], left - 2 * edge, room[3]), rng)


def _texts(canvas: Canvas, product: SimProduct, box: Box, rng: np.random.Generator) -> None:
    """Write one paragraph below the other, each headed by the ware's name in its language; signs at the end."""
    design, (left, top, wide, high) = product.design, box
    assert design.style is not None
    if wide < 12:
        return
    ink = readable(design.base, design)
    size, sign = float(np.clip(0.028 * high + 0.9, 1.7, 3.6)), float(np.clip(0.12 * high, 4, 10))
    sign = min(sign, wide / 4.2)
    draw_signs(canvas, left, top + high - sign, sign, ink, rng)
    if wide - 4.3 * sign > 6 * size:
        draw_stamp(canvas, left + 4.3 * sign, top + high - 2.6 * size, size, ink, rng)
    room = (high - sign - 1.5) / len(design.style.languages)
    for place, language in enumerate(design.style.languages):
        y = top + place * room
        canvas.fitted(design.style.names[place], (left, y, wide, 1.5 * size), ink, 800, 0.0)
        write_prose(canvas, language, (left, y + 1.7 * size, wide, room - 2.2 * size), size, ink, rng)


def _side(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> None:
    """Draw a narrow side, a top or a bottom."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    assert design.style is not None
    draw_pattern(canvas, design, rng)
    if name == "bottom":
        _texts(canvas, product, (3, 3, wide - 6, high - 6), rng)
    elif wide > 1.2 * high:
        _nameplate(canvas, product, (0.04 * wide, 0.15 * high, 0.92 * wide, 0.7 * high))
    elif name == "left":
        turned = Canvas(high, wide, design.base)
        draw_pattern(turned, design, rng)
        _nameplate(turned, product, (0.04 * high, 0.15 * wide, 0.92 * high, 0.7 * wide))
        canvas.stamp(turned.turned().turned().turned().pixels, 0, 0)
    else:
        canvas.rectangle(0, 0, wide, 0.14 * high, design.accent)
        ink = readable(design.accent, design)
        canvas.fitted(design.brand, (0.08 * wide, 0.03 * high, 0.84 * wide, 0.08 * high), ink, 800)
        middle = 0.5 * high if design.style.table else 0.16 * high
        if design.style.table:
            box = (0.08 * wide, 0.18 * high, 0.84 * wide, 0.3 * high)
            draw_table(canvas, box, readable(design.base, design), design.base, rng)
        _texts(canvas, product, (0.08 * wide, middle + 2, 0.84 * wide, 0.97 * high - middle - 2), rng)


def _nameplate(canvas: Canvas, product: SimProduct, box: Box) -> None:
    """Write logo, brand and name from left to right."""
    design, (left, top, wide, high) = product.design, box
    ink = readable(design.base, design)
    radius = min(0.42 * high, 0.1 * wide)
    draw_emblem(canvas, design, (left + radius, top + high / 2), radius, design.accent, design.base)
    left, wide = left + 2.6 * radius, wide - 2.6 * radius
    canvas.fitted(design.brand, (left, top, wide, 0.62 * high), ink, 900, 0.0)
    canvas.fitted(design.line, (left, top + 0.66 * high, wide, 0.34 * high), ink, 500, 0.0)


def _around(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> None:
    """Draw what goes around a can, bottle or pack: a panel of texts, then fronts side by side."""
    design, wide = product.design, canvas.width_mm
    rim = 3.4 if product.kind is Kind.CAN else 0.0
    high = canvas.height_mm - 2 * rim
    fronts = int(np.clip(round(wide / (1.15 * high)) - 1, 1, 6))
    info = max(wide / (fronts + 1), min(_CODE_MM + 6, 0.45 * wide)) if fronts > 1 else 0.44 * wide
    back = Canvas(info, high, design.base)
    _info(back, product, rng, with_barcode=name != "unit")
    canvas.stamp(back.pixels, 0, rim)
    front = Canvas((wide - info) / fronts + 0.25, high, design.base)
    draw_front(front, product)
    if name != "unit":
        draw_printed_damage(front, product, rng)
    for place in range(fronts):
        canvas.stamp(front.pixels, info + place * (wide - info) / fronts, rim)
    for top in (0.0, canvas.height_mm - rim) if rim else ():
        canvas.rectangle(0, top, wide, rim, _STEEL)
        canvas.rectangle(0, top + 0.4 * rim, wide, 0.7, (122, 124, 128))


def _spine(canvas: Canvas, product: SimProduct) -> None:
    """Write author and title down a book's spine."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    lying = Canvas(high, wide, design.base)
    ink = readable(design.base, design)
    lying.fitted(design.brand, (0.05 * high, 0.2 * wide, 0.26 * high, 0.56 * wide), ink, 500, 0.0)
    lying.fitted(design.line, (0.36 * high, 0.12 * wide, 0.46 * high, 0.72 * wide), ink, 900, 0.0)
    draw_emblem(lying, design, (0.92 * high, 0.5 * wide), min(0.3 * wide, 0.05 * high), design.accent, design.base)
    canvas.stamp(lying.turned().pixels, 0, 0)


def _sticker(canvas: Canvas, product: SimProduct) -> None:
    """Draw the sticker of a clear bag: a small front, the barcode and the size."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    canvas.rectangle(0, 0, wide, high, _PAPER)
    canvas.rectangle(0, 0, wide, 0.4 * high, design.base)
    _nameplate(canvas, product, (0.05 * wide, 0.07 * high, 0.9 * wide, 0.27 * high))
    draw_barcode(canvas, product, (0.28 * wide, 0.43 * high, 0.7 * wide, 0.54 * high))
    canvas.fitted(design.content, (0.05 * wide, 0.5 * high, 0.2 * wide, 0.34 * high), _INK, 800)


def _blister_front(canvas: Canvas, product: SimProduct) -> None:
    """Draw a card: its front above the bubble, a plain field beneath it, the pattern around, a hole to hang it by."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    left, low, wide_below, high_below = blister_form(product).bubble
    room = high / 2 - low - high_below  # above the bubble
    draw_pattern(canvas, design, np.random.default_rng((design.seed, 3)))
    plain = blend(readable(design.base, design), design.base, 0.3)
    canvas.rectangle(wide / 2 + left, room, wide_below, high_below, plain)
    canvas.rectangle(0, 0, wide, room, design.accent)
    top = Canvas(wide - 4, room - 9, design.base)
    draw_front(top, product)
    canvas.stamp(top.pixels, 2, 8)
    canvas.rectangle(wide / 2 - 11, 2.6, 22, 3.4, blend(_INK, design.accent, 0.2))
    canvas.disc((wide / 2, 3.8), 3.2, blend(_INK, design.accent, 0.2))
    if room < high - 4:
        ink = readable(design.base, design)
        canvas.fitted(design.content, (0.3 * wide, high - 7, 0.4 * wide, 5.5), ink, 800)


def _mailer_front(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    """Draw a mailer: the sender's brand across it, and an address label with the barcode."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    assert design.style is not None
    draw_pattern(canvas, design, rng, 0.6 if design.material is not Material.KRAFT else 0.25)
    left_side = bool(rng.random() < 0.5)
    label: Box = (0.06 * wide if left_side else 0.44 * wide, 0.42 * high, 0.5 * wide, 0.5 * high)
    _nameplate(canvas, product, (0.06 * wide, 0.3 * high - 0.03 * high, 0.6 * wide, 0.11 * high))
    beside = 0.6 * wide if left_side else 0.06 * wide
    ink = readable(design.base, design)
    draw_signs(canvas, beside, 0.74 * high, min(0.1 * high, 0.08 * wide), ink, rng)
    draw_emblem(canvas, design, (beside + 0.16 * wide, 0.58 * high), 0.12 * high, design.accent, design.base)
    draw_printed_damage(canvas, product, rng)
    _address_label(canvas, product, label, rng)


def _address_label(canvas: Canvas, product: SimProduct, box: Box, rng: np.random.Generator) -> None:
    left, top, wide, high = box
    canvas.rectangle(left, top, wide, high, _PAPER)
    route = f"{rng.choice(list('ABCDEFGHKLMNRST'))}{int(rng.integers(10, 99))}"
    canvas.rectangle(left + 0.74 * wide, top + 0.05 * high, 0.22 * wide, 0.3 * high, _INK)
    canvas.fitted(route, (left + 0.76 * wide, top + 0.08 * high, 0.18 * wide, 0.24 * high), _PAPER, 800)
    streets = ("Harbour Rd", "Lindenweg", "Rue du Port", "ul. Polna", "Садовая ул.", "Οδός Ερμού", "中山路", "本町")
    street = streets[product.design.style.languages[0]] if product.design.style else streets[0]
    number, code = int(rng.integers(1, 180)), int(rng.integers(10000, 99999))
    for line, text in enumerate((product.design.brand, f"{street} {number}", str(code))):
        spot = (left + 0.05 * wide, top + (0.06 + 0.1 * line) * high, 0.62 * wide, 0.09 * high)
        canvas.fitted(text, spot, _INK, 700 if line == 0 else 400, 0.0)
    canvas.rectangle(left, top + 0.4 * high, wide, 0.4, _INK)
    draw_barcode(canvas, product, (left + 0.08 * wide, top + 0.43 * high, 0.84 * wide, 0.54 * high))


def _mailer_back(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    """Draw a mailer's back: its seam, the brand and what the envelope is made of."""
    design, wide, high = product.design, canvas.width_mm, canvas.height_mm
    draw_pattern(canvas, design, rng, 0.4)
    seam = blend(design.base, (0, 0, 0), 0.25)
    canvas.line([(wide / 2, 0), (wide / 2, high)], seam, 1.0)
    canvas.line([(0, high - 8), (wide, high - 8)], seam, 0.6)
    _nameplate(canvas, product, (0.08 * wide, 0.12 * high, 0.36 * wide, 0.12 * high))
    _texts(canvas, product, (0.08 * wide, 0.36 * high, 0.34 * wide, 0.5 * high), rng)
