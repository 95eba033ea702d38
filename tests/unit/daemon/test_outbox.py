"""The outbox offers what the store holds: in order, from where the controller is, across wraps and restarts."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.verdicts import PASSED

from station.core.verdict import SEQ_MAX, RecordedVerdict, seq_from_number
from station.daemon.outbox import Outbox


def recorded(number, acknowledged=False):
    return RecordedVerdict(number, seq_from_number(number), PASSED, acknowledged)


def number_after(outbox, seq):
    found = outbox.next_after(seq)
    return found and found.number


def test_empty_offers_nothing() -> None:
    outbox = Outbox()
    assert (outbox.newest, outbox.unread, outbox.overrun, outbox.next_after(0), outbox.next_after(5)) == (
        None,
        0,
        False,
        None,
        None,
    )
    outbox.acknowledge(5)
    assert outbox.unread == 0


def test_verdicts_follow_one_another() -> None:
    outbox = Outbox()
    for number in (1, 2, 3):
        outbox.publish(recorded(number))
    assert [number_after(outbox, seq) for seq in (0, 1, 2, 3)] == [1, 2, 3, None]


def test_zero_asks_for_the_oldest_unread() -> None:
    outbox = Outbox([recorded(1, True), recorded(2, True), recorded(3), recorded(4)])
    assert (outbox.unread, number_after(outbox, 0)) == (2, 3)
    outbox.acknowledge(4)
    assert (outbox.unread, number_after(outbox, 0)) == (0, None)
    assert number_after(outbox, 1) == 2


@pytest.mark.parametrize("seq", [4, 500, SEQ_MAX])
def test_a_sequence_the_station_never_gave_asks_for_the_oldest_unread(seq) -> None:
    outbox = Outbox([recorded(1, True), recorded(2), recorded(3)])
    assert number_after(outbox, seq) == 2


def test_the_sequence_wraps() -> None:
    outbox = Outbox([recorded(SEQ_MAX - 1, True), recorded(SEQ_MAX), recorded(SEQ_MAX + 1)])
    assert [entry.seq for entry in (outbox.next_after(SEQ_MAX - 1), outbox.next_after(SEQ_MAX))] == [SEQ_MAX, 1]
    outbox.acknowledge(1)
    assert outbox.unread == 0


def test_acknowledging_takes_all_older_ones_too_and_never_goes_back() -> None:
    outbox = Outbox([recorded(number) for number in range(1, 6)])
    assert [outbox.acknowledge(seq) for seq in (3, 1, 3, 77)] == [3, 0, 0, 0]
    assert outbox.unread == 2
    assert [outbox.next_after(seq).acknowledged for seq in (1, 2, 3)] == [True, True, False]


def test_nine_unread_are_an_overrun() -> None:
    outbox = Outbox([recorded(number) for number in range(1, 9)])
    assert not outbox.overrun
    outbox.publish(recorded(9))
    assert outbox.overrun


def test_the_window_forgets_the_oldest() -> None:
    outbox = Outbox([recorded(number) for number in range(1, 8)], window=3)
    assert (outbox.unread, number_after(outbox, 0), number_after(outbox, 2)) == (3, 5, 5)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_a_gap_or_a_repeat_is_refused(number) -> None:
    outbox = Outbox([recorded(2), recorded(3)])
    with pytest.raises(ValueError, match=f"verdict {number} cannot follow 3"):
        outbox.publish(recorded(number))


def test_pictures_do_not_stay_in_memory() -> None:
    outbox = Outbox()
    outbox.publish(replace(recorded(1), verdict=replace(PASSED, views=("a crop",))))
    assert outbox.newest.verdict.views == ()


def test_every_verdict_rings_until_unsubscribed() -> None:
    outbox, rung = Outbox(), []
    ring = lambda: rung.append(outbox.newest.number)  # noqa: E731 - the same object twice
    outbox.subscribe(ring)
    outbox.publish(recorded(1))
    outbox.publish(recorded(2))
    outbox.unsubscribe(ring)
    outbox.publish(recorded(3))
    assert rung == [1, 2]


@given(
    first=st.integers(1, 3 * SEQ_MAX),
    steps=st.lists(st.one_of(st.just("publish"), st.integers(0, SEQ_MAX), st.tuples(st.integers(0, 12))), max_size=40),
)
def test_it_behaves_like_a_plain_list(first, steps) -> None:
    """Against a model without windows or wraps: a list of numbers, and the last one read."""
    outbox, numbers, read = Outbox(window=20), [], first - 1
    for step in steps:
        if step == "publish":
            numbers.append(first + len(numbers))
            outbox.publish(recorded(numbers[-1]))
            continue
        kept = numbers[-20:]
        by_seq = {seq_from_number(number): number for number in kept}
        # A tuple is a position in the window, so that known sequences are asked for often.
        seq = seq_from_number(kept[step[0] % len(kept)]) if isinstance(step, tuple) and kept else step
        seq = 0 if isinstance(seq, tuple) else seq
        start = by_seq.get(seq, max([read, *[number - 1 for number in kept[:1]]]))
        assert number_after(outbox, seq) == next((number for number in kept if number > start), None)
        if isinstance(step, tuple):
            outbox.acknowledge(seq)
            read = max(read, by_seq.get(seq, 0))
        assert outbox.unread == sum(number > read for number in kept)


def test_a_reader_on_another_thread_sees_every_verdict_in_order() -> None:
    outbox, seen, rung = Outbox(), [], threading.Event()
    outbox.subscribe(rung.set)

    def read() -> None:
        seq = 0
        while len(seen) < 300:
            rung.clear()
            while (entry := outbox.next_after(seq)) is not None:
                seen.append(entry.number)
                seq = entry.seq
            if len(seen) < 300:
                assert rung.wait(5.0)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 301):
        outbox.publish(recorded(number))
    reader.join(10.0)
    assert seen == list(range(1, 301))
