"""Announces what a recording's or a simulation's timeline announces, each in its time."""

import logging
import threading
from collections.abc import Callable, Sequence

from station.core.errors import StationError
from station.core.items import Announcement
from station.core.ports import Clock

_log = logging.getLogger(__name__)

Announce = Callable[[int, str | None, str | None], object]
"""Takes `plc_id`, `sku` and `barcode`."""


class Announcer:
    """A thread that waits for each event's time and passes it on.

    Args:
        events: in order of `t_ns`, counted from the timeline's start.
        start_ns: station time of that start.
        speed: how fast the timeline runs, 1 is real time.
        announce: called with each event's `plc_id`, `sku` and `barcode`.
        clock: the station clock.
    """

    def __init__(
        self, events: Sequence[Announcement], start_ns: int, speed: float, announce: Announce, clock: Clock
    ) -> None:
        self._events = events
        self._start_ns = start_ns
        self._speed = speed
        self._announce = announce
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; events still to come are left out."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for event in self._events:
            due_ns = self._start_ns + round(event.t_ns / self._speed)
            if self._stopping.wait(max(0, due_ns - self._clock.now_ns()) / 1e9):
                return
            try:
                self._announce(event.plc_id, event.sku, event.barcode)
            except StationError as error:
                _log.error("item %s was not announced: %s", event.plc_id, error)
