"""The whole procedure on the simulated booth, as its verbs run it."""

import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from station.cameras import CamerasSettings
from station.cli.app import app
from station.config import load_config, parse_config
from station.core.errors import CameraStalled, SetupError
from station.daemon.calibration import Calibration
from station.daemon.clock import ManualClock
from station.rig import load_rig
from station.setup.board import Board, calibration_board, golden_target
from station.setup.captures import Kind
from station.setup.gather import open_cameras
from station.setup.guide import capture, look_at_golden, unfinished_poses
from station.setup.history import LastCheck, history, remember
from station.setup.light import light
from station.setup.measure import StepResult
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sources import SetupSource, board_booth, golden_booth, left_automatic, simulated_source
from station.setup.steps import depth
from station.setup.versions import RigVersions
from station.simulation.layout import booth_rig
from station.simulation.settings import SimulationSettings

QUICK = """
[setup]
empty_framesets = 8
poses_per_camera = 6
poses_shared = 4
motion_framesets = 8
technician = "A. Person"
[simulation]
supersampling = 1
"""


def station(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["setup", *words])
    if isinstance(done.exception, SetupError):
        return 1, f"{done.output}error: {done.exception}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def booth(tmp_path_factory) -> tuple[Path, Path, str]:
    """A booth that was set up: its folder, its configuration, what was said."""
    folder = tmp_path_factory.mktemp("setup")
    config = folder / "station.toml"
    config.write_text(QUICK)
    status, said = station("--yes", "--from", "simulated", "--out", str(folder / "booth"), "--config", str(config))
    assert status == 0, said
    return folder / "booth", config, said


def test_last_line_states_errors_against_truth(booth):
    last = booth[2].strip().splitlines()[-1]
    assert last.startswith("errors against truth: cameras 0.")
    assert "mm (limit 2)" in last
    assert "tray 0." in last


def test_pairs_of_cameras_stand_in_order(booth):
    lines = [line.split() for line in booth[2].splitlines()]
    row = next(number for number, words in enumerate(lines) if words[:2] == ["point-to-plane", "error"])
    assert lines[row - 1] == ["top/left", "top/right", "left/right"]


@pytest.mark.parametrize("words", [(), ("--anew",)])
def test_ctrl_c_says_that_nothing_is_lost(tmp_path, monkeypatch, words):
    monkeypatch.setattr("station.cli.setup.capture", interrupted)
    status, said = station("--yes", "--from", "simulated", "--out", str(tmp_path), *words)
    assert status == 130
    assert f"Nothing is lost: the same line{', without --anew,' if words else ''} goes on from here" in said


def test_rig_off_the_true_one_is_no_success(tmp_path, booth):
    folder, config = tmp_path / "booth", tmp_path / "thick.toml"
    shutil.copytree(booth[0], folder)
    config.write_text(QUICK.replace("[setup]", "[setup]\nboard_thickness_mm = 6.0"))
    assert station("tray", "--out", str(folder), "--config", str(config))[0] == 0  # less than depth can tell
    status, said = station("report", "--out", str(folder), "--config", str(config))
    assert status == 1
    assert "farther from the simulated booth's true one" in said
    assert RigVersions(folder).in_force().digest == RigVersions(booth[0]).in_force().digest
    page = (folder / "report.html").read_text()
    assert "FAIL: rig" in page
    assert "what the steps were told is wrong" in page


def test_report_needs_nothing_else_and_has_every_figure(booth):
    page = (booth[0] / "report.html").read_text()
    for words in ("was put in force", "A. Person", "SIM-TOP", "leave-one-out", "fill rate", "at most 0.5 px"):
        assert words in page
    assert page.count("data:image/jpeg;base64,") == 6
    assert page.count("data:image/svg+xml;base64,") == 2
    assert "http" not in page


def test_simulated_cameras_are_listed_with_their_roles(tmp_path):
    status, said = station("discover", "--from", "simulated", "--out", str(tmp_path))
    assert status == 0
    assert "Roles: top SIM-TOP, left SIM-LEFT, right SIM-RIGHT" in said
    assert "Simulated D435" in said
    assert "30 C" in said
    assert (tmp_path / "pictures" / "cameras.jpg").is_file()


def test_rig_in_force_is_the_version_kept(booth):
    rig = load_rig(booth[0] / "rig.json")
    assert [path.name for path in booth[0].glob("rigs/*.json")] == [f"0001-{rig.digest}.json"]
    assert [camera.camera_id for camera in rig.cameras] == ["top", "left", "right"]


@pytest.mark.parametrize("step", ["light", "depth", "intrinsics", "extrinsics", "tray", "sync"])
def test_step_is_a_verb_of_its_own(booth, step):
    status, said = station(step, "--out", str(booth[0]), "--config", str(booth[1]))
    assert status == 0
    assert f"{step}: passed" in said


def test_daily_check_passes_and_is_remembered(booth):
    status, said = station("check", "--from", "simulated", "--out", str(booth[0]), "--config", str(booth[1]))
    assert status == 0, said
    assert "check: passed" in said
    assert "depth drifted" in said  # since setup: the first check has something to compare with
    assert len((booth[0] / "history.jsonl").read_text().splitlines()) == 1


def test_check_knows_the_board_the_booth_was_set_up_with(tmp_path, booth):
    folder, config = tmp_path / "booth", tmp_path / "a4.toml"
    shutil.copytree(booth[0], folder)
    config.write_text(QUICK.replace("[setup]", '[setup]\npaper = "A4"\nboard_bar_mm = 105.0'))
    status, said = station("check", "--from", "simulated", "--out", str(folder), "--config", str(config))
    assert status == 0, said
    assert "depth drifted" in said


def test_check_that_is_stopped_says_what_holds(booth, monkeypatch):
    monkeypatch.setattr("station.cli.setup.look_at_golden", interrupted)
    status, said = station("check", "--from", "simulated", "--out", str(booth[0]))
    assert status == 130
    assert "The station counts as unchecked until a check passes: the same line starts it again" in said


def test_setup_told_of_another_board_keeps_what_was_captured(tmp_path, booth):
    folder, config = tmp_path / "booth", tmp_path / "a4.toml"
    shutil.copytree(booth[0], folder)
    shutil.rmtree(folder / "rigs")  # as if it had not come into force yet
    (folder / "rig.json").unlink()
    config.write_text(QUICK.replace("[setup]", '[setup]\npaper = "A4"'))
    before = sorted(folder.glob("captures/*"))
    status, said = station("--yes", "--from", "simulated", "--out", str(folder), "--config", str(config))
    assert status == 1
    assert "was captured with board-A3, but setup.paper is 'A4'" in said
    assert sorted(folder.glob("captures/*")) == before


def test_rehearsal_does_not_replace_a_rig_of_real_cameras(tmp_path, booth):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    (folder / "truth.json").unlink()
    before = (folder / "rig.json").read_text()
    for words in (("--yes", "--anew"), ("--yes",), ("depth", "--calibrate", "on-chip")):
        status, said = station(*words, "--from", "simulated", "--out", str(folder), "--config", str(booth[1]))
        assert status == 1
        assert "is of real cameras: the simulated booth's must not replace it. Name another folder" in said
    assert (folder / "rig.json").read_text() == before
    assert Session(folder, SetupSettings()).captures(Kind.BOARD)


def test_check_that_fails_can_be_rehearsed(tmp_path, booth):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    options = ("--out", str(folder), "--config", str(booth[1]), "--knocked")
    status, said = station("check", "--from", "simulated", *options, "left")
    assert status == 1
    assert (
        [line for line in said.splitlines() if "Tighten it" in line]
        == [line for line in said.splitlines() if "camera left has moved by" in line]
        != []
    )
    assert "--knocked is for the simulated booth" in station("check", *options, "left")[1]


def test_simulated_booth_is_not_taken_for_a_live_one(booth):
    assert "add --from simulated" in station("check", "--out", str(booth[0]))[1]


def test_limit_missed_leaves_the_earlier_rig_in_force(booth):
    folder, config, _ = booth
    strict = config.with_name("strict.toml")
    strict.write_text(config.read_text().replace("[setup]", "[setup]\nmax_reprojection_px = 0.001"))
    before = (folder / "rig.json").read_text()
    status, said = station("extrinsics", "--out", str(folder), "--config", str(strict))
    assert status == 1
    assert "tray: passed" in said  # computed again, from the new extrinsics
    status, said = station("report", "--out", str(folder), "--config", str(strict))
    assert status == 1
    assert "the rig was not put in force" in said
    assert (folder / "rig.json").read_text() == before
    assert "is not in force; the earlier rig still is" in (folder / "report.html").read_text()
    assert station("extrinsics", "--out", str(folder), "--config", str(config))[0] == 0


@pytest.mark.parametrize(
    ("words", "answer", "starts_anew"),
    [((), "n", True), ((), "y", False), (("--anew", "--yes"), "", True), (("--yes",), "", False)],
)
def test_run_that_put_no_rig_in_force_is_gone_on_with_or_begun_anew(
    tmp_path, monkeypatch, booth, words, answer, starts_anew
):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    (folder / "rig.json").unlink()
    shutil.rmtree(folder / "rigs")
    monkeypatch.setattr("station.cli.setup.capture", lambda session, *_: seen.append(len(session.captures(Kind.BOARD))))
    seen: list[int] = []
    options = (*words, "--from", "simulated", "--out", str(folder), "--config", str(booth[1]))
    said = CliRunner().invoke(app, ["setup", *options], input=f"{answer}\n\n").output
    assert ("takes some 12 poses and 3 minutes" in said) == ("--yes" not in words)
    assert [not poses for poses in seen] == [starts_anew]


def test_command_ends_with_what_the_configuration_needs(booth):
    folder, _, said = booth
    lines = said.splitlines()
    start = lines.index("[source]")
    config = parse_config(tomllib.loads("\n".join(lines[start : start + 5])))
    assert load_rig(Path(config.source.rig)).digest == load_rig(folder / "rig.json").digest
    assert Path(config.setup.folder) == folder.resolve()
    assert config.setup.check_required
    assert "restart it" in lines[start + 5]


@pytest.fixture
def rolled_back(tmp_path, booth) -> Path:
    """The booth set up twice and rolled back to the first rig; the captures are of the second."""
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    second = load_rig(folder / "rig.json")
    first = replace(second, tray=replace(second.tray, max_item_height_mm=200.0))
    for path in [folder / "rig.json", *folder.glob("rigs/*")]:
        path.unlink()
    RigVersions(folder).put_in_force(first)
    assert station("report", "--out", str(folder), "--config", str(booth[1]))[0] == 0
    assert second.digest in (folder / "report.html").read_text()
    assert station("rollback", "--out", str(folder))[0] == 0
    assert load_rig(folder / "rig.json").digest == first.digest
    return folder


def test_report_after_a_rollback_does_not_undo_it(rolled_back, booth):
    first = load_rig(rolled_back / "rig.json")
    assert not (rolled_back / "report.html").exists()
    for verb in ("extrinsics", "report"):
        status, said = station(verb, "--out", str(rolled_back), "--config", str(booth[1]))
        assert status == 1
        assert "`station setup`" in said
    assert load_rig(rolled_back / "rig.json").digest == first.digest


def test_setup_after_a_rollback_begins_anew_and_asks_nothing_of_old_captures(rolled_back):
    session = Session(rolled_back, SetupSettings())
    assert unfinished_poses(session) == 0
    assert not any(session.captures(kind) for kind in Kind)


def test_rig_that_cannot_be_written_leaves_no_false_report(tmp_path, booth):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    for path in [folder / "rig.json", folder / "report.html"]:
        path.unlink()
    shutil.rmtree(folder / "rigs")
    (folder / "rigs").write_text("no folder")
    status, said = station("report", "--out", str(folder), "--config", str(booth[1]))
    assert status == 1
    assert "cannot write to" in said
    assert not (folder / "report.html").exists()
    assert not (folder / "rig.json").exists()


@pytest.mark.parametrize("step", ["light", "extrinsics", "tray", "report", "check"])
def test_step_without_what_it_needs_says_what_to_run(tmp_path, step):
    status, said = station(step, "--out", str(tmp_path), *(["--from", "simulated"] if step == "check" else []))
    assert status == 1
    assert "station setup" in said


def test_board_and_golden_target_are_written(tmp_path):
    status, said = station("board", "--out", str(tmp_path), "--paper", "A4")
    assert status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board-A4.pdf", "golden.pdf"]
    assert "11 x 7 squares of 24 mm" in said


def test_depth_is_calibrated_by_the_cameras_and_can_be_undone(tmp_path):
    told = station("depth", "--calibrate", "on-chip", "--from", "simulated", "--out", str(tmp_path))
    assert told[0] == 0, told[1]
    line = next(line for line in told[1].splitlines() if "health of on-chip" in line)
    assert line.split()[-7:] == ["0.05", "0.05", "0.05", "at", "most", "0.25", "ok"]
    assert len(list(tmp_path.glob("tables/*.bin"))) == 3
    status, said = station("depth", "--undo", "--from", "simulated", "--out", str(tmp_path))
    assert status == 0
    assert said.count("is in force again") == 3


class Unplugged:
    """A camera that is pulled out after some frames."""

    def __init__(self, camera, frames: int) -> None:
        self._camera, self._left = camera, frames
        self.camera_id = camera.camera_id
        self.open, self.close = camera.open, camera.close

    def read(self, timeout_ms: int):
        self._left -= 1
        if self._left < 0:
            raise CameraStalled(f"camera {self.camera_id} stopped delivering frames. Check its cable")
        return self._camera.read(timeout_ms)


def quick_source(board: Board | None = None, seed: int = 1) -> tuple[SetupSettings, SetupSource]:
    settings = SetupSettings(empty_framesets=8, poses_per_camera=4)
    simulation = SimulationSettings(supersampling=1, width_px=320, height_px=240)
    shown = board or calibration_board(settings.paper)
    return settings, simulated_source(board_booth(shown, settings, simulation, seed), ManualClock())


def test_camera_unplugged_in_mid_step_is_named_and_what_was_captured_is_kept(tmp_path):
    settings, source = quick_source()
    cameras = (*source.cameras[:2], Unplugged(source.cameras[2], 14))
    session = Session(tmp_path, settings)
    with pytest.raises(SetupError, match=r"camera right was lost: .* the same command again.*A rig in force stays so"):
        capture(session, SetupSource(cameras, "cameras"), 20.0, lambda _words: None)
    assert len(session.captures(Kind.EMPTY)) == 1
    assert session.captures(Kind.BOARD)


@pytest.mark.parametrize(("cameras", "words"), [(1, "cameras: 1, but a booth has two"), (3, "without SciPy .*setup")])
def test_what_cannot_make_a_rig_is_refused_before_anything_is_asked_for(tmp_path, monkeypatch, cameras, words):
    settings, source = quick_source()
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    said: list[str] = []
    with pytest.raises(SetupError, match=words):
        capture(Session(tmp_path, settings), replace(source, cameras=source.cameras[:cameras]), 20.0, said.append)
    assert said == []


def test_camera_in_anothers_role_is_refused():
    _, source = quick_source()
    with pytest.raises(SetupError, match="camera top is SIM-TOP, but its role was given to OTHER"):
        open_cameras(source.cameras, {"top": "OTHER"})


class Spoiled:
    """A camera whose pictures are spoiled."""

    def __init__(self, camera, spoil) -> None:
        self._camera, self._spoil = camera, spoil
        self.camera_id = camera.camera_id
        self.open, self.close = camera.open, camera.close

    def read(self, timeout_ms: int):
        frame = self._camera.read(timeout_ms)
        return replace(frame, colour=self._spoil(frame.colour))


def glare(colour):
    """Lamps mirrored in the board's paper."""
    return np.where(colour > 120, 255, colour).astype(np.uint8)


def half_hidden(colour):
    """Most of the board is out of the picture."""
    seen = colour.copy()
    seen[:, : seen.shape[1] * 5 // 8] = 60
    return seen


@pytest.mark.parametrize(
    ("change", "board", "spoil", "words"),
    [
        ({}, None, lambda colour: cv2.GaussianBlur(colour, (0, 0), 0.9), "camera top sees the board blurred"),
        ({}, None, glare, "camera top sees glare"),
        ({"min_corners": 40}, None, half_hidden, "camera top sees too little of the board"),
        ({}, golden_target(), lambda colour: colour, "camera top sees another board than board-A3"),
    ],
)
def test_board_that_cannot_be_used_is_told_and_the_earlier_rig_stays(tmp_path, change, board, spoil, words):
    settings, source = quick_source(board)
    session, said = Session(tmp_path, replace(settings, max_edge_px=2.2, **change)), []
    RigVersions(tmp_path).put_in_force(source.truth)
    spoiled = SetupSource(tuple(Spoiled(camera, spoil) for camera in source.cameras), "spoiled cameras")
    with pytest.raises(SetupError, match=r"spoiled cameras ended and never showed board-A3 held still"):
        capture(session, spoiled, 20.0, said.append)
    assert [word for word in said if word.startswith(words)]
    assert RigVersions(tmp_path).in_force().digest == source.truth.digest


def test_captures_of_other_cameras_are_not_mixed_in(tmp_path):
    settings, source = quick_source()
    session, said = Session(tmp_path, settings), []
    capture(session, source, 20.0, said.append)
    count = len(session.captures(Kind.BOARD))
    capture(session, quick_source(seed=2)[1], 20.0, said.append)
    assert "beginning anew: what was captured before is of other cameras" in said
    assert len(session.captures(Kind.BOARD)) < 2 * count


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (np.zeros_like, SetupError, "no camera of the booth saw the golden target"),
        (
            lambda colour: cv2.GaussianBlur(colour, (0, 0), 6),
            SetupError,
            "no camera of the booth saw the golden target",
        ),
        (interrupted, KeyboardInterrupt, "the last daily check was broken off"),
        (None, SetupError, "camera right was lost"),
    ],
)
def test_check_that_breaks_off_ends_what_an_earlier_one_allowed(tmp_path, spoil, error, words):
    settings = SetupSettings(check_required=True, folder=str(tmp_path))
    simulation = SimulationSettings(supersampling=1, width_px=320, height_px=240)
    rig = booth_rig(simulation)
    RigVersions(tmp_path).put_in_force(rig)
    remember(tmp_path, LastCheck(0, rig.digest, "the booth", recorded=False), StepResult("check"), {}, {})
    assert Calibration(settings, rig.digest, ManualClock()).refusal() == ""
    cameras = simulated_source(golden_booth(golden_target(), rig, settings, simulation, 1), ManualClock()).cameras
    if spoil is None:
        cameras = (*cameras[:2], Unplugged(cameras[2], 5))
    else:
        cameras = tuple(Spoiled(camera, spoil) for camera in cameras)
    with pytest.raises(error):
        look_at_golden(Session(tmp_path, settings), SetupSource(cameras, "the booth"), 20.0, 1, lambda _words: None)
    assert Calibration(settings, rig.digest, ManualClock()).refusal().startswith(words)
    assert [record.ok for record in history(tmp_path)] == [True, False]
    assert "FAIL" in (tmp_path / "check.html").read_text()


def test_setup_asks_for_more_lying_boards_until_the_tray_has_enough(tmp_path):
    settings, _ = quick_source()
    simulation = SimulationSettings(supersampling=1, width_px=320, height_px=240)
    once = replace(settings, lying_poses=1)
    shown = calibration_board(settings.paper)
    for seen, asks in ((once, True), (settings, False)):
        said: list[str] = []
        source = simulated_source(board_booth(shown, seen, simulation, 1), ManualClock())
        capture(Session(tmp_path, settings), source, 20.0, said.append)
        assert any("lay the board flat on the tray, elsewhere" in words for words in said)
        assert ("elsewhere" in said[-1]) == asks


def test_light_says_what_the_cameras_change_by_themselves(tmp_path, booth):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    session = Session(folder, SetupSettings())
    origin = replace(session.origin(), automatic=left_automatic(CamerasSettings(colour_gain=64)))
    session.save_cameras(session.cameras(), origin)
    result = light(session)
    assert not result.ok
    assert result.advice[:2] == (
        "exposure is automatic: set cameras.colour_exposure_us",
        "white balance is automatic: set cameras.white_balance_k",
    )


def test_subpixel_error_is_by_the_baseline_of_the_cameras_model(tmp_path, booth):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    session = Session(folder, SetupSettings())
    found = {m.subject: m.value for m in depth(session).measures if m.name == "sub-pixel RMS"}
    infos = {name: replace(info, model="Intel RealSense D455") for name, info in session.cameras().items()}
    session.save_cameras(infos, session.origin())
    wider = {m.subject: m.value for m in depth(session).measures if m.name == "sub-pixel RMS"}
    assert wider == pytest.approx({name: value * 95 / 50 for name, value in found.items()})


@pytest.mark.parametrize(
    ("step", "asks_again"),
    [
        ("light", {Kind.EMPTY}),
        ("depth", set(Kind)),
        ("extrinsics", {Kind.BOARD, Kind.MOTION}),
        ("sync", {Kind.EMPTY, Kind.MOTION}),
    ],
)
def test_step_that_failed_is_measured_again_by_the_next_run(tmp_path, booth, step, asks_again):
    folder = tmp_path / "booth"
    shutil.copytree(booth[0], folder)
    shutil.rmtree(folder / "rigs")
    config = load_config(booth[1])
    session = Session(folder, config.setup)
    session.save_result(StepResult(step, failures=("something is amiss",)))
    source = simulated_source(board_booth(session.board, config.setup, config.simulation, 1), ManualClock())
    lost = replace(source, cameras=tuple(Unplugged(camera, 0) for camera in source.cameras))
    for _ in range(2):  # broken off, it is asked for once more
        with pytest.raises(SetupError, match="was lost"):
            capture(session, lost, 20.0, lambda _words: None)
        assert {kind for kind in Kind if not session.captures(kind)} == asks_again
        assert session.result(step) is None
        assert session.draft() is None
        with pytest.raises(SetupError, match="`station setup extrinsics` has not run"):
            session.solution()
