"""What the disk, SQLite or librealsense says against writing a recording, in words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.core.errors import RecordingError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Let the block write `path`, a file or folder of a recording.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    try:
        yield
    except (OSError, RuntimeError, sqlite3.Error) as error:
        raise RecordingError(f"cannot write {path} ({error}). Free disk space, or name another folder") from error
