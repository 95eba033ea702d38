"""Files and folders that a verb is told to write: what cannot be written is refused before the work, not after it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.core.errors import StationError

_DISK_FAULTS = (None, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What only writing meets; NumPy's short writes have no number."""


def file_to_write(path: Path | None) -> Path | None:
    """Return the path, as the callback of an option does.

    Raises:
        StationError: it is a folder, its folder is missing, or either is not writable.
    """
    if path is not None:
        if path.is_dir():
            raise StationError(f"{path} is a folder. Name a file")
        if not path.parent.is_dir():
            raise StationError(f"cannot write {path}: there is no folder {path.parent}. Make it, or name another file")
        _require_access(path, path if path.exists() else path.parent)
    return path


def folder_to_write(path: Path | None) -> Path | None:
    """Return the path of a folder that is there or can be made, as the callback of an option does.

    Raises:
        StationError: it is a file or lies below one, or is not writable.
    """
    if path is not None:
        place = next(place for place in (path, *path.absolute().parents) if os.access(place, os.F_OK))
        if not place.is_dir():
            raise StationError(f"cannot write into {path}: {place} is no folder. Name another folder")
        _require_access(path, place)
    return path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Let the block write a file or a folder; faults of anything else pass through as they are.

    Raises:
        StationError: the disk is full or not writable.
    """
    try:
        yield
    except OSError as error:
        inside = error.filename is not None and Path(os.fsdecode(error.filename)).absolute().is_relative_to(
            path.absolute()
        )
        if not inside and error.errno not in _DISK_FAULTS:
            raise
        raise StationError(f"cannot write {path} ({error}). Free disk space, or name another place") from error


def _require_access(path: Path, place: Path) -> None:
    if not os.access(place, os.W_OK):
        raise StationError(f"cannot write {path}: {place} is not writable. Name another place, or change its rights")
