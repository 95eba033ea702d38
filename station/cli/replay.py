"""`station replay`: judge a recording."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace as changed
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.api.item_schemas import verdict_body
from station.cli.files import file_to_write, writing
from station.cli.output import VerdictTable
from station.cli.progress import progress_bar
from station.cli.summary import summary_table
from station.config import StationConfig, load_config
from station.core.verdict import RecordedVerdict, seq_from_number
from station.daemon.clock import SystemClock
from station.daemon.demo import MAX_SPEED, find_recording
from station.daemon.following import follow
from station.daemon.lockstep import replay_lockstep
from station.daemon.parts import replay_source
from station.daemon.serving import serve
from station.recording import Recording


def replay(
    recording: Annotated[str, typer.Argument(help="Folder of a recording, or `demo`.")],
    lockstep: Annotated[
        bool, typer.Option("--lockstep", help="As fast as it goes, on a clock of its own; the same output every run.")
    ] = False,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write one JSON verdict a line to this file, `-` for the terminal.")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            help=f"Pace when not in lock-step; 1 is real time. Beyond {MAX_SPEED:g} frames would be dropped.",
            min=0.1,
            max=MAX_SPEED,
        ),
    ] = 1.0,
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Judge every item of a recording and compare with its ground truth.

    Example: `station replay demo --lockstep --json verdicts.jsonl`
    """
    console = Console(stderr=True)
    settings = load_config(config)
    if json_file not in (None, "-"):
        file_to_write(Path(json_file))
    with progress_bar(console, "Rendering the demo recording, once") as progress:
        found = find_recording(recording, progress)
    found.verify()
    known = f"{len(found.items)} items" if found.items else f"items unknown, {len(found.events)} announced"
    verdicts: list[RecordedVerdict] = []
    frames: list[int] = [sum(track.frames for track in found.tracks), 0]
    walk = _lockstep(found, settings) if lockstep else _realtime(found, settings, speed, frames)
    write = _json_output(json_file)
    with VerdictTable(f"{recording}: {known}", console, timed=not lockstep) as table:
        for recorded in walk:
            verdicts.append(recorded)
            table.add(recorded)
            write(verdict_body(recorded).model_dump_json() + "\n")
    console.print()
    console.print(summary_table(found, verdicts, *frames, timed=not lockstep))


def _lockstep(recording: Recording, config: StationConfig) -> Iterator[RecordedVerdict]:
    for number, verdict in enumerate(replay_lockstep(recording, config), start=1):
        yield RecordedVerdict(number, seq_from_number(number), verdict)


def _realtime(
    recording: Recording, config: StationConfig, speed: float, frames: list[int]
) -> Iterator[RecordedVerdict]:
    """Run the very daemon on the recording, with a store of its own; `frames` becomes those grabbed and dropped."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="station-replay-") as folder:
        own = changed(
            config,
            store=changed(config.store, url=f"sqlite:///{folder}/station.db"),
            api=changed(config.api, port=0),
        )
        with serve(own, clock, replay_source(own, recording, clock, speed)) as serving:
            yield from follow(serving.station)
            frames[:] = serving.station.frames


def _json_output(file: str | None) -> Callable[[str], object]:
    """Return what takes the lines: the terminal, or the file, empty at first."""
    if file is None:
        return lambda line: None
    if file == "-":
        return sys.stdout.write
    path = Path(file)

    def append(line: str, mode: str = "a") -> None:
        with writing(path), path.open(mode) as output:
            output.write(line)

    append("", "w")
    return append
