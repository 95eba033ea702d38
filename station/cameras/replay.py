"""A recorded camera: librealsense plays one track of a recording, every frame of it."""

from collections import deque
from typing import Any

from station.cameras.pacing import Pacing
from station.cameras.pipeline import PipelineCamera
from station.core.errors import RecordingError, RecordingTruncated
from station.core.ports import Clock, EndOfStream
from station.recording import Track, count_frames, last_frame_numbers
from station.recording.librealsense import rs

_SLICE_MS = 50
_AFTER_STOP_MS = 1000


class ReplayCamera(PipelineCamera):
    """Plays a track, in lock-step or at a pace, and refuses to end before its file does.

    Args:
        track: the camera's track.
        clock: the station clock.
        pace: 1.0 for real time; None for lock-step, see `Pacing`.
        start_ns: station time of the recording's start, the same for all its cameras. Without it lock-step
            counts from 0, and a paced replay from its `open`.
        slots: frames that may be in hand at once.
    """

    def __init__(
        self, track: Track, clock: Clock, pace: float | None = None, start_ns: int | None = None, slots: int = 24
    ) -> None:
        super().__init__(track.camera_id, clock, slots)
        self._track = track
        self._pace = pace
        self._start_ns = start_ns
        self._playback: Any = None  # held, for its callback goes with it
        self._statuses: deque[Any] = deque()  # filled on librealsense's own thread
        self._ended = False

    def close(self) -> None:
        """Stop playing and let go of the file. Safe to call twice."""
        super().close()
        self._playback = None

    def _begin(self) -> None:
        start_ns = self._start_ns
        if start_ns is None:
            start_ns = 0 if self._pace is None else self._clock.now_ns()
        self._pacing = Pacing(self._pace, start_ns)
        self._statuses.clear()
        self._ended = False
        self._last_numbers = last_frame_numbers(self._track.file)

    def _configure(self, pipe: Any, config: Any) -> None:
        config.enable_device_from_file(str(self._track.file), False)

    def _prepare(self, device: Any) -> None:
        serial = device.get_info(rs.camera_info.serial_number)
        if serial != self._track.serial:
            raise RecordingError(
                f"recording file {self._track.file} is of camera {serial}, its manifest says {self._track.serial}. "
                "Restore the file, or record again"
            )
        self._playback = device.as_playback()
        self._playback.set_real_time(False)  # once started it is too late: frames get lost
        # The status itself says "stopped" until playing has begun, so only its changes tell the end from the start.
        self._playback.set_status_changed_callback(self._statuses.append)

    def _source_t_ns(self, colour: Any) -> int:
        return super()._source_t_ns(colour) - self._track.start_ns

    def _refused(self, error: RuntimeError) -> Exception:
        return RecordingError(
            f"recording file {self._track.file} cannot be played ({error}). Restore it, or record again"
        )

    def _wait(self, timeout_ms: int) -> tuple[bool, Any]:
        """Wait in slices, to see playback stop; what it read last may still be on its way then."""
        if self._all_seen():
            self._ended = True
            return False, None
        for _ in range(max(1, timeout_ms // _SLICE_MS)):
            stopped = rs.playback_status.stopped in self._statuses
            came, frames = super()._wait(_AFTER_STOP_MS if stopped else min(timeout_ms, _SLICE_MS))
            if came or stopped:
                break
        self._ended = stopped and not came
        return came, frames

    def _all_seen(self) -> bool:
        """Whether the last images the file holds have come; a `.bag` does not say."""
        last = self._last_numbers
        return bool(last) and all(self._numbers[name] >= number for name, number in last.items())

    def _check_end(self) -> None:
        """Raise the end of the stream once playback has stopped and everything it read has been delivered.

        A picture that cannot be decoded ends playback without a word, so the end is only believed when the file
        holds no further pair: at most one of its streams goes on after the last one seen.
        """
        if not self._ended:
            return
        if all(self._last_numbers.get(name, 0) > number for name, number in self._numbers.items()):
            held = count_frames(self._track.file)["colour"]
            raise RecordingTruncated(
                f"recording file {self._track.file} ended at colour frame {self._numbers['colour']}, but it counts "
                f"{held} up to number {self._last_numbers['colour']}. A picture in it is damaged: restore the file, "
                "or record again"
            )
        raise EndOfStream(f"{self._track.file} has ended")
