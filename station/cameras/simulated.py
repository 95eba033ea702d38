"""A camera of the simulated booth: rendered pairs go through a software device into the live path."""

import logging
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from station.cameras.pacing import Pacing
from station.cameras.pipeline import PipelineCamera
from station.cameras.recovery import Recovery
from station.cameras.settings import CamerasSettings
from station.core.frames import Frame
from station.core.ports import Clock, EndOfStream
from station.recording import SoftwareCamera, StreamSpec
from station.rig import Rig

_log = logging.getLogger(__name__)

_MODEL, _USB = "Simulated D435", "3.2"
"""What it is modelled on: 50 mm between the depth imagers, colour read row by row."""


class RenderedFrame(Protocol):
    """One camera's pair as a booth renders it: colour uint8 RGB [H, W, 3], depth uint16 [H, W] aligned to it."""

    @property
    def t_ns(self) -> int:
        """Time since the booth's start, ns."""

    @property
    def colour(self) -> NDArray[np.uint8]:
        """Colour, uint8 RGB [H, W, 3]."""

    @property
    def depth(self) -> NDArray[np.uint16]:
        """Depth, uint16 [H, W]."""

    @property
    def depth_unit_mm(self) -> float:
        """Length of one unit of depth, mm."""


class RenderingBooth(Protocol):
    """What a simulated camera asks of its booth."""

    @property
    def rig(self) -> Rig:
        """The booth's geometry, with every camera's serial and intrinsics."""

    @property
    def frame_count(self) -> int:
        """How many frames each camera delivers."""

    def frame(self, camera_id: str, index: int) -> RenderedFrame:
        """Return a camera's frame of that index, 0 first."""

    def stop(self, camera_id: str) -> None:
        """Let go of what a camera's frames take, until one is asked for again."""


class SimulatedCamera(PipelineCamera):
    """Delivers a booth's frames as a live camera would.

    Args:
        booth: where the frames come from.
        camera_id: which of its cameras this is.
        clock: the station clock.
        fps: the booth's frame rate.
        pace: 1.0 for real time; None for lock-step, see `Pacing`.
        start_ns: station time of the booth's start, the same for all its cameras. Without it lock-step counts
            from 0, and a paced simulation from its `open`.
        settings: recovery times and number of slots.
        record_to: see `PipelineCamera`.
    """

    def __init__(
        self,
        booth: RenderingBooth,
        camera_id: str,
        clock: Clock,
        fps: int,
        pace: float | None = None,
        start_ns: int | None = None,
        settings: CamerasSettings | None = None,
        record_to: Path | None = None,
    ) -> None:
        self._settings = settings or CamerasSettings()
        super().__init__(camera_id, clock, self._settings.slots, record_to)
        self._booth = booth
        self._fps = fps
        self._pace = pace
        self._start_ns = start_ns
        self._index = 0
        self._device: SoftwareCamera | None = None
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """That frames come more than `lost_after_ms` later than due: the machine renders them too slowly."""
        return self._trouble

    def read(self, timeout_ms: int) -> Frame | None:
        """Return the next pair; see `core.ports.Camera`."""
        frame = super().read(timeout_ms)
        if frame is not None and self._pacing is not None:
            self._watch_lateness((frame.host_t_ns - self._pacing.due_ns(frame.device_t_ns)) / 1e9)
        return frame

    def close(self) -> None:
        """Stop the camera. Safe to call twice."""
        self._device = None
        super().close()
        self._booth.stop(self._camera_id)

    def _watch_lateness(self, late_s: float) -> None:
        was_late = self._trouble is not None
        self._trouble = None
        if late_s * 1000 <= self._settings.lost_after_ms:
            return
        lens = self._booth.rig.camera(self._camera_id).intrinsics
        self._trouble = (
            f"simulated camera {self._camera_id} is {late_s:.1f} s behind: this machine does not render "
            f"{len(self._booth.rig.cameras)} cameras of {lens.width_px}x{lens.height_px} at {self._fps} fps in time. "
            "Lower simulation.width_px and height_px, or simulation.fps, to 10 at least, or choose a simulation.booth "
            "of fewer cameras"
        )
        if not was_late:
            _log.warning(self._trouble)

    def _begin(self) -> None:
        now_ns = self._clock.now_ns()
        start_ns = self._start_ns
        if start_ns is None:
            start_ns = 0 if self._pace is None else now_ns
        self._pacing = Pacing(self._pace, start_ns)
        self._recovery = Recovery(self._settings, now_ns)
        self._index = 0

    def _configure(self, pipe: Any, config: Any) -> None:
        camera = self._booth.rig.camera(self._camera_id)
        unit_mm = self._booth.frame(self._camera_id, 0).depth_unit_mm
        self._device = SoftwareCamera(
            StreamSpec(self._camera_id, camera.serial, camera.intrinsics, self._fps, unit_mm, _MODEL, _USB)
        )
        pipe.set_device(self._device.device)

    def _feed(self) -> None:
        if self._index >= self._booth.frame_count or self._device is None:
            raise EndOfStream(f"simulated camera {self._camera_id} has delivered all {self._booth.frame_count} frames")
        frame = self._booth.frame(self._camera_id, self._index)
        self._index += 1
        self._device.push(frame.colour, frame.depth, frame.t_ns, self._index)
