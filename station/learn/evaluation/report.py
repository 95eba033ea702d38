"""The report people read: figures, curves and the worst mistakes as pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from station.core.damage import Severity
from station.learn.evaluation.album import Album
from station.learn.evaluation.charts import roc_charts, spread
from station.learn.evaluation.evaluate import Evaluation, Judged, split_scores
from station.learn.evaluation.page import write_page


def write_report(evaluation: Evaluation, file: Path) -> None:
    """Write the report.

    Raises:
        DatasetError: a picture is missing, or the file cannot be written.
    """
    album = Album(evaluation.dataset, evaluation.view_px, evaluation.judged, evaluation.references)
    write_page(
        Path(__file__).with_name("evaluation.html.j2"),
        file,
        figures=evaluation.figures,
        card=evaluation.dataset.card,
        products=len(evaluation.references),
        charts=_charts(evaluation.judged),
        **album.worst(),
    )


def _charts(judged: Sequence[Judged]) -> list[dict[str, Any]]:
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
    return [*roc_charts(pairs), spread(split_scores(judged))]
