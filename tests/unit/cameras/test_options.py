"""Options on a software device, which enforces ranges as a camera does."""

from dataclasses import dataclass
from typing import Any

import pytest
from small_booth import spec

from station.cameras import CamerasSettings
from station.cameras.options import apply_options
from station.core.errors import CameraError
from station.recording import SoftwareCamera
from station.recording.librealsense import rs


@dataclass(frozen=True)
class Equipped:
    """A software camera with the options a D400 has. Its sensors must not outlive it."""

    camera: SoftwareCamera
    depth: Any
    colour: Any


@pytest.fixture
def equipped() -> Equipped:
    camera = SoftwareCamera(spec())
    depth, colour = camera.device.query_sensors()
    switch, exposure = _span(0, 1, 1), _span(1, 10_000, 156)
    for sensor in (camera._depth_sensor, camera._colour_sensor):
        sensor.add_option(rs.option.enable_auto_exposure, switch, True)
        sensor.add_option(rs.option.exposure, exposure, True)
        sensor.add_option(rs.option.global_time_enabled, _span(0, 1, 0), True)
    camera._colour_sensor.add_option(rs.option.gain, _span(0, 128, 64), True)
    camera._depth_sensor.add_option(rs.option.inter_cam_sync_mode, _span(0, 3, 0), True)
    camera._depth_sensor.add_option(rs.option.visual_preset, _span(0, 2, 0), True)
    camera._colour_sensor.add_option(rs.option.enable_auto_white_balance, switch, True)
    camera._colour_sensor.add_option(rs.option.white_balance, _span(2800, 6500, 4600), True)
    return Equipped(camera, depth, colour)


def _span(low: float, high: float, default: float) -> Any:
    span = rs.option_range()
    span.min, span.max, span.default, span.step = low, high, default, 1
    return span


def test_the_defaults_leave_everything_automatic_and_put_clocks_together(equipped: Equipped) -> None:
    apply_options("top", equipped.camera.device, CamerasSettings())
    for sensor in (equipped.depth, equipped.colour):
        assert sensor.get_option(rs.option.enable_auto_exposure) == 1
        assert sensor.get_option(rs.option.global_time_enabled) == 1
    assert equipped.colour.get_option(rs.option.enable_auto_white_balance) == 1
    assert equipped.depth.get_option(rs.option.inter_cam_sync_mode) == 0


def test_manual_values_switch_the_automatic_off(equipped: Equipped) -> None:
    settings = CamerasSettings(colour_exposure_us=8000, colour_gain=32, depth_exposure_us=5000, white_balance_k=5000)
    apply_options("top", equipped.camera.device, settings)
    assert equipped.colour.get_option(rs.option.enable_auto_exposure) == 0
    assert equipped.colour.get_option(rs.option.exposure) == 80  # the colour sensor counts in 100 us
    assert equipped.colour.get_option(rs.option.gain) == 32
    assert equipped.depth.get_option(rs.option.exposure) == 5000
    assert equipped.colour.get_option(rs.option.enable_auto_white_balance) == 0
    assert equipped.colour.get_option(rs.option.white_balance) == 5000


@pytest.mark.parametrize(("camera_id", "mode"), [("top", 1), ("left", 2)])
def test_one_camera_leads_and_the_others_follow(equipped: Equipped, camera_id: str, mode: int) -> None:
    apply_options(camera_id, equipped.camera.device, CamerasSettings(sync_master="top"))
    assert equipped.depth.get_option(rs.option.inter_cam_sync_mode) == mode


def test_a_value_out_of_range_names_option_value_and_range(equipped: Equipped) -> None:
    with pytest.raises(CameraError, match=r"camera top: white_balance = 9000 is outside its range 2800 to 6500"):
        apply_options("top", equipped.camera.device, CamerasSettings(white_balance_k=9000))


def test_a_preset_the_camera_lacks_is_refused(equipped: Equipped) -> None:
    with pytest.raises(CameraError, match=r"has no preset 'High Accuracy'. Set cameras.preset to one of"):
        apply_options("top", equipped.camera.device, CamerasSettings(preset="High Accuracy"))


def test_an_option_the_camera_lacks_is_refused_only_when_asked_for() -> None:
    camera = SoftwareCamera(spec())
    apply_options("top", camera.device, CamerasSettings())
    with pytest.raises(CameraError, match="camera top has no option white_balance"):
        apply_options("top", camera.device, CamerasSettings(white_balance_k=5000))
