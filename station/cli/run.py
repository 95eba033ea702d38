"""`station run`: the daemon."""

import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from station.api.settings import exposure_warning
from station.cli.progress import progress_bar
from station.config import load_config
from station.daemon.clock import SystemClock
from station.daemon.demo import find_recording
from station.daemon.serving import serve


def run(
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the API; overrides the configuration.", min=0, max=65535)
    ] = None,
) -> None:
    """Run the station: cameras, inspection and API, until SIGTERM or Ctrl-C, or until a part of it fails for good.

    Without a configuration it looks for RealSense cameras. A configuration with `source.kind = "replay"` or
    `"simulated"` needs none.
    """
    console = Console(stderr=True)
    # People get colours and lines that fit, a journal one line each.
    handler = RichHandler(console=console) if console.is_terminal else logging.StreamHandler()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    logging.getLogger("station").setLevel(logging.INFO)
    settings = load_config(config)
    if port is not None:
        settings = replace(settings, api=replace(settings.api, port=port))
    if settings.source.kind == "replay":
        with progress_bar(console, "Rendering the demo recording, once") as progress:
            recording = find_recording(settings.source.recording, progress)
        recording.verify()
        settings = replace(settings, source=replace(settings.source, recording=str(recording.path)))
    if (warning := exposure_warning(settings.api)) is not None:
        console.print(f"[bold red]warning:[/] {warning}")
    signal.signal(signal.SIGTERM, _end)
    with serve(settings, SystemClock()) as serving:
        console.print(f"Serving at {serving.url}; boot {serving.station.boot.boot_id}. Ctrl-C stops.")
        serving.station.threads.wait()


def _end(_signal: int, _frame: object) -> None:
    """Leave by way of every `with`: to be told to stop is no failure."""
    sys.exit(0)
