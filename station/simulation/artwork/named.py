"""The faces of the named products, laid out by hand around their motifs."""

import numpy as np

from station.simulation.artwork.motifs import draw_motif
from station.simulation.canvas import BARCODE_MODULES, Canvas, Colour, blend, text_width
from station.simulation.catalogue import Kind, Motif, SimProduct
from station.simulation.faces import flap_mm

_PROSE = (
    "net weight best before see base store cool and dry contains no glass keep upright made for the simulated booth "
    "recycle paper care instructions open here ingredients batch origin north valley lot number service line"
)


def draw_named(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> None:
    """Draw a printed face of a product whose design has a motif."""
    if name in ("body", "label", "band", "unit"):
        _body(canvas, product, rng)
    elif name in ("front", "sticker"):
        draw_motif(canvas, product.design, rng)
        _front_words(canvas, product, rng)
    elif name == "back":
        _back(canvas, product, rng)
    else:
        _side(canvas, product, name, rng)


def _front_words(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    design, width, height = product.design, canvas.width_mm, canvas.height_mm
    if design.motif is Motif.LABEL:
        _shipping_label(canvas, product, 22.0, flap_mm(product) + 10.0)
        return
    if product.kind is Kind.MAILER:
        canvas.text(design.brand, 14, height * 0.62, 26, design.ink, 800)
        canvas.text(design.line, 15, height * 0.75, 11, design.ink)
        canvas.text(design.content, 15, height * 0.86, 8, design.accent, 600)
        return
    if design.motif is Motif.TAPE:
        canvas.text(design.brand, 10, height - 9, 17, design.ink, 800)
        canvas.text(design.line, 10, 18, 10, design.ink, 600)
        return
    room = width * 0.42 if design.motif is Motif.CRACK else width * 0.8
    size = min(26.0, 26.0 * room / text_width(design.brand, 26.0, 900))
    canvas.text(design.brand, 9, 8 + size, size, design.ink, 900)
    canvas.text(design.line, 10, 12 + 1.5 * size, size * 0.42, design.accent, 600)
    canvas.text(design.content, 10, height - 8, size * 0.38, design.ink, 600)
    if design.motif is Motif.CRACK:
        _paragraph(canvas, 10, height * 0.52, width * 0.36, 3.4, 4, design.ink, rng)


def _shipping_label(canvas: Canvas, product: SimProduct, left: float, top: float) -> None:
    ink = (18, 18, 18)
    wide, high = canvas.width_mm - 2 * left, canvas.height_mm - top - 30
    canvas.rectangle(left, top, wide, high, (250, 250, 248))
    canvas.text(product.design.brand, left + 5, top + 12, 11, product.design.accent, 800)
    canvas.text("To: Packing station 4, Harbour Rd 12", left + 66, top + 11, 5.5, ink)
    module = (wide - 12) / BARCODE_MODULES
    canvas.barcode(product.barcode, left + 6, top + 17, module, high - 25)


def _back(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    design, width, height = product.design, canvas.width_mm, canvas.height_mm
    if product.kind is Kind.MAILER:
        canvas.line([(width / 2, 0), (width / 2, height)], blend(design.base, design.ink, 0.25), 1.0)
        canvas.text(design.brand, 12, height - 14, 12, blend(design.base, design.ink, 0.6), 700)
        module = min(1.1, (width / 2 - 14) / BARCODE_MODULES)
        canvas.barcode(product.barcode, width / 2 + 7, 18, module, 42)
        _paragraph(canvas, 12, 24, width / 2 - 24, 4.2, 6, design.ink, rng)
        return
    canvas.rectangle(0, 0, width, 24, blend(design.base, design.accent, 0.8))
    canvas.text(design.brand, 8, 17, 14, design.ink, 800)
    module = min(1.25, (width - 20) / BARCODE_MODULES)
    canvas.barcode(product.barcode, width - 6 - module * BARCODE_MODULES, height - 58, module, 46)
    _paragraph(canvas, 8, 32, width - 16, 4.0, 5, design.ink, rng)


def _side(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> None:
    design, width, height = product.design, canvas.width_mm, canvas.height_mm
    band = blend(design.base, design.accent, 0.75)
    if name in ("top", "bottom"):
        canvas.rectangle(0, height * 0.3, width, height * 0.4, band)
        canvas.fitted(design.brand, (width * 0.12, height * 0.33, width * 0.76, height * 0.34), design.ink, 800, 0.0)
        canvas.line([(0, height - 3), (width, height - 3)], blend(design.base, (0, 0, 0), 0.5), 0.7)
        return
    canvas.rectangle(0, 0, width, height * 0.22, band)
    canvas.fitted(design.brand, (width * 0.08, height * 0.03, width * 0.84, height * 0.16), design.ink, 800)
    if name == "right":
        _paragraph(canvas, 6, height * 0.3, width - 12, 3.6, 8, design.ink, rng)
    else:
        canvas.disc((width / 2, height * 0.55), width * 0.28, design.accent)
        canvas.text(design.content, width * 0.12, height * 0.9, width * 0.17, design.ink, 600)


def _body(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    """A can's label, three times around: name and picture twice, the barcode on the third panel."""
    design, width, height = product.design, canvas.width_mm, canvas.height_mm
    draw_motif(canvas, design, rng)
    for panel in range(3):
        left = panel * width / 3
        canvas.fitted(design.brand, (left + 6, height * 0.08, width / 3 - 12, height * 0.24), design.ink, 900)
        canvas.text(design.line, left + 9, height * 0.4, 7.5, design.ink, 600)
    left = 2 * width / 3
    canvas.rectangle(left - 2, height * 0.42, width / 3, height * 0.5, blend(design.base, design.ink, 0.92))
    module = (width / 3 - 6) / BARCODE_MODULES
    canvas.barcode(product.barcode, left + 1, height * 0.47, module, height * 0.3)
    for top in (0.0, height - 5.0):
        canvas.rectangle(0, top, width, 5.0, (188, 190, 192))
        canvas.rectangle(0, top + 1.6, width, 0.8, (120, 122, 126))


def _paragraph(
    canvas: Canvas, left: float, top: float, wide: float, size: float, lines: int, ink: Colour, rng: np.random.Generator
) -> None:
    vocabulary = _PROSE.split()
    for line in range(lines):
        words = ""
        while len(words) * size * 0.55 < wide - 9 * size * 0.55:
            words += str(rng.choice(vocabulary)) + " "
        canvas.text(words.strip(), left, top + (line + 1) * size * 1.5, size, ink)
