"""Drawing in millimetres: fills, shapes, text and EAN-13 barcodes."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError

Colour = tuple[int, int, int]
Point = tuple[float, float]

PX_PER_MM = 4.0
"""Resolution of all artwork before it is reduced to what the cameras resolve."""

_LEFT_ODD = [
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
]
_PARITY = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]
BARCODE_MODULES = 113
"""Width of an EAN-13 symbol with its quiet zones (11 left, 7 right), in modules."""


class Canvas:
    """A picture measured in mm, origin top left, y down. `pixels` is uint8 RGB [H, W, 3] at `PX_PER_MM`."""

    def __init__(self, width_mm: float, height_mm: float, colour: Colour) -> None:
        self.width_mm = width_mm
        self.height_mm = height_mm
        shape = (round(height_mm * PX_PER_MM), round(width_mm * PX_PER_MM), 3)
        self.pixels: NDArray[np.uint8] = np.full(shape, colour, np.uint8)

    def rectangle(self, left: float, top: float, width: float, height: float, colour: Colour) -> None:
        """Fill an upright rectangle."""
        corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
        self.polygon(corners, colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.pixels, [_fixed(points)], colour, cv2.LINE_AA, 4)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw a polyline."""
        thickness = max(1, round(width * PX_PER_MM))
        cv2.polylines(self.pixels, [_fixed(points)], False, colour, thickness, cv2.LINE_AA, 4)

    def disc(self, centre: Point, radius: float, colour: Colour, aspect: float = 1.0, angle_deg: float = 0.0) -> None:
        """Fill a circle, or an ellipse whose second half axis is `aspect` of the first."""
        angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        across, along = radius * np.cos(angles), aspect * radius * np.sin(angles)
        turn = np.deg2rad(angle_deg)
        xs = centre[0] + across * np.cos(turn) - along * np.sin(turn)
        ys = centre[1] + across * np.sin(turn) + along * np.cos(turn)
        self.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), colour)

    def text(self, words: str, left: float, baseline: float, size: float, colour: Colour, weight: int = 400) -> None:
        """Write one line of text; `size` is the font's height in mm."""
        origin = (round(left * PX_PER_MM), round(baseline * PX_PER_MM))
        cv2.putText(self.pixels, words, origin, colour, _font(), _text_px(size), weight)

    def fitted(
        self,
        words: str,
        box: tuple[float, float, float, float],
        colour: Colour,
        weight: int = 400,
        align: float = 0.5,
    ) -> float:
        """Write one line of text as large as it fits into a (left, top, width, height); return its size in mm.

        `align` is 0 to begin at the left, 1 to end at the right.
        """
        left, top, width, height = box
        size = min(height, height * width / max(text_width(words, height, weight), 1e-6))
        slack = width - text_width(words, size, weight)
        self.text(words, left + align * slack, top + 0.5 * (height + 0.72 * size), size, colour, weight)
        return size

    def gradient(self, above: Colour, below: Colour) -> None:
        """Fill everything from one colour above to another below."""
        share = np.linspace(0, 1, len(self.pixels))[:, None, None]
        self.pixels[:] = np.rint(np.array(above) * (1 - share) + np.array(below) * share).astype(np.uint8)

    def stamp(self, pixels: NDArray[np.uint8], left: float, top: float, mask: NDArray[np.uint8] | None = None) -> None:
        """Lay a picture at `PX_PER_MM` over this one, cut off at the edges, where its mask, uint8 [H, W], says so."""
        x, y = round(left * PX_PER_MM), round(top * PX_PER_MM)
        high, wide = self.pixels.shape[:2]
        rows = slice(max(0, -y), max(0, min(len(pixels), high - y)))
        columns = slice(max(0, -x), max(0, min(pixels.shape[1], wide - x)))
        piece = pixels[rows, columns]
        ground = self.pixels[max(0, y) :, max(0, x) :][: piece.shape[0], : piece.shape[1]]
        if mask is None:
            ground[:] = piece
            return
        share = mask[rows, columns, None].astype(np.float32) / 255
        ground[:] = np.rint(ground + (piece.astype(np.float32) - ground) * share).astype(np.uint8)

    def turned(self) -> "Canvas":
        """Return the picture turned a quarter, so that its text runs downwards."""
        other = Canvas(self.height_mm, self.width_mm, (0, 0, 0))
        other.pixels = np.ascontiguousarray(np.rot90(self.pixels, -1))
        return other

    def barcode(self, digits: str, left: float, top: float, module: float, height: float) -> None:
        """Draw an EAN-13 symbol on its own white ground; `module` is the narrowest bar's width in mm."""
        self.rectangle(left, top, BARCODE_MODULES * module, height + 5.0, (250, 250, 248))
        bars = np.array([[bar == "1" for bar in ean13_modules(digits)]], np.float32)
        x, y = round((left + 11 * module) * PX_PER_MM), round((top + 1.0) * PX_PER_MM)
        wide, high = round(95 * module * PX_PER_MM), round(height * PX_PER_MM)
        exact = np.repeat(bars, wide, axis=1)  # 95 * wide columns: every bar's edge lies on one of them
        ink = exact.reshape(wide, 95).mean(axis=1)[None, :, None]
        ground = self.pixels[y : y + high, x : x + wide]
        ground[:] = np.rint(ground * (1 - ink) + 18 * ink).astype(np.uint8)
        self.text(digits, left + 14 * module, top + height + 4.6, 3.4, (18, 18, 18))


def text_width(words: str, size: float, weight: int = 400) -> float:
    """Return how long a line of text is, in mm, at a font's height of `size` mm."""
    px = 64
    return float(cv2.getTextSize((0, 0), words, (0, 0), _font(), px, weight)[2]) * size / px


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """Return a colour between two."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def brightness(colour: Colour) -> float:
    """Return how bright a colour looks, 0 to 255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def ean13_modules(digits: str) -> str:
    """Return the 95 modules of an EAN-13 symbol, `1` for a bar (ISO/IEC 15420).

    Raises:
        SimulationError: the digits are no EAN-13 number.
    """
    if len(digits) != 13 or not digits.isdigit() or digits != ean13(digits[:12]):
        raise SimulationError(f"{digits!r} is no EAN-13 number. Make one with ean13()")
    halves = []
    for digit, parity in zip(digits[1:7], _PARITY[int(digits[0])], strict=True):
        odd = _LEFT_ODD[int(digit)]
        halves.append(odd if parity == "L" else _inverted(odd)[::-1])
    right = "".join(_inverted(_LEFT_ODD[int(digit)]) for digit in digits[7:])
    return "101" + "".join(halves) + "01010" + right + "101"


def ean13(twelve_digits: str) -> str:
    """Return the digits with their check digit appended."""
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(twelve_digits))
    return twelve_digits + str(-weighted % 10)


def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


def _text_px(size: float) -> int:
    return max(4, round(size * PX_PER_MM))


def _inverted(modules: str) -> str:
    return modules.translate(str.maketrans("01", "10"))


def _fixed(points: Sequence[Point]) -> NDArray[np.int32]:
    """Return points in px with four fractional bits, as OpenCV's drawing takes them; px centres are whole numbers."""
    return np.rint((np.asarray(points) * PX_PER_MM - 0.5) * 16).astype(np.int32)
