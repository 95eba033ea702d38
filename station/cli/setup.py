"""`station setup`: from bolted-on cameras to a station that may judge items, and the daily check."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from station.cameras import Routine
from station.cli.files import folder_to_write
from station.cli.setup_roles import assign_roles, list_cameras, list_shown
from station.cli.setup_source import LIVE, board_source, golden_source, setup_folder, setup_session
from station.cli.setup_view import RESTART, end, show, terminal
from station.config import load_config
from station.setup.board import calibration_board, golden_target
from station.setup.board_pdf import write_board_pdf
from station.setup.depth_calibration import calibrate, restore
from station.setup.gather import usual_poses_held
from station.setup.guide import Tell, capture, look_at_golden, unfinished_poses
from station.setup.procedure import BUILT_ON, STEPS, go_back, run_step
from station.setup.roles import has_roles
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.versions import RigVersions

_POSES_A_MINUTE = 4

app = typer.Typer(
    help="Set a booth up: cameras, light, depth, geometry; then a daily check.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)

_Out = Annotated[
    Path | None,
    typer.Option(callback=folder_to_write, help="Setup folder; overrides setup.folder of the configuration."),
]
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
    source: _From = LIVE,
    out: _Out = None,
    seed: _Seed = 1,
    anew: Annotated[
        bool, typer.Option("--anew", help="Show everything again: forget what a run that was not finished captured.")
    ] = False,
    config: _Config = None,
) -> None:
    """Set a booth up, step by step, and put its rig in force if every figure keeps its limit.

    Print the board first: `station setup board`. Whatever was captured is kept: after Ctrl-C the same line goes on
    where it stopped; a step that failed is measured again. A report says what was measured; without a pass the
    earlier rig stays in force.
    """
    if context.invoked_subcommand is not None:
        return
    console, station = terminal(), load_config(config)
    session = setup_session(station, out, source)
    how = ", without --anew," if anew else ""
    with _stoppable(console, f"Nothing is lost: the same line{how} goes on from here"):
        if source == LIVE and not yes and not has_roles(session.folder):
            assign_roles(console, session, station.cameras)
        frames = board_source(source, station, session, seed)
        if anew or not (yes or _goes_on(console, session)):
            session.begin_anew()
        if not yes:
            _prepare(console, session.settings, len(frames.cameras))
        capture(session, frames, station.scene.pair_tolerance_ms, _teller(console))
        for name in STEPS:
            show(console, run_step(session, name))
        end(console, session, config)


@app.command()
def discover(
    source: _From = LIVE, out: _Out = None, seed: _Seed = 1, yes: _Yes = False, config: _Config = None
) -> None:
    """List the cameras plugged in, warn of what is amiss, and give each its role: top, left, right, ...

    A picture of each camera is written beside the roles, to tell them apart by. With `--yes` nothing is asked, and
    roles given before stay. Cameras that are simulated or recorded have their roles already.
    """
    console, station = terminal(), load_config(config)
    session = setup_session(station, out, source)
    if source != LIVE:
        list_shown(console, session, board_source(source, station, session, seed))
    elif yes:
        list_cameras(console, session)
    else:
        assign_roles(console, session, station.cameras)


@app.command()
def board(
    out: _Out = None,
    paper: Annotated[Paper | None, typer.Option(help="Paper size; overrides setup.paper.")] = None,
    config: _Config = None,
) -> None:
    """Write the calibration board and the golden target of the daily check as PDFs in true scale.

    Print at 100 %, glue on something flat, and measure the check bars: both must be 100 mm long.
    """
    console, station = terminal(), load_config(config)
    folder = setup_folder(station, out)
    for target in (calibration_board(paper or station.setup.paper), golden_target()):
        path = folder / f"{target.name}.pdf"
        write_board_pdf(target, path)
        console.print(f"{path}: {target.squares[0]} x {target.squares[1]} squares of {target.square_mm:g} mm")


@app.command()
def depth(
    calibration: Annotated[
        Routine | None, typer.Option("--calibrate", help="First have every camera calibrate its own depth.")
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Undo the last calibration: put back the depth tables it replaced.")
    ] = False,
    source: _From = LIVE,
    out: _Out = None,
    config: _Config = None,
) -> None:
    """Measure each camera's depth on what was captured; or have the cameras calibrate it themselves.

    A calibration is used only if its health is good; the old table is kept. Then run `station setup` again.
    """
    console, station = terminal(), load_config(config)
    session = setup_session(station, out, source)
    if calibration is None and not undo:
        _run_step(console, session, "depth")
        return
    frames = board_source(source, station, session, seed=1)
    if undo:
        for words in restore(frames, session):
            console.print(escape(words))
        return
    assert calibration is not None
    tolerance_ms = station.scene.pair_tolerance_ms
    result = calibrate(session, frames, calibration, tolerance_ms, time.time_ns(), _teller(console))
    show(console, result)
    if not result.ok:
        raise typer.Exit(1)


_AGAIN = "Works on what `station setup` captured, as often as you like; what builds on it is computed again."


def _step(name: str, words: str) -> None:
    """Add the verb of one step."""

    def run(out: _Out = None, config: _Config = None) -> None:
        _run_step(terminal(), setup_session(load_config(config), out, LIVE), name)

    app.command(name, help=f"{words} {_AGAIN}")(run)


for _name, _words in (
    ("light", "Measure the light on the empty tray: evenness, clipping, flicker."),
    ("intrinsics", "Check the factory intrinsics by reprojection of the board, and refine them if that is better."),
    ("extrinsics", "Put all cameras into one frame from the board's poses."),
    ("tray", "Find the tray's plane, and what of the working volume is seen."),
    ("sync", "Measure the skew between the cameras by the board's motion."),
):
    _step(_name, _words)


@app.command()
def report(out: _Out = None, config: _Config = None) -> None:
    """Write the report again and, if every step passed, put the rig in force."""
    end(terminal(), setup_session(load_config(config), out, LIVE), config)


@app.command()
def rollback(out: _Out = None, config: _Config = None) -> None:
    """Put the rig before the one in force back in force, and its report with it.

    The daily check is then needed again, a station that runs must be restarted, and the next `station setup` begins
    anew.
    """
    session = setup_session(load_config(config), out, LIVE)
    earlier = go_back(session)
    terminal().print(
        f"{earlier.name} is in force again, as {RigVersions(session.folder).path}. {RESTART}\nRun `station setup "
        "check`: the last daily check does not count any more. The next `station setup` begins anew"
    )


@app.command()
def check(
    source: _From = LIVE,
    out: _Out = None,
    seed: _Seed = 1,
    knocked: Annotated[
        str, typer.Option(help="A camera of the simulated booth that was knocked 3 mm out of its place: a rehearsal.")
    ] = "",
    config: _Config = None,
) -> None:
    """Check with the golden target that no camera has moved, drifted in depth, lost light or gone out of focus.

    Lay the target flat on the tray, then in other places, until it is enough. Depth, light and focus are compared with
    the setup's own. Exit status 1 when something is amiss.
    """
    console, station = terminal(), load_config(config)
    session = setup_session(station, out, source)
    frames = golden_source(source, station, session, seed, knocked)
    tolerance_ms = station.scene.pair_tolerance_ms
    with _stoppable(console, "The station counts as unchecked until a check passes: the same line starts it again"):
        result, page = look_at_golden(session, frames, tolerance_ms, time.time_ns(), _teller(console))
    show(console, result)
    console.print(f"history: {page}")
    if not result.ok:
        raise typer.Exit(1)


@contextmanager
def _stoppable(console: Console, words: str) -> Iterator[None]:
    """Say to who presses Ctrl-C what holds now, and how to go on."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        console.print(f"\nStopped. {words}")
        raise typer.Exit(130) from None


def _goes_on(console: Console, session: Session) -> bool:
    """Ask whether captures of a run that was not finished are to be used; True where there are none."""
    poses = unfinished_poses(session)
    if not poses:
        return True
    console.print(
        f"An earlier run put no rig in force. Its {poses} poses can be used, and only what failed be measured "
        "again; without them, everything is to be shown anew."
    )
    return typer.confirm("Go on with them?", default=True)


def _prepare(console: Console, settings: SetupSettings, cameras: int) -> None:
    """Say what is to be done and how long it takes, and wait for the technician."""
    poses = settings.lying_poses + usual_poses_held(settings, cameras)
    console.print(
        f"Measure the printed board: its bars (setup.board_bar_mm says {settings.board_bar_mm:g} mm), and how high "
        f"its print lies (setup.board_thickness_mm says {settings.board_thickness_mm:g} mm). A wrong figure makes a "
        "wrong rig that nothing else may show.\n"
        "Clear the tray, switch the booth's lights on, and have the printed board at hand. First leave the tray empty. "
        f"Then lay the board flat in the tray's middle, its words away from you, and in "
        f"{settings.lying_poses - 1} more places. Then hold it still before the cameras, tilted each time another way. "
        f"At last move it in slow circles.\nFrom the start this takes some {poses} poses and "
        f"{math.ceil(poses / _POSES_A_MINUTE)} minutes; only when all was shown do the steps measure and judge it."
    )
    typer.prompt("Press Enter to go on, Ctrl-C to stop", default="", show_default=False)


def _run_step(console: Console, session: Session, name: str) -> None:
    """Run a step and those built on it."""
    passed = True
    for each in (name, *BUILT_ON.get(name, ())):
        result = run_step(session, each)
        show(console, result)
        passed &= result.ok
    if not passed:
        raise typer.Exit(1)


def _teller(console: Console) -> Tell:
    return lambda words: console.print(f"  {escape(words)}")
