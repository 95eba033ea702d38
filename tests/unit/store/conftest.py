"""A store to test with, on SQLite and, where a server is named, on PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.status import EvidencePicture
from station.core.verdict import Identity, IdentitySource, Provenance, Region, Verdict
from station.store import Store, StoreSettings

NOW_NS = 1_790_000_000_000_000_000


@dataclass
class ManualClock:
    """A clock that stands still until it is told to move."""

    t_ns: int = 0

    def now_ns(self) -> int:
        return self.t_ns

    def utc_ns(self) -> int:
        return NOW_NS + self.t_ns

    def sleep(self, seconds: float) -> None:
        self.t_ns += round(seconds * 1e9)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'station.db'}"
    url = os.environ.get("STATION_TEST_POSTGRESQL")
    if not url:
        pytest.skip("STATION_TEST_POSTGRESQL names no server; start one with .ci/postgresql.sh")
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return url


@pytest.fixture
def open_store(store_url: str, clock: ManualClock) -> Iterator[Callable[..., Store]]:
    """Opens the test's store; called again, it opens the same one as the station's next run would."""
    opened: list[Store] = []

    def open_it(**settings: float) -> Store:
        opened.append(Store.open(StoreSettings(url=store_url, **settings), clock))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


@pytest.fixture
def make_verdict(clock: ManualClock) -> Callable[..., Verdict]:
    """Makes a verdict of this moment for the item of that name."""
    plain = Verdict(
        item_id="",
        plc_id=0,
        decision=Decision.SIDELINE,
        damage_confidence=0.83,
        severity=Severity.MAJOR,
        reasons=(Reason.DAMAGE, Reason.BLURRED),
        type_scores={DamageType.PENETRATION: 0.7, DamageType.SPILLAGE: 1e-300},
        regions=(Region("top", (3, 4, 50, 60), 2.5),),
        identity=Identity("tea-16", IdentitySource.BARCODE, "4006381333931"),
        stage_ms={"mask": 3.25, "features": 81.0},
        provenance=Provenance("a" * 16, "b" * 16, "c" * 16, "d" * 16),
        arrived_ns=0,
        decided_ns=250_000_000,
        utc_ns=0,
        simulated=True,
    )
    return lambda item_id, **changes: replace(plain, **{"item_id": item_id, "utc_ns": clock.utc_ns(), **changes})


@pytest.fixture
def pictures() -> tuple[EvidencePicture, ...]:
    return (
        EvidencePicture("top-overlay", "image/jpeg", b"\xff\xd8 overlay \x00"),
        EvidencePicture("top-crop", "image/png", b"\x89PNG crop \x00"),
    )
