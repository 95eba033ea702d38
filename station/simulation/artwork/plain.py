"""Faces with little or no print: board, film, tin, cloth, pages, what lies inside."""

from dataclasses import replace

import numpy as np

from station.simulation.artwork.details import write_prose
from station.simulation.artwork.pictures import photograph
from station.simulation.canvas import Canvas, Colour, blend
from station.simulation.catalogue import Design, Kind, Material, Motif, Picture, SimProduct, Style
from station.simulation.faces import pack_form

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
    "neck": (206, 209, 213),
    "cap": None,
    "cap top": None,
}
"""Faces of one colour; None is the design's accent."""


def draw_plain(canvas: Canvas, product: SimProduct, name: str, rng: np.random.Generator) -> bool:
    """Draw a face if it is one that holds no layout; tell whether it is."""
    design, kind = product.design, product.kind
    if name in _PLAIN:
        canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, _PLAIN[name] or design.accent)
    elif kind is Kind.SLEEVE and name in ("left", "right"):
        canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, _BOARD)
    elif kind is Kind.POLYBAG and design.material is Material.CLEAR and name in ("front", "back"):
        canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, _FILM)
    elif kind is Kind.BOTTLE and name in ("body", "base", "contents"):
        colour = design.style.ware if design.style else design.accent
        canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, colour if name == "contents" else design.base)
    elif kind is Kind.POLYBAG and name == "contents" and design.style and design.material is Material.FILM:
        canvas.stamp(photograph(_loose(design, design.style), canvas.width_mm, canvas.height_mm, rng), 0, 0)
    elif kind is Kind.POLYBAG and name == "contents":
        _cloth(canvas, design, design.style.ware if design.style else design.base)
    elif name == "pages":
        _pages(canvas, rng)
    elif name == "contents" and kind is Kind.SLEEVE and design.style:
        canvas.stamp(photograph(design, canvas.width_mm, canvas.height_mm, rng), 0, 0)
    elif name == "contents" and kind is Kind.BOOK and design.style:
        _first_page(canvas, design.style.languages[0], rng)
    elif name == "contents":
        _contents(canvas, product, rng)
    elif name in ("lid", "base") or (name in ("unit lid", "unit base") and pack_form(product).round):
        _tin(canvas, with_tab=name.endswith("lid"))
    elif name == "flap":
        _flap(canvas, design)
    else:
        return False
    return True


def _tin(canvas: Canvas, with_tab: bool) -> None:
    middle = (canvas.width_mm / 2, canvas.height_mm / 2)
    radius = canvas.width_mm / 2
    for share, level in ((1.5, 186), (0.94, 140), (0.91, 198), (0.8, 160), (0.77, 194), (0.45, 176), (0.43, 190)):
        canvas.disc(middle, radius * share, (level, level + 1, level + 3))
    if with_tab:
        canvas.disc((middle[0], middle[1] - radius * 0.42), radius * 0.24, (120, 122, 126), 1.5)
        canvas.disc((middle[0], middle[1] - radius * 0.42), radius * 0.2, (212, 214, 216), 1.5)
        canvas.disc((middle[0], middle[1] - radius * 0.28), radius * 0.12, (104, 106, 110))


def _cloth(canvas: Canvas, design: Design, colour: Colour) -> None:
    """Something sewn, folded to fit: stripes, and the shadows of its folds."""
    wide, high = canvas.width_mm, canvas.height_mm
    canvas.rectangle(0, 0, wide, high, colour)
    for top in np.arange(4.0, high, 18.0):
        canvas.rectangle(0, float(top), wide, 5.0, blend(colour, design.ink, 0.55))
    for share in (0.27, 0.73):
        canvas.line([(wide * share, 0), (wide * share, high)], blend(colour, (0, 0, 0), 0.45), 1.6)


def _loose(design: Design, style: Style) -> Design:
    """Return a design that pictures what a bag holds: pieces, also where it shows who eats them."""
    picture = Picture.GRAIN if style.picture is Picture.CREATURE else style.picture
    return replace(design, style=replace(style, picture=picture))


def _pages(canvas: Canvas, rng: np.random.Generator) -> None:
    """The edges of a book's leaves."""
    canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, (232, 226, 210))
    for height in np.arange(0.4, canvas.height_mm, 0.7):
        shade = int(rng.integers(168, 222))
        canvas.line([(0, height), (canvas.width_mm, height)], (shade, shade - 6, shade - 20), 0.3)


def _first_page(canvas: Canvas, language: int, rng: np.random.Generator) -> None:
    """The page that an opened book shows."""
    wide, high = canvas.width_mm, canvas.height_mm
    canvas.rectangle(0, 0, wide, high, (238, 233, 218))
    write_prose(canvas, language, (0.12 * wide, 0.1 * high, 0.74 * wide, 0.78 * high), 4.2, (40, 38, 36), rng)


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
    if product.design.style and product.kind in (Kind.CAN, Kind.TUBE):
        base = product.design.style.ware
    elif product.kind is Kind.CAN:
        base = (150, 26, 18) if product.design.motif is Motif.FRUIT else (62, 38, 22)
    canvas.rectangle(0, 0, wide, high, base)
    for _ in range(140):
        centre = rng.uniform((0, 0), (wide, high))
        corners = centre + rng.uniform(-0.11, 0.11, (3, 2)) * max(wide, high)
        shade = blend(base, (0, 0, 0) if rng.random() < 0.6 else (255, 255, 255), float(rng.uniform(0, 0.35)))
        canvas.polygon([(float(x), float(y)) for x, y in corners], shade)


def worn_edges(canvas: Canvas, design: Design) -> None:
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
