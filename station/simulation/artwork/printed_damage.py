"""Damage that is only printed: a shattered glass, a torn edge, a hole, a crease, a splash, as packaging shows them."""

from collections.abc import Callable

import cv2
import numpy as np

from station.simulation.artwork.solids import noise
from station.simulation.canvas import PX_PER_MM, Canvas, Point, blend
from station.simulation.catalogue import Design, PrintedDamage, SimProduct


def draw_printed_damage(canvas: Canvas, product: SimProduct, rng: np.random.Generator) -> None:
    """Print a product's damage onto a face; nothing where its style has none."""
    style = product.design.style
    if style is not None and style.printed_damage is not None:
        size = min(canvas.width_mm, canvas.height_mm)
        low, high = 0.3 * size, (canvas.width_mm - 0.3 * size, canvas.height_mm - 0.3 * size)
        x, y = rng.uniform((low, low), np.maximum(high, low))
        _PAINTERS[style.printed_damage](canvas, product.design, (float(x), float(y)), size, rng)


def _outline(centre: Point, radius: float, jitter: float, rng: np.random.Generator, count: int = 40) -> list[Point]:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radii = radius * (1 + jitter * rng.uniform(-1, 1, count))
    points = np.stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)], axis=1)
    return [(float(x), float(y)) for x, y in points]


def _crack(canvas: Canvas, design: Design, centre: Point, size: float, rng: np.random.Generator) -> None:
    angles = np.sort(rng.uniform(0, 2 * np.pi, 13))
    spokes = []
    for angle in angles:
        reach = np.linspace(0, 1, 6)[:, None] * rng.uniform(0.3, 0.6) * size
        bends = angle + np.cumsum(rng.normal(0, 0.14, 6))[:, None]
        spokes.append(np.array(centre) + reach * np.concatenate([np.cos(bends), np.sin(bends)], axis=1))
    for offset, colour, width in ((0.5, (18, 20, 26), 0.9), (0.0, (240, 244, 248), 0.6)):
        for spoke in spokes:
            canvas.line([(float(x) + offset, float(y) + offset) for x, y in spoke], colour, width)
        for ring in (1, 2, 3):
            for one, other in zip(spokes, spokes[1:] + spokes[:1], strict=True):
                ends = [(float(x) + offset, float(y) + offset) for x, y in (one[ring], other[ring])]
                canvas.line(ends, colour, 0.6 * width)


def _tear(canvas: Canvas, design: Design, centre: Point, size: float, rng: np.random.Generator) -> None:
    """Paper torn away in a strip, another colour below it."""
    xs = np.linspace(0, canvas.width_mm, 70)
    slope = rng.uniform(-0.25, 0.25)
    middle = centre[1] + slope * (xs - centre[0])
    half = 0.11 * size * (1 + 0.3 * np.sin(xs / size * 5))
    for inset, colour in ((-0.02 * size, (60, 56, 50)), (-0.012 * size, (250, 248, 244)), (0.02 * size, design.accent)):
        above = middle - half + inset + rng.normal(0, 0.007 * size, 70)
        below = middle + half - inset + rng.normal(0, 0.007 * size, 70)
        edge = np.concatenate([np.stack([xs, above], axis=1), np.stack([xs, below], axis=1)[::-1]])
        canvas.polygon([(float(x), float(y)) for x, y in edge], colour)


def _hole(canvas: Canvas, design: Design, centre: Point, size: float, rng: np.random.Generator) -> None:
    """A hole burst through the print, its edge bent up."""
    radius = 0.2 * size
    canvas.polygon(_outline((centre[0] + 0.02 * size, centre[1] + 0.03 * size), 1.25 * radius, 0.2, rng), (70, 64, 58))
    canvas.polygon(_outline(centre, 1.2 * radius, 0.22, rng), (248, 246, 240))
    canvas.polygon(_outline(centre, radius, 0.16, rng), (22, 20, 22))
    canvas.polygon(_outline(centre, 0.7 * radius, 0.2, rng), blend((22, 20, 22), design.accent, 0.35))


def _crease(canvas: Canvas, design: Design, centre: Point, size: float, rng: np.random.Generator) -> None:
    """Crumpled paper, printed: facets that catch the light."""
    high, wide = canvas.pixels.shape[:2]
    rough = noise((high, wide), 0.3 * size * PX_PER_MM, rng)
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    points = rng.uniform((0, 0), (wide, high), (26, 2))
    tilt = rng.uniform(-1, 1, 26)
    away = np.stack([np.hypot(x - px, y - py) + 60 * rough for px, py in points])
    facet = tilt[np.argmin(away, axis=0)].astype(np.float32)
    light = cv2.GaussianBlur(facet, (0, 0), 1.2) * 34
    canvas.pixels[:] = np.clip(canvas.pixels + light[..., None], 0, 255).astype(np.uint8)


def _splash(canvas: Canvas, design: Design, centre: Point, size: float, rng: np.random.Generator) -> None:
    """A blot of what is inside, with its drops."""
    assert design.style is not None
    colour, dark = design.style.ware, blend(design.style.ware, (0, 0, 0), 0.35)
    for shade, shift in ((dark, 0.012 * size), (colour, 0.0)):
        draw = np.random.default_rng((design.seed, 7))
        at = (centre[0] + shift, centre[1] + shift)
        canvas.polygon(_outline(at, 0.17 * size, 0.12, draw), shade)
        for angle in draw.uniform(0, 2 * np.pi, 16):
            reach, radius = draw.uniform(0.12, 0.36) * size, draw.uniform(0.008, 0.03) * size
            tip = (at[0] + reach * float(np.cos(angle)), at[1] + reach * float(np.sin(angle)))
            canvas.line([at, tip], shade, float(draw.uniform(0.4, 0.9)) * radius)
            canvas.disc(tip, radius, shade)


_PAINTERS: dict[PrintedDamage, Callable[[Canvas, Design, Point, float, np.random.Generator], None]] = {
    PrintedDamage.CRACK: _crack,
    PrintedDamage.TEAR: _tear,
    PrintedDamage.HOLE: _hole,
    PrintedDamage.CREASE: _crease,
    PrintedDamage.SPLASH: _splash,
}
