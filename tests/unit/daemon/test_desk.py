"""The desk: one announcement and one verdict per item, whoever races whom."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.verdicts import passed, sideline

from station.core.damage import Decision, Reason
from station.core.errors import StoreError
from station.core.items import Announcement, ItemCapture
from station.daemon.clock import ManualClock
from station.daemon.desk import ItemDesk
from station.daemon.inflight import InFlight, ItemInFlight
from station.daemon.writer import Writer
from station.store import Store

ARRIVAL_MS, DEADLINE_MS = 5000, 1500


class Bench:
    """A desk on a real store. Opening and recording may be given something to do after the store has done its part."""

    def __init__(self, path):
        self.clock = ManualClock()
        self.store = Store.open(f"sqlite:///{path}/station.db", self.clock)
        self.store.boot()
        self.recorded, self.passed_on = [], []
        self.after_open = self.after_record = lambda: None
        self.writer = Writer(self, self._on_recorded)
        self.desk = ItemDesk(self.writer, sideline, self.passed_on.append, self.clock, "b", ARRIVAL_MS, DEADLINE_MS)
        self.writer.start()

    def __getattr__(self, name):
        return getattr(self.store, name)

    def open_item(self, *args):
        item = self.store.open_item(*args)
        self.after_open()
        return item

    def record(self, *args):
        recorded = self.store.record(*args)
        self.after_record()
        return recorded

    def _on_recorded(self, recorded):
        self.recorded.append(recorded)
        self.desk.recorded(recorded.verdict.item_id)

    def written(self):
        """Wait until the writer has done all it was given."""
        self.writer.call(lambda store: None).result(10)

    def block(self):
        """Keep the writer busy until the event returned is set."""
        gate, reached = threading.Event(), threading.Event()
        self.writer.call(lambda store: (reached.set(), gate.wait(20)))
        assert reached.wait(10)
        return gate


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.writer.stop()
    bench.store.close()


def item(name, deadline_ns=10):
    return ItemInFlight(name, 0, deadline_ns, None)


def together(count, work):
    """Run `work` on so many threads at the same moment and return what each gave."""
    barrier = threading.Barrier(count)

    def run(_):
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_many_claimants_one_gets_the_item():
    names = [f"i{number}" for number in range(300)]
    in_flight = InFlight()
    for name in names:
        in_flight.add(item(name))
    claims = together(4, lambda: [name for name in names if in_flight.claim(name)])
    assert sorted(name for each in claims for name in each) == sorted(names)
    assert (in_flight.unclaimed(), len(in_flight)) == ([], len(names)), "their verdicts are not stored yet"


def test_an_item_is_in_hand_until_its_verdict_is_stored():
    in_flight = InFlight()
    assert in_flight.add(item("a"))
    assert not in_flight.add(item("a"))
    assert in_flight.reschedule("a", 20)
    assert ([each.item_id for each in in_flight.overdue(20)], in_flight.overdue(19)) == (["a"], [])
    assert in_flight.claim("a")
    assert not in_flight.add(item("a"))
    assert not in_flight.reschedule("a", 99)
    assert not in_flight.claim("a")
    in_flight.settle("a")
    assert len(in_flight) == 0
    assert in_flight.add(item("a"))


def test_announced_by_many_at_once_it_is_one_item_and_passed_on_once(bench):
    records = together(8, lambda: bench.desk.announce(7, "SKU", None))
    assert len({record.item_id for record in records}) == 1
    assert [(told.plc_id, told.sku, told.item_id) for told in bench.passed_on] == [(7, "SKU", records[0].item_id)]


def test_announced_again_while_its_verdict_is_on_its_way_it_is_not_passed_on_again(bench):
    first = bench.desk.announce(7, None, None)
    bench.after_open = lambda: bench.desk.give(passed(first.item_id, 7))
    again = bench.desk.announce(7, None, None)
    bench.written()
    assert again.item_id == first.item_id
    assert len(bench.passed_on) == len(bench.recorded) == 1
    assert bench.desk.announce(7, None, None).verdict == bench.recorded[0]
    assert (len(bench.passed_on), len(bench.desk.in_flight)) == (1, 0)


def test_of_the_judge_the_watch_and_the_end_one_gives_the_verdict(bench):
    items = [bench.desk.announce(number, None, None) for number in range(1, 31)]
    bench.clock.sleep(60)
    given = together(
        3,
        lambda: (
            sum(bench.desk.give(passed(each.item_id, each.plc_id)) for each in items),
            bench.desk.expire(),
            bench.desk.close(),
        )[:2],
    )
    bench.written()
    assert [each.verdict.plc_id for each in sorted(bench.recorded, key=lambda r: r.verdict.plc_id)] == list(
        range(1, 31)
    )
    judged_ns = passed("any").arrived_ns
    assert sum(judged for judged, _ in given) == sum(r.verdict.arrived_ns == judged_ns for r in bench.recorded)
    assert {r.verdict.decision for r in bench.recorded} == {Decision.SIDELINE}, "all are late"


def test_an_announcement_that_never_got_to_the_store_may_be_repeated(bench):
    gate = bench.block()
    with pytest.raises(StoreError, match=r"item 7 could not be stored within 2.0 s \(busy\)"):
        bench.desk.announce(7, None, None)
    gate.set()
    bench.written()
    assert (bench.passed_on, bench.store.item_by_plc_id(7)) == ([], None)
    record = bench.desk.announce(7, None, None)
    assert [told.item_id for told in bench.passed_on] == [record.item_id]


def test_an_announcement_the_store_is_slow_with_stands_though_it_was_refused(bench):
    gate = threading.Event()
    bench.after_open = lambda: gate.wait(20)
    with pytest.raises(StoreError):
        bench.desk.announce(7, None, None)
    gate.set()
    record = bench.desk.announce(7, None, None)
    assert [told.item_id for told in bench.passed_on] == [record.item_id]


def test_a_late_item_is_sidelined_and_its_own_verdict_comes_to_nothing(bench):
    record = bench.desk.announce(7, None, None)
    bench.clock.sleep(1)
    capture = ItemCapture(record.item_id, bench.clock.now_ns(), (), bench.passed_on[0])
    assert bench.desk.captured(capture) == bench.clock.now_ns() + DEADLINE_MS * 1_000_000
    bench.clock.sleep(DEADLINE_MS / 1e3 - 0.001)
    assert bench.desk.expire() == 0
    bench.clock.sleep(0.001)
    assert bench.desk.expire() == 1
    assert not bench.desk.give(passed(record.item_id, 7))
    bench.written()
    assert [each.verdict.reason for each in bench.recorded] == [Reason.TIMEOUT]
    assert bench.recorded[0].verdict.plc_id == 7


def test_a_pass_whose_commit_ends_after_the_deadline_is_told_and_kept_as_a_sideline(bench):
    record = bench.desk.announce(7, None, None)
    bench.desk.captured(ItemCapture(record.item_id, bench.clock.now_ns(), (), bench.passed_on[0]))
    bench.after_record = lambda: bench.clock.sleep(DEADLINE_MS / 1e3)
    bench.desk.give(passed(record.item_id, 7))
    bench.written()
    assert [(each.number, each.verdict.reason) for each in bench.recorded] == [(1, Reason.TIMEOUT)]
    assert bench.store.after_number(0, 10) == bench.recorded


def test_a_late_pass_that_cannot_be_overruled_yet_is_not_told_as_one(bench, monkeypatch):
    record = bench.desk.announce(7, None, None)
    bench.after_record = lambda: bench.clock.sleep(60)
    overrule, refusals = bench.store.overrule, [StoreError("the store failed")]

    def stumbling(*args):
        if refusals:
            raise refusals.pop()
        return overrule(*args)

    monkeypatch.setattr(bench.store, "overrule", stumbling)
    bench.desk.give(passed(record.item_id, 7))
    bench.written()
    assert [each.verdict.reason for each in bench.recorded] == [Reason.TIMEOUT]
    assert bench.store.after_number(0, 10) == bench.recorded


def test_an_item_that_never_comes_is_timed_out_after_the_trackers_own_patience(bench):
    bench.desk.announce(7, None, None)
    bench.clock.sleep((ARRIVAL_MS + DEADLINE_MS) / 1e3 - 0.001)
    assert bench.desk.expire() == 0
    bench.clock.sleep(0.001)
    assert bench.desk.expire() == 1


def test_an_item_nobody_announced_is_made_durable_when_it_is_captured(bench):
    bench.desk.captured(ItemCapture("b-000001", 0, (), None))
    bench.written()
    assert [left.item_id for left in bench.store.boot().restarted] == ["b-000001"]
    bench.desk.close()
    bench.written()
    assert [each.verdict.reason for each in bench.recorded] == [Reason.SHUTDOWN]


def test_an_announcement_without_a_number_is_a_new_item_each_time(bench):
    names = {bench.desk.announce(0, None, "123").item_id for _ in range(3)}
    assert len(names) == 3
    assert all(isinstance(told, Announcement) and told.plc_id == 0 for told in bench.passed_on)
