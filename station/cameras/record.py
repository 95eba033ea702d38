"""Recording what cameras deliver while they stream."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from station.cameras.pipeline import PipelineCamera
from station.core.items import Announcement
from station.core.ports import EndOfStream
from station.recording import ItemTruth, Recording, prepare_folder, track_of_file, write_manifest

_READ_TIMEOUT_MS = 50


def record_cameras(
    cameras: Sequence[PipelineCamera],
    out: Path,
    rig_json: str,
    go_on: Callable[[], bool],
    events: Sequence[Announcement] = (),
    truth: Callable[[int, int], Iterable[ItemTruth]] = lambda _begin_ns, _end_ns: (),
) -> Recording:
    """Stream from cameras that were made with `record_to=track_file(out, camera_id)` until `go_on` says no.

    librealsense writes the files itself, as the frames come off the device.

    Args:
        cameras: the cameras, not yet open; they are closed again.
        out: the recording's folder.
        rig_json: the text of the rig file.
        go_on: asked after every round of reads.
        events: what happens beside the cameras, in their own device time; those up to the last frame are kept.
        truth: returns what is known of the items that lay on the tray wholly between two moments of that time.

    Raises:
        CameraError: a camera cannot be opened, or falls silent.
        RecordingError: `out` holds a recording already.
    """
    prepare_folder(out)
    serials: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {}
    try:
        for camera in cameras:
            serials[camera.camera_id] = camera.open().serial
        _stream(cameras, go_on, spans)
    finally:
        for camera in cameras:
            camera.close()
    start_ns = min((first_ns for first_ns, _ in spans.values()), default=0)
    tracks = [track_of_file(track_file(out, name), name, serial, start_ns) for name, serial in serials.items()]
    end_ns = max((last_ns for _, last_ns in spans.values()), default=0)
    kept = [replace(event, t_ns=event.t_ns - start_ns) for event in events if event.t_ns <= end_ns]
    seen_by_all = (
        max((first_ns for first_ns, _ in spans.values()), default=0),
        min((last_ns for _, last_ns in spans.values()), default=0),
    )
    items = [
        replace(item, arrive_ns=item.arrive_ns - start_ns, leave_ns=item.leave_ns - start_ns)
        for item in truth(*seen_by_all)
    ]
    return write_manifest(out, tracks, rig_json, kept, items)


def _stream(cameras: Sequence[PipelineCamera], go_on: Callable[[], bool], spans: dict[str, tuple[int, int]]) -> None:
    """Read until all streams have ended or `go_on` says no; note each camera's first and last moment."""
    running = list(cameras)
    while running and go_on():
        for camera in tuple(running):
            try:
                frame = camera.read(_READ_TIMEOUT_MS)
            except EndOfStream:
                running.remove(camera)
                continue
            if frame is not None:
                first_ns, _ = spans.get(camera.camera_id, (frame.device_t_ns, 0))
                spans[camera.camera_id] = (first_ns, frame.device_t_ns)
                frame.release()


def track_file(out: Path, camera_id: str) -> Path:
    """Return the file a camera's track has in the recording `out`."""
    return out / f"{camera_id}.db3"
