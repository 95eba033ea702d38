"""Artwork: every face of every product is drawn here, text and barcode included."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PX_PER_MM = 2.5
_L = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")


@dataclass(frozen=True, slots=True)
class Style:
    """A product's look: colours are RGB 0..255, `pattern` is one of stripes, dots, chevrons, rings."""

    ground: tuple[int, int, int]
    accent: tuple[int, int, int]
    ink: tuple[int, int, int]
    pattern: str
    title: str
    subtitle: str
    has_printed_crack: bool = False


def ean13(twelve: str) -> str:
    """Return a 13-digit EAN for its first twelve digits (GS1 General Specifications, check digit)."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(twelve))
    return twelve + str(-total % 10)


def draw_ean13(code: str, module_px: int, height_px: int) -> NDArray[np.uint8]:
    """Draw an EAN-13 with its quiet zones, uint8 grey [height_px, 113 * module_px]."""
    groups = "101"
    for digit, side in zip(code[1:7], _PARITY[int(code[0])], strict=True):
        left = _L[int(digit)]
        groups += left if side == "L" else _complement(left)[::-1]
    groups += "01010" + "".join(_complement(_L[int(digit)]) for digit in code[7:]) + "101"
    bars = np.array([0] * 9 + [int(bit) for bit in groups] + [0] * 9, np.uint8)
    row = np.repeat(255 - bars * 255, module_px)
    return np.tile(row, (height_px, 1)).astype(np.uint8)


def _complement(bits: str) -> str:
    return "".join("1" if bit == "0" else "0" for bit in bits)


def draw_face(style: Style, barcode: str, size_mm: tuple[float, float], role: str, seed: int) -> NDArray[np.uint8]:
    """Draw one face, uint8 RGB [h, w, 3] at `PX_PER_MM`.

    Args:
        style: the product's look.
        barcode: the EAN printed on every `back`.
        size_mm: width and height of the face.
        role: `front` with title, `back` with barcode and small print, `side` with a short title.
        seed: of the face's details.
    """
    generator = np.random.default_rng(seed)
    width, height = (max(24, round(side * PX_PER_MM)) for side in size_mm)
    face = np.empty((height, width, 3), np.uint8)
    face[:] = style.ground
    _draw_pattern(face, style, generator)
    if role == "front":
        _panel(face, style, 0.12, 0.16, 0.88, 0.52)
        _text(face, style.title, style.ink, 0.16, 0.20, 0.84, 0.38)
        _text(face, style.subtitle, style.ink, 0.16, 0.41, 0.84, 0.49)
        centre, radius = (round(width * 0.3), round(height * 0.74)), round(min(width, height) * 0.14)
        cv2.circle(face, centre, radius, style.accent, -1, cv2.LINE_AA)
        cv2.circle(face, centre, round(radius * 0.6), style.ground, -1, cv2.LINE_AA)
        if style.has_printed_crack:
            _printed_screen(face, generator)
    elif role == "back":
        _panel(face, style, 0.06, 0.08, 0.94, 0.92)
        _small_print(face, style, generator)
        _barcode(face, barcode)
    else:
        _panel(face, style, 0.08, 0.3, 0.92, 0.7)
        _text(face, style.title, style.ink, 0.12, 0.36, 0.88, 0.64)
    cv2.rectangle(face, (0, 0), (width - 1, height - 1), tuple(round(c * 0.8) for c in style.ground), 2)
    return face


def _draw_pattern(face: NDArray[np.uint8], style: Style, generator: np.random.Generator) -> None:
    height, width = face.shape[:2]
    rows, cols = np.mgrid[0:height, 0:width]
    period = float(generator.uniform(28, 44))
    if style.pattern == "stripes":
        marked = ((rows + cols) % period) < period * 0.35
    elif style.pattern == "dots":
        marked = ((rows % period - period / 2) ** 2 + (cols % period - period / 2) ** 2) < (period * 0.26) ** 2
    elif style.pattern == "chevrons":
        marked = ((rows + np.abs(cols % (2 * period) - period)) % period) < period * 0.3
    else:
        marked = (np.hypot(rows - height * 0.6, cols - width * 0.6) % period) < period * 0.3
    face[marked] = (0.65 * np.array(style.ground) + 0.35 * np.array(style.accent)).astype(np.uint8)


def _panel(face: NDArray[np.uint8], style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    height, width = face.shape[:2]
    light = tuple(min(255, round(c * 0.25 + 190)) for c in style.ground)
    corners = (round(x0 * width), round(y0 * height)), (round(x1 * width), round(y1 * height))
    cv2.rectangle(face, *corners, light, -1)
    cv2.rectangle(face, *corners, style.accent, 3)


def _text(
    face: NDArray[np.uint8], text: str, ink: tuple[int, int, int], x0: float, y0: float, x1: float, y1: float
) -> None:
    """Write text as large as fits the box."""
    height, width = face.shape[:2]
    font = cv2.FONT_HERSHEY_DUPLEX
    (text_width, text_height), _ = cv2.getTextSize(text, font, 1.0, 2)
    scale = min((x1 - x0) * width / text_width, (y1 - y0) * height / (text_height * 1.3))
    origin = (round(x0 * width), round(((y0 + y1) * height + text_height * scale) / 2))
    cv2.putText(face, text, origin, font, scale, ink, max(1, round(2 * scale)), cv2.LINE_AA)


def _small_print(face: NDArray[np.uint8], style: Style, generator: np.random.Generator) -> None:
    height, width = face.shape[:2]
    for line in range(6):
        y = round(height * (0.14 + 0.055 * line))
        for start in np.arange(0.1, 0.84, 0.09):
            length = generator.uniform(0.03, 0.08)
            cv2.line(face, (round(start * width), y), (round((start + length) * width), y), style.ink, 2)


def _barcode(face: NDArray[np.uint8], code: str) -> None:
    height, width = face.shape[:2]
    module_px = max(1, round(width * 0.8 / 113))
    bars = draw_ean13(code, module_px, max(8, round(height * 0.34)))
    bars = bars[:, : round(width * 0.98)]
    y, x = round(height * 0.52), (width - bars.shape[1]) // 2
    face[y : y + bars.shape[0], x : x + bars.shape[1]] = bars[..., None]


def _printed_screen(face: NDArray[np.uint8], generator: np.random.Generator) -> None:
    """A picture of a cracked screen: printed, not damage."""
    height, width = face.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in (width * 0.5, height * 0.56, width * 0.9, height * 0.94))
    cv2.rectangle(face, (x0, y0), (x1, y1), (40, 60, 80), -1)
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    for angle in np.linspace(0, 2 * np.pi, 9, endpoint=False):
        point = centre.copy()
        for _ in range(5):
            turn = angle + generator.normal(0, 0.35)
            step = point + np.array([np.cos(turn), np.sin(turn)]) * (y1 - y0) * 0.11
            step = np.clip(step, (x0, y0), (x1, y1))
            cv2.line(face, *(tuple(int(v) for v in p) for p in (point, step)), (235, 240, 245), 2, cv2.LINE_AA)
            point = step
