"""A booth rendered ahead of time: a process a camera stays some frames before the one that is asked for."""

import mmap
import multiprocessing
import os
from contextlib import suppress
from math import ceil
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError, StationError
from station.rig import Rig
from station.simulation.booth import Booth
from station.simulation.crew import ctrl_c_held
from station.simulation.view import SimFrame

_AHEAD_S = 2.0
"""Long enough to render an item and its hand while the frames before it are delivered."""


class AheadBooth:
    """A booth's frames, each camera's asked for in their order, ready when they are due.

    They are the booth's own, byte for byte. Frames asked for in another order are right but take longer.

    Args:
        booth: what to render.

    Raises:
        SimulationError: the renderer is not installed.
    """

    def __init__(self, booth: Booth) -> None:
        self._booth = booth
        self._renderers = {camera.camera_id: _Renderer(booth, camera.camera_id) for camera in booth.rig.cameras}
        for renderer in self._renderers.values():
            renderer.start(0)
        for renderer in self._renderers.values():
            renderer.frame(0)

    @property
    def rig(self) -> Rig:
        """The booth's geometry."""
        return self._booth.rig

    @property
    def frame_count(self) -> int:
        """How many frames each camera delivers."""
        return self._booth.frame_count

    def frame(self, camera_id: str, index: int) -> SimFrame:
        """Return a camera's frame of that index, 0 first; see `Booth.frame`.

        Raises:
            IndexError: there is no such frame.
            RigError: there is no such camera.
            SimulationError: the process that renders has ended.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"the booth has frames 0 to {self.frame_count - 1}, not {index}")
        return self._renderers[self.rig.camera(camera_id).camera_id].frame(index)

    def stop(self, camera_id: str) -> None:
        """End the process that renders a camera's frames; asking for one starts it again."""
        self._renderers[self.rig.camera(camera_id).camera_id].stop()


class _Renderer:
    """One camera's process. Its frames lie in a ring of shared memory; two pipes say which place is free or full.

    Either side's end closes the pipes, and so ends the other's waiting.
    """

    def __init__(self, booth: Booth, camera_id: str) -> None:
        self._booth = booth
        self._camera_id = camera_id
        self._places = max(2, ceil(_AHEAD_S * booth.settings.fps))
        self._process: Any = None
        self._last: tuple[int, SimFrame] | None = None

    def start(self, index: int) -> None:
        """Begin with the frame of that index."""
        self.stop()
        settings = self._booth.settings
        context = multiprocessing.get_context("spawn")  # a fork would copy the libraries' threads half way through
        memory = _Memory(self._places * 5 * settings.width_px * settings.height_px)
        there_free, self._free = context.Pipe(duplex=False)
        self._full, there_full = context.Pipe(duplex=False)
        self._ring = _ring(memory, self._booth)
        arguments = (self._booth, self._camera_id, index, memory, there_free, there_full)
        self._process = context.Process(target=_render, args=arguments, daemon=True)
        with ctrl_c_held():  # the process inherits this for good: it is deaf to Ctrl-C
            self._process.start()
        there_free.close()
        there_full.close()
        self._next = index
        for place in range(self._places):
            self._offer(place)

    def frame(self, index: int) -> SimFrame:
        """Return a frame, waiting for it where it is not ready."""
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        if self._process is None or index != self._next:
            self.start(index)
        try:
            found = self._full.recv()
        except EOFError:
            self.stop()
            raise SimulationError(
                f"the process that renders camera {self._camera_id} has ended; memory may be short. Start again"
            ) from None
        if isinstance(found, StationError):
            raise found
        place, t_ns = found
        colour, depth = self._ring
        frame = SimFrame(t_ns, colour[place].copy(), depth[place].copy(), self._booth.settings.depth_unit_mm)
        if index + self._places < self._booth.frame_count:
            self._offer(place)
        self._next, self._last = index + 1, (index, frame)
        return frame

    def stop(self) -> None:
        """End the process, if there is one."""
        self._last = None
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._process = None
            self._free.close()
            self._full.close()

    def _offer(self, place: int) -> None:
        with suppress(BrokenPipeError):  # the process has ended: its last frames are still to come, then that it has
            self._free.send(place)


class _Memory:
    """Bytes that travel to a spawned process without being copied; containers keep /dev/shm too small for frames."""

    def __init__(self, size: int, file: int | None = None) -> None:
        self._file = os.memfd_create("frames") if file is None else file
        if file is None:
            os.ftruncate(self._file, size)
        self.bytes = mmap.mmap(self._file, size)

    def __reduce__(self) -> tuple[Any, ...]:
        return _memory, (len(self.bytes), DupFd(self._file))

    def __del__(self) -> None:
        os.close(self._file)


def _memory(size: int, file: Any) -> _Memory:
    return _Memory(size, file.detach())


def _ring(memory: _Memory, booth: Booth) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return shared memory as the colours, uint8 [N, H, W, 3], and depths, uint16 [N, H, W], of N frames."""
    shape = (booth.settings.height_px, booth.settings.width_px)
    pixels = shape[0] * shape[1]
    places = len(memory.bytes) // (5 * pixels)
    flat = np.frombuffer(memory.bytes, np.uint8)
    colour, depth = flat[: 3 * places * pixels], flat[3 * places * pixels :]
    return colour.reshape(places, *shape, 3), depth.view(np.uint16).reshape(places, *shape)


def _render(booth: Booth, camera_id: str, first: int, memory: _Memory, free: Connection, full: Connection) -> None:
    """Render frames into free places until the last, or until nobody waits for them."""
    cv2.setNumThreads(1)  # one process a camera is enough for two cores
    colour, depth = _ring(memory, booth)
    try:
        for index in range(first, booth.frame_count):
            place = free.recv()
            frame = booth.frame(camera_id, index)
            colour[place], depth[place] = frame.colour, frame.depth
            full.send((place, frame.t_ns))
    except StationError as error:
        full.send(error)
    except (EOFError, BrokenPipeError):
        return
