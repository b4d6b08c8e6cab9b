"""Copies of a store: made while it is in use, and put back when nobody uses it."""

from pathlib import Path

from features.errors import StoreError
from serving.store.database import connect, file_of, label_of, reading
from serving.store.maintenance import postgresql_backup, sqlite_backup
from serving.store.versions import check_known, version_of


def back_up(url: str, out: Path) -> str:
    """Copy the store as it is now into a file, and return its version; whoever uses it goes on meanwhile.

    out : replaced where it is a copy of a store already.

    Raises
    ------
    StoreError
        If there is no store or no room, or `out` is something else.
    """
    engine, label, file = connect(url), label_of(url), file_of(url)
    try:
        with reading(engine) as connection:
            version = version_of(connection, label)
        if version is None:
            raise StoreError(f"{label} holds nothing, so there is nothing to back up.")
        if not out.absolute().parent.is_dir():
            raise StoreError(f"{out}: there is no folder {out.parent}. Make it first.")
        if file is None:
            postgresql_backup.back_up(engine.url, out)
        else:
            sqlite_backup.back_up(file, out)
    finally:
        engine.dispose()
    return version


def restore(url: str, backup: Path, force: bool = False) -> str:
    """Put a copy in the store's place, whole or not at all, and return its version.

    force : also where the store holds rows, which are lost.

    Raises
    ------
    StoreError
        If the file is no copy of a store, damaged or of a newer program; if a program has the store open; if it holds
        rows and `force` is not given.
    """
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such file.")
    file = file_of(url)
    if file is not None:
        version = sqlite_backup.version_in(backup)
        check_known(version, str(backup))
        sqlite_backup.restore(file, backup, force)
        return version
    engine = connect(url)
    try:
        return postgresql_backup.restore(engine, backup, force)
    finally:
        engine.dispose()
