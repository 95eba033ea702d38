"""Two live cameras on a tray that a test sets: what stands there, and which camera fails how."""

import threading
from collections import Counter

import numpy as np
from box_scene import DEPTH_UNIT_MM, Box
from support.stations import wait_for
from support.tiny_booth import RIG, picture_of

from station.cameras.pool import FramePool
from station.core.errors import CameraStalled
from station.core.frames import Frame, TimeDomain
from station.core.ports import CameraInfo, Clock
from station.daemon.parts import Source

FPS = 20


class Stage:
    """The tray and its cameras, in the clock's own time. Frames in `silent` stop, cameras in `broken` raise."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.start_ns = clock.now_ns()
        self.scene: tuple[Box, ...] = ()
        self.silent: set[str] = set()
        self.broken: dict[str, Exception] = {}
        self.delivered = Counter()
        self.source = Source(
            tuple(StagedCamera(self, camera.camera_id) for camera in RIG.cameras), RIG, simulated=False
        )

    def clear(self) -> None:
        """Take everything off the tray, and wait until that has been seen for a while."""
        self.scene = ()
        seen = Counter(self.delivered)
        wait_for(lambda: all(self.delivered[c.camera_id] >= seen[c.camera_id] + 8 for c in RIG.cameras), "clear tray")


class StagedCamera:
    """A camera behind the port. Both cameras' frames are of the same ticks of the stage's clock."""

    dropped = 0
    recoveries = 0
    trouble = None

    def __init__(self, stage: Stage, camera_id: str) -> None:
        intrinsics = RIG.camera(camera_id).intrinsics
        self.camera_id = camera_id
        self.pool = FramePool(camera_id, 24, intrinsics.height_px, intrinsics.width_px)
        self._stage = stage
        self._tick = 0
        self._never = threading.Event()

    def open(self) -> CameraInfo:
        camera = RIG.camera(self.camera_id)
        self._check()
        return CameraInfo(self.camera_id, camera.serial, "Staged camera", "1", "3.2", FPS, camera.intrinsics)

    def read(self, timeout_ms: int) -> Frame | None:
        self._check()
        now_ns = self._stage.clock.now_ns()
        tick = max(self._tick, (now_ns - self._stage.start_ns) * FPS // 1_000_000_000) + 1
        t_ns = self._stage.start_ns + tick * 1_000_000_000 // FPS
        self._never.wait((t_ns - now_ns) / 1e9)
        if self.camera_id in self._stage.silent:
            return None
        self._tick = tick
        self._stage.delivered[self.camera_id] += 1
        picture = picture_of(self.camera_id, self._stage.scene)
        slot = self.pool.lease()
        np.copyto(slot.colour, picture.colour)
        np.copyto(slot.depth, picture.depth)
        now_ns = self._stage.clock.now_ns()
        return Frame(
            camera_id=self.camera_id,
            sequence=tick,
            device_t_ns=t_ns,
            host_t_ns=now_ns,
            time_domain=TimeDomain.GLOBAL,
            colour=slot.colour_view,
            depth=slot.depth_view,
            depth_unit_mm=DEPTH_UNIT_MM,
            lease=slot,
        )

    def close(self) -> None:
        return

    def _check(self) -> None:
        if self.camera_id in self._stage.broken:
            raise self._stage.broken[self.camera_id]


def stalled(camera_id: str) -> CameraStalled:
    return CameraStalled(f"camera {camera_id} stopped delivering frames. Check its cable")
