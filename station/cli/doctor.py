"""`station doctor`: is this machine fit to run the station?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from station.config import load_config
from station.daemon.doctor import Check, Health, examine

_STYLE = {Health.OK: "[green]ok", Health.WARNING: "[yellow]warning", Health.FAILED: "[bold red]failed"}


def doctor(
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Check this machine: libusb, cameras, permissions, ONNX provider, model hashes, disk, clock, port.

    Each line says what was found and, where something is amiss, the one thing to do. Exit status 1 when a check
    failed, 0 when there are only warnings.
    """
    table = Table(title="station doctor", title_justify="left")
    for name in ("check", "", "found", "fix"):
        table.add_column(name, overflow="fold")
    checks = examine(load_config(config))
    for check in checks:
        table.add_row(check.name, _STYLE[check.health], check.found, check.fix)
    Console().print(table)
    if any(check.health is Health.FAILED for check in checks):
        raise typer.Exit(1)
