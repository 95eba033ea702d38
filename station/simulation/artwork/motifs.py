"""The pictures on the named products' fronts."""

from collections.abc import Callable

import numpy as np

from station.simulation.canvas import Canvas, Point, blend
from station.simulation.catalogue import Design, Motif


def draw_motif(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """Draw a design's motif over the whole canvas."""
    assert design.motif is not None
    _PAINTERS[design.motif](canvas, design, rng)


def _waves(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    canvas.disc((width * 0.76, height * 0.36), height * 0.17, design.accent)
    xs = np.linspace(0, width, 60)
    for ridge in range(4):
        phases = rng.uniform(0, 2 * np.pi, 3)
        lengths = rng.uniform(0.3, 0.9, 3) * width
        ys = sum(np.sin(2 * np.pi * xs / lengths[k] + phases[k]) for k in range(3)) * height * 0.035
        ys = ys + height * (0.52 + 0.12 * ridge)
        outline = [(0.0, height), *zip(xs.tolist(), ys.tolist(), strict=True), (width, height)]
        canvas.polygon(outline, blend(design.base, design.ink, 0.55 - 0.17 * ridge))


def _lamp(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    middle, top = width * 0.5, height * 0.46
    canvas.rectangle(0, height * 0.3, width, height * 0.48, blend(design.base, design.accent, 0.35))
    for angle in np.linspace(0.15 * np.pi, 0.85 * np.pi, 9):
        ray = [
            (middle + radius * np.cos(angle), top + radius * np.sin(angle)) for radius in (width * 0.2, width * 0.34)
        ]
        canvas.line(ray, design.accent, 1.6)
    canvas.polygon(
        [(middle - 22, top), (middle + 22, top), (middle + 10, top - 20), (middle - 10, top - 20)], design.ink
    )
    canvas.disc((middle, top + 1), 9, design.accent)
    canvas.line(
        [(middle, top - 20), (middle, top - 27), (middle + 38, top - 27), (middle + 38, height * 0.74)], design.ink, 2.2
    )
    canvas.rectangle(middle + 20, height * 0.735, 36, 3.5, design.ink)


def _crack(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    """A telephone with a smashed screen: cracks run from one point of impact, joined by broken rings."""
    width, height = canvas.width_mm, canvas.height_mm
    left, top, wide, high = width * 0.5, height * 0.1, width * 0.42, height * 0.8
    canvas.rectangle(left, top, wide, high, (14, 16, 20))
    canvas.rectangle(left + 4, top + 4, wide - 8, high - 8, (112, 168, 208))
    impact = np.array([left + wide * 0.45, top + high * 0.42])
    canvas.disc((float(impact[0]), float(impact[1])), 5.0, (20, 24, 30))
    angles = np.sort(rng.uniform(0, 2 * np.pi, 14))
    spokes = []
    for angle in angles:
        reach = np.linspace(0, 1, 6)[:, None] * rng.uniform(0.35, 0.75) * high
        bends = angle + np.cumsum(rng.normal(0, 0.13, 6))[:, None]
        spoke = impact + reach * np.concatenate([np.cos(bends), np.sin(bends)], axis=1)
        spoke = np.clip(spoke, (left + 4, top + 4), (left + wide - 4, top + high - 4))
        spokes.append(spoke)
        canvas.line(_points(spoke), (16, 20, 28), 1.1)
        canvas.line(_points(spoke + 0.5), (236, 242, 248), 0.4)
    for ring in (1, 2, 3):
        for one, other in zip(spokes, spokes[1:] + spokes[:1], strict=True):
            if rng.random() < 0.7:
                canvas.line(_points(np.stack([one[ring], other[ring]])), (16, 20, 28), 0.7)


def _tape(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    fibres = rng.normal(0, 5, canvas.pixels.shape[:2])[..., None]
    canvas.pixels[:] = np.clip(canvas.pixels + fibres, 0, 255).astype(np.uint8)
    canvas.rectangle(0, height / 2 - 24, width, 48, design.accent)
    canvas.line([(0, height / 2), (width, height / 2)], blend(design.accent, design.ink, 0.5), 0.8)
    for arrow in (width - 34, width - 18):
        canvas.polygon([(arrow - 6, 22), (arrow + 6, 22), (arrow, 9)], design.ink)
        canvas.rectangle(arrow - 2, 22, 4, 12, design.ink)


def _label(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    for stripe in range(-2, 14):
        across = stripe * 22.0
        canvas.polygon(
            [(across, height), (across + 7, height), (across + 47, height - 40), (across + 40, height - 40)],
            design.accent,
        )
    canvas.rectangle(0, height - 44, width, 6, design.base)


def _dots(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    for _ in range(90):
        centre = (float(rng.uniform(0, canvas.width_mm)), float(rng.uniform(0.3, 1) * canvas.height_mm))
        share = float(rng.uniform(0.15, 0.6))
        canvas.disc(centre, float(rng.uniform(2, 7)), blend(design.base, design.accent, share))


def _fruit(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    canvas.rectangle(0, height * 0.4, width, height * 0.44, blend(design.base, design.ink, 0.88))
    for across in np.arange(20.0, width, 46.0):
        centre = (float(across), height * 0.63)
        canvas.disc(centre, 16, (206, 42, 32), 0.9)
        canvas.disc((centre[0] - 5, centre[1] - 5), 4, (238, 128, 110), 0.6, -30)
        for angle in np.arange(5) * 72.0 + float(rng.uniform(0, 30)):
            tip = (centre[0] + 6 * np.cos(np.deg2rad(angle)), centre[1] - 12 + 3 * np.sin(np.deg2rad(angle)))
            canvas.disc(tip, 6, design.accent, 0.35, angle)


def _beans(canvas: Canvas, design: Design, rng: np.random.Generator) -> None:
    width, height = canvas.width_mm, canvas.height_mm
    for _ in range(170):
        centre = (float(rng.uniform(0, width)), float(rng.uniform(0.5, 0.86) * height))
        angle = float(rng.uniform(0, 180))
        canvas.disc(centre, 6.5, blend(design.accent, design.base, float(rng.uniform(0, 0.5))), 0.62, angle)
        ends = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))]) * 5.5
        canvas.line(_points(np.stack([centre - ends, centre + ends])), design.base, 1.0)
    canvas.rectangle(0, height * 0.46, width, 2.2, design.ink)


def _points(array: np.ndarray) -> list[Point]:
    return [(float(x), float(y)) for x, y in array]


_PAINTERS: dict[Motif, Callable[[Canvas, Design, np.random.Generator], None]] = {
    Motif.WAVES: _waves,
    Motif.LAMP: _lamp,
    Motif.CRACK: _crack,
    Motif.TAPE: _tape,
    Motif.LABEL: _label,
    Motif.DOTS: _dots,
    Motif.FRUIT: _fruit,
    Motif.BEANS: _beans,
}
