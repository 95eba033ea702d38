from collections import Counter

import numpy as np
import pytest
from box_scene import CountingLease
from hypothesis import given
from hypothesis import strategies as st

from station.core.frames import Frame, TimeDomain
from station.scene import DropCause, SceneSettings, Synchroniser

MS = 1_000_000
PIXEL = np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint16)


def frame(camera_id, sequence, device_ms, host_ms=None, domain=TimeDomain.GLOBAL):
    host_ms = device_ms if host_ms is None else host_ms
    return Frame(camera_id, sequence, device_ms * MS, host_ms * MS, domain, *PIXEL, 1.0, CountingLease())


def dropped(synchroniser):
    return {cause: count for cause, count in synchroniser.dropped.items() if count}


def test_frames_within_the_tolerance_are_one_frameset_in_the_order_of_the_cameras():
    synchroniser = Synchroniser(("a", "b", "c"), SceneSettings())
    assert synchroniser.push(frame("c", 1, 104, 110)) is None
    assert synchroniser.push(frame("a", 7, 100, 111)) is None
    found = synchroniser.push(frame("b", 3, 102, 109))
    assert [f.camera_id for f in found.frames] == ["a", "b", "c"]
    assert (found.t_ns, found.host_t_ns) == (100 * MS, 109 * MS)


def test_one_camera_needs_no_partner():
    synchroniser = Synchroniser(("a",), SceneSettings())
    assert synchroniser.push(frame("a", 1, 100)) is not None


@pytest.mark.parametrize(("sequence", "device_ms"), [(5, 133), (6, 100), (6, 90)])
def test_a_repeated_frame_or_one_whose_time_goes_back_is_never_fresh(sequence, device_ms):
    synchroniser = Synchroniser(("a",), SceneSettings())
    synchroniser.push(frame("a", 5, 100))
    stale = frame("a", sequence, device_ms)
    assert synchroniser.push(stale) is None
    assert dropped(synchroniser) == {DropCause.STALE: 1}
    assert stale.lease.releases == 1


def test_a_camera_that_lags_is_dropped_until_it_catches_up():
    synchroniser = Synchroniser(("a", "b"), SceneSettings())
    synchroniser.push(frame("a", 1, 100))
    assert synchroniser.push(frame("b", 1, 66)) is None
    assert dropped(synchroniser) == {DropCause.UNPAIRED: 1}
    assert synchroniser.push(frame("b", 2, 99)) is not None


def test_frames_waiting_for_a_silent_camera_are_bounded():
    synchroniser = Synchroniser(("a", "b"), SceneSettings(pair_queue=3))
    frames = [frame("a", n, 33 * n) for n in range(1, 9)]
    assert all(synchroniser.push(f) is None for f in frames)
    assert dropped(synchroniser) == {DropCause.OVERFLOW: 5}
    synchroniser.flush()
    assert [f.lease.releases for f in frames] == [1] * 8


def test_hardware_clocks_of_two_devices_are_compared_by_arrival():
    synchroniser = Synchroniser(("a", "b"), SceneSettings())
    synchroniser.push(frame("a", 1, 900_000, 100, TimeDomain.HARDWARE))
    assert synchroniser.push(frame("b", 1, 17, 104, TimeDomain.HARDWARE)) is not None
    synchroniser.push(frame("a", 2, 3, 133, TimeDomain.HARDWARE))  # its clock was reset
    assert synchroniser.push(frame("b", 2, 50, 137, TimeDomain.HARDWARE)) is not None


def test_domains_are_never_mixed_and_a_camera_may_change_its_own():
    synchroniser = Synchroniser(("a", "b"), SceneSettings())
    synchroniser.push(frame("a", 1, 100, 100, TimeDomain.HARDWARE))
    assert synchroniser.push(frame("b", 1, 102, 103, TimeDomain.GLOBAL)) is None
    assert dropped(synchroniser) == {DropCause.MIXED_DOMAIN: 1}
    assert synchroniser.push(frame("a", 2, 104, 104, TimeDomain.GLOBAL)) is not None


def test_a_frame_of_an_unknown_camera_is_given_back():
    synchroniser = Synchroniser(("a",), SceneSettings())
    stranger = frame("z", 1, 100)
    assert synchroniser.push(stranger) is None
    assert (stranger.lease.releases, dropped(synchroniser)) == (1, {DropCause.UNKNOWN_CAMERA: 1})


pushes = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 3),
        st.integers(-40, 80),
        st.integers(0, 5),
        st.sampled_from([TimeDomain.GLOBAL] * 8 + [TimeDomain.HARDWARE, TimeDomain.SYSTEM]),
    ),
    max_size=60,
)


@given(st.integers(1, 6), pushes)
def test_every_frame_is_in_one_frameset_or_released_once(cameras, steps):
    names = [f"cam{n}" for n in range(cameras)]
    synchroniser = Synchroniser(names, SceneSettings())
    sequence, time_ms, host_ms = Counter(), Counter(), 0
    pushed, emitted = [], []
    for camera, advance, ms, host, domain in steps:
        name = f"cam{camera}"
        sequence[name] += advance
        time_ms[name] += ms
        host_ms += host
        pushed.append(frame(name, sequence[name], time_ms[name], host_ms, domain))
        if found := synchroniser.push(pushed[-1]):
            emitted.append(found)
            assert [f.camera_id for f in found.frames] == names
            assert len({f.time_domain for f in found.frames}) == 1
            times = [f.host_t_ns if f.time_domain is TimeDomain.HARDWARE else f.device_t_ns for f in found.frames]
            assert max(times) - min(times) <= 15 * MS
    synchroniser.flush()
    kept = Counter(id(f) for found in emitted for f in found.frames)
    assert all(kept[id(f)] + f.lease.releases == 1 for f in pushed)
    assert sum(synchroniser.dropped.values()) == sum(f.lease.releases for f in pushed)
