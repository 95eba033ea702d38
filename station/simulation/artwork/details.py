"""What stands on a drawn product's faces: logo, flash, paragraphs, tables, barcode, signs, stamps."""

import numpy as np

from station.simulation.canvas import BARCODE_MODULES, Canvas, Colour, Point, blend, brightness, text_width
from station.simulation.catalogue import Design, Emblem, SimProduct
from station.simulation.wares import PROSE

Box = tuple[float, float, float, float]
"""(left, top, width, height) in mm."""

_INK, _PAPER = (24, 24, 26), (250, 250, 248)
_MODULE_MM, _SMALLEST_MODULE_MM = 0.5, 0.264
"""GS1 prints a retail symbol at 80 to 200 % of a module of 0.33 mm; at 0.5 mm bars are whole pixels of the canvas."""
_ROWS = ("kcal", "g", "g", "g", "g", "mg")


def readable(on: Colour, design: Design) -> Colour:
    """Return the first of a design's ink, base and accent that is well read on a colour, or else black or white."""
    for ink in (design.ink, design.base, design.accent):
        if abs(brightness(ink) - brightness(on)) > 95:
            return ink
    return _PAPER if brightness(on) < 128 else _INK


def draw_emblem(canvas: Canvas, design: Design, centre: Point, radius: float, colour: Colour, ink: Colour) -> None:
    """Draw the logo: its shape, and the brand's first letter on it."""
    assert design.style is not None
    (x, y), emblem = centre, design.style.emblem
    if emblem is Emblem.RING:
        canvas.disc(centre, radius, colour)
        canvas.disc(centre, 0.84 * radius, ink)
        canvas.disc(centre, 0.74 * radius, colour)
    elif emblem is Emblem.BARS:
        for bar, height in enumerate((0.5, 0.9, 1.3, 1.8)):
            left = x - radius + bar * 0.52 * radius
            canvas.rectangle(left, y + 0.9 * radius - height * radius, 0.4 * radius, height * radius, colour)
        return
    elif emblem is Emblem.LEAF:
        t = np.linspace(0, np.pi, 20)
        along, bulge = -np.cos(t) * radius * 1.15, np.sin(t) * radius * 0.62
        outline = np.stack([np.r_[along, along[::-1]], np.r_[bulge, -bulge[::-1]]], axis=1)
        outline = outline @ np.array([[0.8, -0.6], [0.6, 0.8]]) + centre
        canvas.polygon([(float(u), float(v)) for u, v in outline], colour)
        canvas.line([(x - 0.8 * radius, y + 0.6 * radius), (x + 0.7 * radius, y - 0.52 * radius)], ink, 0.08 * radius)
        return
    elif emblem is Emblem.DISC:
        canvas.disc(centre, radius, colour)
    else:
        shapes = {
            Emblem.SHIELD: (
                (-0.85, -0.95),
                (0.85, -0.95),
                (0.85, 0.2),
                (0.5, 0.7),
                (0, 1.05),
                (-0.5, 0.7),
                (-0.85, 0.2),
            ),
            Emblem.HEXAGON: ((0, -1), (0.87, -0.5), (0.87, 0.5), (0, 1), (-0.87, 0.5), (-0.87, -0.5)),
            Emblem.DIAMOND: ((0, -1.1), (1.1, 0), (0, 1.1), (-1.1, 0)),
        }
        canvas.polygon([(x + u * radius, y + v * radius) for u, v in shapes[emblem]], colour)
    canvas.fitted(design.brand[0], (x - 0.7 * radius, y - 0.6 * radius, 1.4 * radius, 1.2 * radius), ink, 800)


def draw_flash(canvas: Canvas, design: Design, centre: Point, radius: float) -> None:
    """Draw a star with what is shouted from the front."""
    assert design.style is not None
    colour = design.accent if abs(brightness(design.accent) - brightness(design.base)) > 40 else (222, 40, 36)
    angles = np.linspace(0, 2 * np.pi, 33)[:-1]
    radii = radius * np.where(np.arange(32) % 2, 0.86, 1.0)
    star = np.stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)], axis=1)
    canvas.polygon([(float(x), float(y)) for x, y in star], colour)
    box = (centre[0] - 0.72 * radius, centre[1] - 0.3 * radius, 1.44 * radius, 0.6 * radius)
    canvas.fitted(design.style.flash, box, _PAPER if brightness(colour) < 150 else _INK, 800)


def write_prose(canvas: Canvas, language: int, box: Box, size: float, ink: Colour, rng: np.random.Generator) -> None:
    """Fill a box with lines of text in a language."""
    left, top, width, height = box
    vocabulary = PROSE[language].split()
    for line in range(int(height / (1.45 * size))):
        words = ""
        while text_width(longer := f"{words} {rng.choice(vocabulary)}".strip(), size) < width:
            words = longer
        canvas.text(words, left, top + (line + 1) * 1.45 * size - 0.4 * size, size, ink)


def draw_table(canvas: Canvas, box: Box, ink: Colour, paper: Colour, rng: np.random.Generator) -> None:
    """Draw a nutrition table: what is in 100 g."""
    left, top, width, height = box
    canvas.rectangle(left, top, width, height, ink)
    canvas.rectangle(left + 0.35, top + 0.35, width - 0.7, height - 0.7, paper)
    row = height / (len(_ROWS) + 1)
    canvas.rectangle(left, top, width, row, ink)
    canvas.fitted("100 g", (left + 0.1 * width, top + 0.2 * row, 0.8 * width, 0.62 * row), paper, 700, 1.0)
    for number, unit in enumerate(_ROWS, start=1):
        y = top + number * row
        canvas.rectangle(left, y, width, 0.25, ink)
        name = float(rng.uniform(0.25, 0.5)) * width
        canvas.rectangle(left + 0.06 * width, y + 0.42 * row, name, 0.22 * row, blend(ink, paper, 0.35))
        amount = f"{rng.uniform(0, 60):.1f} {unit}" if unit != "kcal" else f"{int(rng.integers(40, 600))} {unit}"
        canvas.fitted(amount, (left + 0.55 * width, y + 0.15 * row, 0.4 * width, 0.7 * row), ink, 500, 1.0)


def barcode_size_mm(width: float, height: float) -> tuple[float, float]:
    """Return the (width, height) of the barcode's white ground as it fits into a width and height."""
    module = min(_MODULE_MM, width / BARCODE_MODULES)
    return module * BARCODE_MODULES, min(height, 0.72 * module * BARCODE_MODULES, 62.0 * module + 5.0)


def draw_barcode(canvas: Canvas, product: SimProduct, box: Box) -> None:
    """Draw the barcode into the lower right of a box, upright, or turned where the box is narrow."""
    left, top, width, height = box
    if width < _SMALLEST_MODULE_MM * 1.3 * BARCODE_MODULES and height > width:
        ground = Canvas(height, width, _PAPER)
        draw_barcode(ground, product, (0, 0, height, width))
        wide, high = barcode_size_mm(height, width)
        part = ground.turned().pixels
        cut = part[-round(wide * 4) :, : round(high * 4)]
        canvas.stamp(cut, left + width - high, top + height - wide)
        return
    wide, high = barcode_size_mm(width, height)
    canvas.barcode(product.barcode, left + width - wide, top + height - high, wide / BARCODE_MODULES, high - 5.0)


def draw_signs(canvas: Canvas, left: float, top: float, size: float, ink: Colour, rng: np.random.Generator) -> None:
    """Draw a row of three signs as packs have them: recycling, a glass, a house, an umbrella, a mark."""
    for place, sign in enumerate(rng.permutation(4)[:3]):
        x, y = left + place * 1.35 * size + size / 2, top + size / 2
        half = size / 2
        if sign == 0:
            for turn in np.arange(3) * 2 * np.pi / 3:
                ends = [
                    (x + half * 0.8 * np.cos(turn + a), y + half * 0.8 * np.sin(turn + a)) for a in (0.25, 1.1, 1.85)
                ]
                canvas.line(ends, ink, 0.16 * size)
        elif sign == 1:
            canvas.polygon([(x - 0.6 * half, y - half), (x + 0.6 * half, y - half), (x, y + 0.25 * half)], ink)
            canvas.rectangle(x - 0.06 * size, y, 0.12 * size, 0.8 * half, ink)
            canvas.rectangle(x - 0.25 * size, y + 0.8 * half, 0.5 * size, 0.1 * size, ink)
        elif sign == 2:
            canvas.polygon([(x - half, y), (x, y - half), (x + half, y)], ink)
            canvas.rectangle(x - 0.35 * size, y, 0.7 * size, half, ink)
        else:
            canvas.disc((x, y), half, ink)
            canvas.disc((x, y), 0.78 * half, blend(ink, _PAPER if brightness(ink) < 128 else _INK, 0.85))
            canvas.fitted("e", (x - 0.3 * size, y - 0.4 * size, 0.6 * size, 0.7 * size), ink, 800)


def draw_stamp(canvas: Canvas, left: float, top: float, size: float, ink: Colour, rng: np.random.Generator) -> None:
    """Write batch and date as a printing line does, in two rows."""
    canvas.text(f"L{int(rng.integers(1000, 9999))} {rng.choice(['A', 'B', 'C'])}", left, top + size, size, ink, 500)
    date = f"{int(rng.integers(1, 29)):02d}.{int(rng.integers(1, 13)):02d}.{int(rng.integers(27, 30))}"
    canvas.text(date, left, top + 2.2 * size, size, ink, 500)
