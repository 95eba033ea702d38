"""Writing recordings: pairs go through librealsense's own recorder, one file per camera."""

import gc
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from station.core.errors import RecordingError
from station.core.items import Announcement
from station.recording.counts import count_frames
from station.recording.disk import writing
from station.recording.librealsense import rs
from station.recording.manifest import ItemTruth, Recording, Track, prepare_folder, track_of_file, write_manifest
from station.recording.messages import stamp_messages
from station.recording.software_device import SoftwareCamera, StreamSpec

_MAX_BACKLOG_BYTES = 24_000_000
"""librealsense waits ten seconds for its queue, then drops what is left: little enough for a busy machine."""


class TrackWriter:
    """Writes one camera's file. Several may run in several processes; `write_manifest` joins their tracks.

    Args:
        out: the recording's folder; it is made if need be.
        spec: the camera's stream.
        compress: store images as PNG (lossless). Without it writing and playing are cheaper and files far larger.
        before: how many pairs come before the first, in a file that this one is for `append_part` to join.

    Raises:
        RecordingError: the file cannot be made.
    """

    def __init__(self, out: Path, spec: StreamSpec, compress: bool = True, before: int = 0) -> None:
        self.file = out / f"{spec.camera_id}.db3"
        self.spec = spec
        self._before = before
        self._times_ns: list[int] = []
        self._backlog_bytes = 0
        with writing(self.file):
            out.mkdir(parents=True, exist_ok=True)
            self.file.unlink(missing_ok=True)
        self._camera = SoftwareCamera(spec)
        with writing(self.file):
            self._recorder = rs.recorder(str(self.file), self._camera.device, compress)
        self._camera.start()

    @property
    def frames(self) -> int:
        """Pairs written so far."""
        return len(self._times_ns)

    def write(self, colour: NDArray[np.uint8], depth: NDArray[np.uint16], t_ns: int) -> None:
        """Append one pair; see `SoftwareCamera.push`. `t_ns` is since the recording's start, and must grow."""
        if self._times_ns and t_ns <= self._times_ns[-1]:
            raise RecordingError(
                f"camera {self.spec.camera_id}: a frame of {t_ns} ns follows one of {self._times_ns[-1]} ns. "
                "Write frames in order of time"
            )
        self._camera.push(colour, depth, t_ns, self._before + self.frames + 1)
        self._times_ns.append(t_ns)
        self._backlog_bytes += colour.nbytes + depth.nbytes
        if self._backlog_bytes > _MAX_BACKLOG_BYTES:
            self.flush()

    def flush(self) -> None:
        """Wait until librealsense has written all frames it was given; its recorder queues them without a word."""
        self._recorder.pause()  # returns once the queue is empty
        self._recorder.resume()
        self._backlog_bytes = 0

    def close(self) -> Track:
        """Finish the file and return its track.

        Raises:
            RecordingError: librealsense wrote fewer frames than it was given, or the disk is full.
        """
        self._camera.stop()
        del self._recorder, self._camera
        gc.collect()  # librealsense finishes the file when its last reference goes
        stamp_messages(self.file, self._times_ns)
        counts = count_frames(self.file)
        if set(counts.values()) != {self.frames}:
            raise RecordingError(
                f"{self.file} holds {counts} of {self.frames} frames: the disk is full, or the machine too busy. "
                "Free disk space or stop other work, and record again"
            )
        return track_of_file(self.file, self.spec.camera_id, self.spec.serial)


class RecordingWriter:
    """Writes a whole recording from one process.

    Args:
        out: the recording's folder; it must not hold a recording yet.
        specs: one per camera.
        rig_json: the text of the rig file.
        compress: see `TrackWriter`.

    Raises:
        RecordingError: `out` holds a recording already.
    """

    def __init__(self, out: Path, specs: Sequence[StreamSpec], rig_json: str, compress: bool = True) -> None:
        prepare_folder(out)
        self._out = out
        self._rig_json = rig_json
        self._tracks = {spec.camera_id: TrackWriter(out, spec, compress) for spec in specs}
        self._events: list[Announcement] = []
        self._items: list[ItemTruth] = []

    def write(self, camera_id: str, colour: NDArray[np.uint8], depth: NDArray[np.uint16], t_ns: int) -> None:
        """Append one pair to a camera's file; see `TrackWriter.write`."""
        self._tracks[camera_id].write(colour, depth, t_ns)

    def event(self, event: Announcement) -> None:
        """Add an external event."""
        self._events.append(event)

    def item(self, item: ItemTruth) -> None:
        """Add what is true of one item."""
        self._items.append(item)

    def close(self) -> Recording:
        """Finish all files and write the manifest.

        Raises:
            RecordingError: librealsense wrote fewer frames than it was given, or the disk is full.
        """
        tracks = [track.close() for track in self._tracks.values()]
        return write_manifest(self._out, tracks, self._rig_json, self._events, self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:  # no manifest: what is there is not a whole recording
            for track in self._tracks.values():
                track.close()
