"""How long each stage of the walk took."""

from collections.abc import Iterator
from contextlib import contextmanager

from station.core.ports import Clock


class StageTimes:
    """Collects the milliseconds of named stages, in the order they ran."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ms: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time one stage; a stage that raises is timed too."""
        start_ns = self._clock.now_ns()
        try:
            yield
        finally:
            self.ms[name] = (self._clock.now_ns() - start_ns) / 1e6
