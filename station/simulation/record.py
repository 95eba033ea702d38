"""Recording the simulated booth: one process a camera, as rendering and compressing both keep a core busy."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from station.core.damage import DamageType
from station.core.errors import RecordingError
from station.recording import (
    ItemTruth,
    Recording,
    StreamSpec,
    TrackWriter,
    append_part,
    count_frames,
    mask_name,
    prepare_folder,
    save_mask,
    track_of_file,
    write_manifest,
    writing,
)
from station.rig import rig_json
from station.simulation.booth import Booth
from station.simulation.crew import work_off
from station.simulation.plan import PlannedItem
from station.simulation.settings import as_command

_PART_FRAMES = 150
"""A camera's file grows by so many frames at a time; stopped, it loses no more."""
_UNFINISHED, _PLAN = "unfinished", "plan.json"


def record_booth(booth: Booth, out: Path, progress: Callable[[float], None]) -> Recording:
    """Write everything the booth's cameras see, its timeline and its ground truth into a recording.

    Stopped at any time, the same call goes on where it stopped; the recording is the same, byte for byte.

    Args:
        booth: what to record.
        out: the recording's folder: new, empty, or interrupted with the same booth.
        progress: is called with the share done, 0 to 1.

    Raises:
        RecordingError: `out` holds something else, or the disk is full.
        SimulationError: the renderer is not installed, or the booth cannot be rendered.
        StationError: a process was killed.
    """
    _begin(out, _plan(booth))
    cameras = booth.rig.cameras
    files = [out / f"{camera.camera_id}.db3" for camera in cameras]
    done, total = sum(map(_frames, files)), max(1, booth.frame_count * len(cameras))
    work = partial(_record_camera, booth, out)
    work_off(work, range(len(cameras)), len(cameras), lambda steps: progress((done + steps) / total))
    tracks = [track_of_file(file, camera.camera_id, camera.serial) for file, camera in zip(files, cameras, strict=True)]
    items = [_truth(booth, item) for item in booth.plan]
    recording = write_manifest(out, tracks, rig_json(booth.rig), booth.announcements, items)
    shutil.rmtree(out / _UNFINISHED)
    progress(1.0)
    return recording


def save_truth(booth: Booth, out: Path, begin_ns: int, end_ns: int) -> list[ItemTruth]:
    """Return the truth of the items that lie on the tray wholly within a part of the booth's time.

    Their masks are rendered and written into the recording `out`. Times are ns since the booth's start.
    """
    items = [item for item in booth.plan if begin_ns <= item.arrive_ns and item.leave_ns <= end_ns]
    for item in items:
        for camera in booth.rig.cameras:
            _save_masks(booth, out, camera.camera_id, item)
    return [_truth(booth, item) for item in items]


def _plan(booth: Booth) -> str:
    """Return what tells one booth from another."""
    plan = {
        "command": as_command("recording", len(booth.plan), booth.seed, booth.settings),
        "rig": booth.rig.digest,
        "items": [(item.product_id, item.damage, item.joins) for item in booth.plan],
    }
    return json.dumps(plan, indent=1) + "\n"


def _begin(out: Path, plan: str) -> None:
    """Make the recording's folder, or go on with one that keeps the same plan."""
    file = out / _UNFINISHED / _PLAN
    if file.exists():
        if file.read_text() != plan:
            raise RecordingError(
                f"{out} holds the unfinished recording of another command: {json.loads(file.read_text())['command']}. "
                "Run that one again, or name a new folder"
            )
        return
    prepare_folder(out)
    if {found.name for found in out.iterdir()} - {_UNFINISHED}:
        raise RecordingError(f"{out} exists and is no unfinished recording. Name a new folder, or remove it")
    with writing(file):
        file.parent.mkdir(exist_ok=True)
        half_written = file.with_suffix(".unfinished")
        half_written.write_text(plan)
        os.replace(half_written, file)


def _frames(file: Path) -> int:
    return count_frames(file)["colour"] if file.exists() else 0


def _record_camera(booth: Booth, out: Path, place: int) -> Iterator[None]:
    """Write what is missing of one camera's file and masks, part by part; yields after each frame."""
    camera = booth.rig.cameras[place]
    spec = StreamSpec(
        camera.camera_id, camera.serial, camera.intrinsics, booth.settings.fps, booth.settings.depth_unit_mm
    )
    file = out / f"{camera.camera_id}.db3"
    kept = _frames(file)
    waiting = [item for item in booth.plan if item.arrive_ns > booth.t_ns(kept - 1)]
    for first in range(kept, booth.frame_count, _PART_FRAMES):
        writer = TrackWriter(out / _UNFINISHED, spec, before=first)
        for index in range(first, min(first + _PART_FRAMES, booth.frame_count)):
            frame = booth.frame(camera.camera_id, index)
            writer.write(frame.colour, frame.depth, frame.t_ns)
            while waiting and frame.t_ns >= waiting[0].arrive_ns:
                _save_masks(booth, out, camera.camera_id, waiting.pop(0))
            yield
        append_part(writer.close().file, file)


def _save_masks(booth: Booth, out: Path, camera_id: str, item: PlannedItem) -> None:
    save_mask(out, mask_name(item.index, camera_id), booth.item_mask(camera_id, item.index))
    if item.damage:
        for kind, mask in booth.truth(camera_id, item.index).damage.items():
            save_mask(out, mask_name(item.index, camera_id, kind), mask)


def _truth(booth: Booth, item: PlannedItem) -> ItemTruth:
    def names(damage: DamageType | None = None) -> dict[str, str]:
        return {camera.camera_id: mask_name(item.index, camera.camera_id, damage) for camera in booth.rig.cameras}

    return ItemTruth(
        item.index,
        item.product_id,
        item.barcode,
        item.plc_id,
        item.arrive_ns,
        item.leave_ns,
        item.damage,
        names(),
        {kind: names(kind) for kind, _ in item.damage},
    )
