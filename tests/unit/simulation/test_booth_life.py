"""What happens in the simulated booth besides its items: hands, light, dirt, two items at once."""

from dataclasses import replace

import numpy as np
import pytest

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.simulation import Booth, SimulationSettings

QUIET = SimulationSettings(
    width_px=212,
    height_px=120,
    fps=20,
    supersampling=1,
    shot_noise=0.0,
    read_noise=0.0,
    light_drift=0.0,
    light_drift_k=0.0,
    dirt=0.0,
)
CAMERAS = ("top", "left", "right")
PAIR = (("carton-tea", ()), ("can-coffee", ((DamageType.DEFORMATION, Severity.MAJOR),), True))


def at(booth, t_ns):
    """Return the index of the first frame at or after a time."""
    return int(np.ceil(t_ns * booth.settings.fps / 1e9))


def changed(booth, camera_id, index, other):
    """Return where two frames differ visibly."""
    one, two = (booth.frame(camera_id, number).colour.astype(int) for number in (index, other))
    return np.abs(one - two).max(axis=2) > 20


@pytest.fixture(scope="module")
def lone():
    """Return a booth in which one item comes."""
    return Booth(5, 1, QUIET, [("carton-tea", ())])


@pytest.fixture(scope="module")
def pair():
    """Return a booth in which two items lie side by side."""
    return Booth(6, 2, QUIET, PAIR)


@pytest.mark.parametrize("camera_id", CAMERAS)
def test_a_hand_brings_the_item_leaves_it_alone_and_takes_it(lone, camera_id):
    item, hand_ns = lone.plan[0], QUIET.hand_ms * 1_000_000
    alone = at(lone, item.arrive_ns + hand_ns)
    end = at(lone, item.leave_ns - hand_ns)
    assert changed(lone, camera_id, at(lone, item.arrive_ns), alone).sum() > 100
    assert all(not changed(lone, camera_id, index, alone).any() for index in range(alone, end))
    assert changed(lone, camera_id, at(lone, item.leave_ns) - 1, alone).sum() > 100
    assert not changed(lone, camera_id, 0, lone.frame_count - 1).any()


def test_without_hands_an_item_is_seen_whole_as_soon_as_it_lies():
    booth = Booth(5, 1, replace(QUIET, hand_ms=0), [("carton-tea", ())])
    item = booth.plan[0]
    assert not changed(booth, "top", at(booth, item.arrive_ns), at(booth, item.leave_ns) - 1).any()


def test_what_moves_is_smeared():
    booths = [
        Booth(5, 1, replace(QUIET, exposure_ms=exposure_ms, readout_ms=0.0), [("carton-tea", ())])
        for exposure_ms in (0.0, 25.0)
    ]
    index = at(booths[0], booths[0].plan[0].arrive_ns) - 2
    part = changed(booths[0], "top", index, 0)
    assert part.sum() > 100
    detail = [
        np.abs(np.diff(booth.frame("top", index).colour.astype(float), axis=0))[part[1:]].mean() for booth in booths
    ]
    assert detail[1] < 0.7 * detail[0]
    sharp, slow = (booth.frame("top", index + 12).colour for booth in booths)
    assert np.array_equal(sharp, slow)


def test_two_items_lie_side_by_side_and_the_second_comes_unannounced(pair):
    first, second = pair.plan
    assert first.arrive_ns < second.arrive_ns < first.leave_ns == second.leave_ns
    assert [event.plc_id for event in pair.announcements] == [first.plc_id]
    index = at(pair, second.leave_ns - 2 * QUIET.hand_ms * 1_000_000)
    for camera_id in CAMERAS:
        masks = [pair.item_mask(camera_id, number) for number in (0, 1)]
        assert all(mask.sum() > 100 for mask in masks)
        assert not (masks[0] & masks[1]).any()
        seen = changed(pair, camera_id, 0, index)
        assert all((seen & mask).sum() > 0.6 * mask.sum() for mask in masks)


def test_truth_of_an_item_leaves_out_what_the_other_hides(pair):
    for camera_id in CAMERAS:
        truths = [pair.truth(camera_id, number) for number in (0, 1)]
        assert not (truths[0].item & truths[1].item).any()
        assert not (truths[0].item & truths[1].damage[DamageType.DEFORMATION]).any()


def test_a_third_item_at_once_is_refused():
    with pytest.raises(SimulationError, match="two at once"):
        Booth(1, 3, QUIET, [("carton-tea", ()), ("can-coffee", (), True), ("can-coffee", (), True)])


def test_frames_are_the_same_in_any_order_while_hands_and_pairs_move(pair):
    again = Booth(6, 2, QUIET, PAIR)
    indices = range(at(pair, pair.plan[0].arrive_ns) - 2, at(pair, pair.plan[1].arrive_ns) + 2, 3)
    for index, frame in [(index, again.frame("left", index)) for index in reversed(indices)]:
        assert frame.colour.tobytes() == pair.frame("left", index).colour.tobytes()
        assert frame.depth.tobytes() == pair.frame("left", index).depth.tobytes()


def test_dirt_is_seen_and_flat(lone):
    dirty = Booth(5, 1, replace(QUIET, dirt=1.0), [("carton-tea", ())])
    clean, soiled = lone.frame("top", 0), dirty.frame("top", 0)
    differs = np.abs(clean.colour.astype(int) - soiled.colour).max(axis=2) > 8
    assert 0.005 < differs.mean() < 0.4
    both = (clean.depth > 0) & (soiled.depth > 0)
    assert np.abs(clean.depth[both].astype(int) - soiled.depth[both])[:].mean() * clean.depth_unit_mm < 1.0


def test_booths_of_other_seeds_are_lit_otherwise_and_light_drifts():
    brightness = [
        Booth(5, 0, replace(QUIET, booth_seed=seed, exposure_error=0.0)).frame("top", 0).colour.mean()
        for seed in range(4)
    ]
    assert 0.5 < np.ptp(brightness) < 40
    drifting = Booth(5, 0, replace(QUIET, light_drift=0.1, lead_ms=60_000))
    means = [drifting.frame("top", index).colour.mean() for index in (0, drifting.frame_count - 1)]
    assert abs(means[0] - means[1]) > 0.5


def test_what_is_spilt_slides_with_its_item():
    settings = SimulationSettings(width_px=320, height_px=240, fps=20, supersampling=1, hand_ms=0)
    booth = Booth(5, 1, settings, [("can-tomato", ((DamageType.SPILLAGE, Severity.MAJOR),))])
    arrives = int(booth.plan[0].arrive_ns * settings.fps / 1e9)
    empty, sliding, lying = (booth.frame("top", index).colour.astype(int) for index in (0, arrives - 1, arrives + 4))
    there = [int((np.abs(picture - empty).max(axis=2) > 40).sum()) for picture in (sliding, lying)]
    beside = there[1] - int(booth.item_mask("top", 0).sum())
    assert beside > 300
    assert there[0] > there[1] - beside / 2
