"""The training report: one HTML file with the course of training and what the held-out items say, and its figures."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.inference.manifest import LABELS, Manifest
from station.learn.dataset import Dataset
from station.learn.evaluation import charts
from station.learn.evaluation.album import Album
from station.learn.evaluation.evaluate import SEED, Judged
from station.learn.evaluation.intervals import CONFIDENCE
from station.learn.evaluation.item_figures import item_figures
from station.learn.evaluation.page import write_page
from station.learn.training.cache import ViewCache
from station.learn.training.fit import Course

_SHOWN = ("auroc", "recall_at_1pct_fpr")


def write_report(folder: Path, manifest: Manifest, dataset: Dataset, course: Course, cache: ViewCache) -> Path:
    """Write `report.html` and `report.json`; return the former.

    Args:
        folder: where to.
        manifest: of the bundle.
        dataset: what it was trained on.
        course: how fitting went.
        cache: the views it was fitted to, and what is true of them.

    Raises:
        DatasetError: a picture is missing, or the page cannot be written.
    """
    truth = cache.truth[course.items]
    figures: dict[str, Any] = {
        "bundle": manifest.name,
        "source": manifest.source,
        "command": manifest.rebuild,
        "dataset": asdict(dataset.card),
        "confidence": CONFIDENCE,
        "epochs": [asdict(epoch) for epoch in course.history if not math.isnan(epoch.loss)],  # of a probe: none
        "labels": {label: _figures(course.scores[:, n], truth[:, n], truth[:, 0]) for n, label in enumerate(LABELS)},
    }
    (folder / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    judged = tuple(
        Judged(cache.items[item], float(score), {})
        for item, score in zip(course.items, course.scores[:, 0], strict=True)
    )
    file = folder / "report.html"
    write_page(
        Path(__file__).with_name("training.html.j2"),
        file,
        figures=figures,
        charts=_charts(course, truth[:, 0] == 1),
        **Album(dataset, cache.crops.shape[1], judged, {}).worst(),
    )
    return file


def _figures(scores: NDArray[np.float32], truth: NDArray[np.float32], damaged: NDArray[np.float32]) -> dict[str, Any]:
    """How well a label's score tells items that have it from good ones, with intervals."""
    good, own = scores[damaged == 0].astype(float), scores[truth == 1].astype(float)
    found = item_figures(good, own, SEED)
    shown = {name: None if (estimate := found[name]) is None else asdict(estimate) for name in _SHOWN}
    return {"items": len(own), "good": len(good), **shown}


def _charts(course: Course, damaged: NDArray[np.bool_]) -> list[dict[str, Any]]:
    made, history, scores = [], course.history, course.scores[:, 0].astype(float)
    if len(history) > 1:
        ranking = {
            "AUROC": [epoch.auroc for epoch in history],
            "recall at 1 % false alarms": [epoch.recall for epoch in history],
        }
        made.append(charts.course("Held-out items", "epoch", ranking, shares=True))
        made.append(charts.course("Loss", "epoch", {"training items": [one.loss for one in history]}, shares=False))
    if damaged.any() and not damaged.all():
        pair = scores[~damaged], scores[damaged]
        made += [charts.roc_charts({"all damage": pair})[1], charts.spread(pair)]
    return made
