"""The demo recording: built once by the simulated booth, kept in the user's cache."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

import station.simulation
from station.recording import Recording, open_recording

NAME = "demo"


def find_recording(name_or_path: str, progress: Callable[[float], None]) -> Recording:
    """Open a recording by its folder, or the demo by its name `demo`, building it when it is not there yet.

    Raises:
        RecordingError: the folder is no recording.
        SimulationError: the demo cannot be rendered.
    """
    if name_or_path != NAME or Path(name_or_path).is_dir():
        return open_recording(Path(name_or_path))
    folder = demo_folder()
    if not folder.is_dir():
        # Rendering needs the extra `sim`, which a station that only replays has not.
        from station.simulation.demo import demo_booth
        from station.simulation.record import record_booth

        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        record_booth(demo_booth(), unfinished, progress)
        unfinished.rename(folder)
    return open_recording(folder)


def demo_folder() -> Path:
    """Return where the demo is kept: a folder named by the code that renders it, so a new booth makes a new demo."""
    code = hashlib.sha256()
    for file in sorted(Path(station.simulation.__file__).parent.glob("**/*.py")):
        code.update(file.read_bytes())
    return user_cache_path("damage-station") / f"demo-{code.hexdigest()[:16]}"
