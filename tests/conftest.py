"""What every test is held to."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("hardware") and "hardware" not in item.config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="needs a RealSense camera; run with -m hardware where one is"))
        if item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir():
            item.add_marker(pytest.mark.skip(reason=f"needs the evaluation pictures at {SHARED_DATA}"))


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A test that leaves a thread behind fails."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(timeout=5.0)
    leaked = [thread.name for thread in left if thread.is_alive()]
    assert not leaked, f"threads left behind: {leaked}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA
