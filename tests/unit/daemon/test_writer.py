"""The writer: a verdict is told only when it is stored, and never given up while the station runs."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from support.stations import wait_for
from support.verdicts import passed

from station.core.damage import DamageType, Decision, Reason
from station.core.errors import StoreError, StoreFull
from station.core.items import ItemView, Quality
from station.core.verdict import RecordedVerdict
from station.daemon.writer import Writer


class ShelfStore:
    """A store that refuses while `refusal` is set, and says so once it has; of `stumbles` it raises one a time."""

    def __init__(self):
        self.refusal = None
        self.stumbles = []
        self.refused = threading.Event()
        self.has_room = True
        self.kept = []

    def record(self, verdict, evidence):
        if self.stumbles:
            raise self.stumbles.pop()
        self.try_writing()
        self.kept.append((verdict, [picture.name for picture in evidence]))
        return RecordedVerdict(len(self.kept), len(self.kept), replace(verdict, views=()))

    def open_item(self):
        self.try_writing()

    def try_writing(self):
        if self.refusal is not None:
            self.refused.set()
            raise self.refusal

    def disk_ok(self):
        return self.has_room


@pytest.fixture
def store():
    return ShelfStore()


@pytest.fixture
def told():
    return []


@pytest.fixture
def writer(store, told):
    writer = Writer(store, told.append)
    writer.start()
    yield writer
    writer.stop()


def view(crop):
    return ItemView(
        "top", crop, np.ones(crop.shape[:2], bool), np.zeros(crop.shape[:2], np.float32), 1.0, np.eye(2, 3),
        Quality(20.0, 0.0, 0.0, 1.0),
    )  # fmt: skip


def test_jobs_run_in_order_and_their_errors_come_back(writer, store, told):
    futures = [writer.call(lambda store, n=n: n) for n in range(5)]
    broken = writer.call(lambda store: 1 / 0)
    writer.record(passed("a"))
    assert [future.result(5) for future in futures] == list(range(5))
    with pytest.raises(ZeroDivisionError):
        broken.result(5)
    wait_for(lambda: told, "verdict")
    assert told[0].verdict == passed("a")


def test_a_refused_pass_becomes_a_stored_sideline(writer, store, told):
    store.refusal = StoreError("the store failed")
    writer.record(passed("a", 7))
    assert store.refused.wait(5)
    wait_for(lambda: writer.fault, "fault")
    assert (told, writer.disk_ok) == ([], False)
    store.refusal = None
    wait_for(lambda: told, "verdict")
    verdict = told[0].verdict
    assert (verdict.plc_id, verdict.decision, verdict.reasons) == (7, Decision.SIDELINE, (Reason.STORE_FAULT,))
    assert verdict.detail == "the store failed"
    wait_for(lambda: not writer.fault, "end of the fault")
    assert [kept.item_id for kept, _ in store.kept] == ["a"]
    writer.record(passed("b"))
    wait_for(lambda: len(told) == 2, "second verdict")
    assert told[1].verdict.decision is Decision.PASS


def test_a_pass_that_is_late_when_its_turn_comes_is_a_sideline(writer, store, told):
    writer.record(passed("a"), lambda: True)
    writer.record(passed("b"), lambda: False)
    wait_for(lambda: len(told) == 2, "verdicts")
    assert [(each.verdict.decision, each.verdict.reasons) for each in told] == [
        (Decision.SIDELINE, (Reason.TIMEOUT,)),
        (Decision.PASS, ()),
    ]


def test_a_store_that_fails_in_an_unforeseen_way_is_one_that_refuses(writer, store, told, caplog):
    store.stumbles = [TypeError("odd")]
    writer.record(replace(passed("a", 7), type_scores={DamageType.SPILLAGE: 0.1}))
    wait_for(lambda: told, "verdict")
    verdict = told[0].verdict
    assert (verdict.plc_id, verdict.decision, verdict.reasons) == (7, Decision.SIDELINE, (Reason.STORE_FAULT,))
    assert verdict.type_scores == {}, "it may have been what the store stumbled over"
    assert "unexpectedly (TypeError('odd'))" in verdict.detail
    assert "Traceback" in caplog.text
    wait_for(lambda: not writer.fault, "end of the fault")
    assert not writer.failed
    writer.record(passed("b"))
    wait_for(lambda: len(told) == 2, "second verdict")
    assert told[1].verdict.decision is Decision.PASS


def test_a_store_that_fails_in_an_unforeseen_way_while_nothing_comes_is_a_fault_while_it_does(writer, store):
    store.has_room, store.refusal = False, TypeError("odd")
    wait_for(lambda: "TypeError('odd')" in writer.fault, "fault")
    store.has_room, store.refusal = True, None
    wait_for(lambda: writer.disk_ok and not writer.fault, "end of the fault")


def test_a_stored_verdict_that_cannot_be_told_is_a_lasting_failure_and_the_next_is_stored(store):
    heard, rounds = [], []

    def tell(recorded):
        heard.append(recorded)
        raise ValueError("publish in order")

    writer = Writer(store, tell, lambda: rounds.append(len(store.kept)))
    writer.record(passed("a"))
    writer.record(passed("b"))
    writer.start()
    writer.stop()
    assert [kept.item_id for kept, _ in store.kept] == ["a", "b"]
    assert (len(heard), writer.failed, rounds) == (2, True, [0, 1, 2])


def test_stopping_while_the_store_refuses_leaves_the_verdict_to_the_next_start(store, told):
    writer = Writer(store, told.append)
    writer.start()
    store.refusal = StoreFull("no space")
    writer.record(passed("a"))
    writer.record(passed("b"))
    assert store.refused.wait(5)
    writer.stop()
    assert (told, store.kept) == ([], [])


def test_all_that_was_given_is_done_before_it_stops(store, told):
    writer = Writer(store, told.append)
    for number in range(50):
        writer.record(passed(f"i{number}"))
    writer.start()
    writer.stop()
    assert [each.verdict.item_id for each in told] == [f"i{number}" for number in range(50)]


def test_a_full_disk_found_by_any_job_is_a_fault_until_the_store_writes_again(writer, store):
    store.refusal = StoreFull("no space")
    with pytest.raises(StoreFull):
        writer.call(lambda store: store.open_item()).result(5)
    assert "no space" in writer.fault
    store.refused.clear()
    assert store.refused.wait(5), "it tries by itself"
    assert writer.fault
    store.refusal = None
    wait_for(lambda: not writer.fault and writer.disk_ok, "end of the fault")


def test_a_refusal_that_is_no_ones_fault_is_none_of_the_stores(writer, store):
    def unknown(store):
        raise StoreError("there is no item x")

    with pytest.raises(StoreError):
        writer.call(unknown).result(5)
    assert (writer.fault, writer.disk_ok) == ("", True)


def test_a_disk_that_fills_up_is_told_before_an_item_comes(writer, store):
    store.has_room = False
    wait_for(lambda: not writer.disk_ok, "word of the disk")
    assert writer.fault == "", "little room is no fault while it writes"
    store.refusal = StoreFull("no space")
    wait_for(lambda: writer.fault, "fault")
    store.has_room, store.refusal = True, None
    wait_for(lambda: writer.disk_ok and not writer.fault, "end of the fault")


def test_a_full_disk_that_takes_a_little_is_a_fault_until_it_has_room(store, told):
    rounds = threading.Semaphore(0)
    writer = Writer(store, told.append, rounds.release)
    writer.start()
    store.has_room, store.refusal = False, StoreFull("no space")
    writer.record(passed("a"))
    assert store.refused.wait(5)
    store.refusal = None
    wait_for(lambda: told, "the sideline, which is small")
    for _ in range(4):
        rounds.acquire(timeout=5)
        assert (writer.fault, writer.disk_ok) == ("no space", False)
    store.has_room = True
    wait_for(lambda: writer.disk_ok and not writer.fault, "end of the fault")
    writer.stop()


def test_the_evidence_goes_with_the_verdict(writer, store, told):
    writer.record(replace(passed("a"), views=(view(np.zeros((32, 32, 3), np.uint8)),)))
    wait_for(lambda: told, "verdict")
    assert store.kept[0][1] == ["top-crop", "top-overlay"]


def test_evidence_that_cannot_be_made_costs_no_verdict(writer, store, told):
    writer.record(replace(passed("a"), views=(view(np.zeros((0, 0, 3), np.uint8)),)))
    wait_for(lambda: told, "verdict")
    assert store.kept[0][1] == []
    assert told[0].verdict.decision is Decision.PASS
