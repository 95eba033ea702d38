"""Whole stations for tests: configured for the tiny booth, started, watched, stopped, and searched for leaks."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from station.config import StationConfig, parse_config
from station.core.ports import Clock
from station.daemon.clock import SystemClock
from station.daemon.parts import Source, replay_source
from station.daemon.serving import Serving, serve
from station.daemon.station import Station
from station.inspection import Inspector
from station.recording import Recording
from station.store import Store

_T = TypeVar("_T")


def tiny_config(gallery: Path, folder: Path, **sections: dict[str, Any]) -> StationConfig:
    """A configuration for the tiny booth, its store in `folder`; `sections` add to it or replace."""
    return parse_config(tiny_settings(gallery, folder, **sections))


def tiny_settings(gallery: Path, folder: Path, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plain: dict[str, dict[str, Any]] = {
        "gallery": {"path": str(gallery)},
        "scene": {"learn_framesets": 4},
        "vision": {"min_sharpness": 1.0},
        "store": {"url": f"sqlite:///{folder}/station.db", "min_free_mb": 1},
        "api": {"port": 0},
    }
    return {name: {**plain.get(name, {}), **sections.get(name, {})} for name in {**plain, **sections}}


def write_toml(path: Path, settings: dict[str, dict[str, Any]]) -> Path:
    """Write settings as a configuration file."""
    lines = [
        line
        for section, values in settings.items()
        for line in (f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()))
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def serving_replay(config: StationConfig, recording: Recording, speed: float = 1.0) -> Iterator[Serving]:
    """The daemon with its API on a recording."""
    clock = SystemClock()
    with serving_source(config, replay_source(config, recording, clock, speed), clock) as serving:
        yield serving


@contextmanager
def serving_source(config: StationConfig, source: Source, clock: Clock) -> Iterator[Serving]:
    """The daemon with its API; afterwards every frame must have been given back."""
    with serve(config, clock, source) as serving:
        yield serving
    assert_nothing_leaked(source)


@contextmanager
def running(config: StationConfig, source: Source, inspector: Inspector, clock: Clock) -> Iterator[Station]:
    """A station without API, with an inspector of the test's own."""
    store = Store.open(config.store, clock)
    station = Station(config, source, inspector, store, clock)
    station.start()
    try:
        yield station
    finally:
        station.stop()
        store.close()
    assert_nothing_leaked(source)


def assert_nothing_leaked(source: Source) -> None:
    assert {camera.camera_id: camera.pool.leased for camera in source.cameras} == {
        camera.camera_id: 0 for camera in source.cameras
    }


def wait_for(check: Callable[[], _T], what: str, within_s: float = 15.0) -> _T:
    """Return what `check` gives as soon as it gives something; fail after `within_s`."""
    never = threading.Event()
    deadline_s = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < deadline_s, f"no {what} within {within_s} s"
        never.wait(0.01)
    return found


def get(url: str, path: str) -> tuple[int, dict[str, Any]]:
    """Ask for a JSON answer, whatever its status."""
    try:
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
