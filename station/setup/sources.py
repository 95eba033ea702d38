"""Where a setup's frames come from: live cameras, the simulated booth with a person in it, a recording."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from station.cameras import (
    CamerasSettings,
    Devices,
    FakeSelfCalibrating,
    RealSenseCamera,
    RealSenseSelfCalibration,
    ReplayCamera,
    SelfCalibrating,
    SimulatedCamera,
    track_file,
)
from station.core.errors import SetupError
from station.core.geometry import Transform
from station.core.ports import Camera, Clock
from station.recording import open_recording
from station.rig import Rig
from station.setup.board import Board
from station.setup.gather import usual_poses_held
from station.setup.roles import load_roles
from station.setup.settings import SetupSettings
from station.simulation.board import BoardBooth, Circles, Sheet, bolted, hold_poses, lay_poses
from station.simulation.layout import booth_rig
from station.simulation.settings import SimulationSettings

_PX_PER_MM = 4
_FRAMES_A_POSE = 2
_HEIGHT_MM = (40.0, 180.0)
_FAKE_HEALTH = 0.05
_SWITCHED_ON_C = 30.0
"""How warm a simulated camera's ASIC is when it is switched on."""


def _unknown(_serial: str) -> float | None:
    return None


@dataclass(frozen=True, slots=True)
class SetupSource:
    """The cameras of a setup, and in words what they are.

    What is not `live` ends by itself; what is `recorded` does not say how the booth is now.
    `truth` is the rig that the cameras really have, where that is known;
    `temperature_c` gives the temperature of the camera of a serial number, None where it does not say;
    `self_calibrating` gives a camera by its id as one that calibrates its own depth, and is None where none can;
    `automatic` says of each of the colour's settings that the cameras change by themselves how to lock it.
    """

    cameras: tuple[Camera, ...]
    name: str
    live: bool = False
    truth: Rig | None = None
    temperature_c: Callable[[str], float | None] = _unknown
    self_calibrating: Callable[[str], SelfCalibrating] | None = None
    automatic: tuple[str, ...] = ()
    recorded: bool = False


def live_setup(folder: Path, settings: CamerasSettings, clock: Clock) -> SetupSource:
    """Return the live cameras that a setup folder gives roles to.

    Raises:
        SetupError: no camera has a role yet.
    """
    devices, roles = Devices(), load_roles(folder)
    cameras = tuple(RealSenseCamera(role, serial, settings, clock, devices) for role, serial in roles.items())

    def self_calibrating(role: str) -> SelfCalibrating:
        return RealSenseSelfCalibration(role, roles[role], devices)

    return SetupSource(
        cameras,
        "live cameras",
        live=True,
        temperature_c=devices.temperature_c,
        self_calibrating=self_calibrating,
        automatic=left_automatic(settings),
    )


def left_automatic(settings: CamerasSettings) -> tuple[str, ...]:
    """Return a sentence for each of the colour's settings that the cameras may change by themselves."""
    locks = {
        "exposure is automatic: set cameras.colour_exposure_us": settings.colour_exposure_us,
        "gain is not set: set cameras.colour_gain": settings.colour_gain,
        "white balance is automatic: set cameras.white_balance_k": settings.white_balance_k,
    }
    return tuple(words for words, value in locks.items() if not value)


def recorded_setup(folder: Path, clock: Clock) -> SetupSource:
    """Return the cameras of a recording.

    Raises:
        RecordingError: the folder is no recording.
        SetupError: it is of one camera only.
    """
    recording = open_recording(folder)
    if len(recording.tracks) < 2:
        raise SetupError(f"{folder} is a recording of one camera; a booth has two to six. Name another recording")
    cameras = tuple(ReplayCamera(track, clock) for track in recording.tracks)
    return SetupSource(cameras, f"the recording {folder.name}", recorded=True)


def board_booth(
    board: Board,
    settings: SetupSettings,
    simulation: SimulationSettings,
    seed: int,
    late_ms: Mapping[str, float] | None = None,
    factory: Callable[[Rig], Rig] = lambda rig: rig,
) -> BoardBooth:
    """Return the simulated booth in which a person shows a board: an empty tray, the board lying, held, and moved.

    Its cameras are bolted on somewhat off the booth file's places, each seed otherwise.

    Args:
        board: what is shown.
        settings: how often.
        simulation: the booth's settings.
        seed: how the booth is bolted together, how the board is held, and the noise.
        late_ms: how much later than their stamps say cameras take their pictures.
        factory: gives the rig as the cameras describe themselves, whose intrinsics need not be the true ones.

    Raises:
        SimulationError: the renderer is not installed, or the booth file cannot be used.
    """
    rng = np.random.default_rng((seed, 31))
    rig = bolted(booth_rig(simulation), rng)
    count = usual_poses_held(settings, len(rig.cameras))
    held = hold_poses(rig, board.paper_mm, count, rng, _HEIGHT_MM)
    lying = lay_poses(rig, board.paper_mm, settings.board_thickness_mm, rng, settings.lying_poses)
    empty = [None] * (settings.empty_framesets + 2)
    moved = [Circles(lying[0])] * (settings.motion_framesets + 1)
    poses = [*empty, *_held_still([*lying, *held]), *moved]
    return BoardBooth(rig, sheet(board), poses, seed, simulation, factory(rig), late_ms)


def golden_booth(
    target: Board, rig: Rig, settings: SetupSettings, simulation: SimulationSettings, seed: int
) -> BoardBooth:
    """Return the simulated booth in which a person lays the golden target on the tray, then holds it above.

    Raises:
        SimulationError: the renderer is not installed.
    """
    rng = np.random.default_rng((seed, 32))
    lying = lay_poses(rig, target.paper_mm, settings.board_thickness_mm, rng, settings.check_placements)
    held = hold_poses(rig, target.paper_mm, settings.check_held, rng, _HEIGHT_MM)
    return BoardBooth(rig, sheet(target), [None, *_held_still([*lying, *held])], seed, simulation)


def simulated_source(booth: BoardBooth, clock: Clock, record_to: Path | None = None) -> SetupSource:
    """Return the cameras of a simulated booth in which a person shows a board; they can write a recording's tracks."""
    cameras = tuple(
        SimulatedCamera(
            booth,
            camera.camera_id,
            clock,
            booth.settings.fps,
            record_to=track_file(record_to, camera.camera_id) if record_to else None,
        )
        for camera in booth.rig.cameras
    )
    return SetupSource(
        cameras,
        "simulated cameras",
        truth=booth.truth,
        temperature_c=lambda _serial: _asic_c(booth),
        self_calibrating=lambda _camera_id: FakeSelfCalibrating(b"factory", _FAKE_HEALTH),
    )


def _asic_c(booth: BoardBooth) -> float:
    """Return how warm the cameras' ASIC is when all was shown, from switched on, as their depth's drift has it."""
    settings = booth.settings
    minutes = booth.frame_count / settings.fps / 60
    return _SWITCHED_ON_C + settings.asic_rise_k * (1 - math.exp(-minutes / settings.warm_up_min))


def sheet(board: Board) -> Sheet:
    """Return a board printed on its paper."""
    across, down = ((paper - size) / 2 for paper, size in zip(board.paper_mm, board.size_mm, strict=True))
    left, top = round(across * _PX_PER_MM), round(down * _PX_PER_MM)
    print_ = cv2.copyMakeBorder(board.draw(_PX_PER_MM), top, top, left, left, cv2.BORDER_CONSTANT, value=255)
    return Sheet(np.asarray(print_, np.uint8), board.paper_mm)


def _held_still(poses: Sequence[Transform]) -> list[Transform]:
    return [pose for pose in poses for _ in range(_FRAMES_A_POSE)]
