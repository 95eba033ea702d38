"""The demo recording: built once by the simulated booth, kept in the user's cache."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

import station.simulation
from station.core.errors import RecordingError
from station.recording import Recording, open_recording, writing

NAME = "demo"
MAX_SPEED = 4.0
"""Pace of a replay in real time that two cores keep up with; faster, frames are dropped and items not seen."""
_NEEDED_MB = 500
_ABANDONED_S = 86_400
"""Age of an unfinished demo that nobody renders any more."""


def find_recording(name_or_path: str, progress: Callable[[float], None]) -> Recording:
    """Open a recording by its folder, or the demo by its name `demo`, building it when it is not there yet.

    Raises:
        RecordingError: the folder is no recording, or the disk has no room for the demo.
        SimulationError: the demo cannot be rendered.
    """
    if name_or_path != NAME or Path(name_or_path).is_dir():
        return open_recording(Path(name_or_path))
    folder = demo_folder()
    if not folder.is_dir():
        _build(folder, progress)
    return open_recording(folder)


def demo_folder() -> Path:
    """Return where the demo is kept: a folder named by the code that renders it, so a new booth makes a new demo."""
    code = hashlib.sha256()
    for file in sorted(Path(station.simulation.__file__).parent.glob("**/*.py")):
        code.update(file.read_bytes())
    return user_cache_path("damage-station") / f"demo-{code.hexdigest()[:16]}"


def _build(folder: Path, progress: Callable[[float], None]) -> None:
    """Render the demo beside `folder` and put it there as a whole, unless another process was first."""
    # Rendering needs the extra `sim`, which a station that only replays has not.
    from station.simulation.demo import demo_booth
    from station.simulation.record import record_booth

    with writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.TemporaryDirectory(prefix=f"{folder.name}.unfinished-", dir=folder.parent)
    with unfinished:
        require_room(folder.parent)
        rendered = Path(unfinished.name) / NAME
        record_booth(demo_booth(), rendered, progress)
        put_in_place(rendered, folder)


def require_room(cache: Path) -> None:
    """Check that the demo fits on the cache's disk.

    Raises:
        RecordingError: it does not.
    """
    free_mb = shutil.disk_usage(cache).free // 1_000_000
    if free_mb < _NEEDED_MB:
        raise RecordingError(
            f"the demo recording needs {_NEEDED_MB} MB in {cache}, where {free_mb} MB are free. Free disk space, or "
            "set XDG_CACHE_HOME to a folder with more room"
        )


def put_in_place(rendered: Path, folder: Path) -> None:
    """Rename a demo to its folder, where another may be already, and remove those of other versions of the code."""
    try:
        rendered.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, and its demo is the same
            raise
    for other in folder.parent.glob("demo-*"):
        with suppress(FileNotFoundError):  # another process tidies up as well
            live = ".unfinished" in other.name and time.time() - other.stat().st_mtime < _ABANDONED_S
            if other != folder and not live:
                shutil.rmtree(other, ignore_errors=True)
