"""The command line, one module per verb."""

import signal
import sys

from rich.console import Console
from rich.markup import escape

from station.core.errors import StationError


def main() -> None:
    """Run the command line: a `StationError` is shown as its sentence, exit status 1; Ctrl-C ends quietly, 130."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # libraries answer Ctrl-C during their import with a traceback
    from station.cli.app import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except StationError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
