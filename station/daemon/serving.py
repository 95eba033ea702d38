"""A whole station at work: its threads and its API, for as long as a `with` lasts."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from station.api.app import create_app
from station.api.server import make_listener, make_server
from station.config import StationConfig
from station.core.ports import Clock
from station.daemon.announcer import Announcer
from station.daemon.door import StationDoor
from station.daemon.libraries import use_one_thread_each
from station.daemon.parts import Source, build_inspector, build_source
from station.daemon.station import Station
from station.store import Store

_ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Serving:
    """A station that runs, and where its API listens."""

    station: Station
    door: StationDoor
    source: Source
    url: str


@contextmanager
def serve(
    config: StationConfig, clock: Clock, source: Source | None = None, announce: bool = True
) -> Iterator[Serving]:
    """Run a station and its API; leaving the block stops both.

    Args:
        config: its configuration.
        clock: the station clock.
        source: where frames come from; built from the configuration when None.
        announce: whether the station itself announces what a recording's or booth's timeline announces. A
            controller at the API does it otherwise.

    Raises:
        StationError: a part cannot be built, or the port is taken.
    """
    use_one_thread_each()
    source = source or build_source(config, clock)
    with ExitStack() as stack:
        with signals_wait():
            serving = _start(stack, config, clock, source, announce)
        yield serving


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block has ended: a thread they met half started would never be stopped."""
    if threading.current_thread() is not threading.main_thread():  # others are never interrupted
        yield
        return
    held: list[int] = []
    before = {number: signal.signal(number, lambda came, _: held.append(came)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for came in held[:1]:
        signal.raise_signal(came)


def _start(stack: ExitStack, config: StationConfig, clock: Clock, source: Source, announce: bool) -> Serving:
    """Start a station and its API, and leave the stack what stops them."""
    inspector = build_inspector(config, source.rig, clock, source.simulated)
    stack.callback(inspector.bundle.close)
    listener = stack.enter_context(make_listener(config.api))  # a taken port leaves no trace in the store
    store = Store.open(config.store, clock)
    stack.callback(store.close)
    station = Station(config, source, inspector, store, clock)
    station.telemetry.watch(station.status, version("damage-station"))
    door = StationDoor(station, store, inspector.gallery, config.judge, inspector.judge.standing)
    server = make_server(create_app(door, clock, config.api), listener)
    station.start()
    stack.callback(station.stop)
    api = station.threads.make("api", server.run)
    api.start()
    stack.callback(api.join)
    stack.callback(setattr, server, "should_exit", True)
    stack.callback(station.threads.close)
    if announce and source.events:
        announcer = Announcer(source.events, source.start_ns, source.speed, station.announce, clock)
        announcer.start()
        stack.callback(announcer.stop)
    return Serving(station, door, source, f"http://{config.api.host}:{server.port}")
