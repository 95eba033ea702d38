"""The memory frames live in: allocated once, leased, counted, reused."""

import threading
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from station.core.errors import CameraError, PoolExhausted

_T = TypeVar("_T", bound=np.generic)


class Slot:
    """Memory for one colour and depth pair, leased from a pool; a `Lease` for the frame built on it.

    `colour` uint8 [H, W, 3] and `depth` uint16 [H, W] are writable, for whoever fills the slot;
    `colour_view` and `depth_view` are the same memory, read-only, for everyone after.
    """

    __slots__ = ("_holders", "_pool", "colour", "colour_view", "depth", "depth_view")

    def __init__(self, pool: "FramePool") -> None:
        self._pool = pool
        self._holders = 0
        self.colour: NDArray[np.uint8] = np.empty((pool.height_px, pool.width_px, 3), np.uint8)
        self.depth: NDArray[np.uint16] = np.empty((pool.height_px, pool.width_px), np.uint16)
        self.colour.fill(0)  # touched now, so that no frame pays for the memory's first use
        self.depth.fill(0)
        self.colour_view = _read_only(self.colour)
        self.depth_view = _read_only(self.depth)

    def retain(self) -> None:
        """Add a holder."""
        self._pool._retain(self)

    def release(self) -> None:
        """Drop a holder; the last one gives the slot back to its pool.

        Raises:
            CameraError: the slot has no holder; something released it twice.
        """
        self._pool._release(self)


class FramePool:
    """A fixed number of slots for one camera's frames. Safe to use from several threads.

    Args:
        camera_id: named in errors.
        slots: how many frames may be in hand at once.
        height_px: image height.
        width_px: image width.
    """

    def __init__(self, camera_id: str, slots: int, height_px: int, width_px: int) -> None:
        self.camera_id = camera_id
        self.height_px = height_px
        self.width_px = width_px
        self._lock = threading.Lock()
        self._slots = slots
        self._free = [Slot(self) for _ in range(slots)]

    @property
    def leased(self) -> int:
        """How many slots are in hand; 0 once every frame has been released."""
        with self._lock:
            return self._slots - len(self._free)

    def lease(self) -> Slot:
        """Return a free slot, held once. Its memory still holds an older picture.

        Raises:
            PoolExhausted: every slot is leased.
        """
        with self._lock:
            if not self._free:
                raise PoolExhausted(
                    f"camera {self.camera_id}: all {self._slots} frame slots are leased. "
                    "Release frames sooner, or raise cameras.slots"
                )
            slot = self._free.pop()
            slot._holders = 1
            return slot

    def _retain(self, slot: Slot) -> None:
        with self._lock:
            self._require_held(slot)
            slot._holders += 1

    def _release(self, slot: Slot) -> None:
        with self._lock:
            self._require_held(slot)
            slot._holders -= 1
            if slot._holders == 0:
                self._free.append(slot)

    def _require_held(self, slot: Slot) -> None:
        if slot._holders == 0:
            raise CameraError(f"camera {self.camera_id}: a frame was used after its last release. Report this fault")


def _read_only(array: NDArray[_T]) -> NDArray[_T]:
    view = array.view()
    view.flags.writeable = False
    return view
