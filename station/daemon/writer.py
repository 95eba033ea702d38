"""The only thread that writes to the store: jobs in order, and verdicts that are never given up."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from station.core.damage import Decision, Reason
from station.core.errors import StoreError
from station.core.verdict import RecordedVerdict, Verdict
from station.daemon.evidence import evidence_pictures
from station.store import Store

_log = logging.getLogger(__name__)
_RETRY_S = 1.0
_T = TypeVar("_T")


class Writer:
    """Runs store jobs one after another on a thread of its own.

    `on_recorded` is called on that thread after a verdict is safely stored, and only then. While the
    store refuses, `fault` is set, the verdict becomes a sideline (store_fault) and is tried again.
    """

    def __init__(self, store: Store, on_recorded: Callable[[RecordedVerdict], None]) -> None:
        self._store = store
        self._on_recorded = on_recorded
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer")
        self.fault = ""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish every waiting job, then end the thread; a verdict the store still refuses is left to the next start."""
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
            except Exception as error:
                future.set_exception(error)

        self._jobs.put(run)
        return future

    def record(self, verdict: Verdict) -> None:
        """Queue a verdict for storing with its evidence."""
        self._jobs.put(lambda: self._record(verdict))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _record(self, verdict: Verdict) -> None:
        while True:
            try:
                recorded = self._store.record(verdict, evidence_pictures(verdict))
                break
            except StoreError as error:
                if not self.fault:
                    _log.error("verdict of item %s is not stored: %s", verdict.item_id, error)
                self.fault = str(error)
                verdict = replace(
                    verdict, decision=Decision.SIDELINE, reasons=(Reason.STORE_FAULT,), detail=str(error), views=()
                )
                if self._stopping.wait(_RETRY_S):
                    return
        self.fault = ""
        self._on_recorded(recorded)
