"""What lies under a drawn product's words: plain colour, gradients, and patterns in a tint of the same colour."""

from collections.abc import Callable

import numpy as np

from station.simulation.canvas import Canvas, Colour, blend, brightness
from station.simulation.catalogue import Design, Pattern


def draw_pattern(canvas: Canvas, design: Design, rng: np.random.Generator, strength: float = 1.0) -> None:
    """Cover a canvas with a design's pattern; `strength` 0 leaves its plain base."""
    assert design.style is not None
    canvas.rectangle(0, 0, canvas.width_mm, canvas.height_mm, design.base)
    towards = (0, 0, 0) if brightness(design.base) > 150 else (255, 255, 255)
    tint = blend(blend(design.base, design.accent, 0.25 * strength), towards, 0.09 * strength)
    _PAINTERS[design.style.pattern](canvas, design.base, tint, rng)


def _plain(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pass


def _gradient(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    canvas.gradient(base, blend(base, tint, 1.8) if max(base) < 140 else tint)


def _stripes(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pitch = rng.uniform(6, 16)
    for left in np.arange(0, canvas.width_mm, pitch):
        canvas.rectangle(float(left), 0, pitch / 2, canvas.height_mm, tint)


def _diagonals(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pitch, high = rng.uniform(10, 24), canvas.height_mm
    for left in np.arange(-high, canvas.width_mm, pitch):
        x = float(left)
        canvas.polygon([(x, high), (x + pitch / 2, high), (x + pitch / 2 + high, 0), (x + high, 0)], tint)


def _dots(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pitch = rng.uniform(7, 15)
    for row, y in enumerate(np.arange(pitch / 2, canvas.height_mm + pitch, pitch * 0.87)):
        for x in np.arange(pitch / 2 * (row % 2), canvas.width_mm + pitch, pitch):
            canvas.disc((float(x), float(y)), 0.3 * pitch, tint)


def _checks(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pitch = rng.uniform(9, 20)
    half = blend(base, tint, 0.5)
    for x in np.arange(0, canvas.width_mm, pitch):
        canvas.rectangle(float(x), 0, pitch / 2, canvas.height_mm, half)
    for y in np.arange(0, canvas.height_mm, pitch):
        canvas.rectangle(0, float(y), canvas.width_mm, pitch / 2, half)
        for x in np.arange(0, canvas.width_mm, pitch):
            canvas.rectangle(float(x), float(y), pitch / 2, pitch / 2, tint)


def _rays(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    middle = (canvas.width_mm * rng.uniform(0.3, 0.7), canvas.height_mm * rng.uniform(0.5, 0.9))
    reach, count = canvas.width_mm + canvas.height_mm, int(rng.integers(10, 22))
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        ends = [angle, angle + np.pi / count]
        tips = [(middle[0] + reach * float(np.cos(a)), middle[1] + reach * float(np.sin(a))) for a in ends]
        canvas.polygon([middle, *tips], tint)


def _waves(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    xs = np.linspace(0, canvas.width_mm, 80)
    pitch, length = rng.uniform(9, 18), rng.uniform(24, 60)
    for top in np.arange(0, canvas.height_mm + pitch, pitch):
        ys = top + 0.25 * pitch * np.sin(2 * np.pi * xs / length + rng.uniform(0, 0.8))
        canvas.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), tint, 0.28 * pitch)


def _triangles(canvas: Canvas, base: Colour, tint: Colour, rng: np.random.Generator) -> None:
    pitch = rng.uniform(16, 32)
    for x in np.arange(0, canvas.width_mm, pitch):
        for y in np.arange(0, canvas.height_mm, pitch):
            left, top, side = float(x), float(y), float(pitch)
            corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
            corners.pop(int(rng.integers(4)))
            canvas.polygon(corners, blend(base, tint, float(rng.uniform(0.2, 1.0))))


_PAINTERS: dict[Pattern, Callable[[Canvas, Colour, Colour, np.random.Generator], None]] = {
    Pattern.PLAIN: _plain,
    Pattern.GRADIENT: _gradient,
    Pattern.STRIPES: _stripes,
    Pattern.DIAGONALS: _diagonals,
    Pattern.DOTS: _dots,
    Pattern.CHECKS: _checks,
    Pattern.RAYS: _rays,
    Pattern.WAVES: _waves,
    Pattern.TRIANGLES: _triangles,
}
