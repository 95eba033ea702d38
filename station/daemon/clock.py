"""The station's clocks: the real one, and one that only moves when told."""

import time


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        """Return monotonic time, nanoseconds."""
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        """Return wall time, nanoseconds since the Unix epoch."""
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ManualClock:
    """A clock for lock-step replay: it stands still until `advance_to` or `sleep` moves it."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the time it was last moved to, nanoseconds."""
        return self._now_ns

    def utc_ns(self) -> int:
        """Return the same as `now_ns`: a replay has no wall time of its own."""
        return self._now_ns

    def sleep(self, seconds: float) -> None:
        """Move on by that much, at once."""
        self._now_ns += round(seconds * 1e9)

    def advance_to(self, t_ns: int) -> None:
        """Move to `t_ns`; a time already past is ignored, for the clock never runs back."""
        self._now_ns = max(self._now_ns, t_ns)
