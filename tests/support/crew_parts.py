"""Parts for a crew to work off, where its processes can import them."""

import os
from pathlib import Path

from station.core.errors import SimulationError


def touch(folder: Path, part: int):
    for step in range(3):
        (folder / f"{part}-{step}").write_text(str(os.getpid()))
        yield


def fail_at_four(folder: Path, part: int):
    if part == 4:
        raise SimulationError("part 4 cannot be made")
    while True:  # only told to stop does this end
        yield


def die(part: int):
    os._exit(7)
    yield
