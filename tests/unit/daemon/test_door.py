"""The door: nobody reads a verdict that the outbox has not told."""

from types import SimpleNamespace

import pytest
from support.verdicts import passed

from station.core.status import ItemState
from station.daemon.clock import ManualClock
from station.daemon.door import StationDoor
from station.daemon.outbox import Outbox
from station.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/station.db", ManualClock())
    yield store
    store.close()


def test_a_verdict_that_is_stored_but_not_told_is_none_yet(store):
    outbox = Outbox()
    station = SimpleNamespace(outbox=outbox, announce=lambda *item: store.open_item("again", *item, 0))
    door = StationDoor(station, store, None, None, None)
    recorded = [store.record(passed("a", 7)), store.record(passed("b", 8))]
    outbox.publish(recorded[0])
    assert door.item("a").verdict == door.item_by_plc_id(7).verdict == recorded[0]
    assert door.verdicts(0, 10) == recorded[:1]
    for item in (door.item("b"), door.item_by_plc_id(8), door.announce(8, None, None)):
        assert (item.item_id, item.state, item.verdict) == ("b", ItemState.CAPTURED, None)
    outbox.publish(recorded[1])
    assert (door.verdicts(0, 10), door.item("b").state) == (recorded, ItemState.JUDGED)
    assert door.item("c") is None
