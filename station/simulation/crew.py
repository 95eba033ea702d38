"""Several processes work a list of parts off; they are stopped at once by Ctrl-C or an error, and never left behind."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_int64
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, cast

import cv2

from station.core.errors import StationError

Work = Callable[[int], Iterator[None]]
"""Does one part: an iterator that yields after each of its steps. It must be importable, as processes are spawned."""

_POLL_S = 0.1
_NEXT, _STEPS = range(2)
"""Entries of the board that all processes share: the next place in the list, and steps done."""


def work_off(work: Work, parts: Sequence[int], processes: int, progress: Callable[[int], None]) -> None:
    """Do every part, each by one of several processes, whichever is free.

    Args:
        work: does a part; called in the processes.
        parts: the parts to do, in this order.
        processes: how many at once.
        progress: is told the number of steps done, now and then, here.

    Raises:
        StationError: what `work` raised, or that a process was killed. The other processes have stopped by then; a
            part they were at may be half done, as if the machine had failed.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the libraries' threads half way through
    board = context.Array(c_int64, [0, 0])
    crew: list[tuple[SpawnProcess, Connection]] = []
    try:
        with ctrl_c_held():  # a worker inherits this for good: it starts, and works, deaf to Ctrl-C
            for _ in range(min(processes, len(parts))):
                here, there = context.Pipe(duplex=False)
                worker = context.Process(target=_worker, args=(work, parts, board, there, os.getpid()))
                worker.start()
                there.close()
                crew.append((worker, here))
        while (alive := [worker.sentinel for worker, _ in crew if worker.is_alive()]) and not _failed(crew):
            wait(alive, _POLL_S)
            progress(int(board.get_obj()[_STEPS]))  # without its lock, which a killed process may hold
        failed = _failed(crew)
        progress(int(board.get_obj()[_STEPS]))
    finally:
        for worker, _ in crew:
            worker.terminate()
            worker.join()
    if failed:
        raise _failure(*failed[0])


@contextmanager
def ctrl_c_held() -> Iterator[None]:
    """Keep Ctrl-C waiting while the block runs, and take it afterwards."""
    resource_tracker.ensure_running()  # multiprocessing's own process; starting it in here would let Ctrl-C through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _failed(crew: list[tuple[SpawnProcess, Connection]]) -> list[tuple[SpawnProcess, Connection]]:
    return [member for member in crew if member[0].exitcode]


def _failure(worker: SpawnProcess, here: Connection) -> StationError:
    """Return what a process told before it ended, or how it ended."""
    try:
        return cast(StationError, here.recv())
    except EOFError:
        how = f"ended with status {worker.exitcode}; what went wrong stands above"
        if worker.exitcode is not None and worker.exitcode < 0:
            how = f"was killed by signal {-worker.exitcode}; memory may be short"
        return StationError(f"a working process {how}. Run the same command again: what was finished is kept")


def _worker(work: Work, parts: Sequence[int], board: Any, there: Connection, parent: int) -> None:
    """Take the next part until none is left, or orphaned."""
    cv2.setNumThreads(1)
    try:
        while True:
            with board.get_lock():
                place = board[_NEXT]
                board[_NEXT] += 1
            if place >= len(parts):
                return
            for _ in work(parts[place]):
                with board.get_lock():
                    board[_STEPS] += 1
                if os.getppid() != parent:
                    return
    except StationError as error:
        there.send(error)
        raise SystemExit(1) from None
