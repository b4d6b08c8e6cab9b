"""The artifacts of a SQLite store, which stand beside it: where its folder was moved or copied, they are found again.

MLflow keeps absolute addresses, of the experiment, of every run, model and version; a relative one it makes absolute
when it is written. So they are written anew when the store is opened elsewhere: those of an experiment whose artifacts
were put in `mlruns` beside the store, and of any other that is there now and no longer where it was.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote

ARTIFACTS = "mlruns"
_SCHEME = "file://"
_HELD = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"),
    ("model_versions", "source"), ("model_versions", "storage_location"),
)  # fmt: skip
"""Where MLflow keeps addresses of artifacts: table and column."""


def artifact_location(store: Path, experiment: str) -> str:
    """Return where an experiment's artifacts stand: in `mlruns` beside the store."""
    return (store.resolve().parent / ARTIFACTS / quote(experiment, safe="")).as_uri()


def follow_move(store: Path) -> None:
    """Write the addresses of artifacts anew where the store's folder was moved; a store that is not there stays so."""
    if not store.is_file():
        return
    try:
        with closing(sqlite3.connect(store, timeout=60.0, isolation_level=None)) as connection:
            moves = list(_moves(connection, store.resolve().parent / ARTIFACTS))
            if moves:
                connection.execute("BEGIN IMMEDIATE")
                for old, new in moves:
                    _rewrite(connection, old, new)
                connection.execute("COMMIT")
    except sqlite3.Error:  # no store of MLflow's, or one that may only be read: MLflow says what is wrong with it
        return


def _moves(connection: sqlite3.Connection, here: Path) -> Iterator[tuple[str, str]]:
    """Yield the old and the new address of every experiment whose artifacts are elsewhere than its store."""
    for name, location in connection.execute("SELECT name, artifact_location FROM experiments").fetchall():
        old = _path(location or "")
        if old is None or old.parent.name != ARTIFACTS:
            continue
        new, ours = here / old.name, unquote(old.name) == name
        if new == old or (old.exists() and new.exists() and old.samefile(new)):
            continue
        if ours or (new.exists() and not old.exists()):
            yield location, new.as_uri() if location.startswith(_SCHEME) else str(new)


def _path(location: str) -> Path | None:
    """Return an address on this disk as a path, names as they stand in the address; None for any other."""
    if location.startswith(_SCHEME):
        plain = location.removeprefix(_SCHEME)
        folder, _, last = plain.rpartition("/")
        return Path(unquote(folder)) / unquote(last)
    return Path(location) if location.startswith("/") else None


def _rewrite(connection: sqlite3.Connection, old: str, new: str) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, column in _HELD:
        if table in tables:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # names of ours alone
                f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
            )
