"""`station demo`: the station at work on its demo recording."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace as changed
from typing import Annotated

import typer
from rich.console import Console

from station.cli.output import VerdictTable
from station.cli.progress import progress_bar
from station.cli.summary import summary_table
from station.config import StationConfig
from station.core.verdict import RecordedVerdict
from station.daemon.clock import SystemClock
from station.daemon.controller import SimulatedController
from station.daemon.demo import MAX_SPEED, NAME, find_recording
from station.daemon.following import follow
from station.daemon.parts import replay_source
from station.daemon.serving import serve, signals_wait


def demo(
    speed: Annotated[
        float,
        typer.Option(
            help=f"Pace of the recording; 1 is real time. Beyond {MAX_SPEED:g} frames would be dropped.",
            min=0.1,
            max=MAX_SPEED,
        ),
    ] = 1.0,
    port: Annotated[
        int, typer.Option(help="Port of the API on 127.0.0.1; 0 takes any free one.", min=0, max=65535)
    ] = 8377,
    keep: Annotated[bool, typer.Option("--keep", help="Go on serving the API afterwards, until Ctrl-C.")] = False,
) -> None:
    """See the station at work, without a camera.

    Plays the demo recording in real time through the very daemon that runs live cameras, opens the API, and lets a
    simulated packing-station controller announce every item and poll its verdict over HTTP.
    """
    console = Console()
    clock = SystemClock()
    with progress_bar(console, "Rendering the demo recording, once") as progress:
        recording = find_recording(NAME, progress)
    recording.verify()
    verdicts: list[RecordedVerdict] = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="station-demo-"))
        config = _config(folder, port)
        source = replay_source(config, recording, clock, speed)
        with signals_wait():
            serving = stack.enter_context(serve(config, clock, source, announce=False))
            controller = SimulatedController(serving.url, source, clock)
            controller.start()
            stack.callback(controller.stop)
        title = f"{len(recording.items)} items; the controller polls {serving.url}/v1/plc/next"
        with VerdictTable(title, console) as table:
            for recorded in follow(serving.station):
                verdicts.append(recorded)
                table.add(recorded)
        console.print()
        console.print(summary_table(recording, verdicts, *serving.station.frames))
        opened = sum(action.opened for action in controller.plc.log)
        console.print(f"The controller took {len(controller.plc.log)} results and opened its gate {opened} times.")
        if keep:
            console.print(f"Serving on: {serving.url}/v1/verdicts, /metrics, /openapi.json. Ctrl-C stops.")
            console.print("The recording has ended and no more items are seen: /readyz answers 503 from now on.")
            serving.station.threads.wait()


def _config(folder: str, port: int) -> StationConfig:
    defaults = StationConfig()
    return changed(
        defaults,
        store=changed(defaults.store, url=f"sqlite:///{folder}/station.db"),
        api=changed(defaults.api, port=port),
    )
