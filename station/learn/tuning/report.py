"""The tuning report: one HTML file with the reliability diagram, the sources side by side, and the worst mistakes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from station.learn.dataset import Dataset
from station.learn.evaluation import charts
from station.learn.evaluation.album import Album
from station.learn.evaluation.evaluate import Judged
from station.learn.evaluation.intervals import CONFIDENCE
from station.learn.evaluation.page import write_page
from station.learn.tuning.figures import BINS
from station.learn.tuning.tune import Tuned

_VIEW_PX = 240


def write_report(tuned: Tuned, dataset: Dataset, file: Path) -> None:
    """Write the report.

    Args:
        tuned: what it tells of.
        dataset: whose items were judged.
        file: where to.

    Raises:
        DatasetError: a picture is missing, or the file cannot be written.
    """
    judged = [
        Judged(item, tuned.confidences[item.item_id], {}) for item in dataset.items if item.item_id in tuned.confidences
    ]
    write_page(
        Path(__file__).with_name("tuning.html.j2"),
        file,
        figures=tuned.figures,
        interval=CONFIDENCE,
        charts=_reliability(tuned.figures["reliability"]),
        **Album(dataset, _VIEW_PX, judged, {}).worst(),
    )


def _reliability(bins: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reliability diagram, and how many items its points stand for."""
    if not bins:
        return []
    lines = [
        charts.line("ideal", charts.GREY, [(0.0, 0.0), (1.0, 1.0)]),
        charts.line("judged items", charts.RED, [(one["confidence"], one["damaged"]) for one in bins], dots=True),
    ]
    top = max(one["items"] for one in bins)
    heights = [0.0] * BINS
    for one in bins:
        heights[min(int(one["confidence"] * BINS), BINS - 1)] = one["items"] / top
    bars = [{"name": "", "colour": charts.BLUE, "heights": heights, "width": 1 / BINS}]
    counts = [(place, f"{place * top:.0f}") for place in (0.0, 0.5, 1.0)]
    return [
        charts.chart("Reliability", "confidence, mean of a bin", "damaged among them", lines),
        charts.chart("Items in each bin", "confidence", "items", (), bars, y_ticks=counts),
    ]
