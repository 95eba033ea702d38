"""When the frames of a recording or a simulation are due; live frames are due when they arrive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pacing:
    """Maps a source's own time, counted from its start, to station time.

    With a `pace` of 1.0 frames come in real time, 2.0 twice as fast. Without one they come in lock-step: as fast as
    they are read, each standing for the time it was taken at.
    """

    pace: float | None
    start_ns: int

    @property
    def in_lock_step(self) -> bool:
        """Whether the reader alone decides when a frame comes."""
        return self.pace is None

    def due_ns(self, device_t_ns: int) -> int:
        """Return the station time at which a frame of this source time is due."""
        return self.start_ns + (device_t_ns if self.pace is None else round(device_t_ns / self.pace))
