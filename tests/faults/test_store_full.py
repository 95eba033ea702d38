"""A full or read-only disk: a clear error, nothing half written, and work goes on when there is room again."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.verdicts import passed

from station.core.errors import StoreFull
from station.core.status import EvidencePicture
from station.store import Store, StoreSettings

PICTURES = [EvidencePicture(name, "image/jpeg", bytes(40_000)) for name in ("top-crop", "top-overlay")]


class WallClock:
    """The machine's own clock."""

    now_ns = staticmethod(time.monotonic_ns)
    utc_ns = staticmethod(time.time_ns)
    sleep = staticmethod(time.sleep)


def record_many(store):
    for number in range(2, 1000):
        store.record(passed(f"a-{number}"), PICTURES)


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_store(small_disk):
    store = Store.open(StoreSettings(url=f"sqlite:///{small_disk}/station.db", min_free_mb=1), WallClock())
    yield store
    store.close()


def fill(folder):
    """Leave not a byte free, and return the file that takes the room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 1024, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                pass
    return filler


def test_a_full_disk_is_said_and_once_there_is_room_the_store_goes_on(small_disk, small_store):
    small_store.boot()
    small_store.open_item("a-0", 7, None, None, 0)
    first = small_store.record(passed("a-1"), PICTURES)
    assert small_store.disk_ok()
    filler = fill(small_disk)
    with pytest.raises(StoreFull, match="Free disk space"):
        record_many(small_store)  # the log's own room is used up first
    last = small_store.last_number()
    lost = f"a-{last + 1}"
    assert not small_store.disk_ok()
    assert small_store.item(lost) is None
    assert small_store.evidence_names(lost) == ()
    assert small_store.after_number(0, 1) == [first]
    assert small_store.evidence("a-1", "top-crop") == PICTURES[0]
    filler.unlink()
    assert small_store.disk_ok()
    assert small_store.record(passed(lost), PICTURES).number == last + 1
    assert [item.item_id for item in small_store.boot().restarted] == ["a-0"]


def test_a_store_cannot_be_made_on_a_full_disk(small_disk):
    filler = fill(small_disk)
    url = f"sqlite:///{small_disk}/station.db"
    with pytest.raises(StoreFull):
        Store.open(url, WallClock())
    filler.unlink()
    Store.open(url, WallClock()).close()


def test_a_read_only_disk_is_said(small_disk):
    url = f"sqlite:///{small_disk}/station.db"
    Store.open(url, WallClock()).close()
    assert mount("-o", "remount,ro", str(small_disk)).returncode == 0
    with pytest.raises(StoreFull, match="Read-only file system"):
        Store.open(url, WallClock())
    assert mount("-o", "remount,rw", str(small_disk)).returncode == 0
    Store.open(url, WallClock()).close()


LIMITED = """
import resource, sys
sys.path[:0] = sys.argv[2:]
from support.verdicts import passed
from test_store_full import PICTURES, Store, StoreFull, WallClock, record_many

store = Store.open(sys.argv[1], WallClock())
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
try:
    record_many(store)
except StoreFull:
    last = store.last_number()
    assert 0 < last < 100, last
    assert store.item(f"a-{last + 2}") is None
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.record(passed("again"), PICTURES).number == last + 1
    print("went on")
"""


def test_a_quota_is_a_full_disk(tmp_path):
    url = f"sqlite:///{tmp_path}/station.db"
    here = Path(__file__).parent
    command = [sys.executable, "-c", LIMITED, url, here, here.parent]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.returncode) == ("went on\n", 0), done.stderr
