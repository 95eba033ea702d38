"""`station bench`: how long things take on this machine."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from station.cli.files import file_to_write, writing
from station.cli.progress import progress_bar
from station.config import load_config
from station.daemon.bench.cameras import CamerasBench, bench_cameras
from station.daemon.bench.polls import PollBench, bench_polls
from station.daemon.bench.spread import Spread
from station.daemon.bench.walk import WalkBench, bench_walk
from station.daemon.demo import find_recording


def bench(
    recording: Annotated[str, typer.Argument(help="Folder of a recording, or `demo`.")] = "demo",
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=file_to_write, help="Write the figures to this file.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file, see `station config`.")] = None,
) -> None:
    """Measure the walk, stage by stage, the controller's poll, and whether three cameras lose frames.

    The walk is set against the bare ONNX session on the same tensors in the same run, the poll while inspecting
    against the poll while idle: ratios hold on a noisy machine where milliseconds do not. The cameras' pictures take
    2 GB of the temporary folder for a while.
    """
    console = Console()
    settings = load_config(config)
    with progress_bar(console, "Rendering the demo recording, once") as progress:
        found = find_recording(recording, progress)
    with progress_bar(console, "The walk") as progress:
        walk = bench_walk(found, settings, progress)
    console.print(_walk_table(walk))
    with tempfile.TemporaryDirectory() as folder, progress_bar(console, "The controller's poll") as progress:
        polls = bench_polls(found, settings, Path(folder), progress)
    console.print(_poll_table(polls))
    with progress_bar(console, "Three cameras") as progress:
        cameras = bench_cameras(progress)
    console.print(_cameras_table(cameras))
    if json_file is not None:
        with writing(json_file):
            figures = {"walk": asdict(walk), "polls": asdict(polls), "cameras": [asdict(run) for run in cameras]}
            json_file.write_text(json.dumps(figures, indent=1) + "\n")


def _walk_table(walk: WalkBench) -> Table:
    table = _table("The walk, one item")
    for name, spread in walk.stages.items():
        _add(table, name, spread)
    table.add_section()
    _add(table, "whole walk", walk.walk)
    _add(table, "bare ONNX session, one batch", walk.session_batch)
    _add(table, "bare ONNX session, view by view", walk.session_views)
    table.caption = f"walk over the faster session: {walk.walk_over_session:.2f}"
    return table


def _poll_table(polls: PollBench) -> Table:
    table = _table("GET /v1/plc/next, 50 a second")
    _add(table, "idle", polls.idle)
    _add(table, "while inspecting", polls.inspecting)
    table.caption = f"p99 inspecting over p99 idle: {polls.p99_ratio:.2f}"
    return table


def _cameras_table(runs: list[CamerasBench]) -> Table:
    table = Table(title="Three 1280x720 recordings in real time", title_justify="left", caption_justify="left")
    for name in ("storage", "camera"):
        table.add_column(name)
    for name in ("expected", "received", "lost"):
        table.add_column(name, justify="right")
    for run in runs:
        for camera_id, count in run.cameras.items():
            numbers = map(str, (count.expected, count.received, count.lost))
            table.add_row(f"{run.storage}, {run.fps} fps", camera_id, *numbers)
        table.add_section()
    table.caption = "\n".join(
        f"{run.storage}: {run.cores:.1f} cores busy; late {run.late.median_ms:.1f} ms, p99 {run.late.p99_ms:.1f} ms"
        for run in runs
    )
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("stage")
    for name in ("count", "median ms", "p99 ms"):
        table.add_column(name, justify="right")
    return table


def _add(table: Table, name: str, spread: Spread) -> None:
    table.add_row(name, str(spread.count), f"{spread.median_ms:.2f}", f"{spread.p99_ms:.2f}")
