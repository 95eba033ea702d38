"""`station doctor`: is this machine fit to run the station?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from station.config import load_config
from station.daemon.doctor import Health, examine

_MARK = {
    Health.OK: "[green]ok     [/]",
    Health.WARNING: "[yellow]warning[/]",
    Health.FAILED: "[bold red]FAILED [/]",
}


def doctor(
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Check this machine: libusb, cameras, permissions, ONNX provider, model hashes, disk, clock, port, daily check.

    Each line says what was found and, where something is amiss, the one thing to do. Exit status 1 when a check
    failed, 0 when there are only warnings.
    """
    console = Console(soft_wrap=True, highlight=False)
    checks = examine(load_config(config))
    for check in checks:
        fix = f" [bold]Fix:[/] {escape(check.fix)}." if check.fix else ""
        console.print(f"{_MARK[check.health]} {check.name}: {escape(check.found)}.{fix}")
    if any(check.health is Health.FAILED for check in checks):
        raise typer.Exit(1)
