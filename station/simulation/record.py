"""Recording the simulated booth: one process a camera, as rendering and compressing both keep a core busy."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import c_int64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from station.core.errors import SimulationError
from station.recording import (
    ItemTruth,
    Recording,
    StreamSpec,
    Track,
    TrackWriter,
    prepare_folder,
    save_mask,
    write_manifest,
)
from station.rig import rig_json
from station.simulation.booth import Booth
from station.simulation.crew import ctrl_c_held
from station.simulation.plan import PlannedItem

_POLL_S = 0.1
_STOP = -1
_board: Any = None
"""In a worker: frames written per camera, shared with the process that waits; the last entry tells workers to stop."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One camera's share of the work."""

    booth: Booth
    place: int
    camera_id: str
    out: Path


def record_booth(booth: Booth, out: Path, progress: Callable[[float], None]) -> Recording:
    """Write everything the booth's cameras see, its timeline and its ground truth into a recording.

    Args:
        booth: what to record.
        out: the recording's folder; it must not hold a recording yet.
        progress: is called with the share done, 0 to 1.

    Raises:
        RecordingError: `out` holds a recording already, or the disk is full.
        SimulationError: the renderer is not installed, the booth cannot be rendered, or a process was killed.
    """
    prepare_folder(out)
    cameras = [camera.camera_id for camera in booth.rig.cameras]
    context = multiprocessing.get_context("spawn")  # a fork would copy librealsense's threads half way through
    board = context.Array(c_int64, len(cameras) + 1)
    with ProcessPoolExecutor(len(cameras), context, initializer=_start_worker, initargs=(board,)) as pool:
        jobs = [_Job(booth, place, camera_id, out) for place, camera_id in enumerate(cameras)]
        try:
            with ctrl_c_held():  # a worker inherits this for good: it starts, and works, deaf to Ctrl-C
                futures = [pool.submit(_record_camera, job) for job in jobs]
            while wait(futures, _POLL_S).not_done and not _failed(futures):
                progress(sum(board[: len(cameras)]) / max(1, booth.frame_count * len(cameras)))
            for future in _failed(futures):
                future.result()  # the cause: once told to stop, the others fail for want of frames
        except BrokenProcessPool as error:
            raise SimulationError(
                "a process that renders the recording was killed; memory may be short. Free some, and run the same "
                "command again"
            ) from error
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():  # one that still starts would hear of it seconds later
                worker.terminate()
            raise
        finally:
            board[_STOP] = 1
        results = [future.result() for future in futures]
    items = [
        _truth(item, {camera_id: names[item.index] for camera_id, (_, names) in zip(cameras, results, strict=True)})
        for item in booth.plan
    ]
    recording = write_manifest(out, [track for track, _ in results], rig_json(booth.rig), booth.announcements, items)
    progress(1.0)
    return recording


def save_truth(booth: Booth, out: Path, begin_ns: int, end_ns: int) -> list[ItemTruth]:
    """Return the truth of the items that lie on the tray wholly within a part of the booth's time.

    Their masks are rendered and written into the recording `out`. Times are ns since the booth's start.
    """
    names = [camera.camera_id for camera in booth.rig.cameras]
    return [
        _truth(item, {name: save_mask(out, item.index, name, booth.item_mask(name, item.index)) for name in names})
        for item in booth.plan
        if begin_ns <= item.arrive_ns and item.leave_ns <= end_ns
    ]


def _failed(futures: list[Future[Any]]) -> list[Future[Any]]:
    return [future for future in futures if future.done() and future.exception() is not None]


def _truth(item: PlannedItem, masks: dict[str, str]) -> ItemTruth:
    return ItemTruth(
        item.index, item.product_id, item.barcode, item.plc_id, item.arrive_ns, item.leave_ns, item.damage, masks
    )


def _start_worker(board: Any) -> None:
    global _board
    _board = board
    cv2.setNumThreads(1)  # one process a camera is enough for two cores


def _record_camera(job: _Job) -> tuple[Track, list[str]]:
    """Write one camera's track and masks; a stopped worker leaves them unfinished."""
    booth = job.booth
    camera = booth.rig.camera(job.camera_id)
    spec = StreamSpec(job.camera_id, camera.serial, camera.intrinsics, booth.settings.fps, booth.settings.depth_unit_mm)
    writer = TrackWriter(job.out, spec)
    waiting = list(booth.plan)
    masks: list[str] = []
    for index in range(booth.frame_count):
        if _board[_STOP]:
            break
        frame = booth.frame(job.camera_id, index)
        writer.write(frame.colour, frame.depth, frame.t_ns)
        while waiting and frame.t_ns >= waiting[0].arrive_ns:
            item = waiting.pop(0)
            masks.append(save_mask(job.out, item.index, job.camera_id, booth.item_mask(job.camera_id, item.index)))
        _board[job.place] = index + 1
    return writer.close(), masks
