"""The only thread that writes to the store: jobs in order, and verdicts that are never given up."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from station.core.damage import Decision, Reason
from station.core.errors import StoreError, StoreFull
from station.core.status import EvidencePicture
from station.core.verdict import RecordedVerdict, Verdict
from station.daemon.evidence import evidence_pictures
from station.store import Store

_log = logging.getLogger(__name__)
_RETRY_S = 1.0
_T = TypeVar("_T")


class Writer:
    """Runs store jobs one after another on a thread of its own.

    `on_recorded` is called on that thread after a verdict is safely stored, and only then. While the
    store refuses, or fails in whatever way, `fault` is set, the verdict becomes a sideline (store_fault) and
    is tried again. When there is nothing to write for a second, the store is tried: `fault` ends, or begins,
    without an item. The fault of a full disk ends only with room on it: a small write goes through when the next
    item's will not. `disk_ok` is false while the store refuses or its disk has less room than is asked for.
    `failed` is set for good when a stored verdict could not be told: only a restart tells it. `on_round` is
    called on the thread each time it goes round, once a second or more often.
    """

    def __init__(
        self,
        store: Store,
        on_recorded: Callable[[RecordedVerdict], None],
        on_round: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._on_recorded = on_recorded
        self._on_round = on_round
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer")
        self._was_full = False
        self.fault = ""
        self.failed = False
        self.disk_ok = True

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish every waiting job, then end the thread; what the store still refuses is left to the next start."""
        self._stopping.set()
        self._jobs.put(None)
        self._thread.join()

    def call(self, job: Callable[[Store], _T]) -> "Future[_T]":
        """Queue a job on the store; its result or its error arrives in the future."""
        future: Future[_T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(job(self._store))
            except StoreFull as error:
                self._refused(error)
                future.set_exception(error)
            except Exception as error:
                future.set_exception(error)

        self._jobs.put(run)
        return future

    def record(self, verdict: Verdict, is_late: Callable[[], bool] = lambda: False) -> None:
        """Queue a verdict for storing with its evidence; a pass that is late before it is told is none (timeout)."""
        self._jobs.put(lambda: self._record(verdict, is_late))

    def _run(self) -> None:
        while True:
            self._on_round()
            try:
                job = self._jobs.get(timeout=_RETRY_S)
            except queue.Empty:
                job = self._try_store
            if job is None:
                return
            try:
                job()
            except Exception:  # whatever it is, the verdicts to come must still be stored
                _log.exception("the writer failed")
                self.failed = True

    def _try_store(self) -> None:
        has_room = self._store.disk_ok()
        if self.fault or not has_room:
            try:
                self._store.try_writing()
                self._fault_over()
            except Exception as error:
                self._refused(error)
        self.disk_ok = has_room and not self.fault

    def _record(self, verdict: Verdict, is_late: Callable[[], bool]) -> None:
        pictures = _evidence(verdict)
        while True:
            try:
                recorded = self._record_in_time(verdict, pictures, is_late)
                break
            except Exception as error:
                self._refused(error)
                if Reason.STORE_FAULT not in verdict.reasons:
                    unforeseen = not isinstance(error, StoreError)
                    _log.error(
                        "verdict of item %s is not stored and becomes a sideline", verdict.item_id, exc_info=unforeseen
                    )
                pictures = []
                verdict = _unstored(verdict, _words(error))
                if self._stopping.wait(_RETRY_S):
                    return
                self._on_round()
        self._on_recorded(recorded)  # at once: what follows may ask the database
        self._fault_over()

    def _record_in_time(
        self, verdict: Verdict, pictures: list[EvidencePicture], is_late: Callable[[], bool]
    ) -> RecordedVerdict:
        """Store a verdict. A commit cannot be called back: the pass it was too slow with is overruled, still untold."""
        if verdict.decision is Decision.PASS and is_late():
            verdict = _timed_out(verdict)
        recorded = self._store.record(verdict, pictures)
        if recorded.verdict.decision is Decision.PASS and is_late():
            recorded = self._store.overrule(recorded.number, _timed_out(recorded.verdict))
        return recorded

    def _refused(self, error: Exception) -> None:
        if not self.fault:
            _log.error("%s", _words(error))
        self.fault = _words(error)
        self._was_full |= isinstance(error, StoreFull)
        self.disk_ok = False

    def _fault_over(self) -> None:
        if not self.fault or (self._was_full and not self._store.disk_ok()):
            return
        _log.info("the store takes writes again")
        self.fault = ""
        self._was_full = False


def _words(error: Exception) -> str:
    if isinstance(error, StoreError):
        return str(error)
    return f"the store failed unexpectedly ({error!r}). Send the station's log to its maintainers"


def _timed_out(verdict: Verdict) -> Verdict:
    return replace(verdict, decision=Decision.SIDELINE, reasons=(Reason.TIMEOUT,))


def _unstored(verdict: Verdict, detail: str) -> Verdict:
    """Return the sideline of a verdict that was not stored, without the parts that the store may have stumbled over."""
    bare = replace(verdict, type_scores={}, regions=(), stage_ms={}, views=())
    return replace(bare, decision=Decision.SIDELINE, reasons=(Reason.STORE_FAULT,), detail=detail)


def _evidence(verdict: Verdict) -> list[EvidencePicture]:
    """Pictures are worth less than the verdict they belong to: without them it is stored all the same."""
    try:
        return evidence_pictures(verdict)
    except Exception:
        _log.exception("item %s has no evidence pictures", verdict.item_id)
        return []
