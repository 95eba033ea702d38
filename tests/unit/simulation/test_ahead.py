"""A booth rendered ahead: the same bytes, from processes that end when they should."""

import multiprocessing
from dataclasses import replace
from functools import partial

import pytest

from station.core.errors import RigError, SimulationError

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.simulation import Booth, SimulationSettings
from station.simulation.ahead import AheadBooth

SMALL = SimulationSettings(width_px=160, height_px=120, fps=5, supersampling=1, lead_ms=400, rest_ms=700, gap_ms=200)


@pytest.fixture(scope="module")
def booths():
    """Return a booth and the same, rendered ahead; no process of it is left in the end."""
    before = set(multiprocessing.active_children())
    booth = Booth(4, 2, SMALL, [("carton-tea", ()), ("can-coffee", ())])
    ahead = AheadBooth(booth)
    yield booth, ahead
    for camera in booth.rig.cameras:
        ahead.stop(camera.camera_id)
    assert set(multiprocessing.active_children()) <= before


def same(one, other):
    """Whether two frames are, byte for byte."""
    return (one.t_ns, one.colour.tobytes(), one.depth.tobytes()) == (
        other.t_ns,
        other.colour.tobytes(),
        other.depth.tobytes(),
    )


def test_every_frame_is_the_booth_s_own(booths):
    booth, ahead = booths
    assert ahead.frame_count == booth.frame_count
    for camera in ahead.rig.cameras:
        for index in range(ahead.frame_count):
            assert same(ahead.frame(camera.camera_id, index), booth.frame(camera.camera_id, index))


def test_frames_may_be_asked_for_again_and_in_another_order(booths):
    booth, ahead = booths
    for index in (ahead.frame_count - 1, ahead.frame_count - 1, 2, 3):
        assert same(ahead.frame("left", index), booth.frame("left", index))


def test_a_stopped_camera_starts_again_when_asked(booths):
    booth, ahead = booths
    ahead.stop("left")
    ahead.stop("left")
    assert same(ahead.frame("left", 0), booth.frame("left", 0))


def test_what_is_not_there_is_refused(booths):
    _, ahead = booths
    with pytest.raises(IndexError):
        ahead.frame("top", ahead.frame_count)
    with pytest.raises(RigError):
        ahead.frame("behind", 0)


def test_a_process_that_dies_is_told_of_and_replaced(booths):
    booth, ahead = booths
    before = set(multiprocessing.active_children())
    ahead.stop("right")
    ahead.frame("right", 0)
    (victim,) = set(multiprocessing.active_children()) - before
    victim.kill()
    with pytest.raises(SimulationError, match="right has ended"):
        list(map(partial(ahead.frame, "right"), range(1, ahead.frame_count)))
    assert same(ahead.frame("right", 1), booth.frame("right", 1))


def test_a_process_that_dies_with_places_still_to_fill_is_told_of_alike():
    before = set(multiprocessing.active_children())
    long = AheadBooth(Booth(4, 2, replace(SMALL, fps=2, rest_ms=3000), [("carton-tea", ()), ("can-coffee", ())]))
    victims = set(multiprocessing.active_children()) - before
    for victim in victims:
        victim.kill()
        victim.join()
    with pytest.raises(SimulationError, match="top has ended; memory may be short"):
        list(map(partial(long.frame, "top"), range(1, long.frame_count)))
    for camera in long.rig.cameras:
        long.stop(camera.camera_id)
