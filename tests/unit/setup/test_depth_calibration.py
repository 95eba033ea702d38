"""A camera's own calibration: only good ones are used, and the old table can be put back."""

import pytest
from support.setup_booth import captured

from station.cameras import FakeSelfCalibrating, Routine
from station.core.errors import CameraError, SetupError
from station.setup.captures import Kind
from station.setup.depth_calibration import calibrate_depth, restore_table
from station.setup.measure import StepResult
from station.setup.session import Session
from station.setup.settings import SetupSettings


def test_good_calibration_is_used_and_can_be_undone(tmp_path):
    camera = FakeSelfCalibrating(b"old", health=-0.1)
    assert calibrate_depth("top", camera, Routine.TARE, 600.0, Session(tmp_path, SetupSettings()), 1).ok
    assert camera.table() == b"tare at 600"
    restore_table("top", camera.write, Session(tmp_path, SetupSettings()))
    assert camera.table() == b"old"


def test_bad_health_changes_nothing(tmp_path):
    camera = FakeSelfCalibrating(b"old", health=0.4)
    result = calibrate_depth("top", camera, Routine.ON_CHIP, 600.0, Session(tmp_path, SetupSettings()), 1)
    assert not result.ok
    assert "on-chip calibration was not used" in result.advice[0]
    assert camera.table() == b"old"
    with pytest.raises(SetupError, match="keeps no calibration table of camera top"):
        restore_table("top", camera.write, Session(tmp_path, SetupSettings()))


def test_table_that_cannot_be_kept_is_not_replaced(tmp_path):
    (tmp_path / "tables").write_text("in the way")
    camera = FakeSelfCalibrating(b"old", health=0.1)
    with pytest.raises(SetupError, match="cannot write"):
        calibrate_depth("top", camera, Routine.ON_CHIP, 600.0, Session(tmp_path, SetupSettings()), 1)
    assert camera.table() == b"old"


def test_refusal_of_the_camera_is_passed_on(tmp_path):
    with pytest.raises(CameraError, match="must be before the camera"):
        calibrate_depth(
            "top", FakeSelfCalibrating(b"old", 0.1), Routine.TARE, 0.0, Session(tmp_path, SetupSettings()), 1
        )


@pytest.mark.parametrize("health", [0.1, 0.4])
def test_depth_measured_with_another_table_is_valid_no_longer(tmp_path, health):
    session, camera = captured(tmp_path), FakeSelfCalibrating(b"old", health)
    session.save_result(StepResult("depth"))
    used = calibrate_depth("top", camera, Routine.TARE, 600.0, session, 1).ok
    assert (session.result("depth") is None) == (not session.captures(Kind.BOARD)) == used


def test_undone_calibration_leaves_nothing_measured_with_it(tmp_path):
    session, camera = Session(tmp_path, SetupSettings()), FakeSelfCalibrating(b"old", health=0.1)
    calibrate_depth("top", camera, Routine.TARE, 600.0, session, 1)
    session.save_result(StepResult("depth"))
    restore_table("top", camera.write, session)
    assert session.result("depth") is None
