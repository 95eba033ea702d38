"""`station recordings`: look into recordings, and make them from pictures."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from station.cli.progress import progress_bar
from station.core.errors import RecordingError
from station.daemon.demo import find_recording
from station.recording import Recording
from station.rig import load_rig

app = typer.Typer(help="Look into recordings, and make them from pictures.", no_args_is_help=True)


@app.command()
def inspect(
    recording: Annotated[str, typer.Argument(help="Folder of a recording, or `demo`.")],
) -> None:
    """Show a recording's cameras, events and ground truth, and check every file against its hash and frame count."""
    console = Console()
    with progress_bar(console, "Rendering the demo recording, once") as progress:
        found = find_recording(recording, progress)
    console.print(_tracks(found))
    if found.items:
        console.print(_items(found))
    console.print(f"{len(found.events)} external events, {len(found.items)} items of known truth")
    found.verify()
    console.print("[green]every file agrees with its hash and its frame count")


def _tracks(recording: Recording) -> Table:
    table = Table(title=f"{recording.path}", title_justify="left")
    for name in ("camera", "serial", "size px", "frames", "file", "MB"):
        table.add_column(name)
    rig = load_rig(recording.rig_path)
    for track in recording.tracks:
        intrinsics = rig.camera(track.camera_id).intrinsics
        table.add_row(
            track.camera_id,
            track.serial,
            f"{intrinsics.width_px} x {intrinsics.height_px}",
            str(track.frames),
            track.file.name,
            f"{track.file.stat().st_size / 1e6:.1f}",
        )
    return table


def _items(recording: Recording) -> Table:
    table = Table(title="Items", title_justify="left")
    for name in ("number", "product", "barcode", "arrives s", "leaves s", "damage"):
        table.add_column(name)
    for item in recording.items:
        damage = ", ".join(f"{severity.name.lower()} {kind}" for kind, severity in item.damage)
        times = (f"{item.arrive_ns / 1e9:.2f}", f"{item.leave_ns / 1e9:.2f}")
        table.add_row(str(item.plc_id), item.product_id, item.barcode or "", *times, damage or "good")
    return table
