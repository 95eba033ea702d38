"""How `station setup` looks in a terminal."""

import time

from rich.console import Console
from rich.markup import escape

from station.core.errors import SetupError
from station.setup.measure import Bound, Measure, StepResult
from station.setup.procedure import against_truth, finish
from station.setup.report import figure_text, limit_text, pdf_path
from station.setup.session import Session
from station.setup.versions import RigVersions


def terminal() -> Console:
    """Return the terminal as setup writes to it."""
    return Console(highlight=False, soft_wrap=True)


def show(console: Console, result: StepResult) -> None:
    """Show a step's figures with their limits."""
    mark = "[green]passed[/]" if result.ok else "[bold red]FAILED[/]"
    console.print(f"[bold]{result.step}[/]: {mark}")
    for measure in result.measures:
        verdict = "" if measure.bound is Bound.NONE else ("[green]ok[/]" if measure.ok else "[bold red]FAIL[/]")
        limit = f" ({limit_text(measure)})" if limit_text(measure) else ""
        console.print(f"  {escape(measure.name)}, {escape(measure.subject)}: {figure_text(measure)}{limit} {verdict}")
    for words in (*result.failures, *result.advice):
        console.print(f"  [yellow]{escape(words)}[/]")


def end(console: Console, session: Session) -> None:
    """Write the report, put the rig in force if all passed, and state the errors in one last line.

    Raises:
        SetupError: a figure is beyond its limit.
    """
    path, version = finish(session, time.time_ns())
    console.print(
        f"report: {path}" + (f" and {pdf.name}" if (pdf := pdf_path(path)) else " (no PDF: Chromium is not installed)")
    )
    if version is None:
        console.print(_last_line(session), style="bold")
        raise SetupError(
            f"the rig was not put in force, as a step did not pass: see {path}. The earlier rig is in force. "
            f"Run the step again once mended, or remove {session.folder / 'captures'} to show everything anew"
        )
    console.print(f"rig in force: {RigVersions(session.folder).path} ({version.name}); name it in source.rig")
    console.print("Next: lay the golden target on the tray and run `station setup check`, now and every morning.")
    console.print(_last_line(session), style="bold")


def _last_line(session: Session) -> str:
    """Return the errors and their limits: against the truth where that is known, else those of the extrinsics."""
    truth, rig = session.truth(), session.draft()
    if truth is None or rig is None:
        result = session.result("extrinsics")
        found = [measure for measure in result.measures if measure.limit] if result else []
        return "errors: " + ", ".join(f"{m.name} {m.subject} {_against_limit(m)}" for m in found)
    worst: dict[tuple[str, str], Measure] = {}
    for measure in against_truth(rig, truth):
        kind = "tray" if measure.subject == "tray" else "cameras", measure.name
        worst[kind] = max(worst.get(kind, measure), measure, key=lambda each: each.value)
    return "errors against truth: " + ", ".join(f"{who} {_against_limit(m)}" for (who, _), m in worst.items())


def _against_limit(measure: Measure) -> str:
    return f"{measure.value:.3f} {measure.unit} (limit {measure.limit:g})"
