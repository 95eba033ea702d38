"""The rig that comes into force is of what its report says."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from support.setup_booth import RIG, captured

from station.core.errors import SetupError
from station.setup.captures import Kind
from station.setup.history import baseline
from station.setup.measure import StepResult
from station.setup.procedure import STEPS, finish, run_step
from station.setup.report import report_text
from station.setup.rigging import extrinsics
from station.setup.session import Origin, Session
from station.setup.settings import SetupSettings
from station.setup.versions import RigVersions


def passes(name):
    return lambda _session: StepResult(name)


@pytest.fixture
def every_step_passed(tmp_path, monkeypatch) -> Session:
    """Captures on which every step passed, and the rig they made."""
    session = captured(tmp_path)
    for name in STEPS:
        monkeypatch.setitem(STEPS, name, passes(name))
        run_step(session, name)
    session.save_draft(RIG)
    return session


def test_rig_of_other_captures_does_not_come_into_force(every_step_passed):
    session = every_step_passed
    last = session.captures(Kind.BOARD)[-1]
    kept = session.load_capture(last)
    shutil.rmtree(last)
    assert session.save_capture(Kind.BOARD, {**kept, "top": replace(kept["top"], t_ns=np.ones(1, np.int64))}) == last
    stale = list(STEPS)
    run_step(session, stale.pop(2))
    while stale:
        verb = "" if stale[0] == "discover" else f" {stale[0]}"
        with pytest.raises(
            SetupError, match=f"the step {stale[0]} has not run since .* run `station setup{verb}` first"
        ):
            finish(session, 1)
        assert RigVersions(session.folder).in_force() is None
        run_step(session, stale.pop(0))
    finish(session, 1)
    assert RigVersions(session.folder).in_force().digest == RIG.digest


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ({"board_bar_mm": 99.8}, ["depth", "intrinsics", "extrinsics", "tray", "sync"]),
        ({"board_thickness_mm": 5.0}, ["tray"]),
        ({"max_skew_ms": 9.0}, []),
    ],
)
def test_board_is_as_large_in_the_report_as_in_every_step(every_step_passed, change, stale):
    session = Session(every_step_passed.folder, replace(every_step_passed.settings, **change))
    for name in stale:
        with pytest.raises(SetupError, match=f"the step {name} has not run since .* name the right configuration"):
            finish(session, 1)
        run_step(session, name)
    finish(session, 1)


def test_step_told_of_another_board_than_was_captured_is_refused_and_changes_nothing(every_step_passed):
    other = Session(every_step_passed.folder, replace(every_step_passed.settings, paper="A2"))
    words = "was captured with board-A4, but setup.paper is 'A2'. Set it to 'A4', .*Nothing was changed"
    for name in STEPS:
        with pytest.raises(SetupError, match=words):
            run_step(other, name)
    with pytest.raises(SetupError, match=words):
        finish(other, 1)
    finish(every_step_passed, 1)


@pytest.mark.parametrize(
    ("again", "built_on"),
    [("light", []), ("intrinsics", ["extrinsics", "tray", "sync"]), ("extrinsics", ["tray", "sync"])],
)
def test_rig_older_than_a_step_it_builds_on_does_not_come_into_force(tmp_path, monkeypatch, again, built_on):
    session = Session(tmp_path, SetupSettings())
    session.save_cameras({}, Origin("made-up cameras", {}))
    session.save_draft(RIG)
    for name in STEPS:
        monkeypatch.setitem(STEPS, name, passes(name))
        run_step(session, name)
    run_step(session, again)
    for name in built_on:
        with pytest.raises(SetupError, match=f"the step {name} has not run since what it builds on"):
            finish(session, 1)
        run_step(session, name)
    assert all(session.result(name) for name in STEPS)


def test_rig_that_comes_into_force_leaves_its_checks_a_baseline_that_outlives_its_captures(tmp_path, monkeypatch):
    session = captured(tmp_path)
    session.save_draft(RIG)
    for name in STEPS:
        monkeypatch.setitem(STEPS, name, lambda _session, name=name: StepResult(name))
        run_step(session, name)
    assert finish(session, 1)[1] is not None
    session.begin_anew()
    found = baseline(tmp_path, RIG.digest)
    assert {name: health.white for name, health in found.items()} == dict.fromkeys(("top", "left", "right"), 210.0)


@pytest.mark.parametrize("step", ["intrinsics", "extrinsics", "tray"])
def test_step_before_any_capture_names_the_procedure_as_missing(tmp_path, step):
    with pytest.raises(SetupError, match=r"`station setup` has not run|`station setup` and hold it before"):
        run_step(Session(tmp_path, SetupSettings()), step)


def test_poses_every_camera_must_see_are_held_to(tmp_path):
    session = captured(tmp_path)
    for path in session.captures(Kind.BOARD)[3:]:
        shutil.rmtree(path)
    bad = {(m.name, m.subject): m.value for m in extrinsics(session).measures if "poses" in m.name and not m.ok}
    assert bad == {("poses of the board", name): 3.0 for name in ("top", "left", "right")} | {
        ("poses shared with another", name): 3.0 for name in ("top", "left", "right")
    }


def test_what_did_not_pass_says_whether_an_earlier_rig_is_in_force(tmp_path):
    session = captured(tmp_path)
    assert "is not in force; none is as yet" in report_text(session, [], RIG, 1, passed=False)
    RigVersions(tmp_path).put_in_force(RIG)
    assert "is not in force; the earlier rig still is" in report_text(session, [], RIG, 1, passed=False)
