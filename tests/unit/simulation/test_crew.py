"""Processes that work a list of parts off."""

import os
import subprocess
import sys
from functools import partial

import pytest
from support.crew_parts import die, fail_at_four, touch

from station.core.errors import SimulationError, StationError
from station.simulation.crew import work_off

PARTS = (3, 1, 4, 5, 9, 2)


def test_every_part_is_done_once_and_every_step_counted(tmp_path):
    told = []
    work_off(partial(touch, tmp_path), PARTS, 2, told.append)
    assert {file.name for file in tmp_path.iterdir()} == {f"{part}-{step}" for part in PARTS for step in range(3)}
    assert told == sorted(told)
    assert told[-1] == 3 * len(PARTS)
    assert str(os.getpid()) not in {file.read_text() for file in tmp_path.iterdir()}


def test_one_failing_process_stops_the_others_with_its_own_error(tmp_path):
    with pytest.raises(SimulationError, match="part 4 cannot be made"):
        work_off(partial(fail_at_four, tmp_path), (3, 4), 2, lambda done: None)


def test_a_process_that_dies_is_reported():
    with pytest.raises(StationError, match="status 7"):
        work_off(die, (0,), 2, lambda done: None)


def test_an_interrupted_wait_stops_the_processes(tmp_path):
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_off(partial(fail_at_four, tmp_path), (1, 2), 2, interrupt)


def test_processes_whose_parent_was_killed_end_too(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os\n"
        "from station.simulation.crew import work_off\n"
        "def forever(part):\n"
        "    os.write(1, b'.')\n"
        "    while True:\n"
        "        yield\n"
        "if __name__ == '__main__':\n"
        "    work_off(forever, (1, 2), 2, lambda done: None)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as parent:
        try:
            begun = parent.stdout.read(2)
        finally:
            parent.kill()
        assert begun == b".."
        assert parent.communicate(timeout=20)[0] == b""  # both held the pipe's other end and let go of it
