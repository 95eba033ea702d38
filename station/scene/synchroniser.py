"""Pairs the frames of several cameras."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from enum import StrEnum

from station.core.frames import Frame, FrameSet, TimeDomain
from station.scene.settings import SceneSettings


class DropCause(StrEnum):
    """Why a frame was dropped."""

    STALE = "stale"
    """The camera repeated a frame, or its time went back."""
    UNPAIRED = "unpaired"
    """Another camera was already further on in time than the tolerance allows."""
    OVERFLOW = "overflow"
    """The other cameras delivered nothing for too long."""
    MIXED_DOMAIN = "mixed_domain"
    """Another camera's clock is of another kind, so their times cannot be compared."""
    UNKNOWN_CAMERA = "unknown_camera"
    """The frame's camera is not one of those to be paired."""
    FLUSHED = "flushed"
    """The frame was waiting for its partners when the station stopped."""


def pairing_time_ns(frame: Frame) -> int:
    """Return the time by which a frame is paired, in ns.

    Two devices' hardware clocks share no origin, so frames of the HARDWARE domain are paired by
    their arrival at the host; that is coarser by the jitter of the USB transfer. It also survives
    a device reset, which sets its hardware clock to zero.
    """
    return frame.host_t_ns if frame.time_domain is TimeDomain.HARDWARE else frame.device_t_ns


class Synchroniser:
    """Joins one frame of each camera into a frameset when their times agree.

    A frame pushed belongs to the synchroniser: it leaves in exactly one frameset, whose receiver
    then owns it, or is released here exactly once and counted by cause. Frames are matched oldest
    first, so the tolerance should be under half a frame period.
    """

    def __init__(self, camera_ids: Sequence[str], settings: SceneSettings) -> None:
        self._tolerance_ns = round(settings.pair_tolerance_ms * 1e6)
        self._depth = settings.pair_queue
        self._waiting: dict[str, deque[Frame]] = {camera_id: deque() for camera_id in camera_ids}
        self._last: dict[str, tuple[int, TimeDomain, int]] = {}
        self._dropped: Counter[DropCause] = Counter()

    @property
    def dropped(self) -> Mapping[DropCause, int]:
        """How many frames were dropped so far, by cause."""
        return {cause: self._dropped[cause] for cause in DropCause}

    def push(self, frame: Frame) -> FrameSet | None:
        """Take one frame; return the frameset it completes, if any.

        The frameset's frames stand in the order of `camera_ids`; its `host_t_ns` is the earliest of
        theirs, so a frameset is as old as its oldest frame.
        """
        queue = self._waiting.get(frame.camera_id)
        if queue is None:
            self._drop(frame, DropCause.UNKNOWN_CAMERA)
        elif self._is_stale(frame):
            self._drop(frame, DropCause.STALE)
        else:
            if len(queue) == self._depth:
                self._drop(queue.popleft(), DropCause.OVERFLOW)
            queue.append(frame)
            return self._match()
        return None

    def flush(self) -> None:
        """Release every waiting frame."""
        for queue in self._waiting.values():
            while queue:
                self._drop(queue.popleft(), DropCause.FLUSHED)

    def _is_stale(self, frame: Frame) -> bool:
        now = (frame.sequence, frame.time_domain, pairing_time_ns(frame))
        last = self._last.get(frame.camera_id)
        if last is not None and (now[0] == last[0] or (now[1] is last[1] and now[2] <= last[2])):
            return True
        self._last[frame.camera_id] = now
        return False

    def _match(self) -> FrameSet | None:
        while all(self._waiting.values()):
            heads = [queue[0] for queue in self._waiting.values()]
            if len({frame.time_domain for frame in heads}) > 1:
                oldest = min(heads, key=lambda frame: frame.host_t_ns)
                self._drop(self._waiting[oldest.camera_id].popleft(), DropCause.MIXED_DOMAIN)
                continue
            newest_ns = max(pairing_time_ns(frame) for frame in heads)
            late = [frame for frame in heads if newest_ns - pairing_time_ns(frame) > self._tolerance_ns]
            if not late:
                frames = tuple(queue.popleft() for queue in self._waiting.values())
                return FrameSet(
                    t_ns=min(frame.device_t_ns for frame in frames),
                    host_t_ns=min(frame.host_t_ns for frame in frames),
                    frames=frames,
                )
            for frame in late:
                self._drop(self._waiting[frame.camera_id].popleft(), DropCause.UNPAIRED)
        return None

    def _drop(self, frame: Frame, cause: DropCause) -> None:
        self._dropped[cause] += 1
        frame.release()
