"""Three 1280x720 recordings played in real time, one thread per camera, into frame pools.

    python tests/bench/bench_cameras.py [--seconds 10] [--json FILE]

Two runs: at 15 fps from PNG, as recordings are kept, and at 30 fps from uncompressed images, which costs librealsense
about what a live camera does.
"""

import argparse
import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from station.cameras import ReplayCamera
from station.core.frames import Frame
from station.core.geometry import Intrinsics
from station.core.ports import EndOfStream
from station.daemon.clock import SystemClock
from station.recording import StreamSpec, Track, TrackWriter

CAMERAS = ("top", "left", "right")
INTRINSICS = Intrinsics(1280, 720, 900.0, 900.0, 639.5, 359.5)
IN_HAND = 6
START_DELAY_NS = 500_000_000


@dataclass
class Tally:
    """What one camera delivered."""

    frames: int = 0
    dropped: int = 0
    late_ns: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """One run over all cameras."""

    storage: str
    fps: int
    expected: int
    grabbed: int
    dropped: int
    late_ms_p50: float
    late_ms_p99: float
    cpu_cores: float


def write_track(out: Path, camera_id: str, fps: int, seconds: float, compress: bool) -> Track:
    """Record noisy pictures; four of them in turn, for drawing noise is slow."""
    generator = np.random.default_rng(len(camera_id))
    size = (INTRINSICS.height_px, INTRINSICS.width_px)
    colours = [generator.normal(120, 2, (*size, 3)).astype(np.uint8) for _ in range(4)]
    depths = [generator.normal(700, 2, size).astype(np.uint16) for _ in range(4)]
    writer = TrackWriter(out, StreamSpec(camera_id, f"BENCH-{camera_id}", INTRINSICS, fps, 1.0), compress)
    for index in range(round(seconds * fps)):
        writer.write(colours[index % 4], depths[index % 4], round(index * 1e9 / fps))
    return writer.close()


def play(track: Track, start_ns: int, tally: Tally) -> None:
    """Read a track to its end, keeping the newest frames in hand as a scene does."""
    camera = ReplayCamera(track, SystemClock(), pace=1.0, start_ns=start_ns)
    in_hand: deque[Frame] = deque()
    camera.open()
    try:
        while True:
            frame = camera.read(1000)
            if frame is None:
                continue
            tally.frames += 1
            tally.late_ns.append(frame.host_t_ns - start_ns - frame.device_t_ns)
            in_hand.append(frame)
            if len(in_hand) > IN_HAND:
                in_hand.popleft().release()
    except EndOfStream:
        tally.dropped = camera.dropped
    finally:
        for frame in in_hand:
            frame.release()
        camera.close()


def run(fps: int, compress: bool, seconds: float, folder: Path) -> Result:
    """Write three tracks, play them at once, and count."""
    tracks = [write_track(folder, name, fps, seconds, compress) for name in CAMERAS]
    tallies = [Tally() for _ in tracks]
    start_ns = time.monotonic_ns() + START_DELAY_NS
    cpu_s, wall_s = time.process_time(), time.monotonic()
    players = [
        threading.Thread(target=play, args=(track, start_ns, tally))
        for track, tally in zip(tracks, tallies, strict=True)
    ]
    for player in players:
        player.start()
    for player in players:
        player.join()
    cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
    late_ms = np.concatenate([tally.late_ns for tally in tallies]) / 1e6
    return Result(
        storage="PNG" if compress else "uncompressed",
        fps=fps,
        expected=sum(track.frames for track in tracks),
        grabbed=sum(tally.frames for tally in tallies),
        dropped=sum(tally.dropped for tally in tallies),
        late_ms_p50=float(np.percentile(late_ms, 50)),
        late_ms_p99=float(np.percentile(late_ms, 99)),
        cpu_cores=cpu_s / wall_s,
    )


def bench(seconds: float, progress: Callable[[str], None] = lambda _: None) -> list[Result]:
    """Run both cases and return their figures."""
    results = []
    for fps, compress in ((15, True), (30, False)):
        progress(f"three 1280x720 cameras at {fps} fps ...")
        with tempfile.TemporaryDirectory() as folder:
            results.append(run(fps, compress, seconds, Path(folder)))
    return results


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    console = Console()
    results = bench(arguments.seconds, lambda text: console.print(text))
    table = Table("storage", "fps", "expected", "grabbed", "dropped", "late p50", "late p99", "cores")
    for result in results:
        *times, cores = list(asdict(result).values())[5:]
        row = [result.storage, result.fps, result.expected, result.grabbed, result.dropped]
        table.add_row(*map(str, row), *(f"{value:.2f} ms" for value in times), f"{cores:.2f}")
    console.print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
