"""What is printed on each face of a product, laid out on one sheet."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork.drawn import draw_drawn
from station.simulation.artwork.named import draw_named
from station.simulation.artwork.plain import draw_plain, worn_edges
from station.simulation.canvas import PX_PER_MM, Canvas
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.faces import face_sizes_mm

_SHEET_WIDTH_MM = 420.0
_MARGIN_MM = 4.0


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
        if left + canvas.width_mm > sheet_mm - _MARGIN_MM:
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
    canvas = Canvas(width, height, product.design.base)
    if not draw_plain(canvas, product, name, rng):
        draw = draw_named if product.design.style is None else draw_drawn
        draw(canvas, product, name, rng)
    if product.kind is Kind.CARTON and name != "contents":
        worn_edges(canvas, product.design)
    return canvas
