"""How steadily the live simulated booth delivers: frames a second, the worst gap and processor time, per camera.

    python tests/bench/live_booth.py [--seconds 60] [--in-process]

Reads its cameras in real time, a thread each, as the daemon does; `--in-process` renders in those threads instead of
ahead, to compare with.
"""

import argparse
import os
import resource
import threading
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from station.cameras import SimulatedCamera
from station.daemon.clock import SystemClock
from station.simulation import Booth, SimulationSettings
from station.simulation.ahead import AheadBooth

START_NS, WARM_NS = 1_000_000_000, 2_000_000_000


def read(camera: SimulatedCamera, clock: SystemClock, end_ns: int, arrived_ns: list[int]) -> None:
    """Note when each frame arrives."""
    camera.open()
    while clock.now_ns() < end_ns:
        frame = camera.read(200)
        if frame is not None:
            arrived_ns.append(clock.now_ns())
            frame.release()
    camera.close()


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--in-process", action="store_true")
    options = parser.parse_args()
    settings, clock = SimulationSettings(), SystemClock()
    booth = Booth(17, 1000, settings)
    source = booth if options.in_process else AheadBooth(booth)
    start_ns = clock.now_ns() + START_NS
    end_ns = start_ns + WARM_NS + round(options.seconds * 1e9)
    arrivals: dict[str, list[int]] = {camera.camera_id: [] for camera in booth.rig.cameras}
    threads = [
        threading.Thread(
            target=read,
            args=(SimulatedCamera(source, name, clock, settings.fps, 1.0, start_ns), clock, end_ns, arrived_ns),
        )
        for name, arrived_ns in arrivals.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = Table("camera", "frames/s", "worst gap ms", "gaps > 100 ms")
    for name, arrived_ns in arrivals.items():
        warm = [t_ns for t_ns in arrived_ns if t_ns > start_ns + WARM_NS]
        gaps_ms = [(after - before) / 1e6 for before, after in pairwise(warm)]
        rate = len(gaps_ms) / ((warm[-1] - warm[0]) / 1e9)
        table.add_row(name, f"{rate:.2f}", f"{max(gaps_ms):.0f}", str(sum(gap > 100 for gap in gaps_ms)))
    console = Console()
    console.print(table)
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    here, there = (use.ru_utime + use.ru_stime for use in spent)
    console.print(f"processor time: {here:.1f} s here, {there:.1f} s rendering; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
