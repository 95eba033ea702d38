"""How `station setup` looks in a terminal."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from station.core.errors import SetupError
from station.setup.measure import Bound, Measure, StepResult, figure_text, limit_text, tabulated
from station.setup.procedure import STEPS, against_truth, finish, held_to_truth
from station.setup.report import pdf_path
from station.setup.session import Session
from station.setup.versions import RigVersions

RESTART = "A station that runs keeps the rig it was started with: restart it, as by `systemctl restart station`."
_NARROW, _WIDE, _WIDE_ENOUGH = 3, 6, 112
"""Cameras side by side in a narrow and a wide terminal, and how many characters make it wide."""


def terminal() -> Console:
    """Return the terminal as setup writes to it: between words for people, a line whole where a program reads it."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def show(console: Console, result: StepResult) -> None:
    """Show a step's figures with their limits."""
    mark = "[green]passed[/]" if result.ok else "[bold red]FAILED[/]"
    console.print(f"[bold]{result.step}[/]: {mark}")
    if result.measures:
        console.print(_table(result.measures, _NARROW if console.width < _WIDE_ENOUGH else _WIDE))
    for words in (*result.failures, *result.advice):
        console.print(f"  [yellow]{escape(words)}[/]")


def end(console: Console, session: Session, config: Path | None) -> None:
    """Write the report, put the rig in force if all passed, and state the errors in one last line.

    Args:
        console: where to.
        session: the setup folder's.
        config: the configuration file in use, None for none; the daily check needs it too.

    Raises:
        SetupError: a figure is beyond its limit, or the rig beyond those against the truth.
    """
    path, version = finish(session, time.time_ns())
    console.print(
        f"report: {path}" + (f" and {pdf.name}" if (pdf := pdf_path(path)) else " (no PDF: Chromium is not installed)")
    )
    if version is None:
        console.print(_last_line(session), style="bold")
        remains = RigVersions(session.folder).remains
        raise SetupError(
            f"the rig was not put in force, as {_why(session)}; {remains}. See {path}. Mend what is amiss "
            "and run the same command again: what failed is measured again. If a camera was moved or turned, "
            "run it with --anew: it asks for everything again. If only a limit or the plan was wrong, run that step "
            "alone, then `station setup report`: both judge what was captured"
        )
    console.print(f"rig in force: {RigVersions(session.folder).path} ({version.name})")
    console.print("The station's configuration needs both the rig and this folder, where the daily check is kept:")
    console.print(configuration(session.folder), markup=False, soft_wrap=True)
    console.print(RESTART, soft_wrap=True)
    line = ["station", "setup", "check", "--out", str(session.folder)]
    line += ["--config", str(config)] if config else []
    line += ["--from", "simulated"] if session.truth() else []
    console.print("Next, now and every morning: lay the golden target on the tray and run")
    console.print(shlex.join(line), markup=False, soft_wrap=True)
    console.print(_last_line(session), style="bold")


def configuration(folder: Path) -> str:
    """Return what a station's configuration says of a setup folder, as TOML."""
    rig = RigVersions(folder.resolve()).path
    return (
        f"[source]\nrig = {json.dumps(str(rig))}\n[setup]\nfolder = {json.dumps(str(folder.resolve()))}\n"
        "check_required = true  # no item passes until the daily check has passed; false: it only raises an alarm"
    )


def _table(measures: Sequence[Measure], most_columns: int) -> Table:
    """Return figures as a table, its columns the cameras, no more than that many side by side."""
    parts = tabulated(measures, most_columns)
    columns = max(len(part.subjects) for part in parts)
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column()
    for _ in range(columns):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for part in parts:
        rest = [""] * (columns - len(part.subjects))
        table.add_row("", *map(escape, part.subjects), *rest, style="dim")
        for name, row in part.rows:
            cells = [figure_text(each) if each.ok else f"[bold red]{figure_text(each)}[/]" for each in row]
            verdict = "[green]ok[/]" if all(each.ok for each in row) else "[bold red]FAIL[/]"
            verdict = "" if row[0].bound is Bound.NONE else verdict
            table.add_row(f"  {escape(name)}", *cells, *rest, limit_text(row[0]), verdict)
    return table


def _last_line(session: Session) -> str:
    """Return the errors and their limits: against the truth where that is known, else those of the extrinsics."""
    errors = _true_errors(session)
    if errors:
        return "errors against truth: " + ", ".join(f"{who} {_against_limit(m)}" for who, m in errors)
    result = session.result("extrinsics")
    found = [measure for measure in result.measures if measure.limit] if result else []
    return "errors: " + ", ".join(f"{m.name} {m.subject} {_against_limit(m)}" for m in found)


def _why(session: Session) -> str:
    """Return why a rig did not pass: that it is untrue, where all else passed."""
    rig, truth = session.draft(), session.truth()
    steps_passed = all(result is not None and result.ok for result in map(session.result, STEPS))
    if steps_passed and rig is not None and truth is not None:
        return held_to_truth(rig, truth).failures[0]
    return "a step did not pass"


def _true_errors(session: Session) -> list[tuple[str, Measure]]:
    """Return the worst errors of cameras and tray against the truth, with whose it is; none where it is unknown."""
    truth, rig = session.truth(), session.draft()
    worst: dict[tuple[str, str], Measure] = {}
    for measure in against_truth(rig, truth) if truth is not None and rig is not None else ():
        kind = "tray" if measure.subject == "tray" else "cameras", measure.name
        worst[kind] = max(worst.get(kind, measure), measure, key=lambda each: each.value)
    return [(who, measure) for (who, _), measure in worst.items()]


def _against_limit(measure: Measure) -> str:
    return f"{measure.value:.3f} {measure.unit} (limit {measure.limit:g})"
