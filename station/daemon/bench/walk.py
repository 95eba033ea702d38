"""The walk against the bare ONNX session."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from station.config import StationConfig
from station.daemon.bench.spread import Spread
from station.daemon.clock import ManualClock, SystemClock
from station.daemon.libraries import use_one_thread_each
from station.daemon.lockstep import captures_lockstep
from station.daemon.parts import build_inspector, replay_source
from station.inference import bare_session, find_bundle
from station.recording import Recording

_REPEATS = 5
_NEVER_NS = 2**62
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class WalkBench:
    """The walk, stage by stage, against the bare ONNX session on the very same tensors.

    The session runs an item's views as one batch and view by view; `walk_over_session` is over the faster of the two.
    """

    stages: dict[str, Spread]
    walk: Spread
    session_batch: Spread
    session_views: Spread
    walk_over_session: float


def bench_walk(recording: Recording, config: StationConfig, progress: Progress) -> WalkBench:
    """Inspect every item of a recording several times; each time the bare session runs right after, in both ways.

    Each item's first inspection is not counted: the playback still reads ahead beside it, in threads of its own.
    The ratio is the median over all pairs of walk and faster session, so a noisy machine slows both sides of it.
    """
    use_one_thread_each()
    clock = ManualClock()
    source = replay_source(config, recording, clock, speed=None)
    inspector = build_inspector(config, source.rig, SystemClock(), source.simulated)
    run_bare = bare_session(find_bundle(config.inference.bundle), config.inference)
    stages: dict[str, list[float]] = {}
    walk_ms, batch_ms, views_ms = [], [], []
    for done, capture in enumerate(captures_lockstep(source, config, clock), start=1):
        inspector.inspect(capture, _NEVER_NS)
        for _ in range(_REPEATS):
            begin_ns = perf_counter_ns()
            verdict = inspector.inspect(capture, _NEVER_NS)
            walk_ms.append(_since_ms(begin_ns))
            tensor = inspector.bundle.tensor([view.crop for view in verdict.views])
            begin_ns = perf_counter_ns()
            run_bare(tensor)
            batch_ms.append(_since_ms(begin_ns))
            begin_ns = perf_counter_ns()
            for view in np.split(tensor, len(tensor)):
                run_bare(view)
            views_ms.append(_since_ms(begin_ns))
            for name, duration_ms in verdict.stage_ms.items():
                stages.setdefault(name, []).append(duration_ms)
        capture.release()
        progress(done / max(len(recording.items), done))
    stages.pop("wait", None)  # in lock-step nothing waits
    faster_ms = min(batch_ms, views_ms, key=np.median)
    return WalkBench(
        stages={name: Spread.of(samples) for name, samples in stages.items()},
        walk=Spread.of(walk_ms),
        session_batch=Spread.of(batch_ms),
        session_views=Spread.of(views_ms),
        walk_over_session=float(np.median(np.array(walk_ms) / np.array(faster_ms))),
    )


def _since_ms(begin_ns: int) -> float:
    return (perf_counter_ns() - begin_ns) / 1e6
