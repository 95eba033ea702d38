"""Cameras that come and go: to librealsense a recording that is loaded is a camera plugged in."""

from pathlib import Path

import pytest
from small_booth import FPS, write_recording

from station.cameras import CamerasSettings, Devices, RealSenseCamera
from station.core.errors import CameraError, CameraNotFound
from station.daemon.clock import ManualClock


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("devices") / "recording", 2).tracks[0].file


def test_a_camera_that_comes_and_goes_is_found_while_it_is_there(file: Path) -> None:
    devices = Devices()
    before = devices.discover()
    assert devices.find("SMALL-1") is None
    device = devices.context.load_device(str(file))
    assert {found.serial for found in devices.discover()} - {found.serial for found in before} == {"SMALL-1"}
    assert devices.find("SMALL-1") is not None
    devices.context.unload_device(str(file))
    assert devices.discover() == before
    assert devices.find("SMALL-1") is None
    del device


def test_a_camera_plugged_in_later_is_opened_when_asked_again(file: Path) -> None:
    devices = Devices()
    settings = CamerasSettings(width_px=64, height_px=48, fps=FPS)
    camera = RealSenseCamera("top", "SMALL-1", settings, ManualClock(), devices)
    with pytest.raises(CameraNotFound):
        camera.open()
    device = devices.context.load_device(str(file))
    assert camera.open().serial == "SMALL-1"
    camera.close()
    del device


def test_a_camera_that_is_not_plugged_in_is_named_at_once(file: Path) -> None:
    devices = Devices()
    device = devices.context.load_device(str(file))
    camera = RealSenseCamera("top", "999", CamerasSettings(), ManualClock(), devices)
    with pytest.raises(CameraNotFound, match=r"no camera has serial number 999 \(plugged in: .*SMALL-1"):
        camera.open()
    camera.close()
    del device


def test_a_camera_that_cannot_stream_as_asked_says_what_was_asked(file: Path) -> None:
    devices = Devices()
    device = devices.context.load_device(str(file))
    settings = CamerasSettings(width_px=1280, height_px=720, fps=FPS)
    camera = RealSenseCamera("top", "SMALL-1", settings, ManualClock(), devices)
    with pytest.raises(CameraError, match=r"camera top \(SMALL-1\) cannot stream 1280x720 at 30 fps"):
        camera.open()
    camera.close()
    del device
