"""Setting options on a camera's sensors, with a clear word where a camera will not have them."""

from typing import Any

from station.cameras.settings import CamerasSettings
from station.core.errors import CameraError
from station.recording.librealsense import rs

_COLOUR_EXPOSURE_UNIT_US = 100
_NO_SYNC, _MASTER, _SLAVE = 0, 1, 2


def apply_options(camera_id: str, device: Any, settings: CamerasSettings) -> None:
    """Set exposure, gain, white balance, preset, inter-camera sync and global time on a device that is not streaming.

    Global time puts the timestamps of all cameras on the host's clock, without which they drift apart.

    Raises:
        CameraError: a setting is asked for that the camera lacks, or is outside the camera's range.
    """
    depth, colour = depth_sensor(device), _colour_sensor(device)
    for sensor in device.query_sensors():
        if sensor.supports(rs.option.global_time_enabled):
            sensor.set_option(rs.option.global_time_enabled, 1)
    if settings.preset:
        _set_preset(camera_id, depth, settings.preset)
    exposures = ((colour, settings.colour_exposure_us // _COLOUR_EXPOSURE_UNIT_US), (depth, settings.depth_exposure_us))
    for sensor, exposure in exposures:
        _set_manual(camera_id, sensor, rs.option.enable_auto_exposure, rs.option.exposure, exposure)
    if settings.colour_gain:
        _set(camera_id, colour, rs.option.gain, settings.colour_gain)
    _set_manual(
        camera_id, colour, rs.option.enable_auto_white_balance, rs.option.white_balance, settings.white_balance_k
    )
    mode = _NO_SYNC
    if settings.sync_master:
        mode = _MASTER if camera_id == settings.sync_master else _SLAVE
    if mode != _NO_SYNC or depth.supports(rs.option.inter_cam_sync_mode):
        _set(camera_id, depth, rs.option.inter_cam_sync_mode, mode)


def depth_sensor(device: Any) -> Any:
    """Return the sensor that knows the unit of depth.

    While librealsense records a software device, `first_depth_sensor` does not find it.

    Raises:
        CameraError: the device takes no depth.
    """
    for sensor in device.query_sensors():
        if sensor.supports(rs.option.depth_units):
            return sensor
    raise CameraError(f"{device} takes no depth. Use a RealSense depth camera")


def _colour_sensor(device: Any) -> Any:
    """Return the sensor that takes colour; cameras without a separate one take it with the depth sensor."""
    for sensor in device.query_sensors():
        if sensor.is_color_sensor() or sensor.get_info(rs.camera_info.name) == "RGB Camera":
            return sensor
    return depth_sensor(device)


def _set_manual(camera_id: str, sensor: Any, automatic: Any, option: Any, value: int) -> None:
    """Set a value and switch its automatic off, or the automatic on where the value is 0."""
    if sensor.supports(automatic):
        sensor.set_option(automatic, 0 if value else 1)
    if value:
        _set(camera_id, sensor, option, value)


def _set_preset(camera_id: str, sensor: Any, name: str) -> None:
    option = rs.option.visual_preset
    _require(camera_id, sensor, option)
    span = sensor.get_option_range(option)
    names = {
        str(sensor.get_option_value_description(option, value)): value
        for value in range(int(span.min), int(span.max) + 1)
    }
    if name not in names:
        known = ", ".join(names)
        raise CameraError(f"camera {camera_id} has no preset {name!r}. Set cameras.preset to one of: {known}")
    sensor.set_option(option, names[name])


def _set(camera_id: str, sensor: Any, option: Any, value: float) -> None:
    _require(camera_id, sensor, option)
    span = sensor.get_option_range(option)
    if not span.min <= value <= span.max:
        raise CameraError(
            f"camera {camera_id}: {option.name} = {value:g} is outside its range {span.min:g} to {span.max:g}. "
            "Change the setting"
        )
    try:
        sensor.set_option(option, value)
    except RuntimeError as error:
        raise CameraError(
            f"camera {camera_id} refused {option.name} = {value:g} ({error}). Change the setting"
        ) from error


def _require(camera_id: str, sensor: Any, option: Any) -> None:
    if not sensor.supports(option):
        raise CameraError(f"camera {camera_id} has no option {option.name}. Leave its setting at the default")
