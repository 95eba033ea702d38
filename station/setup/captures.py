"""What is captured and kept: the empty tray, a board held still, a board in motion; one NumPy file a camera."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.setup.sighting import Sighting

_SIGHTING = "sighting_"


class Kind(StrEnum):
    """What a capture is of."""

    EMPTY = "empty"
    BOARD = "board"
    MOTION = "motion"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What one camera saw of the empty tray, or of a board held still.

    `colour` uint8 RGB [H, W, 3] is its last frame's; `depth` uint16 [N, H, W] and `t_ns` int64 [N] (device time) those
    of all its frames, `brightness` float64 [N] their mean level. `sighting` is the board it saw, if any.
    """

    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float
    t_ns: NDArray[np.int64]
    brightness: NDArray[np.float64]
    sighting: Sighting | None = None

    @property
    def depth_mm(self) -> NDArray[np.float32]:
        """Depth of the last frame, float32 [H, W] mm, 0 where unknown."""
        return np.asarray(self.depth[-1] * np.float32(self.depth_unit_mm), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """A board in motion as one camera saw it over F frames, stamped `t_ns` int64 [F] (device time).

    Corner `ids` int32 [N] were at `pixels` float64 [N, 2] in the frames of the numbers `frames` int32 [N].
    """

    t_ns: NDArray[np.int64]
    frames: NDArray[np.int32]
    ids: NDArray[np.int32]
    pixels: NDArray[np.float64]


Capture = Mapping[str, Shot]
"""What every camera saw of one moment, by the camera's id."""

Waves = Mapping[str, Wave]
"""What every camera saw of a board in motion, by the camera's id; all have the same frames."""


def save_captured(path: Path, captured: Shot | Wave) -> None:
    """Write what one camera saw."""
    arrays: dict[str, Any] = {name: getattr(captured, name) for name in captured.__slots__ if name != "sighting"}
    sighting = getattr(captured, "sighting", None)
    if sighting is not None:
        arrays |= {f"{_SIGHTING}{item.name}": getattr(sighting, item.name) for item in fields(sighting)}
    np.savez(path, **arrays)


def load_shot(path: Path) -> Shot:
    """Read what one camera saw."""
    with np.load(path) as data:
        plain = (data[name] for name in ("colour", "depth", "depth_unit_mm", "t_ns", "brightness"))
        colour, depth, unit_mm, t_ns, brightness = plain
        return Shot(colour, depth, float(unit_mm), t_ns, brightness, _sighting(data))


def load_sighting(path: Path) -> Sighting | None:
    """Read the board that one camera saw, without its pictures; None where it saw none."""
    with np.load(path) as data:
        return _sighting(data)


def load_wave(path: Path) -> Wave:
    """Read a board in motion as one camera saw it."""
    with np.load(path) as data:
        return Wave(**data)


def captures_digest(captures: Iterable[Path]) -> str:
    """Return what tells captures from all others: a digest of their arrays' checksums, which the files name."""
    digest = hashlib.sha256()
    for capture in captures:
        for path in sorted(capture.glob("*.npz")):
            with zipfile.ZipFile(path) as arrays:
                sums = [item.CRC for item in arrays.infolist()]
            digest.update(f"{capture.name}/{path.name} {sums}\n".encode())
    return digest.hexdigest()[:16]


def _sighting(data: Any) -> Sighting | None:
    found = {name.removeprefix(_SIGHTING): data[name] for name in data if name.startswith(_SIGHTING)}
    if not found:
        return None
    return Sighting(found.pop("ids"), found.pop("pixels"), **{name: float(value) for name, value in found.items()})
