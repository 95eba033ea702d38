"""Charts as the reports' template draws them: axes, and lines or bars with points in 0..1 from the lower left."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.learn.evaluation.item_figures import precision_recall, roc

GOOD, RED, AMBER, BLUE, GREY = "#3a7d44", "#b3261e", "#d98200", "#3559a8", "#888"
_LOWEST_RATE = 1e-3
_BINS = 30

Point = tuple[float, float]
Scores = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Those of good items and those of damaged ones."""

SHARES = tuple((share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0))
_LOG_TICKS = ((0.0, "0.1%"), (1 / 3, "1%"), (2 / 3, "10%"), (1.0, "100%"))


def chart(
    title: str,
    x: str,
    y: str,
    lines: Sequence[Mapping[str, Any]] = (),
    bars: Sequence[Mapping[str, Any]] = (),
    x_ticks: Sequence[tuple[float, str]] = SHARES,
    y_ticks: Sequence[tuple[float, str]] = SHARES,
) -> dict[str, Any]:
    """Return a chart; `x` and `y` name its axes, ticks are places in 0..1 with their words."""
    return {"title": title, "x": x, "y": y, "x_ticks": x_ticks, "y_ticks": y_ticks, "lines": lines, "bars": bars}


def line(name: str, colour: str, points: Sequence[Point], *, dots: bool = False) -> dict[str, Any]:
    """Return a line of a chart, `dots` marking its points."""
    return {"name": name, "colour": colour, "points": points, "dots": dots}


def roc_charts(groups: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Return how well groups of damaged items are told from good ones: ROC twice, precision and recall."""
    alarms, found = "false alarms among good items", "damaged items found"
    return [
        chart("ROC", alarms, found, _lines(groups, _roc_points)),
        chart("ROC at few false alarms", "false alarms (log)", found, _lines(groups, _low_roc_points), (), _LOG_TICKS),
        chart("Precision and recall", found, "of those called damaged, right", _lines(groups, _pr_points)),
    ]


def spread(scores: Scores) -> dict[str, Any]:
    """Return the chart of what share of the good and of the damaged items has which score."""
    good, damaged = scores
    bounds = np.histogram_bin_edges(np.concatenate([good, damaged]), _BINS)
    counts = [np.histogram(own, bounds)[0] / len(own) for own in scores]
    top = max(float(count.max()) for count in counts)
    bars = [
        {"name": name, "colour": colour, "heights": (count / top).tolist(), "width": 1 / _BINS}
        for name, colour, count in zip(("good", "damaged"), (GOOD, RED), counts, strict=True)
    ]
    y_ticks = [(place, f"{place * top:.0%}") for place in (0.0, 0.5, 1.0)]
    return chart("Scores", "score", "share of the items", (), bars, _ticks(bounds[0], bounds[-1]), y_ticks)


def course(title: str, x: str, values: Mapping[str, Sequence[float]], *, shares: bool) -> dict[str, Any]:
    """Return values by step, from the first on: `shares` on an axis from 0 to 100 %, others from 0 to their highest."""
    steps = len(next(iter(values.values())))
    top = 1.0 if shares else max(max(own) for own in values.values())
    lines = [
        line(name, colour, [((n + 1) / steps, value / top) for n, value in enumerate(own)], dots=True)
        for (name, own), colour in zip(values.items(), (BLUE, RED), strict=False)
    ]
    return chart(title, x, "", lines, (), _ticks(0, steps), SHARES if shares else _ticks(0, top))


def line_points(points: Sequence[Point], width: float, height: float) -> str:
    """Return the points as SVG has them, from the upper left."""
    return " ".join(f"{x * width:.1f},{(1 - y) * height:.1f}" for x, y in points)


def _lines(groups: Mapping[str, Scores], points: Callable[[Scores], list[Point]]) -> list[dict[str, Any]]:
    return [
        line(name, colour, points(own)) for (name, own), colour in zip(groups.items(), (RED, AMBER, BLUE), strict=False)
    ]


def _roc_points(scores: Scores) -> list[Point]:
    return _steps(*roc(*scores))


def _low_roc_points(scores: Scores) -> list[Point]:
    false_rate, true_rate = roc(*scores)
    logs = 1 - np.log10(np.maximum(false_rate, _LOWEST_RATE)) / np.log10(_LOWEST_RATE)
    return _steps(logs, true_rate)


def _pr_points(scores: Scores) -> list[Point]:
    recall, precision = precision_recall(*scores)
    return list(zip(recall.tolist(), precision.tolist(), strict=True))


def _steps(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[Point]:
    """Return a curve that rises where a threshold is met, not on the way to it."""
    xs, ys = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round numbers between two, at most seven, with their places."""
    rough = (high - low) / 5 or 1.0
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(size * share for share in (1, 2, 2.5, 5, 10) if size * share >= rough)
    numbers = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step + 0.0  # no minus zero
    return [(float((one - low) / ((high - low) or 1.0)), f"{one:.6g}") for one in numbers]
