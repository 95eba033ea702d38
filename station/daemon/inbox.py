"""The scene thread's inbox: a bounded, drop-oldest lane for frames and an unbounded one for announcements."""

import threading
from collections import Counter, deque

from station.core.frames import Frame
from station.core.items import Announcement
from station.daemon.scene_walk import Arrivals


class SceneInbox:
    """Frames may be dropped (the oldest first, counted per camera); announcements never are."""

    def __init__(self, frame_capacity: int) -> None:
        self._capacity = frame_capacity
        self._frames: deque[Frame] = deque()
        self._announcements: deque[Announcement] = deque()
        self._lost: deque[str] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._taken = False
        self.dropped: Counter[str] = Counter()

    def put_frame(self, frame: Frame) -> None:
        """Hand over a frame and its lease; when the lane is full its oldest frame is released and counted."""
        with self._ready:
            if self._closed:
                frame.release()
                return
            if len(self._frames) == self._capacity:
                oldest = self._frames.popleft()
                self.dropped[oldest.camera_id] += 1
                oldest.release()
            self._frames.append(frame)
            self._ready.notify()

    def put_announcement(self, announcement: Announcement) -> None:
        """Hand over an announcement."""
        with self._ready:
            self._announcements.append(announcement)
            self._ready.notify()

    def put_lost(self, camera_id: str) -> None:
        """Say that a camera delivers nothing any more."""
        with self._ready:
            self._lost.append(camera_id)
            self._ready.notify()

    def take(self, timeout_s: float) -> Arrivals:
        """Return what has come, waiting at most `timeout_s` for anything; the last arrivals are done with."""
        with self._ready:
            self._taken = False
            self._ready.wait_for(lambda: self._frames or self._announcements or self._lost or self._closed, timeout_s)
            arrivals = Arrivals(
                announcements=tuple(self._announcements),
                lost=tuple(self._lost),
                frame=self._frames.popleft() if self._frames else None,
            )
            self._announcements.clear()
            self._lost.clear()
            self._taken = arrivals != Arrivals()
            return arrivals

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting, nor still in the hands of whoever took it."""
        with self._ready:
            return not (self._frames or self._announcements or self._lost or self._taken)

    def close(self) -> None:
        """Release what is waiting and everything that still comes."""
        with self._ready:
            self._closed = True
            while self._frames:
                self._frames.popleft().release()
            self._ready.notify_all()
