"""`station tune`: choose the threshold, and certify what it upholds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.config import load_config
from station.daemon.clock import SystemClock
from station.daemon.parts import build_inspector, source_rig
from station.judge import Certificate, certify, write_certificate


def tune(
    max_false_alarms: Annotated[
        float | None,
        typer.Option(min=1e-6, max=0.5, help="Sideline budget: share of undamaged items that may be sidelined."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0.5, max=0.9999, help="Probability that the budget is kept.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Choose the threshold by the scores of undamaged items, and certify what it upholds.

    Without options, budget and confidence are the configuration's. The certificate goes into `judge.folder`; it holds
    for this model, gallery, rig and configuration alone. Too few undamaged items are refused, and the refusal says what
    they can certify.

    Example: `station tune --max-false-alarms 0.001 --confidence 0.95 --config station.toml`
    """
    settings = load_config(config)
    policy, clock = settings.judge, SystemClock()
    inspector = build_inspector(settings, source_rig(settings), clock, settings.source.kind != "live")
    gallery, fusion = inspector.gallery, inspector.judge.fusion
    threshold = certify(
        fusion.good_scores if fusion else gallery.good_scores,
        max_false_alarms or policy.max_false_alarm_rate,
        confidence or policy.confidence,
    )
    products = fusion.good_products if fusion else len(gallery.product_ids)
    certificate = Certificate(
        threshold=threshold,
        products=products,
        source=fusion.made_from if fusion else f"gallery {settings.gallery.path}",
        fusion=fusion.digest if fusion else "",
        provenance=inspector.provenance,
        utc_ns=clock.utc_ns(),
    )
    file = write_certificate(Path(policy.folder), certificate)
    Console(highlight=False).print(
        f"At most {threshold.max_false_alarm_rate:.3%} of undamaged items are sidelined for damage, with "
        f"{threshold.confidence:.0%} confidence: {threshold.good_items} good items of {products} products, of which "
        f"{threshold.false_alarms} lie above the threshold {threshold.score:.4g}.\nwrote {file}",
        soft_wrap=True,
    )
