"""Draws what `depth_statistics.py` measures: bars of all sets of pictures side by side, and some with their depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""uint8 BGR [H, W, 3]."""

_WIDTH, _HEIGHT, _LEFT, _TOP, _BASE = 640, 270, 52, 40, 236
_INK, _GRID, _PAPER = (40, 36, 34), (222, 222, 222), (255, 255, 255)
_COLOURS = ((168, 95, 31), (214, 164, 110), (58, 113, 20), (30, 84, 200))
"""Of the sets, in their order; the simulated one comes last."""
_TICKS = 4
_FRAME = (320, 240)
_NEAR_MM, _FAR_MM = 350, 950


@dataclass(frozen=True)
class Chart:
    """Bars: for each of `groups` one of every set, by its name; `title` has the unit, NaN leaves a gap."""

    title: str
    groups: Sequence[str]
    values: Mapping[str, Sequence[float]]


def drawn(charts: Sequence[Chart], frames: Sequence[tuple[str, Picture, NDArray[np.float32]]]) -> Picture:
    """Return charts and, below them, named pictures with their depth in mm, both two in a row."""
    panels = [_bars(chart) for chart in charts]
    shown = [_frame(*frame) for frame in frames]
    rows = [np.hstack(parts[at : at + 2]) for parts in (panels, shown) for at in range(0, len(parts), 2)]
    return np.vstack([_legend(list(charts[0].values)), *rows[: len(panels) // 2], _scale(), *rows[len(panels) // 2 :]])


def _bars(chart: Chart) -> Picture:
    page = np.full((_HEIGHT, _WIDTH, 3), _PAPER, np.uint8)
    _write(page, chart.title, (_LEFT, 22), 0.5)
    top = _round_up(max(float(np.nanmax(values)) for values in chart.values.values()))
    for tick in range(_TICKS + 1):
        y = round(_BASE - tick / _TICKS * (_BASE - _TOP))
        cv2.line(page, (_LEFT, y), (_WIDTH - 8, y), _GRID, 1)
        _write(page, f"{top * tick / _TICKS:.3g}", (8, y + 4), 0.4)
    pitch = (_WIDTH - 8 - _LEFT) / len(chart.groups)
    thick = 0.8 * pitch / len(chart.values)
    for group, name in enumerate(chart.groups):
        left = _LEFT + (group + 0.1) * pitch
        _write(page, name, (round(left), _BASE + 18), 0.4)
        for number, values in enumerate(chart.values.values()):
            if np.isfinite(values[group]):
                y = round(_BASE - values[group] / top * (_BASE - _TOP))
                corners = (round(left + number * thick), y), (round(left + (number + 1) * thick) - 2, _BASE)
                cv2.rectangle(page, *corners, _COLOURS[number], cv2.FILLED)
    return page


def _round_up(value: float) -> float:
    """Return the next larger value whose quarters are short numbers."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 3, 4, 6, 8, 10) if step * power >= value))


def _legend(names: Sequence[str]) -> Picture:
    page = np.full((34, 2 * _WIDTH, 3), _PAPER, np.uint8)
    for number, name in enumerate(names):
        x = _LEFT + number * 290
        cv2.rectangle(page, (x, 12), (x + 14, 26), _COLOURS[number], cv2.FILLED)
        _write(page, name, (x + 22, 24), 0.5)
    return page


def _scale() -> Picture:
    """Return the bar that tells which colour of the depth pictures is which distance."""
    page = np.full((40, 2 * _WIDTH, 3), _PAPER, np.uint8)
    ramp = np.tile(np.linspace(0, 255, 360).astype(np.uint8), (14, 1))
    page[14:28, 140:500] = cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO)
    _write(page, f"{_NEAR_MM} mm", (_LEFT + 14, 26), 0.45)
    _write(page, f"{_FAR_MM} mm; black: no depth", (508, 26), 0.45)
    return page


def _frame(name: str, bgr: Picture, depth_mm: NDArray[np.float32]) -> Picture:
    scaled = np.clip((depth_mm - _NEAR_MM) / (_FAR_MM - _NEAR_MM) * 255, 0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(scaled, cv2.COLORMAP_TURBO)
    coloured[depth_mm == 0] = 0
    small = cv2.resize(bgr, _FRAME, interpolation=cv2.INTER_AREA)
    small[218:] //= 3
    cv2.putText(small, name, (8, 234), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _PAPER, 1, cv2.LINE_AA)
    return np.hstack([small, cv2.resize(coloured, _FRAME, interpolation=cv2.INTER_NEAREST_EXACT)])


def _write(page: Picture, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)
