"""The heartbeat: it goes on only while every thread that an item needs goes round."""

import threading

from station.core.ports import Clock


class Heart:
    """Counts beats while all named threads have reported within `limit_s`, and stands still otherwise."""

    def __init__(self, names: tuple[str, ...], clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_ns = round(limit_s * 1e9)
        self._lock = threading.Lock()
        self._last_ns = dict.fromkeys(names, clock.now_ns())
        self.beats = 0

    def report(self, name: str) -> None:
        """Say that the named thread has gone round."""
        with self._lock:
            self._last_ns[name] = self._clock.now_ns()

    def stalled(self) -> list[str]:
        """Return the threads that have not reported within the limit."""
        now_ns = self._clock.now_ns()
        with self._lock:
            return [name for name, last_ns in self._last_ns.items() if now_ns - last_ns > self._limit_ns]

    def beat(self) -> None:
        """Count one beat unless a thread has stalled."""
        if not self.stalled():
            self.beats += 1
