"""The report people read: one HTML file with figures, curves and the worst mistakes as pictures, nothing beside it."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Severity
from station.core.errors import DatasetError
from station.learn.dataset import Item
from station.learn.evaluation.evaluate import Evaluation, Judged, split_scores
from station.learn.evaluation.item_figures import precision_recall, roc
from station.learn.evaluation.views import ViewMaker

_WORST = 12
_PICTURE_PX = 240
_JPEG_QUALITY = 80
_LOWEST_RATE = 1e-3
_BINS = 30
_LINES = ("#b3261e", "#d98200", "#3559a8")
_TRUTH = (255, 0, 255)
_HEAT_OPACITY = 0.5

Point = tuple[float, float]


def write_report(evaluation: Evaluation, file: Path) -> None:
    """Write the report.

    Raises:
        DatasetError: a picture is missing, or the file cannot be written.
    """
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page.filters.update(percent=_percent, line=line_points)
    good = [one for one in evaluation.judged if not one.item.is_damaged]
    damaged = [one for one in evaluation.judged if one.item.is_damaged]
    album = _Album(evaluation)
    html = page.get_template("report.html.j2").render(
        figures=evaluation.figures,
        card=evaluation.dataset.card,
        products=len(evaluation.references),
        charts=_charts(evaluation.judged),
        alarms=[album.entry(one, damaged) for one in sorted(good, key=lambda one: -one.score)[:_WORST]],
        misses=[album.entry(one, good) for one in sorted(damaged, key=lambda one: one.score)[:_WORST]],
    )
    try:
        file.write_text(html)
    except OSError as error:
        raise DatasetError(f"{file} cannot be written: {error.strerror}. Name another file, or free space") from error


def _charts(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return the charts: each with its axes and lines, points in 0..1 from the lower left."""
    good = [one for one in judged if not one.item.is_damaged]
    damaged = [one for one in judged if one.item.is_damaged]
    if not good or not damaged:
        return []
    groups = {"all damage": damaged}
    for severity in (Severity.MAJOR, Severity.MINOR):
        own = [one for one in damaged if one.item.severity is severity]
        if own and len(own) < len(damaged):
            groups[f"{severity.name.lower()} damage"] = own
    pairs = {name: split_scores([*good, *own]) for name, own in groups.items()}
    return [
        _chart("ROC", "false alarms among good items", "damaged items found", pairs, _roc_points, _TICKS),
        _chart(
            "ROC at few false alarms", "false alarms (log)", "damaged items found", pairs, _low_roc_points, _LOG_TICKS
        ),
        _chart(
            "Precision and recall", "damaged items found", "of those called damaged, right", pairs, _pr_points, _TICKS
        ),
        _spread(*split_scores(judged)),
    ]


_TICKS = tuple((share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0))
_LOG_TICKS = ((0.0, "0.1%"), (1 / 3, "1%"), (2 / 3, "10%"), (1.0, "100%"))
_Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def _chart(
    title: str,
    x: str,
    y: str,
    pairs: Mapping[str, _Pair],
    points: Callable[[_Pair], list[Point]],
    ticks: Sequence[tuple[float, str]],
) -> dict[str, Any]:
    lines = [
        {"name": name, "colour": colour, "points": points(pair)}
        for (name, pair), colour in zip(pairs.items(), _LINES, strict=False)
    ]
    return {"title": title, "x": x, "y": y, "x_ticks": ticks, "y_ticks": _TICKS, "lines": lines, "bars": []}


def _roc_points(pair: _Pair) -> list[Point]:
    return _steps(*roc(*pair))


def _low_roc_points(pair: _Pair) -> list[Point]:
    false_rate, true_rate = roc(*pair)
    logs = 1 - np.log10(np.maximum(false_rate, _LOWEST_RATE)) / np.log10(_LOWEST_RATE)
    return _steps(logs, true_rate)


def _pr_points(pair: _Pair) -> list[Point]:
    recall, precision = precision_recall(*pair)
    return list(zip(recall.tolist(), precision.tolist(), strict=True))


def _steps(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[Point]:
    """Return a curve that rises where a threshold is met, not on the way to it."""
    xs, ys = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _spread(good: NDArray[np.float64], damaged: NDArray[np.float64]) -> dict[str, Any]:
    """Return the chart of how many items have which score."""
    bounds = np.histogram_bin_edges(np.concatenate([good, damaged]), _BINS)
    counts = {
        name: np.histogram(scores, bounds)[0] / len(scores) for name, scores in (("good", good), ("damaged", damaged))
    }
    top = max(float(count.max()) for count in counts.values())
    bars = [
        {"name": name, "colour": colour, "heights": (counts[name] / top).tolist(), "width": 1 / _BINS}
        for name, colour in (("good", "#3a7d44"), ("damaged", _LINES[0]))
    ]
    ticks = [(place, f"{bounds[0] + place * (bounds[-1] - bounds[0]):.3g}") for place in (0.0, 0.25, 0.5, 0.75, 1.0)]
    y_ticks = [(place, f"{place * top:.0%}") for place in (0.0, 0.5, 1.0)]
    return {
        "title": "Scores",
        "x": "score",
        "y": "items",
        "x_ticks": ticks,
        "y_ticks": y_ticks,
        "lines": [],
        "bars": bars,
    }


class _Album:
    """Pictures of items, their score maps on one scale for all."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._maker = ViewMaker(evaluation.dataset, evaluation.view_px)
        self._references = evaluation.references
        values = [view.scores.ravel() for one in evaluation.judged for view in one.maps.values()]
        pooled = np.concatenate(values) if values else np.zeros(1)
        self._low, self._high = (float(np.quantile(pooled, share)) for share in (0.5, 0.999))

    def entry(self, one: Judged, others: Sequence[Judged]) -> dict[str, Any]:
        """Return an item's pictures, and which share of those it should be told from scores higher."""
        higher = sum(other.score > one.score for other in others) / len(others) if others else None
        severity = one.item.severity
        words = ", ".join(one.words) or ("damaged" if one.item.is_damaged else "good")
        return {
            "item": one.item,
            "words": words if severity in (None, Severity.NONE) else f"{Severity(severity).name.lower()} {words}",
            "score": one.score,
            "silent": one.silent,
            "higher": higher,
            "pictures": self._pictures(one),
        }

    def _pictures(self, one: Judged) -> list[dict[str, str]]:
        references = self._references.get(one.item.product_id) or ()
        shown: list[dict[str, str]] = []
        reference_views = self._maker.views(references[0]) if references else ()
        for view in self._maker.views(one.item):
            crop = _small(view.crop)
            shown.append({"name": view.camera_id, "data": _data_uri(self._outlined(one.item, view, crop))})
            if view.camera_id in one.maps:
                shown.append({"name": "score", "data": _data_uri(self._heated(one.maps[view.camera_id].scores, crop))})
            alike = [other for other in reference_views if other.camera_id == view.camera_id]
            if alike:
                shown.append({"name": "a reference", "data": _data_uri(_small(alike[0].crop))})
        return shown

    def _outlined(self, item: Item, view: Any, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for defect in self._maker.defects(item, view):
            mask = cv2.resize(defect.mask.astype(np.uint8), crop.shape[1::-1], interpolation=cv2.INTER_NEAREST)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            crop = np.asarray(cv2.drawContours(crop.copy(), outlines, -1, _TRUTH, 1), np.uint8)
        return crop

    def _heated(self, scores: NDArray[np.float32], crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        fine = cv2.resize(scores, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        heat = np.clip((fine - self._low) / max(1e-9, self._high - self._low), 0, 1)
        colours = cv2.applyColorMap(np.asarray(255 * heat, np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)[..., np.newaxis]
        return np.asarray((1 - _HEAT_OPACITY) * grey + _HEAT_OPACITY * colours, np.uint8)


def _small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(crop, (_PICTURE_PX, _PICTURE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _data_uri(picture: NDArray[np.uint8]) -> str:
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


def line_points(points: Sequence[Point], width: float, height: float) -> str:
    """Return the points as SVG has them, from the upper left."""
    return " ".join(f"{x * width:.1f},{(1 - y) * height:.1f}" for x, y in points)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
