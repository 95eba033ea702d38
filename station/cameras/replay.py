"""A recorded camera: librealsense plays one track of a recording, every frame of it."""

from typing import Any

from station.cameras.pacing import Pacing
from station.cameras.pipeline import PipelineCamera
from station.core.errors import RecordingError, RecordingTruncated
from station.core.ports import Clock, EndOfStream
from station.recording import Track, count_frames, frame_number_spans
from station.recording.librealsense import rs

_SLICE_MS = 50
_AFTER_STOP_MS = 1000
_BEGINS_WITHIN_MS = 1500
_STARTS = 8
_STARTS_IN_VAIN = 3


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
        self._spans: dict[str, tuple[int, int]] = {}
        self._starts = 0
        self._head: dict[str, int] | None = None
        self._playback: Any = None
        self._begun = False
        self._idle_ms = 0
        self._ended = False

    def _begin(self) -> None:
        start_ns = self._start_ns
        if start_ns is None:
            start_ns = 0 if self._pace is None else self._clock.now_ns()
        self._pacing = Pacing(self._pace, start_ns)
        self._ended = False
        self._spans = frame_number_spans(self._track.file)
        self._starts = 0
        self._head = None

    def _configure(self, pipe: Any, config: Any) -> None:
        config.enable_device_from_file(str(self._track.file), False)

    def _prepare(self, device: Any) -> None:
        serial = device.get_info(rs.camera_info.serial_number)
        if serial != self._track.serial:
            raise RecordingError(
                f"recording file {self._track.file} is of camera {serial}, its manifest says {self._track.serial}. "
                "Restore the file, or record again"
            )
        self._starts += 1
        self._begun = False
        self._idle_ms = 0
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
        if self._all_seen():
            self._ended = True
            return False, None
        for _ in range(max(1, timeout_ms // _SLICE_MS)):
            stopped = self._has_stopped()
            came, frames = super()._wait(_AFTER_STOP_MS if stopped else min(timeout_ms, _SLICE_MS))
            if came or stopped:
                break
        self._begun = self._begun or came
        self._ended = stopped and not came
        if (came or self._ended) and self._lost_head(frames if came else None):
            del frames
            self._ended = False
            self._stop()
            self._start()
            return False, None
        return came, frames

    def _lost_head(self, frames: Any) -> bool:
        """Whether the file's first pair did not come, and another start may bring it.

        librealsense starts to read the file when the first of its streams starts, and throws away what it reads of
        a stream that has not started yet: now and then the first pair, or the whole of a short file. A file with a
        first image that never had a partner looks the same, but does so again, and has more of one stream.
        """
        if self._numbers != self._numbers_before() or not self._spans:
            return False
        head: dict[str, int] = {}
        if frames is not None:
            came = {"colour": frames.get_color_frame(), "depth": frames.get_depth_frame()}
            head = {name: frame.get_frame_number() for name, frame in came.items() if frame}
        first = {name: number for name, (number, _) in self._spans.items()}
        again, self._head = head == self._head, head
        as_recorded = head == first or (again and self._track.frames != self._track.depth_frames)
        return not as_recorded and self._starts < (_STARTS if head else _STARTS_IN_VAIN)

    def _numbers_before(self) -> dict[str, int]:
        if not self._spans:
            return super()._numbers_before()
        return {name: first - 1 for name, (first, _) in self._spans.items()}

    def _has_stopped(self) -> bool:
        """Whether playback is over. Its status says "stopped" before it has begun, too, so that is waited out.

        librealsense's own notice of the change is of no use: closing while it is under way crashes.
        """
        if self._playback.current_status() != rs.playback_status.stopped:
            self._begun = True
            return False
        self._idle_ms += _SLICE_MS
        return self._begun or self._idle_ms > _BEGINS_WITHIN_MS

    def _settle(self) -> None:
        """Wait for playback's own thread: letting go of a playback while its thread still runs crashes librealsense.

        A pause returns once all that was asked of that thread before is done.
        """
        self._playback.pause()
        self._playback = None

    def _all_seen(self) -> bool:
        """Whether the last images the file holds have come; a `.bag` does not say."""
        return bool(self._spans) and all(self._numbers[name] >= last for name, (_, last) in self._spans.items())

    def _check_end(self) -> None:
        """Raise the end of the stream once playback has stopped and everything it read has been delivered.

        A picture that cannot be decoded ends playback without a word, so the end is only believed when the file
        holds no further pair: at most one of its streams goes on after the last one seen.
        """
        if not self._ended:
            return
        if self._spans and all(last > self._numbers[name] for name, (_, last) in self._spans.items()):
            held = count_frames(self._track.file)["colour"]
            raise RecordingTruncated(
                f"recording file {self._track.file} ended at colour frame {self._numbers['colour']}, but it counts "
                f"{held} up to number {self._spans['colour'][1]}. A picture in it is damaged: restore the file, "
                "or record again"
            )
        raise EndOfStream(f"{self._track.file} has ended")
