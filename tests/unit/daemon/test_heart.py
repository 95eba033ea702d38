"""The heart beats only while every thread goes round; the manual clock never runs back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.daemon.clock import ManualClock, SystemClock
from station.daemon.heart import Heart


def test_the_heart_stands_still_while_one_thread_does_and_goes_on_with_it():
    clock = ManualClock()
    heart = Heart(("scene", "inspection"), clock, 2.0)
    clock.sleep(2.0)
    heart.beat()
    assert (heart.beats, heart.stalled()) == (1, [])
    heart.report("scene")
    clock.sleep(1.0)
    heart.beat()
    assert (heart.beats, heart.stalled()) == (1, ["inspection"])
    heart.report("inspection")
    heart.beat()
    assert (heart.beats, heart.stalled()) == (2, [])
    clock.sleep(2.5)
    assert heart.stalled() == ["scene", "inspection"]


@given(st.lists(st.one_of(st.integers(-(10**12), 10**12), st.floats(0, 1e3))))
def test_the_manual_clock_never_runs_back(moves):
    clock = ManualClock(5)
    for move in moves:
        before = clock.now_ns()
        if isinstance(move, int):
            clock.advance_to(move)
            assert clock.now_ns() == max(before, move)
        else:
            clock.sleep(move)
            assert clock.now_ns() == before + round(move * 1e9)
        assert clock.utc_ns() == clock.now_ns()


def test_the_systems_clock_is_in_nanoseconds():
    clock = SystemClock()
    begin_ns = clock.now_ns()
    clock.sleep(0.002)
    assert clock.now_ns() - begin_ns >= 2_000_000
    assert clock.utc_ns() / 1e9 == pytest.approx(SystemClock().utc_ns() / 1e9, abs=60)
