"""A booth's timeline as a recording."""

import queue
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

from station.recording import ItemTruth, Recording, StreamSpec, Track, TrackWriter, save_mask, write_manifest
from station.rig import rig_json
from station.simulation.booth import Booth
from station.simulation.sensor import DEPTH_UNIT_MM

_PROGRESS_S = 0.1
_progress: Any = None  # a worker's end of the queue; set once when its process starts


def record_booth(booth: Booth, out: Path, progress: Callable[[float], None]) -> Recording:
    """Write a booth's whole timeline, its events and its truth to the folder `out`, a process per camera.

    Args:
        booth: what to record.
        out: the recording's folder; it must not hold one.
        progress: told the share done, 0 to 1.

    Raises:
        RecordingError: librealsense could not write every frame.
    """
    out.mkdir(parents=True, exist_ok=True)
    context = get_context("spawn")  # librealsense's threads do not survive a fork
    steps = context.Queue()
    cameras = [camera.camera_id for camera in booth.rig.cameras]
    workers = min(len(cameras), cpu_count() or 1)
    with ProcessPoolExecutor(workers, context, initializer=_share, initargs=(steps,)) as pool:
        jobs = {name: pool.submit(_record_camera, booth.recipe, name, out) for name in cameras}
        _follow(list(jobs.values()), steps, booth.frame_count * len(cameras), progress)
        results = {name: job.result() for name, job in jobs.items()}
    steps.close()
    tracks = [track for track, _ in results.values()]
    masks = {name: names for name, (_, names) in results.items()}
    items = [
        ItemTruth(
            index=item.index,
            product_id=item.product_id,
            barcode=item.barcode,
            plc_id=item.plc_id,
            arrive_ns=item.arrive_ns,
            leave_ns=item.leave_ns,
            damage=item.damage,
            masks={name: names[item.index] for name, names in masks.items()},
        )
        for item in booth.plan
    ]
    return write_manifest(out, tracks, rig_json(booth.rig), [item.announcement for item in booth.plan], items)


def _share(steps: Any) -> None:
    global _progress
    _progress = steps


def _record_camera(recipe: tuple[Any, ...], camera_id: str, out: Path) -> tuple[Track, list[str]]:
    """Write one camera's track and masks; returns the track, and the masks' names in the order of the items."""
    booth = Booth(*recipe)
    camera = booth.rig.camera(camera_id)
    resting = {booth.resting_index(item): item.index for item in booth.plan}
    masks = []
    writer = TrackWriter(
        out, StreamSpec(camera_id, camera.serial, camera.intrinsics, booth.settings.fps, DEPTH_UNIT_MM)
    )
    for index in range(booth.frame_count):
        frame = booth.frame(camera_id, index)
        writer.write(frame.colour, frame.depth, frame.t_ns)
        if index in resting:
            masks.append(save_mask(out, resting[index], camera_id, booth.item_mask(camera_id, resting[index])))
        _progress.put(1)
    return writer.close(), masks


def _follow(jobs: list[Future[Any]], steps: Any, total: int, progress: Callable[[float], None]) -> None:
    done = 0
    while not all(job.done() for job in jobs):
        try:
            done += steps.get(timeout=_PROGRESS_S)
        except queue.Empty:
            continue
        progress(done / total)
