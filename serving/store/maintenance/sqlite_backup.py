"""Copies of a SQLite store: by SQLite's own backup, which sees one state of a file that others write to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from features.atomic_write import replacing
from features.errors import StoreError, StoreFull
from serving.store.database import make_private
from serving.store.versions import FIRST, MARK, NUMBER

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file while it is open."""


def back_up(file: Path, out: Path) -> None:
    """Copy the store in the file; the copy appears whole or not at all.  Raises StoreError where it cannot."""
    if out.exists():
        if out.samefile(file):
            raise StoreError(f"{out} is the store itself. Give --out another file.")
        version_in(out)  # what is no copy of a store is not written over
    with replacing(out, durable=True) as scratch:
        scratch.unlink(missing_ok=True)
        make_private(scratch)
        with _told(out), closing(_readable(file)) as store, closing(sqlite3.connect(scratch)) as copy:
            store.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read where nothing can be written
            _check_pages(copy, out)


def restore(file: Path, backup: Path, force: bool) -> None:
    """Write the copy over the store, in one transaction.  force : also over rows, or over a file that is damaged.

    A damaged file is put aside, as FILE.damaged.

    Raises
    ------
    StoreError
        If a program has the store open, or it holds rows and `force` is not given; it is left as it was.
    """
    if file.exists() and file.samefile(backup):
        raise StoreError(f"{backup} is the store itself. Give --from a copy of it.")
    if not file.absolute().parent.is_dir():
        raise StoreError(f"{file}: there is no folder {file.parent}. Make it first.")
    if _damaged(file):
        if not force:
            raise StoreError(f"{file} is damaged or no database at all. --force puts it aside and restores.")
        for ending in ("", *BESIDE):
            beside = file.with_name(file.name + ending)
            if beside.exists():
                beside.replace(file.with_name(f"{file.name}.damaged{ending}"))
    made = not file.exists()
    make_private(file)
    try:
        with _told(file), closing(_readable(backup)) as copy, closing(_alone(file)) as store:
            if not force and _holds_rows(store):
                raise StoreError(f"{file} is not empty. Back it up, then --force overwrites it.")
            copy.backup(store)
    except BaseException:
        if made:
            file.unlink()
        raise


def version_in(backup: Path) -> str:
    """Return the version of the store that a file is a copy of.

    Raises
    ------
    StoreError
        If it is no copy of a store, or damaged.
    """
    with _told(backup), closing(_readable(backup)) as copy:
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if MARK not in tables:
            raise StoreError(f"{backup} is no copy of a store.")
        _check_pages(copy, backup)
        row = copy.execute(f"SELECT version_num FROM {NUMBER}").fetchone() if NUMBER in tables else None
    return FIRST if row is None else str(row[0])


def _readable(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)


def _alone(file: Path) -> sqlite3.Connection:
    """Return a connection beside which nobody else has one, to its end.  Raises StoreError where somebody has."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise StoreError(f"{file} is open in another program. Stop the service, then restore.") from None
        raise
    return connection


def _damaged(file: Path) -> bool:
    """Return whether SQLite cannot make sense of the file; what somebody holds on to is not."""
    if not file.exists():
        return False
    try:
        with closing(_readable(file)) as store:
            _holds_rows(store)
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
    return False


def _holds_rows(connection: sqlite3.Connection) -> bool:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return any(
        connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in names if name not in (MARK, NUMBER)
    )


def _check_pages(connection: sqlite3.Connection, file: Path) -> None:
    found = [words for (words,) in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StoreError(f"{file} is damaged: {str(found[0]).splitlines()[0]}. Take another copy.")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Return an error of SQLite as one of ours."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            raise StoreFull(f"{file} has no room: {error}. Make room; nothing was changed.") from None
        raise StoreError(f"{file} cannot be used: {error}.") from None
