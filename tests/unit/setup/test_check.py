"""The daily check: what has moved is named, what has not is left alone; the history remembers."""

import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.setup_booth import LENS, RIG, see

from station.core.errors import SetupError
from station.daemon.calibration import Calibration
from station.daemon.clock import ManualClock
from station.rig import Rig, save_rig
from station.setup.board import Board, golden_target
from station.setup.captures import Shot
from station.setup.chart import lines
from station.setup.check import check, health_of
from station.setup.guide import look_at_golden
from station.setup.history import LastCheck, baseline, history, keep_baseline, last_check, remember, unfit, write_page
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sources import SetupSource
from station.setup.versions import RigVersions
from station.simulation.board import nudged

GOLDEN = golden_target()
SETTINGS = replace(SetupSettings(), board_thickness_mm=3.0, check_held=0)
H_NS = 3_600_000_000_000


def lying(x: float, y: float, turn_deg: float) -> np.ndarray:
    """tray_from_target of the golden target laid on the tray, its print 3 mm above it."""
    angle = np.radians(turn_deg)
    pose = np.eye(4)
    pose[:3, :3] = [[np.cos(angle), np.sin(angle), 0], [np.sin(angle), -np.cos(angle), 0], [0, 0, -1]]
    pose[:3, 3] = np.array([x, y, 3.0]) - pose[:3, :2] @ np.array(GOLDEN.size_mm) / 2
    return pose


def captures(
    rig: Rig = RIG,
    seed: int = 1,
    levels: float = 1.0,
    edges: float = 1.0,
    depth: float = 1.0,
    blind: str = "",
    printed: Board = GOLDEN,
):
    """What the cameras of a booth see of the golden target in three places."""
    rng = np.random.default_rng(seed)
    made = []
    for place in (lying(0, 0, 0), lying(40, 30, 25), lying(-40, -20, -20)):
        capture = {}
        for camera in rig.cameras:
            seen = see(camera, place, rng, printed)
            if seen is not None:
                seen = replace(seen, white=seen.white * levels, edge_px=seen.edge_px * edges)
            capture[camera.camera_id] = _shot(camera, place, None if camera.camera_id == blind else seen, depth)
        made.append(capture)
    return made


def _shot(camera, place, seen, scale):
    pose = np.linalg.inv(camera.rig_from_camera) @ place
    rows, columns = np.mgrid[: LENS.height_px, : LENS.width_px]
    rays = np.stack([(columns - LENS.cx) / LENS.fx, (rows - LENS.cy) / LENS.fy, np.ones(rows.shape)], axis=-1)
    depth = (pose[:3, 2] @ pose[:3, 3]) / (rays @ pose[:3, 2]) * scale
    units = np.clip(depth * 10, 0, 65535).astype(np.uint16)
    return Shot(np.zeros((*rows.shape, 3), np.uint8), units[None], 0.1, np.zeros(1, np.int64), np.zeros(1), seen)


AT_SETUP = health_of(RIG, GOLDEN, captures())


def verdict(found, health=AT_SETUP):
    return check(RIG, GOLDEN, found, health, SETTINGS)


def test_unmoved_booth_passes():
    result, _ = verdict(captures())
    assert result.ok, result.failures


@pytest.mark.parametrize("camera_id", ["top", "left", "right"])
@pytest.mark.parametrize(("by_mm", "by_deg", "words"), [(3.0, 0.0, "has moved by"), (0.0, 0.5, "has turned by")])
def test_moved_camera_is_named_and_no_other(camera_id, by_mm, by_deg, words):
    booth = nudged(RIG, camera_id, np.random.default_rng(4), by_mm, by_deg)
    result, _ = verdict(captures(booth, seed=2))
    assert [word for word in result.failures if word.startswith(f"camera {camera_id} {words}")]
    assert not [word for word in result.failures if not word.startswith(f"camera {camera_id} ")]


@pytest.mark.parametrize("camera_id", ["left", "right"])
@pytest.mark.parametrize(("by_mm", "by_deg"), [(3.0, 0.0), (0.0, 0.5)])
@pytest.mark.parametrize("seed", range(5))
def test_of_two_cameras_one_that_moved_is_caught_if_not_known_by_name(camera_id, by_mm, by_deg, seed):
    pair = replace(RIG, cameras=tuple(camera for camera in RIG.cameras if camera.camera_id != "top"))
    assert check(pair, GOLDEN, captures(pair, seed=seed), AT_SETUP, SETTINGS)[0].ok
    booth = nudged(pair, camera_id, np.random.default_rng(seed), by_mm, by_deg)
    result, _ = check(pair, GOLDEN, captures(booth, seed=seed), AT_SETUP, SETTINGS)
    assert [word for word in result.failures if "or the other, as two cameras do not tell which" in word]


def test_two_cameras_that_moved_at_once_hint_at_another_rig():
    booth = nudged(RIG, "left", np.random.default_rng(4), 6.0)
    booth = nudged(booth, "right", np.random.default_rng(5), 6.0)
    hint = "`station setup rollback` puts the one before it back, if there is one"
    assert any(hint in words for words in verdict(captures(booth, seed=2))[0].advice)
    one = nudged(RIG, "left", np.random.default_rng(4), 3.0)
    assert not any(hint in words for words in verdict(captures(one, seed=2))[0].advice)


def test_cameras_that_all_seem_to_move_hint_at_a_golden_target_printed_off_scale():
    small, health = golden_target(99.0), health_of(RIG, GOLDEN, captures())
    found = captures(printed=small)
    as_told, as_measured = (check(RIG, target, found, health, SETTINGS)[0] for target in (GOLDEN, small))
    assert not as_told.ok
    assert "measure its bars, setup.golden_bar_mm says 100 mm" in as_told.advice[0]
    assert "cameras left, right and top seldom move at once" in as_told.advice[1]
    assert as_measured.ok, as_measured.failures
    assert not as_measured.advice


def raised(by_mm: float, by_deg: float = 0.0) -> Rig:
    """The booth with its whole frame lifted off the tray, and tilted about the tray's long side."""
    lift = np.eye(4)
    lift[:3, :3] = cv2.Rodrigues(np.radians([by_deg, 0.0, 0.0]))[0]
    lift[2, 3] = by_mm
    return replace(
        RIG, cameras=tuple(replace(camera, rig_from_camera=lift @ camera.rig_from_camera) for camera in RIG.cameras)
    )


@pytest.mark.parametrize(
    ("by_mm", "by_deg", "words"),
    [
        (2.0, 0.0, "all cameras together, or the tray, have moved by 2."),
        (-5.0, 0.0, "all cameras together, or the tray, have moved by 5."),
        (10.0, 0.0, "all cameras together, or the tray, have moved by 10."),
        (0.0, 0.6, "all cameras together, or the tray, have turned by 0.6"),
    ],
)
def test_cameras_moved_all_together_are_told_and_none_is_blamed(by_mm, by_deg, words):
    result, _ = verdict(captures(raised(by_mm, by_deg), seed=3))
    assert [failure for failure in result.failures if failure.startswith(words)], result.failures
    assert not [failure for failure in result.failures if failure.startswith("camera ")]


def test_tray_far_off_is_not_taken_for_a_target_held_above_it():
    result, _ = verdict(captures(raised(60.0), seed=3))
    assert [failure for failure in result.failures if "have moved by more than 30 mm" in failure]


def test_one_placement_is_too_few():
    result, _ = verdict(captures()[:1])
    assert result.failures[0].startswith("the golden target was shown 1 times")
    assert (
        "camera left saw the golden target 1 times. Show it more often, near the middle (allowed: at least 2)"
        in result.failures
    )


def test_swapped_cameras_are_named_and_nothing_else_is_said():
    crossed = [{**c, "left": c["right"], "right": c["left"]} for c in captures()]
    result, _ = verdict(crossed)
    assert len(result.failures) == 1
    assert result.failures[0].startswith("cameras left and right are swapped")
    assert not result.advice


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth": 1.03}, "depth drifted by 3.0 %"),
        ({"levels": 0.94}, "light changed by 12.7 % since setup. Check lamps and lens (allowed: at most 10 %)"),
        ({"edges": 2.0}, "out of focus: edges are 2.0 times"),
    ],
)
def test_change_since_setup_is_named(change, words):
    result, _ = verdict(captures(seed=2, **change))
    assert len(result.failures) == len(RIG.cameras)
    assert all(words in failure for failure in result.failures)


def test_check_with_nothing_to_compare_with_does_not_pass():
    result, _ = verdict(captures(), None)
    assert len(result.failures) == 1
    assert "nothing to compare depth, light and focus with" in result.failures[0]
    assert result.failures[0].endswith("Run `station setup` again")


def test_camera_that_does_not_see_the_target_is_named():
    with pytest.raises(SetupError, match="camera left does not see the golden target"):
        verdict(captures(blind="left"))


def remembered(folder, found, utc_ns, recorded=False):
    RigVersions(folder).put_in_force(RIG)
    result, health = verdict(found)
    begun = LastCheck(utc_ns, RIG.digest, "the recording old" if recorded else "live cameras", recorded)
    remember(folder, begun, result, health, {"top": 41.0})
    return result


def test_no_check_is_the_baseline_of_later_ones_but_the_setup_of_its_rig(tmp_path):
    remembered(tmp_path, captures(), 1)
    assert baseline(tmp_path, RIG.digest) is None
    keep_baseline(tmp_path, RIG.digest, AT_SETUP)
    assert baseline(tmp_path, RIG.digest) == AT_SETUP
    assert baseline(tmp_path, "another") is None


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"top": {"white": 1.0}}', b"\xff", b"[" * 100_000])
def test_malformed_baseline_is_told(tmp_path, content):
    keep_baseline(tmp_path, RIG.digest, AT_SETUP)
    next(tmp_path.glob("health/*.json")).write_bytes(content)
    with pytest.raises(SetupError, match=r"is malformed. Run `station setup` again"):
        baseline(tmp_path, RIG.digest)


def test_history_keeps_every_check(tmp_path):
    remembered(tmp_path, captures(nudged(RIG, "top", np.random.default_rng(1), 5.0)), 1)
    result = remembered(tmp_path, captures(), 2)
    assert [record.ok for record in history(tmp_path)] == [False, True]
    page = write_page(tmp_path, last_check(tmp_path), result, SETTINGS).read_text()
    assert page.count("<svg") == 8
    assert "light changed, % (limit 10)" in page
    assert "41 C" in page


def test_page_tells_checks_of_one_minute_apart(tmp_path):
    remembered(tmp_path, captures(), 1_000_000_000)
    result = remembered(tmp_path, captures(), 13_000_000_000)
    page = write_page(tmp_path, last_check(tmp_path), result, SETTINGS).read_text()
    assert "01 Jan 00:00:01" in page
    assert "01 Jan 00:00:13" in page


def test_a_drawings_long_figures_are_not_cut_at_its_edge():
    svg = lines("depth error", {"top": [(0.0, -0.00335), (1.0, 0.0123)]}, str)
    room = {figure: float(x) for x, figure in re.findall(r'<text x="([\d.]+)"[^>]*"end">(-[^<]*)</text>', svg)}
    assert room["-0.00335"] > 7 * len("-0.00335")


@pytest.mark.parametrize(
    "line", [b"{", b"", b"[]", b"{}", b'{"utc_ns": 1, "rig": "A", "ok": true}', b"\xff", b"[" * 100_000]
)
def test_malformed_line_of_the_history_is_told_and_left_out(tmp_path, line):
    remembered(tmp_path, captures(), 1)
    path = tmp_path / "history.jsonl"
    path.write_bytes(line + b"\n" + path.read_bytes())
    result = remembered(tmp_path, captures(), 2)
    assert [record.utc_ns for record in history(tmp_path)] == [1, 2]
    assert "history.jsonl, line 1. Remove" in write_page(tmp_path, last_check(tmp_path), result, SETTINGS).read_text()


@pytest.mark.parametrize(
    ("recorded", "depth", "valid"),
    [
        (False, 1.0, "until 1970-01-02 07:00 UTC"),
        (False, 1.03, "no"),
        (True, 1.0, "no, it is a rehearsal from a recording"),
    ],
)
def test_page_says_when_from_where_and_until_when(tmp_path, recorded, depth, valid):
    remembered(tmp_path, captures(), 0)
    found = captures(depth=depth)
    result = remembered(tmp_path, found, 5 * H_NS, recorded)
    last = last_check(tmp_path)
    page = write_page(tmp_path, last, result, SETTINGS).read_text()
    for name, words in (("date", "1970-01-01 05:00 UTC"), ("source", last.source), ("valid", valid)):
        assert page.count(f"<tr><th>{name}</th><td>{words}</td></tr>") == 1


def test_page_shows_the_history_of_one_rig_only(tmp_path):
    result, health = verdict(captures())
    for rig, utc_ns in (("earlier", 0), (RIG.digest, H_NS)):
        remember(tmp_path, LastCheck(utc_ns, rig, "live cameras", recorded=False), result, health, {"top": 41.0})
    page = write_page(tmp_path, last_check(tmp_path), result, SETTINGS).read_text()
    assert f"History of rig {RIG.digest}" in page
    assert "01 Jan 00:00" not in page
    assert "01 Jan 01:00" in page


def test_station_is_unfit_until_the_check_passed_of_this_rig_and_lately(tmp_path):
    assert "never been checked" in unfit(tmp_path, RIG.digest, 24, 0)
    remembered(tmp_path, captures(), 5 * H_NS)
    assert unfit(tmp_path, RIG.digest, 24, 6 * H_NS) == ""
    another = replace(RIG, tray=replace(RIG.tray, max_item_height_mm=200.0))
    assert "is none that `station setup` made" in unfit(tmp_path, another.digest, 24, 6 * H_NS)
    RigVersions(tmp_path).put_in_force(another)
    assert "last daily check was of rig" in unfit(tmp_path, another.digest, 24, 6 * H_NS)
    assert "Restart the station, with source.rig" in unfit(tmp_path, RIG.digest, 24, 6 * H_NS)
    RigVersions(tmp_path).rollback()
    assert "is 25 hours old, the limit is 24" in unfit(tmp_path, RIG.digest, 24, 30 * H_NS)
    remembered(tmp_path, captures(nudged(RIG, "top", np.random.default_rng(1), 5.0)), 7 * H_NS)
    assert "camera top has moved" in unfit(tmp_path, RIG.digest, 24, 7 * H_NS)
    assert last_check(tmp_path).failures


def test_running_station_refuses_only_where_the_check_is_required(tmp_path):
    optional = replace(SETTINGS, folder=str(tmp_path))
    required = replace(optional, check_required=True)
    assert Calibration(optional, RIG.digest, ManualClock()).alarm() == ""
    assert "never been checked" in Calibration(required, RIG.digest, ManualClock()).refusal()
    remembered(tmp_path, captures(nudged(RIG, "top", np.random.default_rng(1), 5.0)), 0)
    assert "camera top has moved" in Calibration(optional, RIG.digest, ManualClock()).alarm()
    assert Calibration(optional, RIG.digest, ManualClock()).refusal() == ""
    clock = ManualClock()
    calibration = Calibration(required, RIG.digest, clock)
    assert calibration.refusal()
    remembered(tmp_path, captures(), 0)
    clock.sleep(3)
    assert calibration.refusal() == ""


def test_check_from_a_recording_is_a_rehearsal_and_no_drift(tmp_path):
    result = remembered(tmp_path, captures(), 0, recorded=True)
    assert "was a rehearsal from the recording old" in unfit(tmp_path, RIG.digest, 24, 0)
    page = write_page(tmp_path, last_check(tmp_path), result, SETTINGS).read_text()
    assert "no drift of the booth: 1." in page
    assert "<svg" not in page


def test_booth_that_was_set_up_and_never_checked_is_an_alarm_alone(tmp_path):
    assert alarm(tmp_path) == ""
    RigVersions(tmp_path).put_in_force(RIG)
    assert alarm(tmp_path) == "the booth has never been checked. Run `station setup check`"
    calibration = Calibration(replace(SETTINGS, folder=str(tmp_path)), RIG.digest, ManualClock())
    assert calibration.refusal() == ""


def test_rig_that_setup_never_made_is_not_checked(tmp_path):
    save_rig(RIG, tmp_path / "rig.json")
    with pytest.raises(SetupError, match=r"is none that `station setup` made in .*. Run `station setup`"):
        look_at_golden(Session(tmp_path, SETTINGS), SetupSource((), "no cameras"), 20.0, 1, print)


@pytest.mark.parametrize("ahead_h", [1, 24 * 365])
def test_check_of_the_future_lets_nothing_pass(tmp_path, ahead_h):
    remembered(tmp_path, captures(), (5 + ahead_h) * H_NS)
    assert "Set the computer's clock right" in unfit(tmp_path, RIG.digest, 24, 5 * H_NS)


@pytest.mark.parametrize(
    "change",
    [
        {"utc_ns": float("inf")},
        {"utc_ns": 10**400},
        {"utc_ns": -(10**400)},
        {"utc_ns": "1"},
        {"rig": None},
        {"failures": ""},
        {"failures": {}},
        {"failures": [""]},
        {"failures": [3]},
    ],
)
def test_check_with_a_malformed_field_is_an_alarm(tmp_path, change):
    remembered(tmp_path, captures(), 0)
    path = tmp_path / "check.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert "check.json is malformed. Run `station setup check` again" in alarm(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_malformed_check_is_an_alarm(tmp_path, content):
    (tmp_path / "check.json").write_bytes(content)
    assert "malformed" in alarm(tmp_path)


def alarm(folder):
    return Calibration(replace(SETTINGS, folder=str(folder)), RIG.digest, ManualClock()).alarm()
