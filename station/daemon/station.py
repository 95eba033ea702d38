"""The running station: its threads, and the items that pass through them.

One thread per camera fills the inbox, one walks the scene, one inspects, one writes, one watches the
others. A frame may be dropped and is counted; an item never is.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from functools import partial
from typing import TypeVar

from station.config import StationConfig
from station.core.damage import Reason
from station.core.errors import StoreError
from station.core.items import Announcement, ItemCapture
from station.core.ports import Camera, Clock
from station.core.status import ItemRecord, StationState, StationStatus
from station.core.verdict import RecordedVerdict, Verdict
from station.daemon.calibration import Calibration
from station.daemon.desk import ItemDesk
from station.daemon.heart import Heart
from station.daemon.inbox import SceneInbox
from station.daemon.outbox import WINDOW, Outbox
from station.daemon.parts import Source
from station.daemon.runner import CameraRunner
from station.daemon.scene_walk import SceneWalk
from station.daemon.threads import Threads
from station.daemon.writer import Writer
from station.inspection import Inspector
from station.store import Store
from station.telemetry import Telemetry

_log = logging.getLogger(__name__)
_SCENE_WAIT_S = 0.05
_WATCH_S = 0.05
_HEART_LIMIT_S = 2.0
_FRAMES_WAITING_PER_CAMERA = 4
_WRITE_WAIT_S = 5.0
_T = TypeVar("_T")


class Station:
    """Runs the parts it is given until `stop`. `start` and `stop` are called once each.

    A scene, inspection or watch that fails is not started again: `threads` has its error, and whoever runs the
    station is to end with it.
    """

    def __init__(self, config: StationConfig, source: Source, inspector: Inspector, store: Store, clock: Clock) -> None:
        self._config = config
        self._source = source
        self._inspector = inspector
        self._clock = clock
        self._inspection = config.inspection
        self.telemetry = Telemetry()
        self.boot = store.boot()
        prefix = f"{self.boot.number:06d}"
        self.outbox = Outbox(store.after_number(store.last_number() - WINDOW, WINDOW))
        limit_s = _HEART_LIMIT_S + self._inspection.deadline_ms / 1e3
        self._heart = Heart(("scene", "inspection", "writer", "watch"), self._clock, limit_s)
        self._writer = Writer(store, self._recorded, partial(self._heart.report, "writer"))
        self._inbox = SceneInbox(_FRAMES_WAITING_PER_CAMERA * len(source.cameras))
        self.desk = ItemDesk(
            self._writer,
            inspector.sideline,
            self._inbox.put_announcement,
            self._clock,
            item_prefix=prefix,
            arrival_timeout_ms=config.scene.arrival_timeout_ms,
            deadline_ms=self._inspection.deadline_ms,
        )
        self._scene = SceneWalk(source.rig, config.scene, prefix)
        self.runners = tuple(self._runner(camera) for camera in source.cameras)
        self._captures: queue.Queue[tuple[ItemCapture, int] | None] = queue.Queue(self._inspection.queue_items + 1)
        self._calibration = Calibration(config.setup, source.rig.digest, clock)
        self._inspecting = threading.Event()
        self._stopping = threading.Event()
        self.threads = Threads()
        self._scene_thread = self.threads.make("scene", self._run_scene)
        self._inspection_thread = self.threads.make("inspection", self._run_inspection)
        self._watch_thread = self.threads.make("watch", self._run_watch)

    def start(self) -> None:
        """Start all threads, after giving the items a former run left open their verdict (restarted)."""
        self._writer.start()
        for item in self.boot.restarted:
            announcement = Announcement(item.plc_id, self._clock.now_ns(), item.sku, item.barcode, item.item_id)
            capture = ItemCapture(item.item_id, self._clock.now_ns(), (), announcement)
            self._writer.record(self._inspector.sideline(capture, Reason.RESTARTED))
        self._scene_thread.start()
        self._inspection_thread.start()
        self._watch_thread.start()
        for runner in self.runners:
            runner.start()

    def stop(self) -> None:
        """Stop all threads; items still in hand are sidelined (shutdown) and stored."""
        self.threads.close()
        self._stopping.set()
        for runner in self.runners:
            runner.stop()
        self._inbox.close()
        self._scene_thread.join()
        self._captures.put(None)
        self._inspection_thread.join()
        self._watch_thread.join()
        self.desk.close()
        self._writer.stop()

    def announce(self, plc_id: int, sku: str | None, barcode: str | None) -> ItemRecord:
        """Announce an item; see `api.door.Door.announce`."""
        return self.desk.announce(plc_id, sku, barcode)

    def write(self, job: Callable[[Store], _T]) -> _T:
        """Run a store job on the writer thread and wait for it.

        Raises:
            StoreError: the store refused, or did not come to it in time.
        """
        future = self._writer.call(job)
        try:
            return future.result(_WRITE_WAIT_S)
        except FutureTimeoutError as error:
            future.cancel()
            raise StoreError(f"the store did not answer within {_WRITE_WAIT_S} s. Check its disk or server") from error

    @property
    def frames(self) -> tuple[int, int]:
        """Frames grabbed, and frames dropped by a camera, at the inbox or for want of a partner."""
        grabbed = sum(runner.frames for runner in self.runners)
        return grabbed, sum(runner.dropped for runner in self.runners) + self._scene.unpaired

    @property
    def refusal(self) -> str:
        """Why no item may pass by the booth's daily check, empty when items may."""
        return self._calibration.refusal()

    @property
    def ended(self) -> bool:
        """Whether the recording or simulation has come to its end: an item that comes now is sidelined (shutdown)."""
        return all(runner.finished and runner.error is None for runner in self.runners)

    @property
    def finished(self) -> bool:
        """Whether every camera has reached the end of its stream, no frame waits, and every verdict is stored."""
        return all(runner.finished for runner in self.runners) and self._inbox.idle and not len(self.desk.in_flight)

    def status(self) -> StationStatus:
        """Return the station's state now."""
        fault = self._fault()
        cameras = tuple(runner.status() for runner in self.runners)
        newest = self.outbox.newest
        if fault is not Reason.NONE:
            state = StationState.FAULT
        elif not self._scene.ready or not all(camera.connected for camera in cameras):
            state = StationState.STARTING
        else:
            state = StationState.BUSY if self._inspecting.is_set() else StationState.READY
        provenance = self._inspector.provenance
        return StationStatus(
            state=state,
            fault=fault,
            boot_id=self.boot.boot_id,
            heartbeat=self._heart.beats,
            last_seq=newest.seq if newest else 0,
            unread=self.outbox.unread,
            overrun=self.outbox.overrun,
            disk_ok=self._writer.disk_ok,
            cameras=cameras,
            model=provenance.model,
            gallery=provenance.gallery,
            rig=provenance.rig,
            config=provenance.config,
            alarm=self._calibration.alarm(),
            uncertified=self._inspector.judge.standing.alarm,
        )

    def _runner(self, camera: Camera) -> CameraRunner:
        serial = self._source.rig.camera(camera.camera_id).serial
        lost_after_ms, comes_back = self._config.cameras.lost_after_ms, not self._source.simulated
        return CameraRunner(camera, serial, self._inbox, self._clock, lost_after_ms, comes_back)

    def _fault(self) -> Reason:
        stalled = self._heart.stalled()
        if self._writer.fault or "writer" in stalled:
            return Reason.STORE_FAULT
        if any(runner.error for runner in self.runners):
            return Reason.CAMERA_LOST
        if any(runner.frames and not runner.finished and not runner.status().connected for runner in self.runners):
            return Reason.STALE_FRAME
        if stalled or self._writer.failed:
            return Reason.INTERNAL_FAULT
        return Reason.SHUTDOWN if self.ended else Reason.NONE

    def _recorded(self, recorded: RecordedVerdict) -> None:
        told_ns = self._clock.now_ns()
        self.telemetry.count_verdict(recorded.verdict, told_ns)
        self.outbox.publish(replace(recorded, told_ns=told_ns))
        self.desk.recorded(recorded.verdict.item_id)

    def _run_scene(self) -> None:
        try:
            while not self._stopping.is_set():
                self._step_scene()
                self._heart.report("scene")
        finally:
            for capture in self._scene.close(self._clock.now_ns()):
                self._dispatch(capture)

    def _step_scene(self) -> None:
        ended = self.ended
        arrivals = self._inbox.take(_SCENE_WAIT_S)
        captures = self._scene.step(arrivals, self._clock.now_ns())
        if ended and arrivals.frame is None:  # that was the last frame: nothing in hand will be seen any more
            captures += self._scene.close(self._clock.now_ns())
        for capture in captures:
            self._dispatch(capture)

    def _dispatch(self, capture: ItemCapture) -> None:
        deadline_ns = self.desk.captured(capture)
        if self._captures.qsize() < self._inspection.queue_items:
            self._captures.put((capture, deadline_ns))
        else:
            self._give(self._inspector.sideline(capture, Reason.QUEUE_FULL))
            capture.release()

    def _run_inspection(self) -> None:
        while (work := self._next_capture()) is not None:
            capture, deadline_ns = work
            self._inspecting.set()
            unfit = self.refusal
            if unfit:
                verdict = self._inspector.sideline(capture, Reason.UNCALIBRATED, unfit)
            else:
                verdict = self._inspector.inspect(capture, deadline_ns)
            capture.release()
            self._give(verdict)
            self._inspecting.clear()

    def _next_capture(self) -> tuple[ItemCapture, int] | None:
        while True:
            self._heart.report("inspection")
            try:
                return self._captures.get(timeout=_WATCH_S)
            except queue.Empty:
                continue

    def _give(self, verdict: Verdict) -> None:
        if verdict.detail:
            _log.error("item %s: %s (%s)", verdict.item_id, verdict.reason.title, verdict.detail)
        if not self.desk.give(verdict):
            self.telemetry.count_late_verdict()

    def _run_watch(self) -> None:
        while not self._stopping.wait(_WATCH_S):
            self.desk.expire()
            self._heart.report("watch")
            self._heart.beat()
