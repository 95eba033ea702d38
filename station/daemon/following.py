"""Waiting for a station's verdicts, one after another."""

import threading
from collections.abc import Iterator

from station.core.verdict import RecordedVerdict
from station.daemon.station import Station

_CHECK_S = 0.1


def follow(station: Station) -> Iterator[RecordedVerdict]:
    """Yield each verdict from now on as it is recorded; ends when the station's source has ended and all are judged.

    Raises:
        StationError: a camera failed for good, e.g. its recording is damaged, after the verdicts so far; or one of the
            station's threads did.
    """
    news = threading.Event()
    station.outbox.subscribe(news.set)
    newest = station.outbox.newest
    number = newest.number if newest else 0
    try:
        while True:
            done = station.finished
            for recorded in station.outbox.after_number(number):
                number = recorded.number
                yield recorded
            if done:
                break
            if station.threads.error is not None:
                raise station.threads.error
            news.wait(_CHECK_S)
            news.clear()
    finally:
        station.outbox.unsubscribe(news.set)
    for runner in station.runners:
        if runner.error is not None:
            raise runner.error
