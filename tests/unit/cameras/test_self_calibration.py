"""A camera that is not there calibrates nothing, and says so. The routines themselves need hardware."""

import pytest

from station.cameras import Devices, RealSenseSelfCalibration, Routine
from station.core.errors import CameraNotFound


@pytest.mark.parametrize(
    "ask",
    [
        lambda camera: camera.table(),
        lambda camera: camera.run(Routine.ON_CHIP, 0.0),
        lambda camera: camera.run(Routine.TARE, 600.0),
        lambda camera: camera.write(b"table"),
    ],
)
def test_camera_that_is_not_plugged_in_is_named(ask):
    with pytest.raises(CameraNotFound, match=r"camera top: no camera has serial number 12345\. Check its cable"):
        ask(RealSenseSelfCalibration("top", "12345", Devices()))
