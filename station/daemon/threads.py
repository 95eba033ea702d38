"""The threads without which a station is none: when one ends untold, the station is to end with its error."""

import logging
import threading
from collections.abc import Callable
from typing import NoReturn

from station.core.errors import StationError

_log = logging.getLogger(__name__)
_REPORT = "Send the station's log to its maintainers"


class Threads:
    """Makes threads that must run until `close`. `error` is why the first of them ended before."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._closed = False
        self.error: StationError | None = None

    def make(self, name: str, work: Callable[[], object]) -> threading.Thread:
        """Return a thread, not started yet, that does this work."""
        return threading.Thread(target=self._run, args=(name, work), name=name)

    def wait(self) -> NoReturn:
        """Wait for a thread that ends too early; signals interrupt it.

        Raises:
            StationError: the error that ended it.
        """
        self._ended.wait()
        assert self.error is not None
        raise self.error

    def close(self) -> None:
        """Let threads end from now on."""
        self._closed = True

    def _run(self, name: str, work: Callable[[], object]) -> None:
        error = StationError(f"the station's thread {name!r} has ended. {_REPORT}")
        try:
            work()
        except StationError as raised:
            error = raised
        except Exception as raised:
            _log.exception("thread %s", name)
            error = StationError(f"the station's thread {name!r} failed unexpectedly ({raised!r}). {_REPORT}")
        finally:
            if not self._closed and self.error is None:
                self.error = error
                self._ended.set()
