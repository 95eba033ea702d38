"""Frame sources behind one port: cameras that are live, replayed or simulated."""

from station.cameras.devices import DeviceInfo, Devices
from station.cameras.live import RealSenseCamera
from station.cameras.pipeline import Drops, PipelineCamera
from station.cameras.pool import FramePool, Slot
from station.cameras.record import record_cameras, track_file
from station.cameras.replay import ReplayCamera
from station.cameras.self_calibration import (
    Calibrated,
    FakeSelfCalibrating,
    RealSenseSelfCalibration,
    Routine,
    SelfCalibrating,
)
from station.cameras.settings import CamerasSettings
from station.cameras.simulated import RenderedFrame, RenderingBooth, SimulatedCamera

__all__ = [
    "Calibrated",
    "CamerasSettings",
    "DeviceInfo",
    "Devices",
    "Drops",
    "FakeSelfCalibrating",
    "FramePool",
    "PipelineCamera",
    "RealSenseCamera",
    "RealSenseSelfCalibration",
    "RenderedFrame",
    "RenderingBooth",
    "ReplayCamera",
    "Routine",
    "SelfCalibrating",
    "SimulatedCamera",
    "Slot",
    "record_cameras",
    "track_file",
]
