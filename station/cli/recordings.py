"""`station recordings`: look into recordings, and make them from pictures."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from station.cli.files import folder_to_write
from station.cli.progress import progress_bar
from station.core.geometry import Intrinsics
from station.daemon.demo import find_recording
from station.recording import Recording, import_pngs
from station.rig import Rig, RigCamera, estimate_tray, load_rig, rig_json

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


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of colour and depth PNGs with their intrinsics.")],
    out: Annotated[
        Path, typer.Argument(callback=folder_to_write, help="Folder for the recording; it must not exist yet.")
    ],
    name: Annotated[list[str] | None, typer.Option(help="Import only this still; may be repeated.")] = None,
    depth_unit_mm: Annotated[
        float | None, typer.Option(help="Length of one unit of depth, mm, where the folder does not say.")
    ] = None,
) -> None:
    """Make a recording of a folder of pictures.

    Takes `*color*.png` and `*depth*.png` pairs of one camera and a file of intrinsics. A picture with `background`
    in its name shows the empty tray. The tray is found in the depth; every other picture stands still for a moment
    and gets a trigger, so judge it with `scene.trigger = "controller"`. A rig fits one pose: of pictures taken from a
    camera that moved, import one at a time with `--name`.
    """
    recording = import_pngs(source, out, _rig_of, names=name or (), depth_unit_mm=depth_unit_mm)
    Console().print(_tracks(recording))


def _rig_of(camera_id: str, serial: str, intrinsics: Intrinsics, depth_mm: NDArray[np.float32]) -> str:
    """Return the rig of one camera, its frame the rig's own, with the tray that its depth shows."""
    camera = RigCamera(camera_id, serial, intrinsics, np.eye(4))
    return rig_json(Rig((camera,), estimate_tray(depth_mm, intrinsics)))
