"""Lock-step replay: one thread, a clock that moves with the recording, the same verdicts on every run."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack

from station.config import StationConfig
from station.core.frames import Frame
from station.core.items import ItemCapture
from station.core.ports import Camera, EndOfStream
from station.core.verdict import Verdict
from station.daemon.clock import ManualClock
from station.daemon.libraries import use_one_thread_each
from station.daemon.parts import Source, build_inspector, replay_source
from station.daemon.scene_walk import Arrivals, SceneWalk
from station.recording import Recording

_READ_MS = 2000


def replay_lockstep(recording: Recording, config: StationConfig) -> Iterator[Verdict]:
    """Yield the verdict of every item of a recording, as fast as they can be judged.

    Raises:
        RecordingError: the recording cannot be read.
        RecordingTruncated: a camera's file ends before the last frame it counts.
        BundleError: the model bundle cannot be used.
        GalleryError: the gallery cannot be used.
    """
    use_one_thread_each()
    clock = ManualClock()
    source = replay_source(config, recording, clock, speed=None)
    inspector = build_inspector(config, source.rig, clock, source.simulated)
    deadline_ns = config.inspection.deadline_ms * 1_000_000
    for capture in captures_lockstep(source, config, clock):
        verdict = inspector.inspect(capture, clock.now_ns() + deadline_ns)
        capture.release()
        yield verdict


def captures_lockstep(source: Source, config: StationConfig, clock: ManualClock) -> Iterator[ItemCapture]:
    """Yield every item of a lock-step source as the scene captures it; release each before taking the next.

    Raises:
        RecordingError: the recording cannot be read.
        RecordingTruncated: a camera's file ends before the last frame it counts.
    """
    scene = SceneWalk(source.rig, config.scene, "replay")
    for arrivals in _arrivals(source, clock):
        yield from scene.step(arrivals, clock.now_ns())
    yield from scene.close(clock.now_ns())


def _arrivals(source: Source, clock: ManualClock) -> Iterator[Arrivals]:
    """Yield what arrives, in the order of the recording's time, with the clock set to each moment."""
    events = iter((*source.events, None))
    event = next(events)
    with ExitStack() as stack:
        for camera in source.cameras:
            stack.callback(camera.close)
            camera.open()
        for frame in heapq.merge(*map(_frames, source.cameras), key=lambda frame: frame.device_t_ns):
            while event is not None and event.t_ns <= frame.device_t_ns:
                clock.advance_to(event.t_ns)
                yield Arrivals(announcements=(event,))
                event = next(events)
            clock.advance_to(frame.device_t_ns)
            yield Arrivals(frame=frame)
    while event is not None:
        clock.advance_to(event.t_ns)
        yield Arrivals(announcements=(event,))
        event = next(events)


def _frames(camera: Camera) -> Iterator[Frame]:
    while True:
        try:
            frame = camera.read(_READ_MS)
        except EndOfStream:
            return
        if frame is not None:
            yield frame
