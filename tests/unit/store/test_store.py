"""The store's promises, on every database it runs on."""

import threading

import numpy as np
import pytest
from sqlalchemy import NullPool, create_engine

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.errors import StoreError
from station.core.items import ItemView, Quality
from station.core.status import ItemState, Truth
from station.core.verdict import Region

HOUR_S = 3600.0


def execute(url, *statements):
    """Do to the database what the store itself never would."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def unread(store):
    """The numbers of the verdicts not acknowledged."""
    return [given.number for given in store.after_number(0, 100) if not given.acknowledged]


def test_an_empty_store_has_nothing_to_say(store):
    assert store.last_number() == 0
    assert store.after_number(0, 10) == []
    assert store.item("x") is None
    assert store.items(None, 10) == []
    assert store.evidence_names("x") == ()
    assert store.evidence("x", "top-crop") is None
    assert store.acknowledge(1) == 0


def test_verdict_and_evidence_come_back_after_a_restart(open_store, make_verdict, pictures):
    verdict = make_verdict("a-1", plc_id=7)
    first = open_store()
    given = first.record(verdict, pictures)
    first.close()
    second = open_store()
    assert (given.number, given.seq, given.verdict, given.acknowledged) == (1, 1, verdict, False)
    assert second.after_number(0, 10) == [given]
    assert second.item("a-1").verdict == given
    assert second.item("a-1").state is ItemState.JUDGED
    assert second.evidence_names("a-1") == ("top-crop", "top-overlay")
    assert {second.evidence("a-1", picture.name) for picture in pictures} == set(pictures)
    assert second.evidence("a-1", "side-crop") is None
    assert second.record(make_verdict("a-2")).number == 2


def test_an_item_has_one_verdict_for_ever(store, make_verdict, pictures):
    first = store.record(make_verdict("a-1", decision=Decision.SIDELINE), pictures)
    again = store.record(make_verdict("a-1", decision=Decision.PASS), pictures[:1])
    assert again == first
    assert store.last_number() == 1
    assert len(store.evidence_names("a-1")) == 2


def test_an_overruled_verdict_keeps_its_number_and_its_evidence(store, make_verdict, pictures):
    store.record(make_verdict("a-1"))
    store.record(make_verdict("a-2"), pictures)
    given = store.overrule(2, make_verdict("a-2", decision=Decision.SIDELINE, reasons=(Reason.TIMEOUT,)))
    assert (given.number, given.verdict.reason) == (2, Reason.TIMEOUT)
    assert store.after_number(1, 10) == [given]
    assert store.item("a-1").verdict.verdict == make_verdict("a-1")
    assert len(store.evidence_names("a-2")) == 2


def test_a_verdict_is_stored_whole_or_not_at_all(store, make_verdict, pictures):
    with pytest.raises(StoreError):
        store.record(make_verdict("a-1"), [pictures[0], pictures[0]])
    assert store.item("a-1") is None
    assert store.last_number() == 0
    assert store.record(make_verdict("a-1"), pictures).number == 1


def test_numpy_scalars_and_views_do_not_stay_in_a_stored_verdict(store, make_verdict):
    crop = np.zeros((2, 2, 3), np.uint8)
    view = ItemView(
        "top", crop, crop[..., 0] > 0, np.zeros((2, 2), np.float32), 1.0, np.zeros((2, 3)), Quality(1, 0, 0, 1)
    )
    verdict = make_verdict(
        "a-1",
        damage_confidence=np.float32(0.1),
        type_scores={DamageType.ACTUATION: np.float32(0.3)},
        regions=(Region("top", tuple(np.arange(4)), np.float64(0.5)),),
        views=(view,),
    )
    given = store.record(verdict)
    assert given.verdict.views == ()
    assert store.after_number(0, 10) == [given]


def test_items_open_in_order_and_close_with_their_verdict(store, make_verdict, clock):
    opened = store.open_item("a-1", 11, "sku-1", "4006381333931", clock.utc_ns())
    assert (opened.item_id, opened.plc_id, opened.sku, opened.barcode) == ("a-1", 11, "sku-1", "4006381333931")
    assert opened.state is ItemState.ANNOUNCED
    assert store.item("a-1") == opened
    store.mark_captured("a-1")
    assert store.item("a-1").state is ItemState.CAPTURED
    store.record(make_verdict("a-1", plc_id=11))
    store.mark_captured("a-1")
    assert store.item("a-1").state is ItemState.JUDGED
    store.open_item("a-2", 0, None, None, clock.utc_ns())
    assert [item.item_id for item in store.items(None, 10)] == ["a-1", "a-2"]
    assert [item.item_id for item in store.items(None, 1)] == ["a-1"]
    assert [item.item_id for item in store.items("a-1", 10)] == ["a-2"]


def test_an_item_that_was_never_opened_is_created_with_its_verdict(store, make_verdict, clock):
    clock.sleep(100.0)
    store.record(make_verdict("a-1", plc_id=9, arrived_ns=1_000, decided_ns=500_001_000))
    item = store.item("a-1")
    assert (item.plc_id, item.sku, item.barcode, item.state) == (9, None, None, ItemState.JUDGED)
    assert item.opened_utc_ns == clock.utc_ns() - 500_000_000


def test_unknown_items_are_refused_by_name(store):
    truth = Truth((), Severity.NONE, "ann")
    for use in (
        lambda: store.mark_captured("x-9"),
        lambda: store.record_truth("x-9", truth),
        lambda: store.items("x-9", 10),
    ):
        with pytest.raises(StoreError, match="no item 'x-9'"):
            use()


def test_the_same_controller_number_gives_the_same_item_while_it_is_open(store, clock):
    first = store.open_item("a-1", 11, "sku-1", None, clock.utc_ns())
    clock.sleep(30 * HOUR_S)
    assert store.open_item("a-2", 11, "other", None, clock.utc_ns()) == first
    assert store.item("a-2") is None
    assert store.item_by_plc_id(11) == first


@pytest.mark.parametrize(("seconds", "same"), [(0.0, True), (HOUR_S - 1, True), (HOUR_S, False), (-HOUR_S, False)])
def test_a_judged_item_keeps_its_controller_number_for_a_while(store, make_verdict, clock, seconds, same):
    store.open_item("a-1", 11, None, None, clock.utc_ns())
    clock.sleep(50.0)
    store.record(make_verdict("a-1", plc_id=11, decision=Decision.PASS))
    clock.sleep(seconds)
    item = store.open_item("a-2", 11, None, None, clock.utc_ns())
    assert item.item_id == ("a-1" if same else "a-2")
    assert (item.verdict is None) != same
    assert store.item_by_plc_id(11) == item


def test_how_long_a_controller_number_stays_taken_is_a_setting(open_store, make_verdict, clock):
    store = open_store(id_reuse_s=5.0)
    store.record(make_verdict("a-1", plc_id=11))
    clock.sleep(4.0)
    assert store.open_item("a-2", 11, None, None, clock.utc_ns()).item_id == "a-1"
    clock.sleep(1.0)
    assert store.open_item("a-3", 11, None, None, clock.utc_ns()).item_id == "a-3"


def test_number_zero_is_no_controller_number(store, clock):
    store.open_item("a-1", 0, None, None, clock.utc_ns())
    assert store.open_item("a-2", 0, None, None, clock.utc_ns()).item_id == "a-2"
    assert store.item_by_plc_id(0) is None


def test_an_item_name_serves_once(store, clock):
    first = store.open_item("a-1", 11, "sku-1", None, clock.utc_ns())
    assert store.open_item("a-1", 11, "sku-2", None, clock.utc_ns()) == first
    with pytest.raises(StoreError, match="belongs to controller number 11, not 12"):
        store.open_item("a-1", 12, None, None, clock.utc_ns())


def test_each_boot_has_a_number_and_finds_what_its_predecessor_left_open(open_store, make_verdict, clock):
    first = open_store()
    boot = first.boot()
    assert (boot.number, boot.restarted) == (1, ())
    first.open_item("a-1", 11, None, None, clock.utc_ns())
    first.open_item("a-2", 12, "sku", None, clock.utc_ns())
    first.mark_captured("a-2")
    first.record(make_verdict("a-0"))
    first.close()
    second = open_store()
    boot_2 = second.boot()
    assert boot_2.number == 2
    assert boot_2.boot_id != boot.boot_id
    assert [(item.item_id, item.state) for item in boot_2.restarted] == [
        ("a-1", ItemState.ANNOUNCED),
        ("a-2", ItemState.CAPTURED),
    ]
    for item in boot_2.restarted:
        second.record(make_verdict(item.item_id, plc_id=item.plc_id, reasons=(Reason.RESTARTED,)))
    assert second.boot().restarted == ()
    assert second.item_by_plc_id(12).verdict.verdict.reason is Reason.RESTARTED


def test_verdicts_are_read_in_order_and_unread_ones_outlive_a_restart(open_store, make_verdict):
    store = open_store()
    for number in range(1, 7):
        store.record(make_verdict(f"a-{number}"))
    assert [given.number for given in store.after_number(2, 3)] == [3, 4, 5]
    assert unread(store) == [1, 2, 3, 4, 5, 6]
    assert store.acknowledge(4) == 4
    store.close()
    store = open_store()
    assert unread(store) == [5, 6]
    assert store.item("a-4").verdict.acknowledged


def test_a_late_an_unknown_and_a_repeated_acknowledgement_change_nothing(store, make_verdict):
    for number in range(1, 4):
        store.record(make_verdict(f"a-{number}"))
    assert store.acknowledge(2) == 2
    assert [store.acknowledge(seq) for seq in (2, 1, 4, 0, -1, 32767, 32768, 10**12)] == [0] * 8
    assert unread(store) == [3]
    assert store.acknowledge(3) == 1
    assert unread(store) == []


def test_the_controller_sequence_wraps_and_never_shows_zero(store, store_url, make_verdict):
    store.record(make_verdict("a-0"))
    execute(store_url, "UPDATE verdicts SET number = 32764")
    given = [store.record(make_verdict(f"a-{number}")) for number in range(1, 7)]
    assert [verdict.number for verdict in given] == [32765, 32766, 32767, 32768, 32769, 32770]
    assert [verdict.seq for verdict in given] == [32765, 32766, 32767, 1, 2, 3]
    assert store.acknowledge(32766) > 0
    assert unread(store)[0] == 32767
    assert store.acknowledge(2) == 3, "the new 2, not that of a turn ago"
    assert store.acknowledge(32767) == 0, "older than what is read"
    assert store.acknowledge(4) == 0, "a turn ago"
    assert unread(store) == [32770]


def test_the_last_truth_counts(store, make_verdict):
    store.record(make_verdict("a-1"))
    assert store.item("a-1").truth is None
    dented = Truth((DamageType.DEFORMATION, DamageType.SPILLAGE), Severity.MINOR, "ann", "corner, été \x00")
    store.record_truth("a-1", dented)
    assert store.item("a-1").truth == dented
    good = Truth((), Severity.NONE, "bob")
    store.record_truth("a-1", good)
    assert store.item("a-1").truth == good
    assert store.items(None, 1)[0].truth == good


def test_a_fault_text_of_any_kind_is_kept(store, make_verdict):
    detail = "file \udcff\x00 'quoted' \"twice\" 🙂"
    assert [store.record(make_verdict("a-1", detail=detail))] == store.after_number(0, 10)
    assert store.item("a-1").verdict.verdict.detail == detail


def test_what_the_database_cannot_hold_is_a_store_error(store, clock):
    with pytest.raises(StoreError):
        store.open_item("a-1", 0, "\udcff", None, clock.utc_ns())
    with pytest.raises(StoreError):
        store.open_item("a-1", 2**70, None, None, clock.utc_ns())
    assert store.open_item("a-1", 0, None, None, clock.utc_ns()).item_id == "a-1"


def test_a_damaged_document_is_named_not_skipped(store, store_url, make_verdict):
    store.record(make_verdict("a-1"))
    store.record_truth("a-1", Truth((), Severity.NONE, "ann"))
    execute(store_url, "UPDATE truths SET document = '{}'")
    with pytest.raises(StoreError, match="stored truth cannot be read"):
        store.item("a-1")
    execute(store_url, "UPDATE verdicts SET document = '{\"item_id\":1}'")
    with pytest.raises(StoreError, match="stored verdict cannot be read"):
        store.after_number(0, 10)


def test_readers_on_other_threads_see_only_whole_verdicts(store, make_verdict, pictures):
    count = 40
    wrong: list[object] = []
    barrier = threading.Barrier(4)

    def read() -> None:
        try:
            barrier.wait(timeout=10)
            while (last := store.last_number()) < count:
                numbers = [given.number for given in store.after_number(0, count)]
                whole = not last or len(store.evidence_names(f"a-{last}")) == 2
                if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < last or not whole:
                    wrong.append((last, numbers, whole))
                    return
        except Exception as error:
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    barrier.wait(timeout=10)
    for number in range(1, count + 1):
        store.record(make_verdict(f"a-{number}"), pictures)
    for reader in readers:
        reader.join(timeout=20)
    assert not any(reader.is_alive() for reader in readers)
    assert wrong == []


def test_a_store_in_use_is_refused_until_it_is_closed(open_store, make_verdict):
    first = open_store()
    with pytest.raises(StoreError, match=r"is in use by a station that runs.* Stop that one, or set store\.url"):
        open_store(busy_timeout_s=0.1)
    assert first.record(make_verdict("a-1")).number == 1
    first.close()
    assert open_store().record(make_verdict("a-2")).number == 2


def test_the_disk_is_fit_while_it_has_room(open_store, store_url):
    store = open_store(min_free_mb=1)
    assert store.disk_ok()
    store.close()
    if store_url.startswith("sqlite"):
        assert not open_store(min_free_mb=1_000_000).disk_ok()


def test_closing_twice_is_safe(store, make_verdict):
    store.record(make_verdict("a-1"))
    store.close()
    store.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_server_that_dropped_its_connections_is_found_again(store, store_url, make_verdict):
    store.record(make_verdict("a-1"))
    execute(store_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
    assert store.record(make_verdict("a-2")).number == 2
