"""The outbox: recorded verdicts on their way to the controller."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from station.api.door import UNREAD_LIMIT
from station.core.verdict import RecordedVerdict, number_from_seq

WINDOW = 2048
"""How many of the newest verdicts stay in memory; far fewer than a sequence can name."""


class Outbox:
    """A window over the newest recorded verdicts, shared by the writer thread and the API.

    The writer publishes only what the store already holds, in order and without gaps. Verdicts that fall
    out of the window stay in the store, and are found there by item; they are no longer offered.
    """

    def __init__(self, recorded: Iterable[RecordedVerdict] = (), window: int = WINDOW) -> None:
        """Start with what the store holds: its newest `window` verdicts, oldest first."""
        self._lock = threading.Lock()
        self._verdicts: deque[RecordedVerdict] = deque(maxlen=window)
        self._read = 0
        self._callbacks: list[Callable[[], None]] = []
        for entry in recorded:
            self._append(entry)
            self._read = entry.number if entry.acknowledged else self._read

    @property
    def newest(self) -> RecordedVerdict | None:
        """The last verdict recorded, None before the first."""
        with self._lock:
            return self._shown(self._verdicts[-1]) if self._verdicts else None

    @property
    def unread(self) -> int:
        """Verdicts in the window that the controller has not acknowledged."""
        with self._lock:
            return self._verdicts[-1].number - self._last_read() if self._verdicts else 0

    @property
    def overrun(self) -> bool:
        """Whether more than `UNREAD_LIMIT` verdicts are unread."""
        return self.unread > UNREAD_LIMIT

    def publish(self, recorded: RecordedVerdict) -> None:
        """Add a verdict the store holds, and wake whoever waits for one.

        Raises:
            ValueError: its number does not follow the newest's.
        """
        with self._lock:
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
            if not self._verdicts:
                return None
            first = self._verdicts[0].number
            number = number_from_seq(seq, self._verdicts[-1].number)
            if number is None or number < first:
                number = self._last_read()
            index = number + 1 - first
            return self._shown(self._verdicts[index]) if index < len(self._verdicts) else None

    def after_number(self, number: int) -> list[RecordedVerdict]:
        """Return every verdict in the window that follows `number`, oldest first."""
        with self._lock:
            return [entry for entry in self._verdicts if entry.number > number]

    def acknowledge(self, seq: int) -> int:
        """Mark the newest verdict with this sequence, and all older ones, as read; returns how many that makes."""
        with self._lock:
            number = number_from_seq(seq, self._verdicts[-1].number) if self._verdicts else None
            if number is None or number <= self._last_read():
                return 0
            marked = number - self._last_read()
            self._read = number
            return marked

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each verdict, from the thread that published it. It must not block."""
        with self._lock:
            self._callbacks.append(callback)

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Stop calling `callback`."""
        with self._lock:
            self._callbacks.remove(callback)

    def _append(self, recorded: RecordedVerdict) -> None:
        if self._verdicts and recorded.number != self._verdicts[-1].number + 1:
            raise ValueError(f"verdict {recorded.number} cannot follow {self._verdicts[-1].number}: publish in order")
        # A fresh verdict carries its views; kept here they would hold every crop of the window in memory.
        self._verdicts.append(replace(recorded, verdict=replace(recorded.verdict, views=())))

    def _last_read(self) -> int:
        """Return the number before the oldest unread verdict of the window, which is not empty."""
        return max(self._read, self._verdicts[0].number - 1)

    def _shown(self, recorded: RecordedVerdict) -> RecordedVerdict:
        return replace(recorded, acknowledged=recorded.number <= self._read)
