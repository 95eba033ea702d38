"""Fronts of drawn products, six layouts that fit any shape of face."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork.details import draw_emblem, draw_flash, readable
from station.simulation.artwork.patterns import draw_pattern
from station.simulation.artwork.pictures import photograph
from station.simulation.canvas import Canvas, Colour, blend, brightness, text_width
from station.simulation.catalogue import Design, Layout, SimProduct

_WIDE = 1.9
"""A face wider than so many heights is laid out from left to right."""
_NARROW = 0.42


def draw_front(canvas: Canvas, product: SimProduct) -> None:
    """Draw a front; the same canvas gets the same front every time."""
    design = product.design
    assert design.style is not None
    rng = np.random.default_rng((design.seed, 3))
    if canvas.width_mm < _NARROW * canvas.height_mm:
        lying = Canvas(canvas.height_mm, canvas.width_mm, design.base)
        draw_front(lying, product)
        canvas.stamp(lying.turned().pixels, 0, 0)
        return
    draw_pattern(canvas, design, rng)
    layout = _row if canvas.width_mm > _WIDE * canvas.height_mm else _LAYOUTS[design.style.layout]
    layout(canvas, design, rng)


def _hero(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """The picture below, its upper edge an arc; brand and name above."""
    wide, high = canvas.width_mm, canvas.height_mm
    rise, edge = rng.uniform(-0.1, 0.12) * high, rng.uniform(0.42, 0.5) * high
    picture = photograph(design, wide, high - edge + max(rise, 0.0), rng)
    mask = _below_arc(picture.shape[:2], edge - max(rise, 0.0), edge, rise, wide)
    canvas.stamp(picture, 0, edge - max(rise, 0.0), mask)
    _brand(canvas, design, (0.08 * wide, 0.06 * high, 0.84 * wide, 0.2 * high), with_emblem=True)
    _names(canvas, design, (0.08 * wide, 0.27 * high, 0.84 * wide, 0.14 * high), design.base)
    _amount(canvas, design, (0.06 * wide, 0.87 * high, 0.3 * wide, 0.08 * high))
    _flash(canvas, design, 0.84, 0.58)


def _band(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """The picture all over, a band across it."""
    wide, high = canvas.width_mm, canvas.height_mm
    canvas.stamp(photograph(design, wide, high, rng), 0, 0)
    top = rng.choice([0.04, 0.56]) * high
    canvas.rectangle(0, top, wide, 0.36 * high, design.base)
    for line in (top + 0.015 * high, top + 0.335 * high):
        canvas.rectangle(0, line, wide, 0.01 * high, design.accent)
    _brand(canvas, design, (0.08 * wide, top + 0.04 * high, 0.84 * wide, 0.16 * high))
    _names(canvas, design, (0.08 * wide, top + 0.205 * high, 0.84 * wide, 0.12 * high), design.base)
    _amount(canvas, design, (0.66 * wide, 0.45 * high if top > 0.2 * high else 0.89 * high, 0.3 * wide, 0.07 * high))
    _flash(canvas, design, 0.15, 0.14 if top > 0.2 * high else 0.84)


def _badge(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """The pattern all over, an oval plate in the middle, the picture in a disc below."""
    wide, high = canvas.width_mm, canvas.height_mm
    plate = blend(design.ink, (255, 255, 255), 0.2) if brightness(design.base) < 150 else design.accent
    middle, radius = (wide / 2, 0.4 * high), 0.44 * wide
    aspect = 0.29 * high / radius
    for share, colour in ((1.0, plate), (0.95, design.base), (0.92, plate)):
        canvas.disc(middle, share * radius, colour, aspect)
    ink = readable(plate, design)
    canvas.fitted(design.brand, (0.14 * wide, 0.24 * high, 0.72 * wide, 0.2 * high), ink, 900)
    canvas.fitted(design.line, (0.2 * wide, 0.46 * high, 0.6 * wide, 0.085 * high), ink, 600)
    size = min(0.4 * wide, 0.3 * high)
    _disc_picture(canvas, design, (wide / 2, 0.8 * high), size / 2, rng)
    _more_names(
        canvas, design, (0.05 * wide, 0.07 * high, 0.9 * wide, 0.045 * high), readable(design.base, design), 0.5
    )
    _amount(canvas, design, (0.06 * wide, 0.89 * high, 0.22 * wide, 0.07 * high))
    _flash(canvas, design, 0.85, 0.8)


def _split(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """A column with the turned brand at the left, the picture at the right, the name in a strip below."""
    wide, high = canvas.width_mm, canvas.height_mm
    column, strip = rng.uniform(0.28, 0.36) * wide, 0.24 * high
    canvas.stamp(photograph(design, wide - column, high - strip, rng), column, 0)
    canvas.rectangle(column - 0.012 * wide, 0, 0.024 * wide, high, design.accent)
    turned = Canvas(high, column, design.base)
    draw_pattern(turned, design, rng)
    turned.fitted(design.brand, (0.05 * high, 0.14 * column, 0.9 * high, 0.72 * column), design.ink, 900)
    canvas.stamp(turned.turned().turned().turned().pixels, 0, 0)
    ground = readable(design.base, design)
    canvas.rectangle(column, high - strip, wide - column, strip, ground)
    box = (column + 0.04 * wide, high - 0.9 * strip, 0.92 * (wide - column) - 0.04 * wide, 0.8 * strip)
    _names(canvas, design, box, ground)
    _amount(canvas, design, (column + 0.03 * wide, 0.04 * high, 0.26 * wide, 0.07 * high))
    _flash(canvas, design, 0.86, 0.18)


def _minimal(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """Much room: a large name, a small brand, the picture in a disc that leaves the face."""
    wide, high = canvas.width_mm, canvas.height_mm
    if wide > high:
        _disc_picture(canvas, design, (0.82 * wide, 0.62 * high), 0.42 * high, rng)
        room = 0.5 * wide
    else:
        _disc_picture(canvas, design, (0.7 * wide, 0.78 * high), min(0.42 * wide, 0.32 * high), rng)
        room = 0.84 * wide
    size = 0.05 * min(wide, high)
    draw_emblem(canvas, design, (0.08 * wide + size, 0.08 * high + size), size, design.accent, design.base)
    left = 0.08 * wide + 2.6 * size
    canvas.fitted(design.brand, (left, 0.08 * high, 0.08 * wide + room - left, 2 * size), design.ink, 800, 0.0)
    canvas.fitted(design.line, (0.08 * wide, 0.24 * high, room, 0.17 * high), design.ink, 900, 0.0)
    canvas.rectangle(0.08 * wide, 0.45 * high, 0.3 * room, 0.012 * high, design.accent)
    _more_names(canvas, design, (0.08 * wide, 0.48 * high, 0.5 * wide, 0.05 * high), design.ink, 0.0)
    canvas.fitted(design.content, (0.08 * wide, 0.86 * high, 0.24 * wide, 0.07 * high), design.ink, 600, 0.0)


def _poster(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """Large plain shapes in the design's colours, with a picture in one of them, the brand on a bar."""
    wide, high = canvas.width_mm, canvas.height_mm
    side = wide / max(2, round(3 * wide / high)) if wide > high else wide / 3
    shades = [design.accent, design.base, blend(design.base, design.accent, 0.5), blend(design.base, design.ink, 0.8)]
    for row in range(int(np.ceil(0.68 * high / side))):
        for column in range(round(wide / side)):
            x, y = column * side, row * side
            ground, shape = rng.permutation(len(shades))[:2]
            canvas.rectangle(x, y, side, side, shades[ground])
            form = int(rng.integers(4))
            corner = (x + side * float(rng.integers(2)), y + side * float(rng.integers(2)))
            if form == 0:
                canvas.disc((x + side / 2, y + side / 2), 0.42 * side, shades[shape])
            elif form == 1:
                quarter = Canvas(side, side, shades[ground])
                quarter.disc((corner[0] - x, corner[1] - y), side, shades[shape])
                canvas.stamp(quarter.pixels, x, y)
            elif form == 2:
                canvas.polygon([(x, y), (x + side, y), (x, y + side)], shades[shape])
            else:
                _disc_picture(canvas, design, (x + side / 2, y + side / 2), 0.46 * side, rng)
    canvas.rectangle(0, 0.62 * high, wide, 0.38 * high, design.base)
    _brand(canvas, design, (0.07 * wide, 0.66 * high, 0.86 * wide, 0.15 * high))
    _names(canvas, design, (0.07 * wide, 0.82 * high, 0.62 * wide, 0.12 * high), design.base)
    _amount(canvas, design, (0.72 * wide, 0.86 * high, 0.22 * wide, 0.07 * high))
    _flash(canvas, design, 0.86, 0.14)


def _row(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """For wide faces: logo, brand and name from left to right, the picture at the right end."""
    wide, high = canvas.width_mm, canvas.height_mm
    room = min(0.32 * wide, 1.1 * high)
    canvas.stamp(photograph(design, room, high, rng), wide - room, 0)
    canvas.rectangle(wide - room, 0, 0.03 * high, high, design.accent)
    radius = min(0.24 * high, 0.08 * wide)
    draw_emblem(canvas, design, (1.5 * radius, high / 2), radius, design.accent, design.base)
    left, words = 2.9 * radius, wide - room - 3.4 * radius
    canvas.fitted(design.brand, (left, 0.1 * high, words, 0.46 * high), readable(design.base, design), 900, 0.0)
    _names(canvas, design, (left, 0.58 * high, words, 0.32 * high), design.base, 0.0)


_LAYOUTS: dict[Layout, Callable[[Canvas, Design, np.random.Generator], None]] = {
    Layout.HERO: _hero,
    Layout.BAND: _band,
    Layout.BADGE: _badge,
    Layout.SPLIT: _split,
    Layout.MINIMAL: _minimal,
    Layout.POSTER: _poster,
}


def _brand(canvas: Canvas, design: Design, box: tuple[float, float, float, float], with_emblem: bool = False) -> None:
    left, top, wide, high = box
    if with_emblem:
        radius = min(0.4 * high, 0.1 * wide)
        draw_emblem(canvas, design, (left + radius, top + high / 2), radius, design.accent, design.base)
        left, wide = left + 2.5 * radius, wide - 2.5 * radius
    canvas.fitted(design.brand, (left, top, wide, high), readable(design.base, design), 900)


def _names(
    canvas: Canvas, design: Design, box: tuple[float, float, float, float], ground: Colour, align: float = 0.5
) -> None:
    """Write what it is, large in the first language, small in the others below."""
    left, top, wide, high = box
    ink = readable(ground, design)
    canvas.fitted(design.line, (left, top, wide, 0.6 * high), ink, 700, align)
    _more_names(canvas, design, (left, top + 0.68 * high, wide, 0.3 * high), ink, align)


def _more_names(
    canvas: Canvas, design: Design, box: tuple[float, float, float, float], ink: Colour, align: float
) -> None:
    assert design.style is not None
    canvas.fitted("  ·  ".join(design.style.names[1:]), box, ink, 400, align)


def _amount(canvas: Canvas, design: Design, box: tuple[float, float, float, float]) -> None:
    """Write how much it is, on a plate."""
    left, top, _, high = box
    high = max(high, 4.0)
    wide = min(text_width(design.content, 0.76 * high, 700) + 0.8 * high, canvas.width_mm - left - 1.0)
    plate = design.base
    canvas.rectangle(left, top, wide, high, plate)
    room = (left + 0.3 * high, top + 0.12 * high, wide - 0.6 * high, 0.76 * high)
    canvas.fitted(design.content, room, readable(plate, design), 700)


def _flash(canvas: Canvas, design: Design, across: float, down: float) -> None:
    assert design.style is not None
    if design.style.flash:
        radius = 0.12 * min(canvas.width_mm, canvas.height_mm)
        draw_flash(canvas, design, (across * canvas.width_mm, down * canvas.height_mm), radius)


def _disc_picture(
    canvas: Canvas, design: Design, centre: tuple[float, float], radius: float, rng: np.random.Generator
) -> None:
    picture = photograph(design, 2 * radius, 2 * radius, rng)
    rows, columns = picture.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    cv2.ellipse(mask, (columns // 2, rows // 2), (columns // 2 - 1, rows // 2 - 1), 0, 0, 360, 255, -1, cv2.LINE_AA)
    canvas.disc(centre, 1.05 * radius, design.accent)
    canvas.stamp(picture, centre[0] - radius, centre[1] - radius, mask)


def _below_arc(size: tuple[int, int], top: float, edge: float, rise: float, wide: float) -> NDArray[np.uint8]:
    """Return a mask of what lies below an arc from `edge` at both sides to `edge - rise` in the middle, in mm."""
    across = np.linspace(-1, 1, size[1])
    outline = edge - rise * (1 - across**2) - top
    down = (np.arange(size[0]) + 0.5) * (wide / size[1])
    return np.asarray(np.clip((down[:, None] - outline) * 4 * 255, 0, 255), np.uint8)
