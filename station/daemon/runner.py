"""A camera's own thread: open, read, hand over, and start again when the camera was lost."""

import logging
import threading

from station.core.errors import CameraError, StationError
from station.core.frames import Frame
from station.core.ports import Camera, Clock, EndOfStream
from station.core.status import CameraStatus, EvidencePicture
from station.daemon.evidence import encode_jpeg
from station.daemon.inbox import SceneInbox

_log = logging.getLogger(__name__)
_READ_MS = 100
_REOPEN_S = 2.0


class CameraRunner:
    """Fills the inbox from one camera. `connected` means that a frame arrived within `lost_after_ms`, in time.

    A camera that `comes_back` is opened again when it was lost; a recording would start over.
    """

    def __init__(
        self, camera: Camera, serial: str, inbox: SceneInbox, clock: Clock, lost_after_ms: int, comes_back: bool
    ) -> None:
        self._camera = camera
        self._serial = serial
        self._inbox = inbox
        self._clock = clock
        self._lost_after_ms = lost_after_ms
        self._comes_back = comes_back
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.camera_id}")
        self._latest_lock = threading.Lock()
        self._latest: Frame | None = None
        self._last_ns: int | None = None
        self._lost = False
        self._returns = 0
        self.frames = 0
        self.finished = False
        self.error: StationError | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and let go of every frame."""
        self._stopping.set()
        self._thread.join()
        self._keep_latest(None)

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera.camera_id

    @property
    def dropped(self) -> int:
        """Frames lost before or at the inbox."""
        return self._camera.dropped + self._inbox.dropped[self.camera_id]

    def status(self) -> CameraStatus:
        """Return how the camera stands now."""
        trouble = self._camera.trouble
        age_ms = None if self._last_ns is None else (self._clock.now_ns() - self._last_ns) / 1e6
        return CameraStatus(
            camera_id=self.camera_id,
            serial=self._serial,
            connected=age_ms is not None and age_ms <= self._lost_after_ms and trouble is None,
            frame_age_ms=age_ms,
            frames=self.frames,
            dropped=self.dropped,
            recoveries=self._returns + self._camera.recoveries,
            error=str(self.error) if self.error else trouble,
        )

    def picture(self) -> EvidencePicture | None:
        """Return the newest colour image as JPEG, None before the first frame."""
        with self._latest_lock:
            frame = self._latest
            if frame is None:
                return None
            frame.retain()
        try:
            return encode_jpeg(self.camera_id, frame.colour)
        finally:
            frame.release()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._camera.open()
                self.error = None
                self._read()
            except EndOfStream:
                self.finished = True
            except StationError as error:
                self._lose(error)
            except Exception as error:  # whatever it is, the items in hand must not wait for this camera
                _log.exception("camera %s", self.camera_id)
                self._lose(CameraError(f"camera {self.camera_id} failed unexpectedly ({error!r}). Report its log"))
            finally:
                self._camera.close()
            if self.finished:
                return
            self._stopping.wait(_REOPEN_S)

    def _read(self) -> None:
        while not self._stopping.is_set():
            frame = self._camera.read(_READ_MS)
            if frame is None:
                continue
            self.frames += 1
            self._returns += self._lost
            self._lost = False
            self._last_ns = frame.host_t_ns
            self._keep_latest(frame)
            self._inbox.put_frame(frame)

    def _lose(self, error: StationError) -> None:
        if self.error is None:
            _log.error("camera %s: %s", self.camera_id, error)
        self.error = error
        self._lost = True
        self.finished = not self._comes_back
        self._inbox.put_lost(self.camera_id)

    def _keep_latest(self, frame: Frame | None) -> None:
        if frame is not None:
            frame.retain()
        with self._latest_lock:
            frame, self._latest = self._latest, frame
        if frame is not None:
            frame.release()
