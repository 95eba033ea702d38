"""A camera that stops delivering, on the live path with a manual clock."""

import pytest
from small_booth import FPS, SmallBooth

from station.cameras import CamerasSettings, SimulatedCamera
from station.core.errors import CameraStalled
from station.daemon.clock import ManualClock

SETTINGS = CamerasSettings(lost_after_ms=100, restart_grace_ms=200, reset_grace_ms=4000)


class MuteCamera(SimulatedCamera):
    """Delivers nothing while `mute`, as a camera whose cable came loose."""

    mute = False

    def _feed(self) -> None:
        if not self.mute:
            super()._feed()


def test_a_silent_camera_is_restarted_and_its_sequence_goes_on() -> None:
    clock = ManualClock()
    camera = MuteCamera(SmallBooth(50), "top", clock, FPS, settings=SETTINGS)
    camera.open()
    first = camera.read(1000)
    assert first is not None
    first.release()
    camera.mute = True
    assert camera.read(1) is None
    clock.sleep(0.1)
    assert camera.read(1) is None  # restarts the pipeline
    camera.mute = False
    second = camera.read(1000)
    assert second is not None
    assert second.sequence > first.sequence
    second.release()
    assert camera.recoveries == 1
    camera.close()
    camera.open()
    assert camera.recoveries == 1, "opening it anew does not start over"
    camera.close()


def wait_in_vain(camera: MuteCamera, clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds * 10):
        clock.sleep(0.1)
        assert camera.read(1) is None


def test_a_camera_that_stays_silent_is_given_up_loudly() -> None:
    clock = ManualClock()
    camera = MuteCamera(SmallBooth(50), "top", clock, FPS, settings=SETTINGS)
    camera.open()
    camera.mute = True
    with pytest.raises(CameraStalled, match=r"camera top stopped delivering frames .* Check its cable"):
        wait_in_vain(camera, clock, seconds=6)
    camera.close()
    camera.mute = False
    camera.open()
    frame = camera.read(1000)
    assert frame is not None
    frame.release()
    camera.close()
