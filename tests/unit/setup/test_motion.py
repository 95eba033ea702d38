"""Skew is what the moving board says, whatever the stamps say."""

from dataclasses import replace

import numpy as np
import pytest
from support.setup_booth import BOARD, LENS, RIG, captured, pose, see

from station.core.frames import Frame, FrameSet, TimeDomain
from station.setup.bundle import Solution
from station.setup.captures import Kind, Wave
from station.setup.motion import WaveCatcher, lateness_ms
from station.setup.rigging import extrinsics
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder
from station.setup.steps import sync
from station.simulation.board import Circles

LATE_MS = {"top": 0.0, "left": 4.0, "right": -2.5}
SOLUTION = Solution(
    {camera.camera_id: LENS for camera in RIG.cameras},
    {camera.camera_id: camera.rig_from_camera for camera in RIG.cameras},
    {},
    {},
    0.1,
)
FRAMES, FRAME_MS = 20, 1000 / 15


def waves(blind: str = ""):
    """What every camera sees of a board in circles, all stamped alike."""
    rng = np.random.default_rng(1)
    path = Circles(pose((0, 0, 0), (10, 5)))
    found = {}
    for camera in RIG.cameras:
        frames, ids, pixels = [np.empty(0, int)], [np.empty(0, int)], [np.empty((0, 2))]
        for number in range(FRAMES):
            at_ms = number * FRAME_MS + LATE_MS[camera.camera_id]
            seen = None if camera.camera_id == blind else see(camera, path.at(at_ms / 1000), rng)
            if seen is not None:
                frames.append(np.full(len(seen.ids), number))
                ids.append(seen.ids)
                pixels.append(seen.pixels)
        stamps = np.round(np.arange(FRAMES) * FRAME_MS * 1e6).astype(np.int64)
        found[camera.camera_id] = Wave(stamps, *(np.concatenate(parts) for parts in (frames, ids, pixels)))
    return found


def test_skew_is_measured_by_the_boards_motion():
    found = lateness_ms(waves(), SOLUTION, BOARD.corners_mm())
    for name, late in LATE_MS.items():
        assert np.median(found[name]) == pytest.approx(late, abs=0.2)
        assert found[name].std() < 0.5


def solved(folder, blind=""):
    session = captured(folder)
    extrinsics(session)
    session.save_capture(Kind.MOTION, waves(blind))
    return session


def test_step_holds_skew_against_its_limit(tmp_path):
    session = solved(tmp_path)
    assert sync(session).ok
    session.settings = replace(session.settings, max_skew_ms=3.0)
    result = sync(session)
    assert not result.ok
    assert result.advice == (
        "left takes its pictures apart from the others: check the sync cable, and that cameras.sync_master is set",
    )


def test_camera_that_did_not_see_the_motion_is_named(tmp_path):
    failures = sync(solved(tmp_path, blind="right")).failures
    assert len(failures) == 1
    assert failures[0].startswith("camera right did not see the board move. Run `station setup` again")


def moving(number: int) -> FrameSet:
    """Pictures without a board."""
    colour, depth = np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.uint16)
    frames = [Frame(name, number, number, number, TimeDomain.GLOBAL, colour, depth, 0.1) for name in LATE_MS]
    return FrameSet(number, number, tuple(frames))


def test_motion_without_a_board_is_not_kept():
    catcher = WaveCatcher(Finder(BOARD, SetupSettings()), 4)
    assert [catcher.push(moving(number)) for number in range(9)] == [None] * 9
