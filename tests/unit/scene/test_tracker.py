from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from box_scene import Box, cast, make_frame, make_rig
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.damage import Reason
from station.core.errors import RigError
from station.core.frames import FrameSet
from station.core.items import Announcement
from station.scene import SceneSettings, Tracker, TriggerMode
from station.scene.tracker import TRANSITIONS, TrayState
from station.scene.tray import Seen

MS = 1_000_000
PERIOD = 50 * MS
RIG = make_rig(320, 240, ("top", "left"))
SETTINGS = SceneSettings(learn_framesets=4)
BOX = Box()
FLAT = Box(size_mm=(180, 120, 2), colour=(240, 240, 235), tile_mm=500)


@lru_cache
def picture(camera_id, boxes):
    return cast(RIG, camera_id, boxes)


class Bench:
    """Feeds a tracker scene by scene on a manual clock and keeps account of every frame."""

    def __init__(self, tracker_settings=SETTINGS, learned=True, noise=True):
        self.tracker = Tracker(RIG, tracker_settings, "t")
        self.now_ns, self.number = 1_000 * MS, 0
        self.rng = np.random.default_rng(5) if noise else None
        self.framesets, self.captures, self.late_ns = [], [], 0
        if learned:
            self.show(framesets=8)
            assert self.tracker.ready

    def show(self, *boxes, framesets=1):
        """Show a scene; return the captures it gave."""
        found = []
        for _ in range(framesets):
            self.now_ns += PERIOD
            self.number += 1
            frames = tuple(
                make_frame(picture(name, boxes), name, self.number, self.now_ns, self.rng) for name in ("top", "left")
            )
            self.framesets.append(FrameSet(self.now_ns - self.late_ns, self.now_ns, frames))
            found += self.tracker.push(self.framesets[-1], self.now_ns)
        return self._take(found)

    def wait(self, ms):
        """Let time pass without frames."""
        self.now_ns += round(ms * MS)
        return self._take(self.tracker.tick(self.now_ns))

    def announce(self, plc_id):
        self.tracker.announce(Announcement(plc_id, self.now_ns), self.now_ns)

    def _take(self, found):
        self.captures += found
        return list(found)

    def assert_accounts(self):
        """After a flush every frame was released by the tracker, or is held by exactly one capture."""
        self._take(self.tracker.flush(self.now_ns))
        for capture in self.captures:
            capture.release()
        releases = [frame.lease.releases for frameset in self.framesets for frame in frameset.frames]
        assert releases == [1] * len(releases)
        assert [c.item_id for c in self.captures] == [f"t-{n:06d}" for n in range(1, len(self.captures) + 1)]


def test_an_item_given_up_while_no_frame_came_is_not_found_again_as_its_own():
    """It was put on the tray unseen; its announcement had its verdict already."""
    bench = Bench()
    bench.announce(11)
    assert [(c.plc_id, c.fault) for c in bench.wait(1000)] == [(11, Reason.STALE_FRAME)]
    assert bench.show(BOX, framesets=10) == []
    bench.announce(12)
    assert bench.show(BOX, framesets=10) == [], "nor is it the next one's"
    bench.show(framesets=4)
    assert [c.plc_id for c in bench.show(BOX, framesets=4)] == [12]
    bench.assert_accounts()


def test_items_given_up_before_their_frames_arrived_late_are_not_found_again():
    bench = Bench()
    bench.announce(11)
    bench.wait(1000)
    bench.announce(12)
    bench.wait(1000)
    bench.late_ns = 2000 * MS
    for _ in range(2):
        assert bench.show(framesets=5) == bench.show(BOX, framesets=10) == []
    bench.announce(13)
    bench.show(framesets=12)
    assert [c.plc_id for c in bench.show(BOX, framesets=4)] == [13]
    bench.assert_accounts()


def test_an_item_given_up_on_its_way_is_not_found_again_where_it_came_to_rest():
    bench = Bench()
    bench.announce(11)
    bench.show(Box(at_mm=(-200, 0)))
    assert [(c.plc_id, c.fault) for c in bench.wait(1000)] == [(11, Reason.STALE_FRAME)]
    assert bench.show(BOX, framesets=10) == []
    bench.show(framesets=4)
    assert [c.plc_id for c in bench.show(BOX, framesets=4)] == [0]
    bench.assert_accounts()


def test_an_item_given_up_unannounced_is_judged_when_its_announcement_comes():
    bench = Bench()
    bench.show(Box(at_mm=(-200, 0)))
    assert [(c.plc_id, c.fault) for c in bench.wait(1000)] == [(0, Reason.STALE_FRAME)]
    assert bench.show(BOX, framesets=10) == []
    bench.announce(11)
    assert [(c.plc_id, c.fault) for c in bench.show(BOX, framesets=4)] == [(11, None)]
    bench.assert_accounts()


def test_a_lost_camera_s_item_is_not_found_again_however_long_it_was_away():
    bench = Bench()
    bench.announce(11)
    assert len(bench._take(bench.tracker.camera_lost("left", bench.now_ns))) == 1
    bench.wait(60_000)
    assert bench.show(BOX, framesets=10) == []


def test_once_the_tray_was_seen_empty_after_a_given_up_item_the_next_is_another():
    bench = Bench()
    bench.announce(11)
    bench.wait(1000)
    bench.announce(12)
    assert bench.show() == []
    assert [c.plc_id for c in bench.show(BOX, framesets=4)] == [12]


def test_an_announcement_of_what_already_lies_there_takes_no_later_item_with_it():
    bench = Bench()
    bench.show(BOX, framesets=4)
    bench.announce(11)
    assert [(c.plc_id, c.fault) for c in bench.wait(1000)] == [(11, Reason.STALE_FRAME)]
    bench.show(BOX, framesets=4)
    bench.show(framesets=4)
    assert len(bench.show(BOX, framesets=4)) == 1


def test_the_table_is_complete_and_only_settled_items_are_captured():
    assert set(TRANSITIONS) == set(product(TrayState, Seen))
    into_present = {key for key, state in TRANSITIONS.items() if state is TrayState.PRESENT != key[0]}
    assert into_present == {(TrayState.EMPTY, Seen.SETTLED), (TrayState.ARRIVING, Seen.SETTLED)}


def test_one_settled_item_is_one_capture_of_its_last_framesets():
    bench = Bench()
    assert bench.show(BOX, framesets=2) == []
    (capture,) = bench.show(BOX)
    assert capture.framesets == tuple(bench.framesets[-3:])
    assert (capture.item_id, capture.arrived_ns, capture.fault) == ("t-000001", bench.now_ns, None)
    assert bench.show(BOX, framesets=40) == []
    assert bench.show(framesets=20) == []
    bench.assert_accounts()


def test_a_moving_item_is_captured_when_it_stops():
    bench = Bench()
    for x in range(-200, 0, 25):
        assert bench.show(Box(at_mm=(x, 0))) == []
    assert bench.show(BOX, framesets=2) == []
    assert len(bench.show(BOX)) == 1
    for x in range(25, 500, 25):
        assert bench.show(Box(at_mm=(x, 0))) == []
    assert bench.show(framesets=10) == []
    bench.assert_accounts()


def test_a_flat_item_is_noticed_by_its_colour():
    bench = Bench()
    assert len(bench.show(FLAT, framesets=6)) == 1


def test_items_that_follow_each_other_are_told_apart():
    bench = Bench()
    for boxes in [(BOX,), (), (Box(yaw_deg=30),), (), (FLAT,), ()]:
        bench.show(*boxes, framesets=6)
    assert len(bench.captures) == 3
    bench.assert_accounts()


def test_a_nudge_is_no_new_item_but_another_item_is():
    bench = Bench()
    bench.show(BOX, framesets=5)
    assert bench.show(Box(at_mm=(25, 10), yaw_deg=8), framesets=10) == []
    assert len(bench.show(Box(at_mm=(20, 0), size_mm=(170, 100, 90), colour=(30, 120, 220)), framesets=10)) == 1


@pytest.mark.parametrize("second", [Box(at_mm=(-110, -60), size_mm=(70, 60, 40)), Box((100, 70), (170, 120, 90), 10)])
def test_a_second_item_put_down_beside_the_first_is_a_fault_and_found_once(second):
    second = replace(second, colour=(30, 120, 220))
    first = Box(at_mm=(0, -20), yaw_deg=20)
    bench = Bench()
    bench.announce(1)
    (alone,) = bench.show(first, framesets=6)
    (joined,) = bench.show(first, second, framesets=12)
    assert [(c.plc_id, c.fault) for c in (alone, joined)] == [(1, None), (0, Reason.SEVERAL_ITEMS)]
    assert joined.framesets
    bench.announce(2)
    (claimed,) = bench.show(first, second, framesets=5)
    assert (claimed.plc_id, claimed.fault) == (2, Reason.SEVERAL_ITEMS), "nobody knows whose announcement it was"
    bench.show(framesets=8)
    bench.announce(3)
    (following,) = bench.show(first, framesets=6)
    assert (following.plc_id, following.fault) == (3, None)
    bench.assert_accounts()


def test_an_announced_item_put_down_beside_another_has_its_announcement():
    bench = Bench()
    bench.show(BOX, framesets=6)
    bench.show(framesets=8)
    bench.announce(1)
    bench.show(BOX, framesets=6)
    bench.announce(2)
    (joined,) = bench.show(BOX, Box(at_mm=(-130, 90), size_mm=(80, 60, 40)), framesets=12)
    assert (joined.plc_id, joined.fault) == (2, Reason.SEVERAL_ITEMS)
    bench.assert_accounts()


@pytest.mark.parametrize("tile_mm", [15, 500])
def test_a_push_of_the_item_is_no_second_one(tile_mm):
    bench = Bench()
    bench.show(Box(tile_mm=tile_mm), framesets=6)
    for at_mm in [(25, 10), (60, -20), (20, -30)]:
        assert bench.show(Box(at_mm=at_mm, tile_mm=tile_mm), framesets=12) == []


def test_an_item_that_left_its_place_makes_room_for_a_new_one_of_the_same_kind():
    bench = Bench()
    bench.show(Box(at_mm=(-150, -80)), framesets=5)
    assert len(bench.show(Box(at_mm=(140, 80)), framesets=10)) == 1


def test_a_single_frameset_without_the_item_does_not_double_it():
    bench = Bench()
    bench.show(BOX, framesets=5)
    bench.show()
    assert bench.show(BOX, framesets=10) == []


def test_two_framesets_of_empty_tray_part_two_items():
    bench = Bench()
    bench.show(BOX, framesets=5)
    bench.show(framesets=2)
    assert len(bench.show(BOX, framesets=5)) == 1


def test_an_item_that_never_settles_is_in_doubt_when_overdue():
    bench = Bench()
    found = []
    for n in range(70):
        found += bench.show(Box(at_mm=(40 * (n % 2), 0)))
    assert [(c.fault, len(c.framesets)) for c in found] == [(Reason.UNSETTLED, 3)]
    bench.assert_accounts()


def test_an_item_on_the_tray_at_the_start_is_not_taken_for_the_tray():
    bench = Bench(learned=False)
    assert len(bench.show(BOX, framesets=10)) == 1
    assert not bench.tracker.ready
    bench.show(framesets=12)
    assert bench.tracker.ready
    assert len(bench.show(BOX, framesets=6)) == 1


def test_something_low_that_was_learned_as_tray_is_unlearned_when_taken_away():
    low = Box(size_mm=(160, 100, 22))
    bench = Bench(learned=False)
    assert bench.show(low, framesets=12) == []
    assert bench.show(framesets=30) == []
    assert len(bench.show(low, framesets=6)) == 1


def test_a_stain_becomes_part_of_the_tray():
    bench = Bench(SceneSettings(learn_framesets=4, relearn_after_ms=2000))
    stain = Box(at_mm=(-150, 100), size_mm=(120, 80, 0.1), colour=(20, 20, 20))
    assert len(bench.show(stain, framesets=10)) == 1
    bench.show(stain, framesets=50)
    assert len(bench.show(stain, BOX, framesets=6)) == 1


def test_dimming_light_is_no_item():
    bench = Bench()
    dimmed = {name: picture(name, ()) for name in ("top", "left")}
    for n in range(6):
        bench.now_ns += PERIOD
        frames = tuple(make_frame(p, name, 1000 + n, bench.now_ns) for name, p in dimmed.items())
        for frame in frames:
            object.__setattr__(frame, "colour", (frame.colour * 0.75).astype(np.uint8))
        assert bench.tracker.push(FrameSet(bench.now_ns, bench.now_ns, frames), bench.now_ns) == ()


def test_each_item_has_the_announcement_made_before_it_came():
    bench = Bench()
    found = []
    for plc_id in (11, 12):
        bench.announce(plc_id)
        found += bench.show(BOX, framesets=6) + bench.show(framesets=6)
    found += bench.show(BOX, framesets=6)
    assert [(c.plc_id, c.fault) for c in found] == [(11, None), (12, None), (0, None)]


def test_after_an_item_that_never_came_none_has_its_neighbours_verdict():
    bench = Bench()
    bench.announce(11)
    bench.show(framesets=6)
    bench.announce(12)
    found = bench.show(BOX, framesets=6) + bench.show(framesets=6)
    assert [(c.plc_id, c.fault) for c in found] == [(12, Reason.WRONG_ITEM), (11, Reason.NO_ITEM)]
    bench.announce(13)
    assert [(c.plc_id, c.fault) for c in bench.show(BOX, framesets=6)] == [(13, None)]


def test_the_next_item_may_be_announced_while_one_is_still_coming():
    bench = Bench()
    bench.announce(11)
    bench.show(Box(at_mm=(60, 0)))
    bench.announce(12)
    found = bench.show(BOX, framesets=6) + bench.show(framesets=6) + bench.show(BOX, framesets=6)
    assert [(c.plc_id, c.fault) for c in found] == [(11, None), (12, None)]


def test_an_announced_item_that_does_not_come_is_a_fault():
    bench = Bench()
    bench.announce(11)
    announced_ns = bench.now_ns
    found = bench.show(framesets=100)
    assert [(c.plc_id, c.fault, c.arrived_ns, c.framesets) for c in found] == [(11, Reason.NO_ITEM, announced_ns, ())]


def test_an_announcement_waits_for_the_item_that_is_arriving():
    bench = Bench()
    bench.announce(11)
    bench.show(framesets=95)
    for n in range(10):
        assert bench.show(Box(at_mm=(40 * (n % 2), 0))) == []
    assert [(c.plc_id, c.fault) for c in bench.show(BOX, framesets=3)] == [(11, None)]


def test_without_frames_everything_in_hand_is_a_fault():
    bench = Bench()
    bench.show(BOX)
    bench.announce(11)
    bench.announce(12)
    assert bench.wait(999) == []
    found = bench.wait(1)
    assert [(c.plc_id, c.fault, len(c.framesets)) for c in found] == [
        (11, Reason.STALE_FRAME, 1),
        (12, Reason.STALE_FRAME, 0),
    ]
    assert bench.wait(5000) == []
    assert bench.show(BOX, framesets=10) == []
    bench.assert_accounts()


def test_a_lost_camera_is_named():
    bench = Bench()
    bench.show(BOX)
    assert [c.fault for c in bench.tracker.camera_lost("left", bench.now_ns)] == [Reason.CAMERA_LOST]
    bench.announce(11)
    assert [c.fault for c in bench.wait(1000)] == [Reason.CAMERA_LOST]


def test_only_a_frame_that_came_after_the_loss_ends_it():
    for late_ns, fault in ((0, Reason.CAMERA_LOST), (1, Reason.STALE_FRAME)):
        bench = Bench()
        bench.tracker.camera_lost("left", bench.now_ns + PERIOD - late_ns)
        bench.show()
        bench.announce(11)
        assert [c.fault for c in bench.wait(1000)] == [fault]


def test_flushing_gives_back_what_is_in_hand():
    bench = Bench()
    bench.show(BOX, framesets=2)
    bench.announce(11)
    bench.announce(12)
    found = bench.tracker.flush(bench.now_ns)
    assert [(c.plc_id, c.fault) for c in found] == [(11, Reason.SHUTDOWN), (12, Reason.SHUTDOWN)]
    for capture in found:
        capture.release()
    bench.assert_accounts()


CONTROLLER = SceneSettings(trigger=TriggerMode.CONTROLLER)


def test_of_several_words_of_the_controller_before_one_item_none_passes():
    bench = Bench(CONTROLLER, learned=False)
    bench.announce(11)
    bench.announce(12)
    bench.announce(13)
    captures = bench.show(BOX, framesets=9)
    assert [(c.plc_id, c.fault) for c in captures] == [
        (13, Reason.WRONG_ITEM),
        (11, Reason.NO_ITEM),
        (12, Reason.NO_ITEM),
    ]
    bench.announce(14)
    assert [(c.plc_id, c.fault) for c in bench.show(BOX, framesets=5)] == [(14, None)]
    bench.assert_accounts()


def test_the_controller_captures_what_arrives_after_its_word():
    bench = Bench(CONTROLLER, learned=False)
    bench.show(BOX, framesets=5)
    bench.announce(11)
    announced_ns = bench.now_ns
    assert bench.show(BOX, framesets=2) == []
    (capture,) = bench.show(BOX)
    assert (capture.plc_id, capture.arrived_ns, capture.framesets) == (11, announced_ns, tuple(bench.framesets[-3:]))
    bench.announce(12)
    assert [c.plc_id for c in bench.show(framesets=5)] == [12]
    bench.assert_accounts()


def test_the_controller_gets_a_fault_when_frames_stop():
    bench = Bench(CONTROLLER, learned=False)
    bench.announce(11)
    bench.show(BOX)
    bench.announce(12)
    found = bench.wait(1000)
    assert [(c.plc_id, c.fault, len(c.framesets)) for c in found] == [
        (11, Reason.STALE_FRAME, 1),
        (12, Reason.STALE_FRAME, 0),
    ]
    bench.assert_accounts()


def test_frames_older_than_the_announcement_do_not_count():
    bench = Bench(CONTROLLER, learned=False)
    tracker = bench.tracker
    tracker.announce(Announcement(11, 0), 500 * MS)
    late = FrameSet(400 * MS, 400 * MS, tuple(make_frame(picture(n, ()), n, 1, 400 * MS) for n in ("top", "left")))
    assert tracker.push(late, 510 * MS) == ()
    assert [f.lease.releases for f in late.frames] == [1, 1]


def test_a_frameset_of_other_cameras_or_sizes_is_refused_and_given_back():
    bench = Bench()
    big = make_rig(640, 480, ("top",))
    alone = make_frame(picture("top", ()), "top", 1, 0)
    wrong = tuple(make_frame(cast(big, "top"), name, 2, 0) for name in ("top", "left"))
    for frames, word in [((alone,), "cameras"), (wrong, "640x480")]:
        with pytest.raises(RigError, match=word):
            bench.tracker.push(FrameSet(0, 0, frames), bench.now_ns)
        assert [f.lease.releases for f in frames] == [1] * len(frames)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.sampled_from([(), (BOX,), (Box(at_mm=(120, 60)),), (FLAT,)]), st.integers(1, 6)),
        st.tuples(st.just("wait"), st.sampled_from([20, 400, 1100]), st.none()),
        st.tuples(st.just("announce"), st.integers(1, 9), st.none()),
        st.tuples(st.just("lose"), st.none(), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=30, deadline=None)
@given(steps, st.sampled_from(TriggerMode))
def test_whatever_happens_frames_and_announcements_are_accounted_for(actions, trigger):
    bench = Bench(SceneSettings(trigger=trigger, learn_framesets=2), learned=False, noise=False)
    announced = 0
    for action, argument, count in actions:
        if action == "show":
            bench.show(*argument, framesets=count)
        elif action == "wait":
            bench.wait(argument)
        elif action == "announce":
            bench.announce(argument)
            announced += 1
        else:
            bench._take(bench.tracker.camera_lost("left", bench.now_ns))
    bench.assert_accounts()
    assert sum(c.announcement is not None for c in bench.captures) == announced


def test_a_late_announcement_claims_the_item_that_lies_there_not_the_next():
    bench = Bench()
    (unannounced,) = bench.show(BOX, framesets=4)
    bench.announce(7)
    (claimed,) = bench.show(BOX, framesets=3)
    assert (unannounced.plc_id, claimed.plc_id, claimed.fault) == (0, 7, None)
    assert claimed.framesets == tuple(bench.framesets[-3:])
    bench.show(framesets=8)
    (following,) = bench.show(BOX, framesets=4)
    assert following.plc_id == 0
    bench.assert_accounts()


def test_an_early_announcement_waits_while_the_announced_item_before_it_still_lies_there():
    bench = Bench()
    bench.announce(1)
    (first,) = bench.show(BOX, framesets=4)
    bench.announce(2)
    assert bench.show(BOX, framesets=10) == []
    bench.show(framesets=8)
    (second,) = bench.show(BOX, framesets=4)
    assert (first.plc_id, second.plc_id) == (1, 2)
    bench.assert_accounts()
