"""`station tune`: fit the fusion, choose the threshold, and certify what it upholds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from station.cli.files import file_to_write, folder_to_write, writing
from station.cli.progress import counting_bar
from station.config import StationConfig, load_config
from station.core.errors import DatasetError, TuningError, pip_install
from station.daemon.clock import SystemClock
from station.daemon.parts import build_inspector, source_rig
from station.gallery import METHOD
from station.inspection import Inspector
from station.judge import Certificate, certify, write_certificate, write_fusion

if TYPE_CHECKING:  # which needs an extra
    from station.learn.tuning.tune import Tuned


def tune(
    dataset: Annotated[
        Path | None,
        typer.Argument(help="Items of this station's cameras: weights are fitted to val, proven on test."),
    ] = None,
    max_false_alarms: Annotated[
        float | None,
        typer.Option(min=1e-6, max=0.5, help="Sideline budget: share of undamaged items that may be sidelined."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0.5, max=0.9999, help="Probability that the budget is kept.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
    report: Annotated[
        Path | None, typer.Option(callback=file_to_write, help="Write an HTML report on the dataset to this file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=file_to_write, help="Write the report's figures to this file.")
    ] = None,
) -> None:
    """Choose the threshold by the scores of undamaged items, and certify what it upholds.

    Without a dataset these are the items that the gallery was calibrated with; that is refused where fusion weights are
    in force, which were fitted to the good items they know. With one, fusion weights are fitted first. Budget and
    confidence are the configuration's unless given. Weights and certificate go into `judge.folder`; the certificate
    holds for this model, gallery, rig and configuration alone. Too few undamaged items are refused, and the refusal
    says what they can certify.

    Example: `station tune --max-false-alarms 0.001 --confidence 0.95 --config station.toml`
    """
    settings = load_config(config)
    folder_to_write(Path(settings.judge.folder))
    inspector = build_inspector(settings, source_rig(settings), SystemClock(), settings.source.kind != "live")
    gallery, fusion = inspector.gallery, inspector.judge.fusion
    scores: Sequence[float] = gallery.good_scores
    products = sum(bool(gallery.record(product_id)["good_scores"]) for product_id in gallery.product_ids)
    source = f"gallery {settings.gallery.path}"
    if dataset is None and fusion is not None:
        raise TuningError(
            f"the fusion weights in {settings.judge.folder} were fitted to {fusion.made_from}, whose good items prove "
            f"nothing of them. Name a dataset, whose test items do, or remove the weights"
        )
    tuned = _fit(dataset, inspector, settings, report, json_file) if dataset is not None else None
    if tuned is not None:
        fusion, scores, products = tuned.fusion, tuned.good_scores, tuned.good_products
        source = f"test items of {fusion.made_from}"
    policy = settings.judge
    certificate = Certificate(
        threshold=certify(scores, max_false_alarms or policy.max_false_alarm_rate, confidence or policy.confidence),
        products=products,
        source=source,
        fusion=fusion.digest if fusion else "",
        provenance=inspector.provenance,
        utc_ns=SystemClock().utc_ns(),
    )
    _tell(certificate, tuned, write_certificate(Path(policy.folder), certificate))


def _fit(
    dataset: Path, inspector: Inspector, settings: StationConfig, report: Path | None, json_file: Path | None
) -> "Tuned":
    """The weights fitted and written, and what they make of the test items."""
    try:
        from station.learn.dataset import Split, open_dataset
        from station.learn.tuning.report import write_report
        from station.learn.tuning.tune import tune_on
    except ImportError as error:
        raise DatasetError(
            f"tuning on a dataset needs {error.name}. Install the extra: {pip_install('data')}"
        ) from error
    found, console = open_dataset(dataset), Console(highlight=False)
    count = sum(item.split is not Split.TRAIN and not item.is_reference for item in found.items)
    with counting_bar(Console(stderr=True), "Scoring", count) as progress:
        progress(0)
        tuned = tune_on(found, inspector, settings.judge, METHOD, progress)
    console.print(_table(tuned.figures))
    if json_file is not None:
        with writing(json_file):
            json_file.write_text(json.dumps(tuned.figures, indent=1) + "\n")
    if report is not None:
        write_report(tuned, found, report)
        console.print(f"wrote {report}", soft_wrap=True)
    console.print(f"wrote {write_fusion(Path(settings.judge.folder), tuned.fusion)}", soft_wrap=True)
    return tuned


def _table(figures: Mapping[str, Any]) -> Table:
    table = Table(title=f"{figures['dataset']}: what each source adds", title_justify="left", caption_justify="left")
    for name in ("", "weight", "AUROC", "AP", "R@1%"):
        table.add_column(name, justify="right" if name else "left")
    for name, row in figures["ablation"].items():
        cells = (f"{row[key]['value']:.3f}" if row[key] else "-" for key in ("auroc", "ap", "recall_at_1pct_fpr"))
        weight = figures["weights"].get(name)
        table.add_row(name, "" if weight is None else f"{weight:.2f}", *cells)
    error = "-" if figures["ece"] is None else f"{figures['ece']:.3f}"
    doubted = figures["cannot judge"]
    told = [_shown(doubted), *(f"{word} {_shown(one)}" for word, one in doubted["reasons"].items())]
    table.caption = f"calibration error {error}\ncannot judge {'; '.join(told)}"
    return table


def _tell(certificate: Certificate, tuned: "Tuned | None", file: Path) -> None:
    threshold = certificate.threshold
    recall = tuned and tuned.recall(threshold.score)
    found = f" Of the damaged test items {_shown(asdict(recall))} do." if recall else ""
    Console(highlight=False).print(
        f"At most {threshold.max_false_alarm_rate:.3%} of undamaged items are sidelined for damage, with "
        f"{threshold.confidence:.1%} confidence: {threshold.good_items} good items of {certificate.products} products, "
        f"of which {threshold.false_alarms} lie above the threshold {threshold.score:.4g}.{found}\nwrote {file}",
        soft_wrap=True,
    )


def _shown(estimate: Mapping[str, Any]) -> str:
    return f"{estimate['value']:.1%} ({estimate['low']:.1%} to {estimate['high']:.1%})"
