"""Opening: migrations, databases that are not ours, and addresses that lead nowhere."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, text

from station.core.errors import StoreError
from station.store import Store, StoreSettings
from station.store.database import Database
from station.store.schema import metadata


def test_the_migrations_build_the_tables_the_store_uses(store, store_url):
    engine = create_engine(store_url, poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_of_a_newer_station_is_refused_and_left_alone(open_store, store_url, make_verdict):
    store = open_store()
    store.record(make_verdict("a-1"))
    store.close()
    engine = create_engine(store_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="schema 9999, newer than this station knows"):
        open_store()
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert open_store().last_number() == 1


def test_a_migration_that_fails_leaves_nothing_behind(open_store, store_url):
    engine = create_engine(store_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE truths (id INTEGER)"))
    with pytest.raises(StoreError, match="truths"):
        open_store()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE truths"))
    assert open_store().last_number() == 0


def test_a_missing_folder_is_named_and_not_made(tmp_path, clock):
    with pytest.raises(StoreError, match=rf"{tmp_path}/new, which is no folder\. Make it"):
        Store.open(f"sqlite:///{tmp_path}/new/station.db", clock)
    assert not (tmp_path / "new").exists()


def test_the_default_store_is_made_in_the_working_folder(tmp_path, clock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Store.open(StoreSettings(), clock).close()
    assert (tmp_path / "station.db").is_file()


def test_an_sqlite_store_is_set_up_to_survive_the_loss_of_power(tmp_path):
    database = Database(StoreSettings(url=f"sqlite:///{tmp_path}/station.db"))
    with database.reading() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def test_a_file_that_is_no_database_is_refused(tmp_path, clock):
    (tmp_path / "station.db").write_bytes(b"a shopping list, not a database " * 40)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(f"sqlite:///{tmp_path}/station.db", clock)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "Could not parse"),
        ("mysql://station@host/db", "'mysql'; use sqlite"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////dev/null/station.db", "/dev/null, which is no folder"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url, words, clock):
    with pytest.raises(StoreError, match=words):
        Store.open(url, clock)


def test_a_server_that_is_not_there_is_named_without_the_password(clock):
    with pytest.raises(StoreError, match="postgresql") as refusal:
        Store.open("postgresql://station:secret@127.0.0.1:1/station", clock)
    assert "secret" not in str(refusal.value)


def test_a_linked_store_in_use_is_the_same_store(tmp_path, clock):
    (tmp_path / "link.db").symlink_to(tmp_path / "station.db")
    first = Store.open(f"sqlite:///{tmp_path}/station.db", clock)
    with pytest.raises(StoreError, match="is in use"):
        Store.open(f"sqlite:///{tmp_path}/link.db", clock)
    first.close()
