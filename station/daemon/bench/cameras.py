"""Three 1280x720 recordings in real time, one thread per camera, into frame pools: is a frame lost by us?"""

import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station.cameras import ReplayCamera
from station.core.frames import Frame
from station.core.geometry import Intrinsics
from station.core.ports import EndOfStream
from station.daemon.bench.spread import Spread
from station.daemon.clock import SystemClock
from station.daemon.parts import START_DELAY_NS
from station.recording import StreamSpec, Track, TrackWriter

_CAMERAS = ("top", "left", "right")
_INTRINSICS = Intrinsics(1280, 720, 900.0, 900.0, 639.5, 359.5)
_KINDS = (("PNG", 15), ("uncompressed", 30))
_IN_HAND = 6


@dataclass(slots=True)
class CameraCount:
    """What one camera's file holds, and what of it arrived."""

    expected: int
    received: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class CamerasBench:
    """All cameras at once. `late` is each frame's time behind its schedule; `cores` are processor cores kept busy."""

    storage: str
    fps: int
    cameras: dict[str, CameraCount]
    late: Spread
    cores: float


def bench_cameras(progress: Callable[[float], None], seconds: float = 5.0) -> list[CamerasBench]:
    """Write and play three cameras twice: from PNG, as recordings are kept, and from uncompressed images.

    The latter cost librealsense about what a live camera does. The files take 2 GB of the temporary folder for a
    while, at 5 `seconds`.

    Raises:
        RecordingError: the disk is full.
    """
    results: list[CamerasBench] = []
    for storage, fps in _KINDS:
        with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
            tracks = []
            for camera_id in _CAMERAS:
                tracks.append(_write_track(Path(folder), camera_id, fps, seconds, storage == "PNG"))
                progress((len(results) + len(tracks) / (len(_CAMERAS) + 1)) / len(_KINDS))
            results.append(_play_all(storage, fps, tracks))
        progress(len(results) / len(_KINDS))
    return results


def _write_track(out: Path, camera_id: str, fps: int, seconds: float, compress: bool) -> Track:
    """Record noisy pictures; four of them in turn, for drawing noise is slow."""
    generator = np.random.default_rng(len(camera_id))
    size = (_INTRINSICS.height_px, _INTRINSICS.width_px)
    colours = [generator.normal(120, 2, (*size, 3)).astype(np.uint8) for _ in range(4)]
    depths = [generator.normal(700, 2, size).astype(np.uint16) for _ in range(4)]
    writer = TrackWriter(out, StreamSpec(camera_id, f"BENCH-{camera_id}", _INTRINSICS, fps, 1.0), compress)
    for index in range(round(seconds * fps)):
        writer.write(colours[index % 4], depths[index % 4], round(index * 1e9 / fps))
    return writer.close()


def _play_all(storage: str, fps: int, tracks: list[Track]) -> CamerasBench:
    counts = {track.camera_id: CameraCount(track.frames) for track in tracks}
    late_ms: list[float] = []
    start_ns = time.monotonic_ns() + START_DELAY_NS
    cpu_s, wall_s = time.process_time(), time.monotonic()
    players = [
        threading.Thread(target=_play, args=(track, start_ns, counts[track.camera_id], late_ms)) for track in tracks
    ]
    for player in players:
        player.start()
    for player in players:
        player.join()
    cores = (time.process_time() - cpu_s) / (time.monotonic() - wall_s)
    return CamerasBench(storage, fps, counts, Spread.of(late_ms), cores)


def _play(track: Track, start_ns: int, count: CameraCount, late_ms: list[float]) -> None:
    """Read a track to its end, keeping the newest frames in hand as a scene does."""
    camera = ReplayCamera(track, SystemClock(), pace=1.0, start_ns=start_ns)
    in_hand: deque[Frame] = deque()
    try:
        camera.open()
        while True:
            frame = camera.read(1000)
            if frame is None:
                continue
            count.received += 1
            late_ms.append((frame.host_t_ns - start_ns - frame.device_t_ns) / 1e6)
            in_hand.append(frame)
            if len(in_hand) > _IN_HAND:
                in_hand.popleft().release()
    except EndOfStream:
        pass
    finally:
        count.lost = count.expected - count.received
        for frame in in_hand:
            frame.release()
        camera.close()
