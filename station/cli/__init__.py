"""The command line, one module per verb."""

import sys

from rich.console import Console
from rich.markup import escape

from station.cli.app import app
from station.core.errors import StationError


def main() -> None:
    """Run the command line: a `StationError` is shown as its sentence, exit status 1; Ctrl-C ends quietly, 130."""
    try:
        app()
    except StationError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
