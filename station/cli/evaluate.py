"""`station evaluate`: how well damage is told from good items of a dataset."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from station.cli.files import file_to_write, writing
from station.cli.progress import counting_bar
from station.core.errors import DatasetError, pip_install
from station.learn.dataset import Split, open_dataset

_COLUMNS = {
    "auroc": "AUROC",
    "ap": "AP",
    "recall_at_1pct_fpr": "R@1%",
    "recall_at_0.1pct_fpr": "R@\n0.1%",
    "recall_at_50pct_precision": "R@P50",
    "ppv_at_0.1pct_fpr": "PPV@\n0.1%",
}
_GOOD_FOR_ALL = 1000
"""Good items that it takes for one false alarm at the lowest rate of a column."""


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="Folder of the dataset; its test items are judged.")],
    references: Annotated[
        int | None,
        typer.Option(min=1, help="References a product: the first good training items, those marked so before others."),
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="Model bundle: the name of a shipped one, or its folder.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=file_to_write, help="Write the figures to this file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(callback=file_to_write, help="Write an HTML report to this file.")
    ] = None,
) -> None:
    """Score a dataset's test items and say how well damaged ones are told from good ones, with intervals.

    Without `--bundle`, items are compared with their product's references by the station's own bundle, and nothing
    else is learned. A bundle with damage heads judges by itself; with `--references` as well both are reported: the
    heads first, the comparison under `others` in the JSON and in a report of its own; last what the bundle has learned
    of such comparisons, where it has.

    Example: `station evaluate DATASET --bundle BUNDLE --report report.html`
    """
    try:
        from station.learn.evaluation.evaluate import evaluate as run
        from station.learn.evaluation.report import write_report
        from station.learn.evaluation.scorers import open_scorers
    except ImportError as error:
        raise DatasetError(f"evaluation needs {error.name}. Install the extra: {pip_install('data')}") from error
    found, console = open_dataset(dataset), Console()
    count = sum(item.split is Split.TEST and not item.is_reference for item in found.items)
    evaluations = []
    for scorer, shown in open_scorers(found, bundle, references):
        with counting_bar(Console(stderr=True), f"Judging by {scorer.name}", count) as progress:
            progress(0)
            evaluations.append(run(found, scorer, shown, progress))
        console.print(_table(evaluations[-1].figures))
    if json_file is not None:
        first, *others = (evaluation.figures for evaluation in evaluations)
        figures = {**first, **({"others": others} if others else {})}
        with writing(json_file):
            json_file.write_text(json.dumps(figures, indent=1) + "\n")
    if report is not None:
        for ending, evaluation in zip(("", "-references", "-compared"), evaluations, strict=False):
            file = report.with_stem(report.stem + ending)
            write_report(evaluation, file)
            console.print(f"wrote {file}", soft_wrap=True)


def _table(figures: Mapping[str, Any]) -> Table:
    title = f"{figures['dataset']}: {figures['scorer']}"
    table = Table(title=title, title_justify="left", caption_justify="left", pad_edge=False)
    table.add_column("", overflow="fold")
    for name in ("good", "damaged", *_COLUMNS.values()):
        table.add_column(name, justify="right", no_wrap=True)
    _add(table, "all items", figures["item"])
    for groups in (figures["types"], figures["severities"], figures["kinds"]):
        told = {name: group for name, group in groups.items() if group["auroc"]}
        if len(told) > 1:
            table.add_section()
            for name, group in told.items():
                _add(table, name, group)
    table.caption = "\n".join(_lines(figures))
    return table


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has no column, with intervals."""
    item, pixel, boxes = figures["item"], figures["pixel"], figures["boxes"]
    named = {"AUROC": item["auroc"], "AP_any": item["ap_any"], "AP_major": item["ap_major"]}
    if pixel:
        named |= {"pixel AUROC": pixel["auroc"], "AUPRO": pixel["aupro"]}
    if boxes:
        named |= {"boxes, recall at 90 % precision": boxes["recall_at_90pct_precision"], "boxes, F1": boxes["f1"]}
    for name, estimate in named.items():
        if estimate:
            yield f"{name} {estimate['value']:.3f}, 95 % interval {estimate['low']:.3f} to {estimate['high']:.3f}"
    if 0 < item["good"] < _GOOD_FOR_ALL:
        yield f"{item['good']} good items: recall at 0.1 % FPR is that without any false alarm, and tells no PPV there"
    for reason, count in figures["silent"].items():
        yield f"silent on {count}: {reason}"


def _add(table: Table, name: str, group: Mapping[str, Any]) -> None:
    cells = (f"{group[key]['value']:.3f}" if group[key] else "-" for key in _COLUMNS)
    table.add_row(escape(name), str(group["good"]), str(group["damaged"]), *cells)
