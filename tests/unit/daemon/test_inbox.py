"""The inbox: frames may be dropped, oldest first and counted; announcements never."""

import threading
from collections import Counter

import numpy as np
from box_scene import CountingLease
from hypothesis import given
from hypothesis import strategies as st

from station.core.frames import Frame, TimeDomain
from station.core.items import Announcement
from station.daemon.inbox import SceneInbox
from station.daemon.scene_walk import Arrivals

COLOUR, DEPTH = np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint16)
EMPTY = Arrivals()


def frame(camera_id="top", number=1):
    return Frame(camera_id, number, number, number, TimeDomain.GLOBAL, COLOUR, DEPTH, 1.0, CountingLease())


def told(plc_id):
    return Announcement(plc_id, plc_id)


STEPS = st.lists(st.one_of(st.sampled_from(["top", "left"]), st.integers(1, 99), st.none()), max_size=60)


@given(steps=STEPS, capacity=st.integers(1, 5))
def test_every_frame_is_taken_or_released_and_no_announcement_is_lost(steps, capacity):
    """A camera's name puts a frame, a number announces, None takes."""
    inbox = SceneInbox(capacity)
    put, announced, heard = [], [], []
    waiting, taken, dropped = [], [], Counter()

    def take():
        arrivals = inbox.take(0)
        assert arrivals.frame is (waiting.pop(0) if waiting else None)
        taken.extend([arrivals.frame] if arrivals.frame else [])
        heard.extend(arrivals.announcements)

    for step in steps:
        if step is None:
            take()
        elif isinstance(step, int):
            announced.append(told(step))
            inbox.put_announcement(announced[-1])
        else:
            put.append(frame(step, len(put)))
            if len(waiting) == capacity:
                dropped[waiting.pop(0).camera_id] += 1
            waiting.append(put[-1])
            inbox.put_frame(put[-1])
    take()
    assert heard == announced
    assert inbox.dropped == dropped
    inbox.close()
    assert all(each.lease.holders == (1 if any(each is kept for kept in taken) else 0) for each in put)


def test_once_closed_it_releases_whatever_comes():
    inbox = SceneInbox(2)
    before, after = frame(), frame()
    inbox.put_frame(before)
    inbox.close()
    inbox.put_frame(after)
    assert (before.lease.holders, after.lease.holders) == (0, 0)
    assert inbox.take(60) == EMPTY, "a closed inbox keeps nobody waiting"


def test_whoever_waits_is_woken_by_each_kind_of_news():
    news = [lambda box: box.put_frame(frame()), lambda box: box.put_announcement(told(1)), lambda b: b.put_lost("top")]
    for put in news:
        inbox, found = SceneInbox(2), []
        waiter = threading.Thread(target=lambda: found.append(inbox.take(60)))  # noqa: B023
        waiter.start()
        put(inbox)
        waiter.join(10)
        assert not waiter.is_alive()
        assert found[0] != EMPTY


def test_what_was_taken_is_in_hand_until_more_is_asked_for():
    for put in (lambda box: box.put_frame(frame()), lambda box: box.put_announcement(told(1))):
        inbox = SceneInbox(2)
        assert inbox.idle
        put(inbox)
        assert not inbox.idle
        inbox.take(0)
        assert not inbox.idle
        inbox.take(0)
        assert inbox.idle
