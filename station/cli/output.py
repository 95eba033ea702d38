"""How verdicts look in a terminal."""

from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from station.core.damage import Decision
from station.core.verdict import RecordedVerdict

_DAMAGE = (
    "damage: how unlike good items it looks, 0 to 1. Some good items come close to 1 as well; SIDELINE says what lies "
    "beyond the threshold."
)
_AROUND = 10
"""Lines that a table's title, head and caption take."""
_STYLE = {Decision.PASS: "bold green", Decision.SIDELINE: "bold yellow", Decision.ERROR: "bold red"}


class VerdictTable:
    """A table of verdicts that grows in a terminal: meanwhile the newest that fit, at the end all.

    Before its first row, and for an error then, it shows nothing. In lock-step (not `timed`) settle-to-told ms are
    time of the recording, which says nothing about how long judging takes, and are left out.
    """

    def __init__(self, title: str, console: Console, *, timed: bool = True) -> None:
        self._title, self._console, self._timed = title, console, timed
        self._verdicts: list[RecordedVerdict] = []
        self._ended = False
        self._live = Live(console=console, auto_refresh=False, get_renderable=self._shown)

    def __enter__(self) -> Self:
        """Start to show it."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show all of it, to stay."""
        self._ended = True
        self._live.stop()

    def add(self, recorded: RecordedVerdict) -> None:
        """Add a row: item, product, verdict, damage confidence, reasons and, if `timed`, settle-to-told ms."""
        self._verdicts.append(recorded)
        self._live.refresh()

    def _shown(self) -> Table | str:
        if not self._verdicts:
            return ""
        fitting = len(self._verdicts) if self._ended else max(1, self._console.height - _AROUND)
        table = Table(title=self._title, title_justify="left", caption=_DAMAGE, caption_justify="left")
        table.add_column("item", justify="right")
        table.add_column("product")
        table.add_column("verdict")
        table.add_column("damage", justify="right")
        table.add_column("reason")
        if self._timed:
            table.add_column("ms", justify="right")
        for recorded in self._verdicts[-fitting:]:
            table.add_row(*_cells(recorded)[: len(table.columns)])
        return table


def _cells(recorded: RecordedVerdict) -> tuple[Text, ...]:
    verdict = recorded.verdict
    return (
        Text(str(verdict.plc_id or verdict.item_id)),
        Text(verdict.identity.product_id or "unknown"),
        Text(verdict.decision.name, style=_STYLE[verdict.decision]),
        Text(f"{verdict.damage_confidence:.3f}" if verdict.stage_ms else ""),  # one that was not judged has none
        Text(", ".join(reason.title for reason in verdict.reasons)),
        Text(f"{latency_ms(recorded):.0f}"),
    )


def latency_ms(recorded: RecordedVerdict) -> float:
    """Return the time from the settled item to its verdict told, or decided where none is told."""
    verdict = recorded.verdict
    return ((recorded.told_ns or verdict.decided_ns) - verdict.arrived_ns) / 1e6
