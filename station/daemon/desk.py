"""The desk: every item passes it when it is announced, when it is captured, and once when it gets its verdict."""

import itertools
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError

from station.core.damage import Reason
from station.core.errors import StoreError
from station.core.items import Announcement, ItemCapture
from station.core.ports import Clock
from station.core.status import ItemRecord
from station.core.verdict import Verdict
from station.daemon.inflight import InFlight, ItemInFlight
from station.daemon.writer import Writer
from station.store import Store

_ANNOUNCE_WAIT_S = 2.0

Sideliner = Callable[[ItemCapture, Reason], Verdict]
"""Makes the sideline verdict of an item that was not judged."""


class ItemDesk:
    """Sees to it that each item gets exactly one verdict, in time.

    `pass_on` is called on the writer thread with each new announcement, once it is stored.
    """

    def __init__(
        self,
        writer: Writer,
        sideline: Sideliner,
        pass_on: Callable[[Announcement], None],
        clock: Clock,
        item_prefix: str,
        arrival_timeout_ms: float,
        deadline_ms: int,
    ) -> None:
        self._writer = writer
        self._sideline = sideline
        self._pass_on = pass_on
        self._clock = clock
        self._prefix = item_prefix
        self._numbers = itertools.count(1)
        self._arrival_ns = round(arrival_timeout_ms * 1e6)
        self._deadline_ns = deadline_ms * 1_000_000
        self.in_flight = InFlight()

    def announce(self, plc_id: int, sku: str | None, barcode: str | None) -> ItemRecord:
        """Make an announced item durable and pass it on; one that was announced before is only returned.

        Raises:
            StoreError: the store refused, or did not answer in time.
        """
        job = self._writer.call(lambda store: self._open(store, plc_id, sku, barcode))
        try:
            return job.result(timeout=_ANNOUNCE_WAIT_S)
        except FutureTimeoutError as error:
            job.cancel()
            raise StoreError(
                f"item {plc_id} could not be stored within {_ANNOUNCE_WAIT_S} s ({self._writer.fault or 'busy'}). "
                "Free disk space, or mend the database, and announce it again"
            ) from error

    def captured(self, capture: ItemCapture) -> int:
        """Take a capture in hand; returns its deadline, station clock ns."""
        deadline_ns = capture.arrived_ns + self._deadline_ns
        if capture.announcement is None:
            self.in_flight.add(ItemInFlight(capture.item_id, capture.arrived_ns, deadline_ns, None))
            utc_ns = self._clock.utc_ns()
            self._writer.call(lambda store: store.open_item(capture.item_id, 0, None, None, utc_ns))
        else:
            self.in_flight.reschedule(capture.item_id, deadline_ns)
        self._writer.call(lambda store: store.mark_captured(capture.item_id))
        return deadline_ns

    def give(self, verdict: Verdict) -> bool:
        """Send a verdict on its way; False when the item already has one.

        A pass that the store does not come to before the item's deadline becomes a sideline (timeout).
        """
        if not self.in_flight.claim(verdict.item_id):
            return False
        self._writer.record(verdict, lambda: self.in_flight.is_overdue(verdict.item_id, self._clock.now_ns()))
        return True

    def recorded(self, item_id: str) -> None:
        """Let go of an item: its verdict is stored."""
        self.in_flight.settle(item_id)

    def expire(self) -> int:
        """Sideline every item whose deadline has passed (timeout); returns how many."""
        return self._sideline_all(self.in_flight.overdue(self._clock.now_ns()), Reason.TIMEOUT)

    def close(self) -> None:
        """Sideline every item still in hand (shutdown)."""
        self._sideline_all(self.in_flight.unclaimed(), Reason.SHUTDOWN)

    def _open(self, store: Store, plc_id: int, sku: str | None, barcode: str | None) -> ItemRecord:
        """Runs on the writer thread, as storing verdicts does: an item's verdict cannot come between these steps."""
        item_id = f"{self._prefix}-a{next(self._numbers):06d}"
        record = store.open_item(item_id, plc_id, sku, barcode, self._clock.utc_ns())
        if record.verdict is None:
            now_ns = self._clock.now_ns()
            announcement = Announcement(plc_id=plc_id, t_ns=now_ns, sku=sku, barcode=barcode, item_id=record.item_id)
            latest_ns = now_ns + self._arrival_ns + self._deadline_ns
            if self.in_flight.add(ItemInFlight(record.item_id, now_ns, latest_ns, announcement)):
                self._pass_on(announcement)
        return record

    def _sideline_all(self, items: list[ItemInFlight], reason: Reason) -> int:
        captures = [ItemCapture(item.item_id, item.since_ns, (), item.announcement) for item in items]
        return sum(self.give(self._sideline(capture, reason)) for capture in captures)
