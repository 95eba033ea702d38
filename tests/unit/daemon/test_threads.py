"""Threads that must not end: the first one that does says why, to whoever waits."""

import threading

import pytest

from station.core.errors import RigError, StationError
from station.daemon.threads import Threads


def fail(error):
    raise error


def ended(work):
    """Return the error of a thread that does this work and ends."""
    threads = Threads()
    thread = threads.make("scene", work)
    thread.start()
    with pytest.raises(StationError) as raised:
        threads.wait()
    thread.join()
    assert threads.error is raised.value
    return raised.value


def test_the_stations_own_error_is_told_as_it_stands():
    error = RigError("the rig's cameras are two")
    assert ended(lambda: fail(error)) is error


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: fail(ZeroDivisionError("odd")), r"'scene' failed unexpectedly \(ZeroDivisionError\('odd'\)\)"),
        (lambda: None, "'scene' has ended"),
    ],
)
def test_any_other_end_is_named_and_says_what_to_do(work, said):
    error = ended(work)
    with pytest.raises(StationError, match=f"{said}. Send the station's log"):
        raise error


def test_after_the_close_a_thread_may_end():
    threads, gate = Threads(), threading.Event()
    thread = threads.make("scene", gate.wait)
    thread.start()
    threads.close()
    gate.set()
    thread.join()
    assert threads.error is None
