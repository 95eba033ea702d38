"""Frames and announcements in, settled items out: the same steps live, in the demo and in lock-step."""

from dataclasses import dataclass

from station.core.frames import Frame
from station.core.items import Announcement, ItemCapture
from station.rig import Rig
from station.scene import SceneSettings, Synchroniser, Tracker


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has come since the last step: announcements, cameras lost, and at most one frame."""

    announcements: tuple[Announcement, ...] = ()
    lost: tuple[str, ...] = ()
    frame: Frame | None = None


class SceneWalk:
    """Joins the synchroniser and the tracker. Owned by one thread."""

    def __init__(self, rig: Rig, settings: SceneSettings, item_prefix: str) -> None:
        self._synchroniser = Synchroniser([camera.camera_id for camera in rig.cameras], settings)
        self._tracker = Tracker(rig, settings, item_prefix)

    @property
    def ready(self) -> bool:
        """Whether an item would be noticed."""
        return self._tracker.ready

    @property
    def unpaired(self) -> int:
        """Frames dropped because no partner of the same moment came."""
        return sum(self._synchroniser.dropped.values())

    def step(self, arrivals: Arrivals, now_ns: int) -> tuple[ItemCapture, ...]:
        """Take what has arrived and return the items that are now to be judged."""
        captures: tuple[ItemCapture, ...] = ()
        for announcement in arrivals.announcements:
            self._tracker.announce(announcement, now_ns)
        for camera_id in arrivals.lost:
            captures += self._tracker.camera_lost(camera_id, now_ns)
        frameset = self._synchroniser.push(arrivals.frame) if arrivals.frame is not None else None
        if frameset is not None:
            captures += self._tracker.push(frameset, now_ns)
        return captures + self._tracker.tick(now_ns)

    def close(self, now_ns: int) -> tuple[ItemCapture, ...]:
        """Hold no frame any more; return the items that were in hand (shutdown)."""
        self._synchroniser.flush()
        return self._tracker.flush(now_ns)
