"""What is printed on each face of a product, laid out on one sheet."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.canvas import BARCODE_MODULES, PX_PER_MM, Canvas, Colour
from station.simulation.catalogue import Design, Kind, Material, Motif, SimProduct
from station.simulation.faces import face_sizes_mm, flap_mm, pack_form
from station.simulation.motifs import blend, draw_motif

_SHEET_WIDTH_MM = 420.0
_MARGIN_MM = 4.0
_PROSE = (
    "net weight best before see base store cool and dry contains no glass keep upright made for the simulated booth "
    "recycle paper care instructions open here ingredients batch origin north valley lot number service line"
)


_BOARD: Colour = (198, 186, 166)
_FILM: Colour = (238, 242, 246)
_PLAIN: dict[str, Colour | None] = {
    "tray floor": _BOARD,
    "tray top": _BOARD,
    "tray bottom": _BOARD,
    "bubble": _FILM,
    "film": _FILM,
    "film top": _FILM,
    "film bottom": _FILM,
    "neck": None,
    "cap": None,
    "cap top": None,
}
"""Faces of one colour; None is the design's accent."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """All faces of one product on one sheet.

    `sheet` is uint8 RGB [H, W, 3] at `px_per_mm`; `places_mm` names each face's (left, top, width, height) on it.
    """

    sheet: NDArray[np.uint8]
    px_per_mm: float
    places_mm: dict[str, tuple[float, float, float, float]]


@lru_cache(maxsize=32)
def artwork(product: SimProduct, px_per_mm: float) -> Artwork:
    """Draw a product's artwork at the resolution asked for, at most that of the drawing itself."""
    rng = np.random.default_rng((product.design.seed, 2))
    faces = {name: _face(product, name, width, height, rng) for name, (width, height) in face_sizes_mm(product).items()}
    sheet_mm = max(_SHEET_WIDTH_MM, max(canvas.width_mm for canvas in faces.values()) + 2 * _MARGIN_MM)
    places: dict[str, tuple[float, float, float, float]] = {}
    left, top, row = _MARGIN_MM, _MARGIN_MM, 0.0
    for name, canvas in faces.items():
        if left + canvas.width_mm > sheet_mm:
            left, top, row = _MARGIN_MM, top + row + _MARGIN_MM, 0.0
        places[name] = (left, top, canvas.width_mm, canvas.height_mm)
        left, row = left + canvas.width_mm + _MARGIN_MM, max(row, canvas.height_mm)
    sheet = Canvas(sheet_mm, top + row + _MARGIN_MM, product.design.base)
    for name, canvas in faces.items():
        x, y = round(places[name][0] * PX_PER_MM), round(places[name][1] * PX_PER_MM)
        rows, columns = canvas.pixels.shape[:2]
        bled = cv2.copyMakeBorder(canvas.pixels, 6, 6, 6, 6, cv2.BORDER_REPLICATE)
        sheet.pixels[y - 6 : y + rows + 6, x - 6 : x + columns + 6] = bled
    scale = min(px_per_mm, PX_PER_MM) / PX_PER_MM
    pixels = cv2.resize(sheet.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Artwork(np.asarray(pixels, np.uint8), scale * PX_PER_MM, places)


def _face(product: SimProduct, name: str, width: float, height: float, rng: np.random.Generator) -> Canvas:
    design = product.design
    canvas = Canvas(width, height, design.base)
    if name in _PLAIN:
        canvas.rectangle(0, 0, width, height, _PLAIN[name] or design.accent)
    elif product.kind is Kind.SLEEVE and name in ("left", "right"):
        canvas.rectangle(0, 0, width, height, _BOARD)
    elif product.kind is Kind.POLYBAG and design.material is Material.CLEAR and name in ("front", "back"):
        canvas.rectangle(0, 0, width, height, _FILM)
    elif product.kind is Kind.BOTTLE and name in ("body", "base", "contents"):
        canvas.rectangle(0, 0, width, height, design.accent if name == "contents" else design.base)
    elif product.kind is Kind.POLYBAG and name == "contents":
        _cloth(canvas, design)
    elif name == "pages":
        _pages(canvas, rng)
    elif name == "contents":
        _contents(canvas, product, rng)
    elif name in ("lid", "base") or (name in ("unit lid", "unit base") and pack_form(product).round):
        _tin(canvas, with_tab=name.endswith("lid"))
    elif name in ("body", "label", "band", "unit"):
        _body(canvas, product, rng)
    elif name == "flap":
        _flap(canvas, design)
    elif name == "front":
        draw_motif(canvas, design, rng)
        _front_words(canvas, product, rng)
    elif name == "back":
        _back(canvas, product, rng)
    else:
        _side(canvas, product, name, rng)
    if product.kind is Kind.CARTON and name != "contents":
        _worn_edges(canvas, design)
    return canvas


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
    size = min(26.0, 1.45 * (width * 0.46 if design.motif is Motif.CRACK else width * 0.8) / len(design.brand))
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
        size = min(height * 0.3, width * 1.1 / len(design.brand))
        canvas.text(design.brand, width * 0.12, height * 0.5 + size * 0.38, size, design.ink, 800)
        canvas.line([(0, height - 3), (width, height - 3)], blend(design.base, (0, 0, 0), 0.5), 0.7)
        return
    canvas.rectangle(0, 0, width, height * 0.22, band)
    size = width * 1.25 / len(design.brand)
    canvas.text(design.brand, width * 0.08, height * 0.11 + size * 0.38, size, design.ink, 800)
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
        size = 1.25 * (width / 3) / len(design.brand)
        canvas.text(design.brand, left + 8, height * 0.3, size, design.ink, 900)
        canvas.text(design.line, left + 9, height * 0.4, 7.5, design.ink, 600)
    left = 2 * width / 3
    canvas.rectangle(left - 2, height * 0.42, width / 3, height * 0.5, blend(design.base, design.ink, 0.92))
    module = (width / 3 - 6) / BARCODE_MODULES
    canvas.barcode(product.barcode, left + 1, height * 0.47, module, height * 0.3)
    for top in (0.0, height - 5.0):
        canvas.rectangle(0, top, width, 5.0, (188, 190, 192))
        canvas.rectangle(0, top + 1.6, width, 0.8, (120, 122, 126))


def _tin(canvas: Canvas, with_tab: bool) -> None:
    middle = (canvas.width_mm / 2, canvas.height_mm / 2)
    radius = canvas.width_mm / 2
    for share, level in ((1.5, 186), (0.94, 140), (0.91, 198), (0.8, 160), (0.77, 194), (0.45, 176), (0.43, 190)):
        canvas.disc(middle, radius * share, (level, level + 1, level + 3))
    if with_tab:
        canvas.disc((middle[0], middle[1] - radius * 0.42), radius * 0.24, (120, 122, 126), 1.5)
        canvas.disc((middle[0], middle[1] - radius * 0.42), radius * 0.2, (212, 214, 216), 1.5)
        canvas.disc((middle[0], middle[1] - radius * 0.28), radius * 0.12, (104, 106, 110))


def _cloth(canvas: Canvas, design: Design) -> None:
    """Something sewn, folded to fit: stripes, and the shadows of its folds."""
    wide, high = canvas.width_mm, canvas.height_mm
    canvas.rectangle(0, 0, wide, high, design.base)
    for top in np.arange(4.0, high, 18.0):
        canvas.rectangle(0, float(top), wide, 5.0, blend(design.base, design.ink, 0.55))
    for share in (0.27, 0.73):
        canvas.line([(wide * share, 0), (wide * share, high)], blend(design.base, (0, 0, 0), 0.45), 1.6)


def _pages(canvas: Canvas, rng: np.random.Generator) -> None:
    """The edges of a book's leaves."""
    canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, (232, 226, 210))
    for height in np.arange(0.4, canvas.height_mm, 0.7):
        shade = int(rng.integers(168, 222))
        canvas.line([(0, height), (canvas.width_mm, height)], (shade, shade - 6, shade - 20), 0.3)


def _flap(canvas: Canvas, design: Design) -> None:
    shade = blend(design.base, design.ink, 0.12)
    canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, shade)
    canvas.line(
        [(0, canvas.height_mm - 9), (canvas.width_mm, canvas.height_mm - 9)], blend(shade, design.ink, 0.5), 0.8
    )
    canvas.text("pull to open", canvas.width_mm * 0.4, canvas.height_mm - 13, 6, design.ink)


def _contents(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    """What lies inside: crumpled tissue in a carton, what a can holds in a can."""
    wide, high = canvas.width_mm, canvas.height_mm
    base: Colour = (206, 202, 192)
    if product.kind is Kind.CAN:
        base = (150, 26, 18) if product.design.motif is Motif.FRUIT else (62, 38, 22)
    canvas.rectangle(0, 0, wide, high, base)
    for _ in range(140):
        centre = rng.uniform((0, 0), (wide, high))
        corners = centre + rng.uniform(-0.11, 0.11, (3, 2)) * max(wide, high)
        shade = blend(base, (0, 0, 0) if rng.random() < 0.6 else (255, 255, 255), float(rng.uniform(0, 0.35)))
        canvas.polygon([(float(x), float(y)) for x, y in corners], shade)


def _paragraph(
    canvas: Canvas, left: float, top: float, wide: float, size: float, lines: int, ink: Colour, rng: np.random.Generator
) -> None:
    vocabulary = _PROSE.split()
    for line in range(lines):
        words = ""
        while len(words) * size * 0.55 < wide - 9 * size * 0.55:
            words += str(rng.choice(vocabulary)) + " "
        canvas.text(words.strip(), left, top + (line + 1) * size * 1.5, size, ink)


def _worn_edges(canvas: Canvas, design: Design) -> None:
    """Folded board is a little lighter along its edges."""
    edge = blend(design.base, (255, 255, 255), 0.25)
    wide, high = canvas.width_mm, canvas.height_mm
    for left, top, across, down in (
        (0, 0, wide, 0.7),
        (0, high - 0.7, wide, 0.7),
        (0, 0, 0.7, high),
        (wide - 0.7, 0, 0.7, high),
    ):
        canvas.rectangle(left, top, across, down, edge)
