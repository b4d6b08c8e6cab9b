"""The store: what the service keeps between requests and runs. SQLite unless told otherwise, PostgreSQL by URL.

Why SQLite and not DuckDB: several workers and commands read and write at the same moment. DuckDB lets one process
write and shuts all others out meanwhile; SQLite's write-ahead log lets everybody read while one writes, and a commit
with synchronous=FULL is on the disk before it returns. What DuckDB is quicker at, scanning, is done once a run.

Tables are declared in the modules that own them, all in METADATA, and made by the migrations. They stand in a file, or
in PostgreSQL in a schema, of their own: `accounts` and `runs` are names that others use too.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.deadlines import check_deadline, seconds_left
from features.errors import StoreError, StoreFull, StoreReplaced
from serving.store.versions import check_version, upgrade, version_of

DEFAULT_URL = "sqlite:///ladder.db"
"""In the working folder."""
VARIABLE = "LADDER_STORE"
"""Given in place of a URL it stands for the URL in the environment variable of that name."""
SCHEMA = "ladder"
"""Where the tables stand in PostgreSQL, so that a store may share a database with the source."""
PATIENCE_SECONDS = 10
"""How long a writer waits for another one: less than a request may take."""
WRITER_CACHE_KIB, READER_CACHE_KIB = 32_000, 2_000
"""Memory for SQLite's pages: a run that does not fit is written to the log twice."""
STEPS_AT_ONCE = 100_000
"""Of SQLite's machine between two looks at the deadline: some milliseconds."""
METADATA = sa.MetaData()
_LOCK = 0x1ADDE6
"""PostgreSQL's number for `somebody writes such things`."""


def open_store(url: str = DEFAULT_URL, make: bool = True, patience: float | None = None) -> sa.Engine:
    """Open the store behind a SQLAlchemy URL; an empty one gets its tables.

    Several processes may open it at once, also while another writes. An engine must not cross a fork: each worker opens
    its own.
    make : whether to make a SQLite file that is not there.  patience : as for `connect`.

    Raises
    ------
    StoreError
        If it cannot be reached, holds something else, or is of another version than this program works with.
    """
    engine = connect(url, make, patience)
    try:
        label = label_of(url)
        with reading(engine) as connection:
            version = version_of(connection, label)
        if version is None:
            with writing(engine) as connection:
                upgrade(connection, label)
        else:
            check_version(version, label)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(url: str, make: bool = False, patience: float | None = None) -> sa.Engine:
    """Return an engine for whatever is behind the URL; nothing is looked at yet.

    make : as for `open_store`.  patience : seconds in which PostgreSQL must answer each statement; None = any.

    Raises StoreError for a URL that cannot be a store's, and where there is no file and none is to be made.
    """
    target = parsed(url)
    if target.get_backend_name() == "sqlite":
        _check_file(target, make)
        engine = sa.create_engine(target, hide_parameters=True)
        opened = OpenedFile(Path(target.database or ""))
        sa.event.listen(engine, "connect", opened.note)
        sa.event.listen(engine, "begin", opened.check)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine.execution_options(ladder_file=opened)
    from serving.store import postgresql

    engine = postgresql.create_engine(target, patience)
    return engine.execution_options(schema_translate_map={None: SCHEMA})


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection that sees one state of the store, whatever is written meanwhile.

    Raises StoreError where the database fails.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _translated(engine), engine.connect() as plain:
        yield plain.execution_options(**options)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection of one durable transaction: everything is kept, or nothing.

    Raises
    ------
    StoreFull
        If there is no room; nothing was kept.
    StoreReplaced
        If the file was moved or replaced, also where that was while it was written.
    StoreError
        If the database fails otherwise, or another writer took too long; nothing was kept.
    """
    with _translated(engine), engine.connect() as plain:
        connection = plain.execution_options(ladder_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO on")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout TO '{PATIENCE_SECONDS}s'")
            yield connection
        opened = engine.get_execution_options().get("ladder_file")
        if opened is not None:
            opened.check()


def in_turn(connection: sa.Connection, what: str) -> None:
    """Wait until nobody else writes such things, to the end of the transaction: in SQLite that is so anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(what))))


def moment(microseconds: int) -> datetime:
    """Return an instant as the store's columns of times take it; `features.histories.snapshots.instant` goes back."""
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)


def label_of(url: str) -> str:
    """Return the URL without its password and options: fit to be printed."""
    return _label(parsed(url))


def whole(url: str) -> str:
    """Return the URL as another process with another working folder needs it: a SQLite file by its whole path."""
    target = parsed(url)
    if target.get_backend_name() == "sqlite" and target.database:
        target = target.set(database=str(Path(target.database).absolute()))
    return target.render_as_string(hide_password=False)


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for another database."""
    target = parsed(url)
    return Path(target.database or "") if target.get_backend_name() == "sqlite" else None


class OpenedFile:
    """The SQLite file that an engine works with: the one that was there when it was first opened, and no other.

    A file that was moved or replaced under a program goes on taking what is written, and nobody finds it any more.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._first = file.absolute(), (0, 0)

    def note(self, *_: Any) -> None:
        """Remember which file it is, at the first connection."""
        if self._first == (0, 0):
            self._first = self._now()

    def check(self, *_: Any) -> None:
        """Raise StoreReplaced where another file stands there, or none."""
        now = self._now()
        if now != self._first:
            what = "is another file now" if any(now) else "is not there any more"
            raise StoreReplaced(
                f"{self._file} {what}: it was moved or replaced while it was open. Stop every program that uses the "
                "store, put the file where it belongs, and start again."
            )

    def _now(self) -> tuple[int, int]:
        try:
            found = self._file.stat()
        except OSError:
            return 0, 0
        return found.st_dev, found.st_ino


def _label(target: sa.URL) -> str:
    return target.set(query={}).render_as_string(hide_password=True)


def parsed(url: str) -> sa.URL:
    """Return the URL in its parts, with the driver that is used.  Raises StoreError where it is none of a store."""
    try:
        target = sa.make_url(os.environ.get(VARIABLE, url) if url == VARIABLE else url)
    except (sa.exc.ArgumentError, ValueError):
        scheme = url.split("://")[0][:20]
        raise StoreError(
            f"The store's URL, which begins with {scheme!r}, cannot be parsed. Give sqlite:///FILE or "
            "postgresql://user:password@host:port/database."
        ) from None
    if target.drivername in ("postgresql", "postgres"):
        target = target.set(drivername="postgresql+psycopg")
    if target.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(
            f"The store cannot be kept in {target.drivername}. Give sqlite:///FILE or "
            "postgresql://user:password@host:port/database."
        )
    file = target.database or ""
    if target.drivername == "sqlite" and (file in ("", ":memory:") or file.startswith("file:")):
        raise StoreError(f"The store {_label(target)} names no file, so nothing would be kept. Give sqlite:///FILE.")
    return target


def _check_file(target: sa.URL, make: bool) -> None:
    file = target.database or ""
    if not make and not Path(file).is_file():
        raise StoreError(f"{_label(target)}: there is no such store. `ladder score --to` or `ladder serve` makes one.")
    if not Path(file).absolute().parent.is_dir():
        raise StoreError(f"{_label(target)}: there is no folder {Path(file).parent}. Make it first.")
    if make:
        make_private(Path(file))


def make_private(file: Path) -> None:
    """Make an empty file that nobody else on the machine can read, unless there is one: scores are nobody's business.

    SQLite gives the files beside it the same mode.
    """
    with suppress(OSError):  # SQLite has its own words for what cannot be opened
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Log ahead, to the disk at every commit, and begin transactions when we say so."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE_SECONDS}")
        _log_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()
    connection.set_progress_handler(lambda: seconds_left() <= 0, STEPS_AT_ONCE)


def _log_ahead(cursor: sqlite3.Cursor) -> None:
    """Have SQLite log ahead.  While others open a new file at the same moment it refuses that instead of waiting."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() >= give_up:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the writer's lock at once: a reader that starts to write halfway would be refused."""
    writes = connection.get_execution_options().get("ladder_writes")
    connection.exec_driver_sql(f"PRAGMA cache_size = -{WRITER_CACHE_KIB if writes else READER_CACHE_KIB}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated(engine: sa.Engine) -> Iterator[None]:
    """Return a driver's error as one of ours, without the statement and the password."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        check_deadline()  # what ended for want of time is no fault of the store
        words = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        password = engine.url.password
        if password:
            words = words.replace(str(password), "***")
        label = _label(engine.url)
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL" or _state(error.orig) in ("53100", "53200"):
            raise StoreFull(f"{label} has no room left: {words}. Make room; nothing was kept of what came.") from None
        raise StoreError(f"{label} cannot be used: {words}.") from None
    except sa.exc.SQLAlchemyError as error:  # the pool's own, such as waiting too long for a connection
        raise StoreError(f"{_label(engine.url)} cannot be used: {type(error).__name__}.") from None


def _state(error: Any) -> str:
    return str(getattr(error, "sqlstate", None) or "")
