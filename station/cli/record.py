"""`station record`: keep what the cameras see."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.cameras import record_cameras
from station.cli.files import folder_to_write
from station.config import load_config
from station.core.errors import RecordingError
from station.daemon.clock import SystemClock
from station.daemon.parts import build_source
from station.rig import rig_json


def record(
    out: Annotated[
        Path, typer.Argument(callback=folder_to_write, help="Folder for the recording; it must not exist yet.")
    ],
    seconds: Annotated[float, typer.Option(help="How long to record.", min=0.1, max=3600)] = 10.0,
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Record the configured cameras, live or simulated, as RealSense files with a manifest.

    Judge the recording with `station replay OUT`.
    """
    if out.exists():
        raise RecordingError(f"{out} exists already. Name a new folder, or remove it")
    console = Console(stderr=True)
    clock = SystemClock()
    source = build_source(load_config(config), clock, record_to=out)
    end_ns = clock.now_ns() + round(seconds * 1e9)
    with console.status(f"Recording {len(source.cameras)} cameras to {out} for {seconds:g} s"):
        recording = record_cameras(
            source.cameras, out, rig_json(source.rig), lambda: clock.now_ns() < end_ns, source.events, source.truth
        )
    for track in recording.tracks:
        console.print(f"{track.camera_id}: {track.frames} frames in {track.file}")
