"""Recording what cameras deliver while they stream."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from station.cameras.pipeline import PipelineCamera
from station.core.items import Announcement
from station.core.ports import EndOfStream
from station.recording import Recording, prepare_folder, track_of_file, write_manifest

_READ_TIMEOUT_MS = 50


def record_cameras(
    cameras: Sequence[PipelineCamera],
    out: Path,
    rig_json: str,
    go_on: Callable[[], bool],
    events: Callable[[], Iterable[Announcement]] = tuple,
) -> Recording:
    """Stream from cameras that were made with `record_to=track_file(out, camera_id)` until `go_on` says no.

    librealsense writes the files itself, as the frames come off the device.

    Args:
        cameras: the cameras, not yet open; they are closed again.
        out: the recording's folder.
        rig_json: the text of the rig file.
        go_on: asked after every round of reads.
        events: returns what happened beside the cameras, in the cameras' own device time; asked once, at the end.

    Raises:
        CameraError: a camera cannot be opened, or falls silent.
        RecordingError: `out` holds a recording already.
    """
    prepare_folder(out)
    serials: dict[str, str] = {}
    first_ns: dict[str, int] = {}
    try:
        for camera in cameras:
            serials[camera.camera_id] = camera.open().serial
        running = list(cameras)
        while running and go_on():
            for camera in tuple(running):
                try:
                    frame = camera.read(_READ_TIMEOUT_MS)
                except EndOfStream:
                    running.remove(camera)
                    continue
                if frame is not None:
                    first_ns.setdefault(camera.camera_id, frame.device_t_ns)
                    frame.release()
    finally:
        for camera in cameras:
            camera.close()
    start_ns = min(first_ns.values(), default=0)
    tracks = [track_of_file(track_file(out, name), name, serial, start_ns) for name, serial in serials.items()]
    moved = [replace(event, t_ns=event.t_ns - start_ns) for event in events()]
    return write_manifest(out, tracks, rig_json, moved)


def track_file(out: Path, camera_id: str) -> Path:
    """Return the file a camera's track has in the recording `out`."""
    return out / f"{camera_id}.db3"
