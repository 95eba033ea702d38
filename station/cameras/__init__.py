"""Frame sources behind one port: cameras that are live, replayed or simulated."""

from station.cameras.devices import DeviceInfo, Devices
from station.cameras.live import RealSenseCamera
from station.cameras.pipeline import Drops, PipelineCamera
from station.cameras.pool import FramePool, Slot
from station.cameras.record import record_cameras, track_file
from station.cameras.replay import ReplayCamera
from station.cameras.settings import CamerasSettings
from station.cameras.simulated import RenderedFrame, RenderingBooth, SimulatedCamera

__all__ = [
    "CamerasSettings",
    "DeviceInfo",
    "Devices",
    "Drops",
    "FramePool",
    "PipelineCamera",
    "RealSenseCamera",
    "RenderedFrame",
    "RenderingBooth",
    "ReplayCamera",
    "SimulatedCamera",
    "Slot",
    "record_cameras",
    "track_file",
]
