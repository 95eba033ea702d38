"""The outbox: recorded verdicts on their way to the controller."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace

from station.api.door import UNREAD_LIMIT
from station.core.verdict import SEQ_MAX, RecordedVerdict

WINDOW = 2048
"""How many of the newest verdict numbers stay in memory; far below half of SEQ_MAX, so that a sequence names one."""


class Outbox:
    """A window over the newest recorded verdicts, shared by the writer thread and the API.

    The writer publishes only what the store already holds. Verdicts older than the window stay in the
    store and are no longer offered; a controller that reads them late finds them by item.
    """

    def __init__(self, recorded: Iterable[RecordedVerdict] = (), window: int = WINDOW) -> None:
        """Start with what the store holds: at least the newest `window` verdicts, in any order."""
        if not 1 <= window <= SEQ_MAX // 2:
            raise ValueError(f"window is {window}; it must lie in 1..{SEQ_MAX // 2} for a sequence to name one verdict")
        self._window = window
        self._lock = threading.Lock()
        self._verdicts: list[RecordedVerdict] = []
        self._callbacks: list[Callable[[], None]] = []
        for entry in sorted(recorded, key=lambda entry: entry.number):
            self._append(entry)

    @property
    def newest(self) -> RecordedVerdict | None:
        """The last verdict recorded, None before the first."""
        with self._lock:
            return self._verdicts[-1] if self._verdicts else None

    @property
    def unread(self) -> int:
        """Verdicts in the window that the controller has not acknowledged."""
        with self._lock:
            return self._count_unread()

    @property
    def overrun(self) -> bool:
        """Whether more than `UNREAD_LIMIT` verdicts are unread."""
        return self.unread > UNREAD_LIMIT

    def publish(self, recorded: RecordedVerdict) -> None:
        """Add a verdict the store holds, and wake whoever waits for one.

        Raises:
            ValueError: its number does not follow the newest.
        """
        with self._lock:
            if self._verdicts and recorded.number <= self._verdicts[-1].number:
                raise ValueError(f"verdict {recorded.number} published after {self._verdicts[-1].number}")
            self._append(recorded)
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()

    def next_after(self, seq: int) -> RecordedVerdict | None:
        """Return the first verdict after the one with this sequence.

        For 0, and for a sequence outside the window, that is the oldest unread verdict. None when there
        is no such verdict yet.
        """
        with self._lock:
            number = self._number(seq)
            if number is None:
                return next((entry for entry in self._verdicts if not entry.acknowledged), None)
            index = bisect_right(self._verdicts, number, key=lambda entry: entry.number)
            return self._verdicts[index] if index < len(self._verdicts) else None

    def acknowledge(self, seq: int) -> int:
        """Mark the verdict with this sequence as taken; returns how many are still unread."""
        with self._lock:
            number = self._number(seq)
            for index, entry in enumerate(self._verdicts):
                if entry.number == number:
                    self._verdicts[index] = replace(entry, acknowledged=True)
            return self._count_unread()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each verdict, from the thread that published it. It must not block."""
        with self._lock:
            self._callbacks.append(callback)

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Stop calling `callback`."""
        with self._lock:
            self._callbacks.remove(callback)

    def _append(self, recorded: RecordedVerdict) -> None:
        # A fresh verdict carries its views; kept here they would hold every crop of the window in memory.
        self._verdicts.append(replace(recorded, verdict=replace(recorded.verdict, views=())))
        oldest_kept = recorded.number - self._window + 1
        del self._verdicts[: bisect_right(self._verdicts, oldest_kept - 1, key=lambda entry: entry.number)]

    def _number(self, seq: int) -> int | None:
        """Return the number the sequence stands for, None when it is outside the window."""
        if not self._verdicts or not 1 <= seq <= SEQ_MAX:
            return None
        newest = self._verdicts[-1]
        number = newest.number - (newest.seq - seq) % SEQ_MAX
        return number if number >= self._verdicts[0].number else None

    def _count_unread(self) -> int:
        return sum(not entry.acknowledged for entry in self._verdicts)
