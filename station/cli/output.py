"""How verdicts look in a terminal."""

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from station.core.damage import Decision
from station.core.verdict import Verdict

_DAMAGE = (
    "damage: how unlike good items it looks, 0 to 1. Some good items come close to 1 as well; SIDELINE says what lies "
    "beyond the threshold."
)
_STYLE = {Decision.PASS: "bold green", Decision.SIDELINE: "bold yellow", Decision.ERROR: "bold red"}


def verdict_table(title: str, *, timed: bool = True) -> Table:
    """Return an empty table of verdicts; fill it with `verdict_cells`, `timed` alike."""
    table = Table(title=title, title_justify="left", caption=_DAMAGE, caption_justify="left")
    table.add_column("item", justify="right")
    table.add_column("product")
    table.add_column("verdict")
    table.add_column("damage", justify="right")
    table.add_column("reason")
    if timed:
        table.add_column("ms", justify="right")
    return table


def live_table(table: Table, console: Console) -> Live:
    """Return a display of a table that grows; before its first row, and for an error then, it shows nothing."""
    return Live(console=console, refresh_per_second=8, get_renderable=lambda: table if table.row_count else "")


def verdict_cells(verdict: Verdict, *, timed: bool = True) -> tuple[Text, ...]:
    """Return one row: item, product, verdict, damage confidence, reasons and, if `timed`, settle-to-verdict ms.

    In lock-step that is time of the recording, which says nothing about how long judging takes.
    """
    latency = (Text(f"{latency_ms(verdict):.0f}"),) if timed else ()
    return (
        Text(str(verdict.plc_id or verdict.item_id)),
        Text(verdict.identity.product_id or "unknown"),
        Text(verdict.decision.name, style=_STYLE[verdict.decision]),
        Text(f"{verdict.damage_confidence:.3f}" if verdict.stage_ms else ""),  # one that was not judged has none
        Text(", ".join(reason.title for reason in verdict.reasons)),
        *latency,
    )


def latency_ms(verdict: Verdict) -> float:
    """Return the time from the settled item to its verdict."""
    return (verdict.decided_ns - verdict.arrived_ns) / 1e6
