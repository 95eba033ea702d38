"""A recorded camera: librealsense plays one track of a recording, every frame of it."""

from typing import Any

from station.cameras.pacing import Pacing
from station.cameras.pipeline import PipelineCamera
from station.core.errors import RecordingError, RecordingTruncated
from station.core.ports import Clock, EndOfStream
from station.recording import Track, count_frames, last_frame_numbers
from station.recording.librealsense import rs

_SLICE_MS = 50
_AFTER_STOP_MS = 250


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
        self._playback: Any = None
        self._ended = False

    def close(self) -> None:
        """Stop playing and let go of the file. Safe to call twice."""
        self._playback = None
        super().close()

    def _begin(self) -> None:
        start_ns = self._start_ns
        if start_ns is None:
            start_ns = 0 if self._pace is None else self._clock.now_ns()
        self._pacing = Pacing(self._pace, start_ns)
        self._ended = False
        self._held = count_frames(self._track.file)
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

    def _source_t_ns(self, colour: Any) -> int:
        return super()._source_t_ns(colour) - self._track.start_ns

    def _refused(self, error: RuntimeError) -> Exception:
        return RecordingError(
            f"recording file {self._track.file} cannot be played ({error}). Restore it, or record again"
        )

    def _wait(self, timeout_ms: int) -> tuple[bool, Any]:
        """Wait in slices, to see playback stop; what it read last may still be on its way then."""
        for _ in range(max(1, timeout_ms // _SLICE_MS)):
            stopped = self._playback.current_status() == rs.playback_status.stopped
            came, frames = super()._wait(_AFTER_STOP_MS if stopped else min(timeout_ms, _SLICE_MS))
            if came or stopped:
                break
        self._ended = stopped and not came
        return came, frames

    def _check_end(self) -> None:
        """Raise the end of the stream once playback has stopped and everything it read has been delivered.

        A picture that cannot be decoded ends playback without a word, so the end is only believed when the file
        holds no further pair: at most one of its streams goes on after the last one seen.
        """
        if not self._ended:
            return
        if all(self._last_numbers.get(name, 0) > number for name, number in self._numbers.items()):
            raise RecordingTruncated(
                f"recording file {self._track.file} ended at colour frame {self._numbers['colour']}, but it counts "
                f"{self._held['colour']} up to number {self._last_numbers['colour']}. A picture in it is damaged: "
                "restore the file, or record again"
            )
        raise EndOfStream(f"{self._track.file} has ended")
