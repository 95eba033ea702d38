"""The training report: one HTML file with the course of training and what the held-out items say, and its figures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from station.inference.manifest import LABELS, Manifest
from station.learn.dataset import Card
from station.learn.training.cache import ViewCache
from station.learn.training.fit import Course

_WIDTH, _HEIGHT = 420, 180


def write_report(folder: Path, manifest: Manifest, card: Card, course: Course, cache: ViewCache) -> Path:
    """Write `report.html` and `report.json`; return the former.

    Args:
        folder: where to.
        manifest: of the bundle.
        card: of the dataset.
        course: how fitting went.
        cache: the views it was fitted to, and what is true of them.
    """
    history, scores, truth = course.history, course.scores, cache.truth[course.items]
    figures: dict[str, Any] = {
        "bundle": manifest.name,
        "source": manifest.source,
        "command": manifest.rebuild,
        "dataset": asdict(card),
        "epochs": [asdict(epoch) for epoch in history],
        "labels": {label: _figures(scores[:, n], truth[:, n], truth[:, 0]) for n, label in enumerate(LABELS)},
    }
    (folder / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    page = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    charts = {
        "Loss": _line([epoch.loss for epoch in history]),
        "Held out: AUROC": _line([epoch.auroc for epoch in history]),
        "Held out: recall at 1 % false alarms": _line([epoch.recall for epoch in history]),
    }
    file = folder / "report.html"
    file.write_text(page.get_template("report.html.j2").render(figures=figures, charts=charts, w=_WIDTH, h=_HEIGHT))
    return file


def _figures(scores: NDArray[np.float32], truth: NDArray[np.float32], damaged: NDArray[np.float32]) -> dict[str, Any]:
    """How well a label's score tells items that have it from good ones."""
    own, good = scores[truth == 1], scores[damaged == 0]
    found: dict[str, Any] = {"items": len(own), "good": len(good), "auroc": None, "recall": None}
    if len(own) and len(good):
        found["auroc"] = float((own[:, None] > good).mean() + (own[:, None] == good).mean() / 2)
        found["recall"] = float((own > np.quantile(good, 0.99, method="higher")).mean())
    return found


def _line(values: Sequence[float]) -> dict[str, Any]:
    low, high = min(values), max(values)
    reach, step = max(high - low, 1e-9), _WIDTH / max(1, len(values) - 1)
    points = " ".join(f"{n * step:.1f},{_HEIGHT * (1 - (value - low) / reach):.1f}" for n, value in enumerate(values))
    return {"points": points, "low": low, "high": high, "last": values[-1]}
