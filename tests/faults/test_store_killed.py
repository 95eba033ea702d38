"""SIGKILL at any moment: every verdict that was given is there once, the sequence goes on, open items are known."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from support.verdicts import sideline

from station.core.damage import Reason
from station.core.items import ItemCapture
from station.store import Store

ROUNDS = 10
TESTS = Path(__file__).parents[1]
PICTURES = {"top-crop": b"crop", "top-overlay": b"overlay"}
STATION = """
import sys, time
from itertools import count
sys.path.insert(0, sys.argv[2])
from station.core.status import EvidencePicture
from station.store import Store
from support.verdicts import passed

class Clock:
    now_ns = staticmethod(time.monotonic_ns)
    utc_ns = staticmethod(time.time_ns)
    sleep = staticmethod(time.sleep)

store = Store.open(sys.argv[1], Clock())
boot = store.boot()
assert not boot.restarted
for n in count(1):
    item_id = f"{boot.number}-{n}"
    store.open_item(item_id, boot.number * 100_000 + n, None, None, time.time_ns())
    print("opened", item_id, flush=True)
    store.mark_captured(item_id)
    pictures = [EvidencePicture(f"top-{name}", "image/jpeg", name.encode() * 8000) for name in ("crop", "overlay")]
    given = store.record(passed(item_id), pictures)
    print("given", item_id, given.number, flush=True)
"""


class WallClock:
    """The machine's own clock."""

    now_ns = staticmethod(time.monotonic_ns)
    utc_ns = staticmethod(time.time_ns)
    sleep = staticmethod(time.sleep)


def run_and_kill(url: str, chance: random.Random) -> list[list[str]]:
    """Run a station on the store, kill it in the middle of something, and return what it said until then."""
    station = subprocess.Popen([sys.executable, "-c", STATION, url, TESTS], stdout=subprocess.PIPE, text=True)
    lines = [station.stdout.readline() for _ in range(chance.randint(1, 30))]
    until_ns = time.perf_counter_ns() + chance.randint(0, 4_000_000)
    while time.perf_counter_ns() < until_ns:  # a moment shorter than a sleep can be
        pass
    station.kill()
    rest, _ = station.communicate(timeout=10)
    assert station.returncode == -9
    return [line.split() for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")]


def check_restart(url: str, said: list[list[str]], given_before: int) -> int:
    """Open the killed station's store as its next run does, and return how many verdicts it then has."""
    opened = [words[1] for words in said if words[0] == "opened"]
    given = {int(words[2]): words[1] for words in said if words[0] == "given"}
    store = Store.open(url, WallClock())
    try:
        last = store.last_number()
        stored = store.after_number(given_before, last)
        assert [verdict.number for verdict in stored] == list(range(given_before + 1, last + 1))
        assert sorted(given) == list(range(given_before + 1, given_before + len(given) + 1))
        assert last - given_before - len(given) in (0, 1), "at most one was stored and not yet said"
        assert all(stored[number - given_before - 1].verdict.item_id == item_id for number, item_id in given.items())
        for verdict in stored:
            item_id = verdict.verdict.item_id
            found = {name: store.evidence(item_id, name).data for name in store.evidence_names(item_id)}
            assert found == {name: word * 8000 for name, word in PICTURES.items()}
        judged = {verdict.verdict.item_id for verdict in stored}
        left = store.boot().restarted
        assert len(left) <= 1
        assert set(opened) - judged <= {item.item_id for item in left}
        assert all(item.verdict is None and not store.evidence_names(item.item_id) for item in left)
        for item in left:
            verdict = store.record(sideline(ItemCapture(item.item_id, 0, ()), Reason.RESTARTED))
            assert verdict.number == last + 1
        return store.last_number()
    finally:
        store.close()


@pytest.mark.parametrize("server", [False, pytest.param(True, marks=pytest.mark.postgresql)], ids=["file", "server"])
def test_killed_at_any_moment_the_store_has_every_verdict_once(tmp_path, server):
    url = f"sqlite:///{tmp_path}/station.db"
    if server:
        url = os.environ.get("STATION_TEST_POSTGRESQL") or pytest.skip("STATION_TEST_POSTGRESQL names no server")
        with create_engine(url, poolclass=NullPool).begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    chance = random.Random(20_260_101)
    count = 0
    for _ in range(2 if server else ROUNDS):
        count = check_restart(url, run_and_kill(url, chance), count)
    assert count > 0
