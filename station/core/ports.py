"""The ports: what the walk asks of the world outside it."""

from dataclasses import dataclass
from typing import Protocol

from station.core.frames import Frame
from station.core.geometry import Intrinsics


class Clock(Protocol):
    """Time and waiting, always passed in so that replays and tests decide what time it is."""

    def now_ns(self) -> int:
        """Return the station clock: monotonic, nanoseconds."""

    def utc_ns(self) -> int:
        """Return wall time, nanoseconds since the Unix epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class EndOfStream(Exception):
    """A finite source has delivered its last frame."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """What a camera says of itself. `usb_type` is e.g. `3.2`, empty where there is no USB."""

    camera_id: str
    serial: str
    model: str
    firmware: str
    usb_type: str
    fps: int
    intrinsics: Intrinsics


class Camera(Protocol):
    """One camera behind the port: live, replayed or simulated, all the same to the caller.

    One thread owns a camera: `open`, then `read` until done, then `close`.
    """

    @property
    def camera_id(self) -> str:
        """The camera's name in the rig, e.g. `top`."""

    @property
    def dropped(self) -> int:
        """Frames lost so far: gaps in the device's frame numbers, and stale or torn pairs refused."""

    @property
    def recoveries(self) -> int:
        """How often so far the camera fell silent while open, and was brought back by itself."""

    @property
    def trouble(self) -> str | None:
        """Why its frames are not to be trusted now although they come, and what to do; None where they are."""

    def open(self) -> CameraInfo:
        """Start streaming.

        Raises:
            CameraError: the camera is absent, busy, or refuses its settings.
        """

    def read(self, timeout_ms: int) -> Frame | None:
        """Return the next fresh pair in a leased slot, or None when none came in time.

        Raises:
            EndOfStream: a finite source is at its end.
            CameraError: the camera failed.
            RecordingTruncated: a recording ended before the last frame its file counts.
        """

    def close(self) -> None:
        """Stop streaming and free the device. Safe to call twice."""
