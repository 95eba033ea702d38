"""A camera's own calibration: only good ones are used, and the old table can be put back."""

import pytest
from support.setup_booth import RIG, captured

from station.cameras import FakeSelfCalibrating, Routine
from station.core.errors import CameraError, SetupError
from station.setup.captures import Kind
from station.setup.depth_calibration import calibrate, calibrate_depth, restore
from station.setup.history import LastCheck, remember, unfit
from station.setup.measure import StepResult
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sources import SetupSource
from station.setup.versions import RigVersions


class Named:
    """A camera of which nothing but its name is asked."""

    def __init__(self, name: str) -> None:
        self.camera_id = name


def booth(**cameras: FakeSelfCalibrating) -> SetupSource:
    return SetupSource(tuple(map(Named, cameras)), "made-up cameras", self_calibrating=cameras.get)


class Refusing(FakeSelfCalibrating):
    """A camera that takes no table any more."""

    def write(self, table: bytes) -> None:
        raise CameraError("camera left is gone. Check its cable")


def test_good_calibration_is_used_and_can_be_undone(tmp_path):
    camera = FakeSelfCalibrating(b"old", health=-0.1)
    assert calibrate_depth("top", camera, Routine.TARE, 600.0, Session(tmp_path, SetupSettings()), 1).ok
    assert camera.table() == b"tare at 600"
    restore(booth(top=camera), Session(tmp_path, SetupSettings()))
    assert camera.table() == b"old"


def test_bad_health_changes_nothing(tmp_path):
    camera = FakeSelfCalibrating(b"old", health=0.4)
    result = calibrate_depth("top", camera, Routine.ON_CHIP, 600.0, Session(tmp_path, SetupSettings()), 1)
    assert not result.ok
    assert "on-chip calibration was not used" in result.advice[0]
    assert camera.table() == b"old"
    with pytest.raises(SetupError, match="keeps no calibration table of these cameras"):
        restore(booth(top=camera), Session(tmp_path, SetupSettings()))


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
    restore(booth(top=camera), session)
    assert session.result("depth") is None


def test_calibration_and_its_undoing_end_the_daily_check(tmp_path):
    session, camera = Session(tmp_path, SetupSettings()), FakeSelfCalibrating(b"old", health=0.1)
    RigVersions(tmp_path).put_in_force(RIG)
    for change in (
        lambda: calibrate(session, booth(top=camera), Routine.ON_CHIP, 20.0, 1, lambda _words: None),
        lambda: restore(booth(top=camera), session),
    ):
        remember(tmp_path, LastCheck(0, RIG.digest, "the booth", recorded=False), StepResult("check"), {}, {})
        assert unfit(tmp_path, RIG.digest, 24, 0) == ""
        change()
        assert "a calibration of depth ended the last daily check" in unfit(tmp_path, RIG.digest, 24, 0)


@pytest.mark.parametrize("refuses", [False, True])
def test_undo_puts_back_all_that_the_last_calibration_changed_and_nothing_older(tmp_path, refuses):
    session = Session(tmp_path, SetupSettings())
    first = {name: FakeSelfCalibrating(b"oldest", 0.1) for name in ("top", "left", "right")}
    calibrate(session, booth(**first), Routine.ON_CHIP, 20.0, 999, lambda _words: None)
    healths = {"top": 0.4, "left": 0.1, "right": 0.1}
    second = {name: FakeSelfCalibrating(b"old", health) for name, health in healths.items()}
    calibrate(session, booth(**second), Routine.ON_CHIP, 20.0, 1000, lambda _words: None)
    if refuses:
        second["left"] = Refusing(b"new", 0.1)
        with pytest.raises(CameraError, match=r"camera left is gone\..*camera right: the table that"):
            restore(booth(**second), session)
        assert second["right"].table() == b"old"
        return
    said = restore(booth(**second), session)
    assert said[0] == "camera top: the last calibration did not change its table, nor does this"
    assert [camera.table() for camera in second.values()] == [b"old"] * 3
    assert session.result("depth-calibration") is None
