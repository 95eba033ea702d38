"""How the walk with the shipped gallery decides on simulated items it has never seen, by damage type and severity.

    python tests/bench/fresh_items.py [--seeds 6000-6007] [--gallery FOLDER] [--json FILE]

Each seed is a booth of 24 items of the gallery's own products, 60 % of them damaged, every item announced. Intervals
are exact (Clopper and Pearson 1934), 95 %.
"""

import argparse
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest
from tracker_truth import captures_of

from station.cli.progress import counting_bar
from station.config import StationConfig
from station.core.damage import Decision, Reason
from station.daemon.clock import SystemClock
from station.daemon.parts import build_inspector
from station.gallery import GallerySettings
from station.simulation.booth import Booth
from station.simulation.crew import work_off
from station.simulation.demo import DEMO_SETTINGS

ITEMS = 24
SETTINGS = replace(DEMO_SETTINGS, damaged_share=0.6)
_NEVER_NS = 2**62


def judge_booth(seed: int, gallery: str) -> list[tuple[str, str, bool, list[str], float]]:
    """Return of each item: damage type, severity, whether it was sidelined, for which reasons, and the confidence."""
    booth = Booth(seed, ITEMS, SETTINGS)
    config = replace(StationConfig(), gallery=replace(GallerySettings(), path=gallery))
    inspector = build_inspector(config, booth.rig, SystemClock(), simulated=True)
    plan = {item.plc_id: item for item in booth.plan}
    rows = []
    for capture in captures_of(booth):
        verdict = inspector.inspect(capture, _NEVER_NS)
        capture.release()
        if (item := plan.get(verdict.plc_id)) is None:
            continue
        kind, severity = item.damage[0] if item.damage else ("undamaged", None)
        rows.append(
            (
                str(kind),
                severity.name.lower() if severity else "",
                verdict.decision is Decision.SIDELINE,
                [reason.word for reason in verdict.reasons],
                verdict.damage_confidence,
            )
        )
    return rows


def judge_part(folder: Path, gallery: str, seed: int) -> Iterator[None]:
    """Judge one booth and leave its rows in the folder."""
    (folder / f"{seed}.json").write_text(json.dumps(judge_booth(seed, gallery)))
    yield


def main() -> None:
    """Judge, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="6000-6007")
    parser.add_argument("--gallery", default=GallerySettings().path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    console = Console()
    seeds = range(first, last + 1)
    with tempfile.TemporaryDirectory() as folder, counting_bar(console, "Booths judged", len(seeds)) as progress:
        progress(0)
        work_off(partial(judge_part, Path(folder), options.gallery), seeds, os.cpu_count() or 1, progress)
        rows = [row for seed in seeds for row in json.loads((Path(folder) / f"{seed}.json").read_text())]
    groups = defaultdict(list)
    for kind, severity, sidelined, reasons, _ in rows:
        groups[kind, severity].append((sidelined, reasons))
        if severity:
            groups["all", severity].append((sidelined, reasons))
    table = Table("damage", "severity", "items", "sidelined", "95 %", "for damage", title="Items never seen")
    for (kind, severity), found in sorted(groups.items()):
        count = sum(sidelined for sidelined, _ in found)
        interval = binomtest(count, len(found)).proportion_ci()
        for_damage = sum(Reason.DAMAGE.word in reasons for _, reasons in found)
        share = f"{interval.low:.3f} to {interval.high:.3f}"
        table.add_row(kind, severity, str(len(found)), str(count), share, str(for_damage))
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
