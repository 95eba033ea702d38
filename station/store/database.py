"""The database behind the store: connections, transactions, migrations, and errors in the station's own words."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from station.core.errors import StoreError, StoreFull, pip_install
from station.store.settings import StoreSettings

_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
# What SQLite reports where the write, the sync or its shared memory hits a quota or a dying disk rather than ENOSPC.
_SQLITE_UNWRITABLE = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE}
_POSTGRESQL_FULL = {"53100", "25006"}  # disk_full, read_only_sql_transaction
_OS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EACCES}
_WRITER_LOCK, _STATION_LOCK = 1, 2  # advisory locks are a database's own, and this database is ours
_POSTGRESQL_LOCKED = "55P03"  # lock_not_available
_MB = 1_000_000


class Database:
    """A pool of connections to one database, whose schema is up to date, and which no other station has open.

    Every call takes a connection of its own from the pool, so calls from several threads do not meet.
    """

    def __init__(self, settings: StoreSettings) -> None:
        """Connect, claim the database until `close` or the process's end, and migrate.

        Raises:
            StoreError: the URL is wrong, the database cannot be opened, is in use, or a newer station wrote it.
            StoreFull: the disk is full or not writable.
        """
        self._settings = settings
        self._claim = ExitStack()
        self._name = "store.url"  # not the URL itself before it is known where its password stands
        with self._errors():
            url = _url(settings.url)
            self._name = url.render_as_string(hide_password=True)
            self._folder = _folder(url)
            self._engine = create_engine(url, pool_pre_ping=True, connect_args=_connect_args(url, settings))
            self._writer = self._engine.execution_options(writes=True)
            if self._folder is None:
                event.listen(self._engine, "begin", _begin_postgresql)
            else:
                event.listen(self._engine, "connect", _prepare_sqlite)
                event.listen(self._engine, "begin", _begin_sqlite)
        try:
            with self._errors():
                if self._folder is None:
                    self._claim_server()
                else:
                    self._claim_file(url)
            with self.writing() as connection:
                self._migrate(connection)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with.

        Raises:
            StoreError: the database refused.
        """
        with self._errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that is on disk when the block ends, or undone if it raises.

        Raises:
            StoreError: the database refused; nothing was written.
            StoreFull: the disk is full or not writable; nothing was written.
        """
        with self._errors(), self._writer.begin() as connection:
            yield connection

    def disk_ok(self) -> bool:
        """Return whether the disk has room and is writable, or the server answers and takes writes."""
        try:
            if self._folder is not None:
                disk = os.statvfs(self._folder)
                return (
                    not disk.f_flag & os.ST_RDONLY and disk.f_bavail * disk.f_frsize >= self._settings.min_free_mb * _MB
                )
            with self.reading() as connection:
                return bool(connection.scalar(text("SHOW transaction_read_only")) == "off")
        except (OSError, StoreError):
            return False

    def close(self) -> None:
        """Give up the claim and close every connection. Safe to call twice."""
        self._claim.close()
        self._engine.dispose()

    def _claim_file(self, url: URL) -> None:
        """Lock a file beside the database: SQLite's own locks would be lost where its file is closed."""
        file = os.open(f"{Path(url.database or '').resolve()}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        self._claim.callback(os.close, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._in_use() from error

    def _claim_server(self) -> None:
        """Hold a lock on a connection of its own; a station just killed keeps it until the server has noticed."""
        connection = self._claim.enter_context(self._engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
        self._claim.callback(connection.invalidate)  # back in the pool it would still hold the lock
        connection.execute(text(f"SET lock_timeout = {round(self._settings.busy_timeout_s * 1e3)}"))
        try:
            connection.execute(select(func.pg_advisory_lock(_STATION_LOCK)))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _POSTGRESQL_LOCKED:
                raise self._in_use() from error
            raise

    def _in_use(self) -> StoreError:
        return StoreError(
            f"the store at {self._name} is in use by a station that runs, and one store belongs to one station. "
            "Stop that one, or set store.url to another database"
        )

    def _migrate(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "station.store:migrations")
        config.attributes["connection"] = connection
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        found = set(MigrationContext.configure(connection).get_current_heads())
        if found - known:
            raise StoreError(
                f"the store at {self._name} has schema {', '.join(sorted(found))}, newer than this station knows "
                f"({max(known)}). Install the station that wrote it, or set store.url to another database"
            )
        command.upgrade(config, "head")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            raise StoreError(f"{error}: PostgreSQL needs its driver: {pip_install('postgresql')}") from error
        except (SQLAlchemyError, sqlite3.Error, CommandError, OSError, UnicodeEncodeError, OverflowError) as error:
            cause = getattr(error, "orig", None) or error
            if _is_full(cause):
                raise StoreFull(
                    f"the store at {self._name} cannot be written: {cause}. Free disk space or make it writable"
                ) from error
            raise StoreError(f"the store at {self._name} failed: {cause}. Check store.url and the database") from error


def _url(text_url: str) -> URL:
    url = make_url(text_url)
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(f"store.url names the database {url.drivername!r}; use sqlite:///FILE or postgresql://...")
    if url.drivername == "sqlite" and (not url.database or url.database == ":memory:"):
        raise StoreError(
            f"store.url {text_url!r} names no file, and verdicts must outlive the process; use sqlite:///FILE"
        )
    return url


def _folder(url: URL) -> Path | None:
    """Return the folder of an SQLite file, and None for a server.

    Raises:
        StoreError: the folder does not exist; made here, a mistyped path would be a new store without a past.
    """
    if url.drivername != "sqlite":
        return None
    folder = Path(url.database or "").absolute().parent
    if not folder.is_dir():
        raise StoreError(f"store.url names a file in {folder}, which is no folder. Make it, or correct store.url")
    if not os.access(folder, os.W_OK):  # SQLite would only say that it is unable to open the file
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    return folder


def _connect_args(url: URL, settings: StoreSettings) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"timeout": settings.busy_timeout_s}
    return {"connect_timeout": max(2, round(settings.busy_timeout_s))}  # libpq takes whole seconds, 2 at least


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own; _begin_sqlite does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


# A writer takes the one lock before it reads, or what it read could be overtaken before it writes.


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if _writes(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes", False))


def _is_full(cause: BaseException) -> bool:
    if isinstance(cause, OSError):
        return cause.errno in _OS_FULL
    if isinstance(cause, sqlite3.Error):
        code: int = getattr(cause, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_FULL or code in _SQLITE_UNWRITABLE
    return getattr(cause, "sqlstate", None) in _POSTGRESQL_FULL
