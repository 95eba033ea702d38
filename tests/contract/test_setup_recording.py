"""The procedure and the daily check from recordings of the simulated booth, made by the station's own recorder."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from station.cameras import record_cameras
from station.cli.app import app
from station.core.errors import StationError
from station.daemon.calibration import Calibration
from station.daemon.clock import ManualClock, SystemClock
from station.rig import load_rig, rig_json
from station.setup.board import calibration_board, golden_target
from station.setup.procedure import against_truth
from station.setup.settings import SetupSettings
from station.setup.sources import board_booth, golden_booth, sheet, simulated_source
from station.simulation.board import BoardBooth
from station.simulation.settings import SimulationSettings

QUICK = SetupSettings(empty_framesets=8, poses_per_camera=6, poses_shared=4, motion_framesets=8, check_held=3)
SIMULATION = SimulationSettings(supersampling=1)
TOML = f"""
[setup]
empty_framesets = {QUICK.empty_framesets}
poses_per_camera = {QUICK.poses_per_camera}
poses_shared = {QUICK.poses_shared}
motion_framesets = {QUICK.motion_framesets}
check_held = {QUICK.check_held}
"""


def recorded(booth: BoardBooth, out: Path) -> Path:
    """Record all that a booth's cameras see."""
    source = simulated_source(booth, ManualClock(), record_to=out)
    record_cameras(source.cameras, out, rig_json(booth.truth), lambda: True)
    return out


@pytest.fixture(scope="module")
def truth() -> BoardBooth:
    """The booth, one of whose cameras is late."""
    return board_booth(calibration_board("A3"), QUICK, SIMULATION, 1, {"left": 2.0})


@pytest.fixture(scope="module")
def folder(truth, tmp_path_factory) -> Path:
    """A folder with a configuration, and a booth that was set up from a recording."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "station.toml").write_text(TOML)
    status, said = station(folder, "--yes", "--from", str(recorded(truth, folder / "board")))
    assert status == 0, said
    assert said.strip().splitlines()[-1].startswith("errors: reprojection error booth 0.")
    return folder


def station(folder: Path, *words: str) -> tuple[int, str]:
    common = ("--out", str(folder / "booth"), "--config", str(folder / "station.toml"))
    done = CliRunner().invoke(app, ["setup", *words, *common])
    if isinstance(done.exception, StationError):
        return 1, f"{done.output}error: {done.exception}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_rig_from_a_recording_is_the_true_one(folder, truth):
    rig = load_rig(folder / "booth" / "rig.json")
    assert all(measure.ok for measure in against_truth(rig, truth.truth))
    assert {camera.serial for camera in rig.cameras} == {camera.serial for camera in truth.rig.cameras}


def test_skew_is_measured_by_what_the_recording_shows(folder):
    status, said = station(folder, "sync")
    assert status == 0
    late = next(line for line in said.splitlines() if "late to the first camera" in line)
    assert float(late.split()[5]) == pytest.approx(2.0, abs=0.3)


def test_daily_check_runs_on_a_recording(folder, truth):
    golden = golden_booth(golden_target(), truth.truth, QUICK, SIMULATION, 3)
    status, said = station(folder, "check", "--from", str(recorded(golden, folder / "golden")))
    assert status == 0, said
    assert "check: passed" in said
    rig = load_rig(folder / "booth" / "rig.json")
    settings = SetupSettings(check_required=True, folder=str(folder / "booth"))
    assert "a rehearsal from the recording golden" in Calibration(settings, rig.digest, SystemClock()).refusal()


def test_recording_that_never_shows_what_is_needed_is_refused_and_the_rig_stays(folder, truth, tmp_path):
    shutil.copytree(folder / "booth", tmp_path / "booth")
    shutil.copy(folder / "station.toml", tmp_path)
    before = (tmp_path / "booth" / "rig.json").read_text()
    status, said = station(tmp_path, "check", "--from", str(folder / "board"))
    assert status == 1
    assert "no camera of the recording board saw the golden target" in said
    empty = BoardBooth(truth.truth, sheet(golden_target()), [None] * 12, 1, SIMULATION)
    status, said = station(tmp_path, "--yes", "--from", str(recorded(empty, tmp_path / "empty")))
    assert status == 1
    assert "the recording empty ended and never showed board-A3 held still" in said
    assert (tmp_path / "booth" / "rig.json").read_text() == before


@pytest.mark.parametrize("words", [("--calibrate", "tare"), ("--undo",)])
def test_recording_has_no_cameras_to_calibrate(folder, words):
    status, said = station(folder, "depth", *words, "--from", str(folder / "board"))
    assert status == 1
    assert "only a camera" in said
