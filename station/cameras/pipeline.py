"""The one path every frame takes out of librealsense, be its camera live, replayed or simulated."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from station.cameras.pacing import Pacing
from station.cameras.pool import FramePool, Slot
from station.cameras.recovery import Action, Recovery
from station.cameras.stream import PipelineStream
from station.core.errors import CameraError, CameraStalled, PoolExhausted
from station.core.frames import Frame, TimeDomain
from station.core.ports import CameraInfo, Clock
from station.recording.librealsense import rs

_TORN_FRACTION = 0.6
"""Colour and depth further apart than this part of the frame period are of different moments."""

_DOMAINS = {
    rs.timestamp_domain.global_time: TimeDomain.GLOBAL,
    rs.timestamp_domain.hardware_clock: TimeDomain.HARDWARE,
    rs.timestamp_domain.system_time: TimeDomain.SYSTEM,
}


@dataclass(frozen=True, slots=True)
class Drops:
    """Frames a camera lost, by cause.

    `gaps` never came from the device; `stale` pairs repeated an old image; `torn` pairs joined images of different
    moments; `no_slot` found no free memory.
    """

    gaps: int = 0
    stale: int = 0
    torn: int = 0
    no_slot: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.gaps + self.stale + self.torn + self.no_slot


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair copied out of librealsense that waits to be delivered."""

    slot: Slot
    sequence: int
    device_t_ns: int
    domain: TimeDomain


class PipelineCamera(PipelineStream):
    """A camera behind an `rs.pipeline`; what is special about its source is in the hooks a subclass gives.

    Args:
        camera_id: its name in the rig.
        clock: the station clock.
        slots: frames that may be in hand at once.
        record_to: a `.db3` file that librealsense writes while the camera streams, overwritten if it exists.
    """

    def __init__(self, camera_id: str, clock: Clock, slots: int, record_to: Path | None = None) -> None:
        super().__init__(camera_id, record_to)
        self._clock = clock
        self._slots = slots
        self._pacing: Pacing | None = None
        self._recovery: Recovery | None = None
        self._recoveries = 0
        self._pool: FramePool | None = None
        self._opened = False
        self._pending: _Pair | None = None
        self._numbers = {"colour": -1, "depth": -1}
        self._repeats = 0
        self._base_sequence = 0
        self._last_sequence = 0
        self._drops = {"gaps": 0, "stale": 0, "torn": 0, "no_slot": 0}
        self._troubles: deque[str] = deque(maxlen=4)

    # What a subclass gives.

    def _begin(self) -> None:
        """Set the source to its start, at `open`."""
        return

    def _numbers_before(self) -> dict[str, int]:
        """Return the frame numbers just before the first ones to come, -1 where they may start anywhere."""
        return {"colour": -1, "depth": -1}

    def _feed(self) -> None:
        """Make the source produce its next pair, where it does not do so by itself."""
        return

    def _wait(self, timeout_ms: int) -> tuple[bool, Any]:
        """Wait for librealsense's next frameset; return whether one came, and it."""
        came, frames = self._pipe.try_wait_for_frames(timeout_ms)
        return bool(came), frames

    def _check_end(self) -> None:
        """Raise what is to be raised when no pair came because the source is at its end."""
        return

    def _reset_hardware(self) -> None:
        """Reset the device, where there is hardware to reset."""
        return

    # The port.

    @property
    def camera_id(self) -> str:
        """The camera's name in the rig."""
        return self._camera_id

    @property
    def dropped(self) -> int:
        """Frames lost so far, for whatever cause; see `drops`."""
        return self.drops.total

    @property
    def drops(self) -> Drops:
        """Frames lost so far, by cause."""
        return Drops(**self._drops)

    @property
    def recoveries(self) -> int:
        """How often the camera fell silent and was brought back; opening it anew does not start over."""
        return self._recoveries

    @property
    def trouble(self) -> str | None:
        """Why its frames are not to be trusted now; see `core.ports.Camera`."""
        return None

    @property
    def pool(self) -> FramePool:
        """The memory its frames live in; it outlives `close`, as frames do.

        Raises:
            CameraError: the camera was never opened.
        """
        if self._pool is None:
            raise CameraError(f"camera {self._camera_id} was never opened. Open it first")
        return self._pool

    def open(self) -> CameraInfo:
        """Start streaming; see `core.ports.Camera`."""
        if self._opened:
            raise CameraError(f"camera {self._camera_id} is open already. Close it first")
        self._last_sequence = 0
        self._begin()
        self._start()
        self._opened = True
        assert self._info is not None
        return self._info

    def read(self, timeout_ms: int) -> Frame | None:
        """Return the next fresh pair, or None when this wait brought none; see `core.ports.Camera`."""
        if not self._opened:
            raise CameraError(f"camera {self._camera_id} is not open. Open it before reading")
        if self._pending is None:
            self._pending = self._take(timeout_ms)
        if self._pending is None:
            return None
        return self._deliver(self._pending, timeout_ms)

    def close(self) -> None:
        """Stop streaming and free the device. Safe to call twice."""
        if self._pending is not None:
            self._pending.slot.release()
            self._pending = None
        self._opened = False
        self._stop()

    # The walk of one pair.

    def _take(self, timeout_ms: int) -> _Pair | None:
        if self._pipe is None:  # between the stages of a recovery
            self._clock.sleep(timeout_ms / 1000.0)
            self._recover()
            return None
        self._feed()
        came, pair = self._receive(timeout_ms)
        if pair is None:
            if not came:
                self._check_end()
            self._recover()
        elif self._recovery is not None:
            self._recoveries += self._recovery.fresh(self._clock.now_ns())
        return pair

    def _receive(self, timeout_ms: int) -> tuple[bool, _Pair | None]:
        """Return whether anything came, and the pair if it was fresh."""
        try:
            came, frames = self._wait(timeout_ms)
            return came, self._copy(frames) if came else None
        except RuntimeError as error:
            self._troubles.append(str(error))
            return False, None

    def _copy(self, frames: Any) -> _Pair | None:
        """Copy a fresh pair into a slot and let go of librealsense's memory; refuse and count any other pair."""
        depth, colour = frames.get_depth_frame(), frames.get_color_frame()
        if not depth or not colour or not self._is_fresh(colour, depth):
            return None
        slot = self._lease()
        if slot is None:
            return None
        try:
            if self._align is not None:
                depth = self._align.process(frames).get_depth_frame()
            np.copyto(slot.colour, np.asarray(colour.get_data()))
            np.copyto(slot.depth, np.asarray(depth.get_data()))
        except (TypeError, ValueError) as error:  # a damaged picture that is not compressed comes out empty
            slot.release()
            raise self._refused(RuntimeError(f"a picture of it is damaged: {error}")) from error
        except BaseException:
            slot.release()
            raise
        self._last_sequence = self._base_sequence + colour.get_frame_number()
        return _Pair(
            slot=slot,
            sequence=self._last_sequence,
            device_t_ns=self._source_t_ns(colour),
            domain=_DOMAINS[colour.get_frame_timestamp_domain()],
        )

    def _source_t_ns(self, colour: Any) -> int:
        return round(float(colour.get_timestamp()) * 1e6)

    def _is_fresh(self, colour: Any, depth: Any) -> bool:
        """Compare both frame numbers with the last ones seen, and the two times with each other."""
        numbers = {"colour": colour.get_frame_number(), "depth": depth.get_frame_number()}
        last, self._numbers = self._numbers, numbers
        if numbers["colour"] == last["colour"]:
            self._repeats += 1  # stands for a colour frame that did not come, so it is no gap as well
        elif last["colour"] >= 0:
            self._drops["gaps"] += max(0, numbers["colour"] - last["colour"] - 1 - self._repeats)
            self._repeats = 0
        if any(numbers[name] <= last[name] for name in numbers):
            self._drops["stale"] += 1
            return False
        assert self._info is not None
        if abs(colour.get_timestamp() - depth.get_timestamp()) > _TORN_FRACTION * 1000.0 / self._info.fps:
            self._drops["torn"] += 1
            return False
        return True

    def _lease(self) -> Slot | None:
        """Lease a slot. A source that waits for its reader loses nothing silently; any other one drops and counts."""
        try:
            return self.pool.lease()
        except PoolExhausted:
            self._drops["no_slot"] += 1
            if self._pacing is not None and self._pacing.in_lock_step:
                raise
            return None

    def _deliver(self, pair: _Pair, timeout_ms: int) -> Frame | None:
        """Hand the pair over once it is due."""
        host_t_ns = self._clock.now_ns()
        if self._pacing is not None:
            due_ns = self._pacing.due_ns(pair.device_t_ns)
            if self._pacing.in_lock_step:
                host_t_ns = due_ns
            elif due_ns > host_t_ns:
                wait_ns = min(due_ns - host_t_ns, timeout_ms * 1_000_000)
                self._clock.sleep(wait_ns / 1e9)
                if host_t_ns + wait_ns < due_ns:
                    return None
                host_t_ns = self._clock.now_ns()
        self._pending = None
        return Frame(
            camera_id=self._camera_id,
            sequence=pair.sequence,
            device_t_ns=pair.device_t_ns,
            host_t_ns=host_t_ns,
            time_domain=pair.domain,
            colour=pair.slot.colour_view,
            depth=pair.slot.depth_view,
            depth_unit_mm=self._depth_unit_mm,
            lease=pair.slot,
        )

    # Starting, bringing back.

    def _start(self) -> None:
        super()._start()
        self._numbers = self._numbers_before()
        self._repeats = 0
        self._base_sequence = self._last_sequence

    def _describe(self, profile: Any) -> None:
        super()._describe(profile)
        assert self._info is not None
        size = (self._info.intrinsics.height_px, self._info.intrinsics.width_px)
        if self._pool is None or (self._pool.height_px, self._pool.width_px) != size:
            self._pool = FramePool(self._camera_id, self._slots, *size)

    def _recover(self) -> None:
        if self._recovery is None:
            return
        action = self._recovery.step(self._clock.now_ns())
        if action is Action.GIVE_UP or (self._record_to is not None and action is not Action.NONE):
            troubles = "; ".join(self._troubles) or "it sent no notice"
            raise CameraStalled(
                f"camera {self._camera_id} stopped delivering frames ({troubles}). "
                "Check its cable and power, then run `station doctor`"
            )
        try:
            if action is Action.RESET:
                self._reset_hardware()
            if action in (Action.RESTART, Action.RESET):
                self._stop()
            if action is Action.RESTART:
                self._start()
        except CameraError as error:  # the next stage may do better
            self._troubles.append(str(error))
