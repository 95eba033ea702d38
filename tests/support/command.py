"""The command line, in this process or in one of its own."""

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from station.cli import main

ROOT = Path(__file__).parents[2]


def station(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Run a verb here and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["station", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


class Process:
    """`station run` in a process of its own; `url` is where it serves."""

    def __init__(self, config: Path, errors: Path) -> None:
        command = [sys.executable, "-c", "from station.cli import main; main()", "run", "--config", str(config)]
        self._errors = errors
        with errors.open("w") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr, cwd=ROOT)
        self.url = self._await_url()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def end(self, signal_number: int) -> tuple[int, float]:
        """Send a signal; return the exit status and how many seconds it took."""
        begin_s = time.monotonic()
        self.process.send_signal(signal_number)
        status = self.process.wait(20)
        return status, time.monotonic() - begin_s

    def _await_url(self) -> str:
        deadline_s = time.monotonic() + 30
        while (found := re.search(r"Serving at (http\S+);", self.errors)) is None:
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < deadline_s, self.errors
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        return found.group(1)


@contextmanager
def station_run(config: Path, errors: Path):
    """`station run`, killed at the end if it still runs."""
    run = Process(config, errors)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(10)
