"""The controller's poll, while the station idles and while it inspects."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter_ns

from station.api.plc_client import PlcClient
from station.config import StationConfig
from station.core.errors import RecordingError
from station.core.status import StationState
from station.daemon.bench.spread import Spread
from station.daemon.clock import SystemClock
from station.daemon.parts import replay_source
from station.daemon.serving import Serving, serve
from station.recording import Recording

_POLLS_PER_S = 50
_IDLE_S = 1.0
_SPEED = 1.0  # faster, a small machine drops frames, and items go by without being inspected


@dataclass(frozen=True, slots=True)
class PollBench:
    """`/v1/plc/next` asked 50 times a second, without waiting, on one connection."""

    idle: Spread
    inspecting: Spread
    p99_ratio: float


def bench_polls(
    recording: Recording,
    config: StationConfig,
    folder: Path,
    progress: Callable[[float], None],
    enough_polls: int = 400,
) -> PollBench:
    """Play a recording through the daemon while a controller polls it, then poll on with it idle; and all over again.

    Inspecting counts only the polls that met an item being inspected, a few for each item; the recording is played
    until there are `enough_polls` of them, each time into a new database in `folder`.

    Raises:
        RecordingError: no poll met an inspection.
    """
    clock = SystemClock()
    idle: list[float] = []
    inspecting: list[float] = []
    while (met := len(inspecting)) < enough_polls:
        with _serve(recording, config, folder / f"play-{len(idle)}.db", clock) as serving:
            client = PlcClient(serving.url)
            while not serving.station.finished:
                taken_ms, is_inspecting = _poll(client, clock, serving)
                if is_inspecting:
                    inspecting.append(taken_ms)
                    progress(min(1.0, len(inspecting) / enough_polls))
            idle += [_poll(client, clock, serving)[0] for _ in range(round(_IDLE_S * _POLLS_PER_S))]
            client.close()
        if len(inspecting) == met:
            raise RecordingError(f"no item of recording {recording.path} was inspected. Bench with one that has items")
    spreads = Spread.of(idle), Spread.of(inspecting)
    return PollBench(*spreads, p99_ratio=spreads[1].p99_ms / spreads[0].p99_ms)


def _serve(
    recording: Recording, config: StationConfig, database: Path, clock: SystemClock
) -> AbstractContextManager[Serving]:
    """Serve a recording from a store of its own, for which no item of it was judged before."""
    own = replace(
        config,
        store=replace(config.store, url=f"sqlite:///{database}"),
        api=replace(config.api, host="127.0.0.1", port=0, token=""),
    )
    return serve(own, clock, replay_source(own, recording, clock, _SPEED))


def _poll(client: PlcClient, clock: SystemClock, serving: Serving) -> tuple[float, bool]:
    """Ask once, on the beat; return the milliseconds it took, and whether an item was inspected before or after."""
    was_busy = serving.station.status().state is StationState.BUSY
    begin_ns = perf_counter_ns()
    state = client.next(after=0)["st"]
    taken_ms = (perf_counter_ns() - begin_ns) / 1e6
    clock.sleep(max(0.0, 1.0 / _POLLS_PER_S - taken_ms / 1e3))
    return taken_ms, was_busy or state == StationState.BUSY
