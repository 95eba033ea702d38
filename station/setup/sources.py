"""Where a setup's frames come from without live cameras: the simulated booth with a person in it, a recording."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.cameras import ReplayCamera, SimulatedCamera
from station.core.errors import SetupError
from station.core.geometry import Transform
from station.core.ports import Camera, Clock
from station.recording import open_recording
from station.rig import Rig
from station.setup.board import Board
from station.setup.settings import SetupSettings
from station.simulation.settings import SimulationSettings

_PX_PER_MM = 4
_FRAMES_A_POSE = 2
_HEIGHT_MM = (40.0, 180.0)


@dataclass(frozen=True, slots=True)
class SetupSource:
    """The cameras of a setup. `truth` is the rig they really have, where that is known."""

    cameras: tuple[Camera, ...]
    simulated: bool
    truth: Rig | None = None


def sheet_print(board: Board) -> NDArray[np.uint8]:
    """Return a board on its paper, uint8 [h, w], at 4 px a mm, as `simulation.board.Sheet` takes it."""
    across, down = ((paper - size) / 2 for paper, size in zip(board.paper_mm, board.size_mm, strict=True))
    left, top = round(across * _PX_PER_MM), round(down * _PX_PER_MM)
    return np.asarray(
        cv2.copyMakeBorder(board.draw(_PX_PER_MM), top, top, left, left, cv2.BORDER_CONSTANT, value=255), np.uint8
    )


def simulated_setup(
    board: Board, settings: SetupSettings, simulation: SimulationSettings, clock: Clock, seed: int
) -> SetupSource:
    """Return the simulated booth in which a person shows a board: an empty tray, the board lying, the board held.

    Its cameras are bolted on somewhat off the booth file's places, each seed otherwise.

    Raises:
        SimulationError: the renderer is not installed, or the booth file cannot be used.
    """
    from station.simulation.board import bolted, hold_poses, lay_poses
    from station.simulation.layout import booth_rig

    rng = np.random.default_rng((seed, 31))
    rig = bolted(booth_rig(simulation), rng)
    count = round(1.2 * settings.poses_per_camera)
    held = hold_poses(rig, board.paper_mm, max(count, 2 * len(rig.cameras)), rng, _HEIGHT_MM)
    lying = lay_poses(rig, board.paper_mm, settings.board_thickness_mm, rng, settings.lying_poses)
    empty: list[Transform | None] = [None] * (settings.empty_framesets + 2)
    return simulated_person(board, rig, [*empty, *_held_still([*lying, *held])], simulation, clock, seed)


def simulated_check(
    board: Board, rig: Rig, settings: SetupSettings, simulation: SimulationSettings, clock: Clock, seed: int
) -> SetupSource:
    """Return the simulated booth in which a person lays the golden target on the tray, then holds it above.

    Raises:
        SimulationError: the renderer is not installed.
    """
    from station.simulation.board import hold_poses, lay_poses

    rng = np.random.default_rng((seed, 32))
    lying = lay_poses(rig, board.paper_mm, settings.board_thickness_mm, rng, settings.check_placements)
    held = hold_poses(rig, board.paper_mm, settings.check_held, rng, _HEIGHT_MM)
    return simulated_person(board, rig, [None, *_held_still([*lying, *held])], simulation, clock, seed)


def simulated_person(
    board: Board,
    rig: Rig,
    poses: Sequence[Transform | None],
    simulation: SimulationSettings,
    clock: Clock,
    seed: int,
) -> SetupSource:
    """Return simulated cameras that see a board in these poses, one a frame, None for the empty tray."""
    from station.simulation.board import BoardBooth, Sheet

    booth = BoardBooth(rig, Sheet(sheet_print(board), board.paper_mm), poses, seed, simulation)
    cameras = tuple(SimulatedCamera(booth, camera.camera_id, clock, simulation.fps) for camera in rig.cameras)
    return SetupSource(cameras, True, rig)


def recorded_setup(folder: Path, clock: Clock) -> SetupSource:
    """Return the cameras of a recording.

    Raises:
        RecordingError: the folder is no recording.
        SetupError: it is of one camera only.
    """
    recording = open_recording(folder)
    if len(recording.tracks) < 2:
        raise SetupError(f"{folder} is a recording of one camera; a booth has two to six. Name another recording")
    return SetupSource(tuple(ReplayCamera(track, clock) for track in recording.tracks), False)


def with_tray(settings: SetupSettings, rig: Rig) -> SetupSettings:
    """Return settings with the working volume of a known rig."""
    width, depth = rig.tray.size_mm
    return replace(settings, tray_width_mm=width, tray_depth_mm=depth, max_item_height_mm=rig.tray.max_item_height_mm)


def _held_still(poses: Sequence[Transform]) -> list[Transform]:
    return [pose for pose in poses for _ in range(_FRAMES_A_POSE)]
