"""What a camera delivers: one colour and depth pair, and several cameras' pairs of one moment."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TimeDomain(StrEnum):
    """Which clock stamped a frame. Only frames of one domain may be compared."""

    GLOBAL = "global"
    HARDWARE = "hardware"
    SYSTEM = "system"


class Lease(Protocol):
    """The right to read a frame's memory until it is given back."""

    def retain(self) -> None:
        """Add a holder."""

    def release(self) -> None:
        """Drop a holder; the last one returns the memory to its pool."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One colour and depth pair of one camera; depth is aligned to colour, pixel for pixel.

    `colour` is uint8 RGB [H, W, 3]; `depth` is uint16 [H, W] in `depth_unit_mm`, 0 where there is
    none. Both are read-only views, valid until `release()`. `sequence` counts the camera's colour
    frames. `device_t_ns` is the capture time in `time_domain`; `host_t_ns` is the station clock
    when the frame arrived.
    """

    camera_id: str
    sequence: int
    device_t_ns: int
    host_t_ns: int
    time_domain: TimeDomain
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float
    lease: Lease | None = None

    def retain(self) -> None:
        """Keep the frame's memory for one more holder."""
        if self.lease is not None:
            self.lease.retain()

    def release(self) -> None:
        """Give the frame's memory back; the arrays must not be read afterwards."""
        if self.lease is not None:
            self.lease.release()


@dataclass(frozen=True, slots=True)
class FrameSet:
    """One frame from each camera, of one moment. `t_ns` is the earliest `device_t_ns` in it."""

    t_ns: int
    host_t_ns: int
    frames: tuple[Frame, ...]

    def retain(self) -> None:
        """Keep every frame for one more holder."""
        for frame in self.frames:
            frame.retain()

    def release(self) -> None:
        """Release every frame."""
        for frame in self.frames:
            frame.release()
