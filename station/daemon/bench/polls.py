"""The controller's poll, while the station idles and while it inspects."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter_ns

from station.api.plc_client import PlcClient
from station.config import StationConfig
from station.daemon.bench.spread import Spread
from station.daemon.clock import SystemClock
from station.daemon.parts import replay_source
from station.daemon.serving import serve
from station.recording import Recording

_POLLS_PER_S = 50
_IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class PollBench:
    """`/v1/plc/next` asked 50 times a second, without waiting, on one connection."""

    idle: Spread
    inspecting: Spread
    p99_ratio: float


def bench_polls(
    recording: Recording, config: StationConfig, folder: Path, progress: Callable[[float], None]
) -> PollBench:
    """Play a recording through the daemon in real time while a controller polls it; then poll on with it idle.

    Inspecting counts all polls from the first verdict to the last, so items settle and are judged throughout.
    """
    clock = SystemClock()
    own = replace(
        config,
        store=replace(config.store, url=f"sqlite:///{folder}/bench.db"),
        api=replace(config.api, host="127.0.0.1", port=0, token=""),
    )
    with serve(own, clock, replay_source(own, recording, clock, 1.0)) as serving:
        client = PlcClient(serving.url)
        busy: list[float] = []
        while not serving.station.finished:
            busy.append(_poll(client, clock))
            newest = serving.station.outbox.newest
            progress((newest.number if newest else 0) / max(1, len(recording.items)))
        idle = [_poll(client, clock) for _ in range(round(_IDLE_S * _POLLS_PER_S))]
        client.close()
    spreads = Spread.of(idle), Spread.of(busy)
    return PollBench(*spreads, p99_ratio=spreads[1].p99_ms / spreads[0].p99_ms)


def _poll(client: PlcClient, clock: SystemClock) -> float:
    """Ask once, on the beat, and return the milliseconds it took."""
    begin_ns = perf_counter_ns()
    client.next(after=0)
    taken_ms = (perf_counter_ns() - begin_ns) / 1e6
    clock.sleep(max(0.0, 1.0 / _POLLS_PER_S - taken_ms / 1e3))
    return taken_ms
