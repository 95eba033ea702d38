"""The bell: wakes requests that wait for a verdict."""

import asyncio
import contextlib
from collections.abc import Iterator


class Bell:
    """Rung from any thread, heard by the waiters on the server's loop. Nobody polls.

    A waiter listens first, looks second and waits third: what is published after its look rings.
    """

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def attach(self) -> None:
        """Take the running loop as the one the waiters live on."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake every waiter; from any thread, at once."""
        if self._loop is not None:
            # The loop may have ended between the publisher's look and this call; then nobody waits.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Let nobody wait any more, because the server stops. On the loop only."""
        self.closed = True
        self._wake()

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """Give an event that is set at each ring."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for a ring, at most `seconds`; returns whether it rang."""
        if not self.closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)
        return event.is_set()

    def _wake(self) -> None:
        for event in self._listeners:
            event.set()
