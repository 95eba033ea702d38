"""Writing files of a setup folder: each is there as a whole or not at all, and a full disk is told in a sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.core.errors import SetupError


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write into a sentence.

    Raises:
        SetupError: the disk is full or not writable.
    """
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"cannot write to {folder}: {error.strerror or error}. Free disk space or name another folder; "
            "what was written before is kept, and a rig in force stays so"
        ) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is there as a whole or not at all, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
