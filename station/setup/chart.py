"""Drawings for reports, as SVG: lines over time or temperature, and a table of errors in colours."""

import html
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.polynomial import Polynomial

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM = 496, 180, 68, 76, 22
_INKS = ("#1f5fa8", "#b3541e", "#14713a", "#7a3e9d", "#9a7a00", "#3c4654")
_NAMES_PX, _CELL_PX, _LINE_PX = 70, 36, 20
_GREEN_HUE = 130


def lines(
    title: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    label: Callable[[float], str],
    limit: float | None = None,
    trend: bool = False,
) -> str:
    """Return lines by name through points (x, y), with a dashed one at a limit; empty without points.

    Args:
        title: above the drawing.
        series: the lines' points.
        label: words for a value of x.
        limit: of y.
        trend: whether each line is the straight one that fits its points best, rather than from point to point.
    """
    points = [point for line in series.values() for point in line]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points] + ([0.0, limit] if limit is not None else [])
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    span_x, span_y = (high_x - low_x) or 1.0, (high_y - low_y) * 1.1 or 1.0
    right, base = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (x - low_x) / span_x * (right - _LEFT), base - (y - low_y) / span_y * (base - 24)

    parts = [f'<text x="{_LEFT}" y="14" font-weight="600">{html.escape(title)}</text>']
    if limit is not None:
        y = at(low_x, limit)[1]
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#b3201f" stroke-dasharray="5 4"/>')
    for number, (name, line) in enumerate(series.items()):
        ink, places = _INKS[number % len(_INKS)], [at(x, y) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_straight(places) if trend else places))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="1.6"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{ink}"/>' for x, y in places]
        parts.append(f'<text x="{right + 10}" y="{34 + 16 * number}" fill="{ink}">{html.escape(name)}</text>')
    parts.append(f'<path d="M{_LEFT} {base}H{right}" stroke="#99a"/>')
    parts += [
        f'<text x="{_LEFT - 6}" y="{at(low_x, y)[1] + 4:.1f}" text-anchor="end">{y:.3g}</text>'
        for y in {low_y, max(ys)}
    ]
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{label(low_x)}</text>')
    if high_x > low_x:
        parts.append(f'<text x="{right}" y="{_HEIGHT - 5}" text-anchor="end">{label(high_x)}</text>')
    return _svg(_WIDTH, _HEIGHT, parts)


def _straight(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return both ends of the line that fits places best; none where they lie above each other."""
    xs, ys = np.array(places).T
    if np.ptp(xs) < 1:
        return []
    line = Polynomial.fit(xs, ys, 1)
    return [(x, float(line(x))) for x in (xs.min(), xs.max())]


def cells(values: Mapping[tuple[str, int], float], limit: float) -> str:
    """Return a table of values by name and number, from green for 0 to red for the limit and more."""
    names, numbers = list(dict.fromkeys(name for name, _ in values)), sorted({number for _, number in values})
    parts = []
    for row, name in enumerate(names, 1):
        parts.append(f'<text x="0" y="{row * _LINE_PX + 14}">{html.escape(name)}</text>')
    for column, number in enumerate(numbers):
        x = _NAMES_PX + column * _CELL_PX
        parts.append(f'<text x="{x + _CELL_PX / 2}" y="14" text-anchor="middle" fill="#566">{number}</text>')
        for row, name in enumerate(names, 1):
            value = values.get((name, number))
            if value is None:
                continue
            hue = _GREEN_HUE * (1 - min(value / limit, 1.0))
            box = f'x="{x}" y="{row * _LINE_PX}" width="{_CELL_PX - 2}" height="{_LINE_PX - 2}"'
            parts.append(f'<rect {box} fill="hsl({hue:.0f} 60% 78%)"/>')
            middle = f'x="{x + _CELL_PX / 2 - 1}" y="{row * _LINE_PX + 13}" text-anchor="middle" font-size="11"'
            parts.append(f"<text {middle}>{value:.2f}</text>")
    return _svg(_NAMES_PX + len(numbers) * _CELL_PX, (len(names) + 1) * _LINE_PX, parts)


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" font-size="12" '
        f'font-family="system-ui,sans-serif">{"".join(parts)}</svg>'
    )
