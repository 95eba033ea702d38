"""What every test is held to."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny_booth

from station.inference import Bundle, find_bundle, load_bundle
from station.recording import Recording

ROOT = Path(__file__).parents[1]
SHARED_DATA = Path(os.environ.get("STATION_TEST_DATA", ROOT.parent / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden verdicts anew; read their diff")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("hardware") and "hardware" not in item.config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="needs a RealSense camera; run with -m hardware where one is"))
        if item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir():
            told = f"needs the evaluation pictures, not in {SHARED_DATA}; STATION_TEST_DATA names another folder"
            item.add_marker(pytest.mark.skip(reason=told))


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A test that leaves a thread behind fails."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    if left:
        gc.collect()  # a model's thread ends with the model
    for thread in left:
        thread.join(timeout=5.0)
    leaked = [thread.name for thread in left if thread.is_alive()]
    assert not leaked, f"threads left behind: {leaked}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA


@pytest.fixture(scope="session")
def shipped_bundle() -> Bundle:
    return load_bundle(find_bundle("efficientnet-lite0-s16"))


@pytest.fixture(scope="session")
def tiny_recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The tiny booth's recording; copy it before changing it."""
    return tiny_booth.record(tmp_path_factory.mktemp("tiny") / "recording")


@pytest.fixture(scope="session")
def tiny_gallery(tmp_path_factory: pytest.TempPathFactory, shipped_bundle: Bundle) -> Path:
    """A gallery of the tiny booth's products."""
    return tiny_booth.enrol(tmp_path_factory.mktemp("tiny") / "gallery", shipped_bundle)
