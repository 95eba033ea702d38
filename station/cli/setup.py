"""`station setup`: from bolted-on cameras to a station that may judge items, and the daily check."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from station.cameras import Devices, RealSenseCamera
from station.config import StationConfig, load_config
from station.core.errors import SetupError
from station.core.ports import Clock
from station.daemon.clock import ManualClock, SystemClock
from station.setup.board import calibration_board, golden_target
from station.setup.board_pdf import write_board_pdf
from station.setup.measure import Bound, StepResult
from station.setup.procedure import STEPS, against_truth, capture, finish, look_at_golden, run_step
from station.setup.report import limit_text, pdf_path
from station.setup.roles import load_roles, port_advice, save_roles
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sources import SetupSource, recorded_setup, simulated_check, simulated_setup, with_tray
from station.setup.versions import RigVersions

app = typer.Typer(
    help="Set a booth up: cameras, light, depth, geometry; then a daily check.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)

_SIMULATED, _LIVE = "simulated", "live"
_Out = Annotated[Path | None, typer.Option(help="Setup folder; overrides setup.folder of the configuration.")]
_Config = Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")]
_From = Annotated[
    str, typer.Option("--from", help="Where frames come from: `live`, `simulated`, or the folder of a recording.")
]
_Seed = Annotated[int, typer.Option(help="Seed of the simulated booth: how it is bolted together, its noise.", min=0)]
_Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing; for running without a person.")]


class Paper(StrEnum):
    """Paper sizes of boards."""

    A4 = "A4"
    A3 = "A3"
    A2 = "A2"


@app.callback()
def setup(
    context: typer.Context,
    yes: _Yes = False,
    source: _From = _LIVE,
    out: _Out = None,
    seed: _Seed = 1,
    config: _Config = None,
) -> None:
    """Set a booth up, step by step, and put its rig in force if every figure keeps its limit.

    Print the board first: `station setup board`. Whatever was captured is kept: after Ctrl-C the same line goes on
    where it stopped. A report says what was measured; without a pass the earlier rig stays in force.
    """
    if context.invoked_subcommand is not None:
        return
    console = Console(highlight=False, soft_wrap=True)
    station = load_config(config)
    session = _session(station, out)
    if not yes:
        _ask(console, "Clear the tray, switch the booth's lights on, and have the printed board at hand.")
        console.print(
            "First leave the tray empty. Then lay the board flat in the tray's middle, its long side along the near "
            f"edge, and in {session.settings.lying_poses - 1} more places. Then hold it still before the cameras, "
            "tilted each time another way."
        )
    frames = _source(source, station, session, seed, board_seen=True)
    if frames.truth is not None:
        session = Session(session.folder, with_tray(session.settings, frames.truth))
    capture(session, frames, station.scene.pair_tolerance_ms, lambda words: console.print(f"  {escape(words)}"))
    for name in STEPS:
        _show(console, run_step(session, name))
    _end(console, session)


def _step(name: str, words: str) -> None:
    """Add the verb of one step."""

    def run(out: _Out = None, config: _Config = None) -> None:
        console = Console(highlight=False, soft_wrap=True)
        result = run_step(_session(load_config(config), out), name)
        _show(console, result)
        if not result.ok:
            raise typer.Exit(1)

    app.command(name, help=f"{words} Works on what `station setup` captured, as often as you like.")(run)


@app.command()
def discover(
    out: _Out = None,
    yes: _Yes = False,
    config: _Config = None,
) -> None:
    """List the cameras plugged in, warn of what is amiss, and give each its role: top, left, right, ...

    A picture of each camera is written beside the roles, to tell them apart by. With `--yes` roles given before stay.
    """
    console = Console(highlight=False, soft_wrap=True)
    station = load_config(config)
    folder = _folder(station, out)
    devices = Devices()
    found = devices.discover()
    if not found:
        raise SetupError(
            "no RealSense camera is plugged in. Plug one in, or rehearse with `station setup --from simulated`"
        )
    table = Table("serial", "model", "firmware", "USB", "port", "ASIC", title="Cameras", title_justify="left")
    for device in found:
        celsius = devices.temperature_c(device.serial)
        warmth = "" if celsius is None else f"{celsius:.0f} C"
        table.add_row(device.serial, device.model, device.firmware, device.usb_type, device.physical_port, warmth)
    console.print(table)
    for words in port_advice(found, station.setup):
        console.print(f"[yellow]{escape(words)}[/]")
    if yes:
        load_roles(folder)
        return
    roles: dict[str, str] = {}
    for device in found:
        camera = RealSenseCamera(device.serial, device.serial, station.cameras, SystemClock(), devices)
        picture = _snapshot(camera, folder)
        role = typer.prompt(f"Role of camera {device.serial} (see {picture}); empty to leave it out", default="")
        if role:
            roles[role] = device.serial
    save_roles(folder, roles)


@app.command()
def board(
    out: _Out = None,
    paper: Annotated[Paper | None, typer.Option(help="Paper size; overrides setup.paper.")] = None,
    config: _Config = None,
) -> None:
    """Write the calibration board and the golden target of the daily check as PDFs in true scale.

    Print at 100 %, glue on something flat, and measure the check bars: both must be 100 mm long.
    """
    console = Console(highlight=False, soft_wrap=True)
    station = load_config(config)
    folder = _folder(station, out)
    for target in (calibration_board(paper or station.setup.paper), golden_target()):
        path = folder / f"{target.name}.pdf"
        write_board_pdf(target, path)
        console.print(f"{path}: {target.squares[0]} x {target.squares[1]} squares of {target.square_mm:g} mm")


@app.command()
def report(out: _Out = None, config: _Config = None) -> None:
    """Write the report again and, if every step passed, put the rig in force."""
    _end(Console(highlight=False, soft_wrap=True), _session(load_config(config), out))


@app.command()
def rollback(out: _Out = None, config: _Config = None) -> None:
    """Put the rig before the one in force back in force."""
    versions = RigVersions(_folder(load_config(config), out))
    earlier = versions.rollback()
    Console(highlight=False, soft_wrap=True).print(f"{earlier.name} is in force again, as {versions.path}")


@app.command()
def check(
    source: _From = _LIVE,
    out: _Out = None,
    seed: _Seed = 1,
    config: _Config = None,
) -> None:
    """Check with the golden target that no camera has moved, drifted in depth, lost light or gone out of focus.

    Lay the target flat on the tray, then in other places, until it is enough. The first check of a rig is what later
    ones are compared with. Exit status 1 when something is amiss.
    """
    console = Console(highlight=False, soft_wrap=True)
    station = load_config(config)
    session = _session(station, out)
    frames = _source(source, station, session, seed, board_seen=False)
    devices = Devices() if source == _LIVE else None
    result, page = look_at_golden(
        session,
        frames,
        station.scene.pair_tolerance_ms,
        time.time_ns(),
        (lambda serial: None) if devices is None else devices.temperature_c,
        lambda words: console.print(f"  {escape(words)}"),
    )
    _show(console, result)
    console.print(f"history: {page}")
    if not result.ok:
        raise typer.Exit(1)


for _name, _words in (
    ("light", "Measure the light on the empty tray: evenness, clipping, flicker."),
    ("depth", "Measure each camera's depth: fill rate, plane-fit RMS, Z accuracy, temporal noise."),
    ("intrinsics", "Check the factory intrinsics by reprojection of the board."),
    ("extrinsics", "Put all cameras into one frame from the board's poses."),
    ("tray", "Find the tray's plane, and what of the working volume is seen."),
    ("sync", "Measure the skew between the cameras."),
):
    _step(_name, _words)


def _folder(station: StationConfig, out: Path | None) -> Path:
    return out or Path(station.setup.folder)


def _session(station: StationConfig, out: Path | None) -> Session:
    session = Session(_folder(station, out), station.setup)
    truth = session.truth()
    return session if truth is None else Session(session.folder, with_tray(station.setup, truth))


def _source(name: str, station: StationConfig, session: Session, seed: int, board_seen: bool) -> SetupSource:
    """Return the cameras that a `--from` names, with the person of the simulated booth who shows what is to be seen."""
    settings = session.settings
    if name == _SIMULATED:
        clock = ManualClock()
        if board_seen:
            return simulated_setup(session.board, settings, station.simulation, clock, seed)
        truth = session.truth()
        if truth is None:
            raise SetupError(
                f"{session.folder} was not set up on the simulated booth. Run `station setup --from simulated`"
            )
        return simulated_check(golden_target(), truth, settings, station.simulation, clock, seed)
    if name != _LIVE:
        return recorded_setup(Path(name), ManualClock())
    clock_live: Clock = SystemClock()
    devices = Devices()
    roles = load_roles(session.folder)
    cameras = tuple(
        RealSenseCamera(role, serial, station.cameras, clock_live, devices) for role, serial in roles.items()
    )
    return SetupSource(cameras, simulated=False)


def _snapshot(camera: RealSenseCamera, folder: Path) -> Path:
    """Write what a camera sees now, and return the picture's path."""
    session = Session(folder, SetupSettings())
    try:
        camera.open()
        frame = camera.read(3000)
        if frame is None:
            raise SetupError(f"camera {camera.camera_id} delivers no picture. Check its cable, then `station doctor`")
        name = session.picture(f"camera-{camera.camera_id}", frame.colour)
        frame.release()
    finally:
        camera.close()
    return session.pictures / name


def _ask(console: Console, words: str) -> None:
    console.print(words)
    typer.prompt("Press Enter to go on, Ctrl-C to stop", default="", show_default=False)


def _show(console: Console, result: StepResult) -> None:
    """Show a step's figures with their limits."""
    mark = "[green]passed[/]" if result.ok else "[bold red]FAILED[/]"
    console.print(f"[bold]{result.step}[/]: {mark}")
    for measure in result.measures:
        verdict = "" if measure.bound is Bound.NONE else ("[green]ok[/]" if measure.ok else "[bold red]FAIL[/]")
        figure = f"{measure.value:.3g} {measure.unit}".strip()
        limit = f" ({limit_text(measure)})" if limit_text(measure) else ""
        console.print(f"  {escape(measure.name)}, {escape(measure.subject)}: {figure}{limit} {verdict}")
    for words in (*result.failures, *result.advice):
        console.print(f"  [yellow]{escape(words)}[/]")


def _end(console: Console, session: Session) -> None:
    """Write the report, put the rig in force if all passed, and state the errors in one last line."""
    path, version = finish(session, time.time_ns())
    console.print(
        f"report: {path}" + (f" and {pdf.name}" if (pdf := pdf_path(path)) else " (no PDF: Chromium is not installed)")
    )
    if version is None:
        console.print(_last_line(session), style="bold")
        raise SetupError(
            f"the rig was not put in force, as a figure is beyond its limit: see {path}. The earlier rig is in force"
        )
    console.print(f"rig in force: {RigVersions(session.folder).path} ({version.name}); name it in source.rig")
    console.print("Next: lay the golden target on the tray and run `station setup check`, now and every morning.")
    console.print(_last_line(session), style="bold")


def _last_line(session: Session) -> str:
    truth = session.truth()
    if truth is not None:
        found = against_truth(session.draft(), truth)
        worst: dict[tuple[str, str], Any] = {}
        for measure in found:
            kind = "tray" if measure.subject == "tray" else "cameras", measure.name
            if kind not in worst or measure.value > worst[kind].value:
                worst[kind] = measure
        parts = [f"{who} {m.value:.3f} {m.unit} (limit {m.limit:g})" for (who, _), m in worst.items()]
        return "errors against truth: " + ", ".join(parts)
    result = session.result("extrinsics")
    parts = (
        [f"{m.name} {m.subject} {m.value:.3f} {m.unit} (limit {m.limit:g})" for m in result.measures if m.limit]
        if result
        else []
    )
    return "errors: " + ", ".join(parts)
