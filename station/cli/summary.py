"""How a replay went, against what is known to be true of its items."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from station.cli.output import latency_ms
from station.core.damage import Decision, Severity
from station.core.verdict import RecordedVerdict, Verdict
from station.recording import ItemTruth, Recording


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """An item of a recording and its verdict, None when it got none."""

    truth: ItemTruth
    verdict: Verdict | None

    @property
    def right(self) -> bool:
        """Whether a good item passed, or a damaged one was sidelined."""
        return self.verdict is not None and self.verdict.decision is (
            Decision.SIDELINE if self.truth.damage else Decision.PASS
        )

    @property
    def major(self) -> bool:
        """Whether the item bears major damage."""
        return any(severity is Severity.MAJOR for _, severity in self.truth.damage)


def judged_items(recording: Recording, verdicts: Sequence[Verdict]) -> list[JudgedItem]:
    """Pair each item of the recording with its verdict, by the controller's number for it."""
    by_plc_id = {verdict.plc_id: verdict for verdict in verdicts if verdict.plc_id}
    return [JudgedItem(item, by_plc_id.get(item.plc_id)) for item in recording.items]


def summary_table(
    recording: Recording, recorded: Sequence[RecordedVerdict], frames: int, dropped: int, *, timed: bool = True
) -> Table:
    """Return the summary people read after a replay; the time to verdicts told only if `timed`, as in real time."""
    table = Table(title="Summary", title_justify="left", show_header=False)
    verdicts = [each.verdict for each in recorded]
    items = judged_items(recording, verdicts)
    if items:
        good = [item for item in items if not item.truth.damage]
        damaged = [item for item in items if item.truth.damage]
        major = [item for item in items if item.major]
        wrong = [item for item in items if not item.right]
        table.add_row("items", f"{len(items)}: {len(good)} good, {len(damaged)} damaged ({len(major)} major)")
        table.add_row("right", f"{len(items) - len(wrong)} of {len(items)}")
        table.add_row(
            "damaged sidelined", f"{_right(damaged)} of {len(damaged)}; major {_right(major)} of {len(major)}"
        )
        table.add_row("good passed", f"{_right(good)} of {len(good)}")
        table.add_row("wrong", "; ".join(map(_describe, wrong)) or "none")
        paired = {item.verdict.item_id for item in items if item.verdict}
        if others := [verdict for verdict in verdicts if verdict.item_id not in paired]:
            table.add_row("of no known item", "; ".join(map(_describe_other, others)))
    else:
        table.add_row("items", f"{len(verdicts)}; the recording has no ground truth")
    settled = [latency_ms(each) for each in recorded]
    if timed and settled:
        p50, p99 = np.percentile(settled, [50, 99])
        table.add_row("settle to verdict told", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    table.add_row("frames", f"{frames} grabbed, {dropped} dropped")
    return table


def _right(items: Sequence[JudgedItem]) -> int:
    return sum(item.right for item in items)


def _describe(item: JudgedItem) -> str:
    truth = ", ".join(f"{severity.name.lower()} {kind}" for kind, severity in item.truth.damage) or "good"
    said = item.verdict.decision.name if item.verdict else "no verdict"
    return f"{item.truth.plc_id} {item.truth.product_id} ({truth}): {said}"


def _describe_other(verdict: Verdict) -> str:
    product = verdict.identity.product_id or "unknown"
    return f"{verdict.plc_id or verdict.item_id} {product}: {verdict.decision.name}"
