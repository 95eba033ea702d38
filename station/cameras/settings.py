"""Settings of the cameras."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True)
class CamerasSettings:
    """How live cameras stream, how many frames may be in hand, and when a silent camera is restarted."""

    width_px: Annotated[int, Ge(64), Le(4096), Doc("Width of colour and depth images, px.")] = 1280
    height_px: Annotated[int, Ge(48), Le(4096), Doc("Height of colour and depth images, px.")] = 720
    fps: Annotated[int, Ge(1), Le(90), Doc("Frames per second of both streams.")] = 15
    colour_exposure_us: Annotated[
        int, Ge(0), Le(1_000_000), Doc("Exposure of the colour sensor, microseconds; 0 leaves it automatic.")
    ] = 0
    colour_gain: Annotated[
        int, Ge(0), Le(4096), Doc("Gain of the colour sensor, in its own units; 0 leaves it as it is.")
    ] = 0
    depth_exposure_us: Annotated[
        int, Ge(0), Le(1_000_000), Doc("Exposure of the depth sensor, microseconds; 0 leaves it automatic.")
    ] = 0
    white_balance_k: Annotated[
        int, Ge(0), Le(10_000), Doc("Colour temperature of the white balance, kelvin; 0 leaves it automatic.")
    ] = 0
    preset: Annotated[
        str, Doc("The camera's own visual preset for depth, e.g. `High Accuracy`; empty leaves it as it is.")
    ] = ""
    sync_master: Annotated[
        str, Doc("Name of the camera that triggers the others over the sync cable; empty where there is no cable.")
    ] = ""
    slots: Annotated[
        int,
        Ge(2),
        Le(256),
        Doc("Frames of one camera that may be in hand at once, width x height x 5 bytes each."),
    ] = 24
    lost_after_ms: Annotated[
        int, Ge(50), Le(60_000), Doc("Age of the newest frame, ms, beyond which a camera counts as disconnected.")
    ] = 1000
    restart_grace_ms: Annotated[
        int, Ge(100), Le(60_000), Doc("Time a restarted camera has to deliver, ms, before its hardware is reset.")
    ] = 3000
    reset_grace_ms: Annotated[
        int, Ge(100), Le(120_000), Doc("Time a reset camera has to come back and deliver, ms, before it is given up.")
    ] = 12_000
