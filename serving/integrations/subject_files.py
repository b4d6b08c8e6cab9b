"""A data subject in files: rows taken out of tables, and what holds an id and cannot be rewritten named, with its kind.

Rewritten are Parquet, CSV, Excel and JSON, also in ZIP files and compressed, in the folders that were named, and in
folders of scores beneath the working folder. A bundle is never rewritten: its files are held against their digests; a
model is trained anew instead. Nor is a database: each has its own way.
"""

import os
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from features.atomic_write import write_whole
from serving.integrations.subject_rewriting import REWRITTEN, rewritten
from serving.integrations.subject_search import MOST_BYTES, UnseenError, holds, in_name
from serving.store.subjects import Subject
from training.model.bundle import MANIFEST

SCORES = ("scores.parquet", "scores.csv", "scores.xlsx")
"""By which a folder of scores is known."""
SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))
BACKUP, DUMP, MLFLOW, DATABASE, ARCHIVE, NAME, UNSEEN, PLAIN = KINDS = (
    "backup", "dump", "mlflow", "database", "archive", "name", "unseen", "file",
)  # fmt: skip
"""Of places that were left: a copy of a store as SQLite or by pg_dump, something of MLflow's, another database, an
archive, a name of a file or folder, what could not be looked into, any other file."""
_ARCHIVES = frozenset(".zip .tar .tgz .gz .bz2 .xz .7z .rar .zst".split())
_SQLITE, _PG_DUMP = b"SQLite format 3\0", b"PGDMP"


@dataclass(frozen=True)
class Place:
    """A file or folder that was left as it is, for somebody to see to.  kind : one of KINDS."""

    path: str
    kind: str


@dataclass
class Files:
    """What was found.  changed : files that were rewritten.  left : files that hold the id still.  bundles : folders of
    models that do.  places : what is left, and what could not be looked into, with its kind."""

    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    bundles: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


def forget_in_files(subject: Subject, by: str, named: Sequence[Path], seen: Path, not_in: Sequence[Path]) -> Files:
    """Take the subject out of files.  by : the pseudonym.  named : folders that are rewritten.

    seen : the folder beneath which everything is looked through.  not_in : files that are no business of this one, such
    as the store's own.
    """
    found, done = Files(), {path.resolve() for path in not_in}
    for folder, rewrite in [*((one, True) for one in named), (seen, False)]:
        for path in _paths(folder):
            if path.resolve() in done:
                continue
            done.add(path.resolve())
            if in_name(path.name, subject):
                found.places.append(Place(str(path), NAME))
            if path.is_symlink() and rewrite:
                found.places.append(Place(str(path), UNSEEN))
            elif path.is_file() and not path.is_symlink():
                beside_scores = any((path.parent / name).is_file() for name in SCORES)
                _look(path, subject, by, rewrite or beside_scores, found)
    found.bundles = sorted(set(found.bundles))
    return found


def _look(file: Path, subject: Subject, by: str, rewrite: bool, found: Files) -> None:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UnseenError
        content = file.read_bytes()
        if content.startswith(_PG_DUMP):  # packed by PostgreSQL in a way of its own
            found.places.append(Place(str(file), DUMP))
            return
        if not holds(content, subject):
            return
        bundle = next((folder for folder in file.parents[:3] if (folder / MANIFEST).is_file()), None)
        if bundle is not None:
            found.bundles.append(str(bundle))
            return
        if rewrite and file.suffix.lower() in REWRITTEN:
            new = _rewritten(file, content, subject, by)
            if new != content:
                write_whole(file, new)
                found.changed.append(str(file))
                content = new
        if not holds(content, subject):
            return
    except (OSError, UnseenError):
        found.places.append(Place(str(file), UNSEEN))
        return
    found.left.append(str(file))
    found.places.append(Place(str(file), _kind_of(file, content)))


def _rewritten(file: Path, content: bytes, subject: Subject, by: str) -> bytes:
    """Return the new content; the old one where it is not what its name says."""
    try:
        return rewritten(file.name, content, subject, by)
    except (ValueError, KeyError, RuntimeError, zipfile.BadZipFile, pa.ArrowException):
        return content


def _kind_of(file: Path, content: bytes) -> str:
    if content.startswith(_SQLITE):
        return _kind_of_database(file)
    if {"mlruns", "mlartifacts"} & set(file.parts) or any((one / "meta.yaml").is_file() for one in file.parents[:4]):
        return MLFLOW
    return ARCHIVE if file.suffix.lower() in _ARCHIVES else PLAIN


def _kind_of_database(file: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return DATABASE
    if "ladder_store" in tables:
        return BACKUP
    return MLFLOW if {"experiments", "registered_models"} <= tables else DATABASE


def _paths(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder; links are not followed."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted((*folders, *names)):
            yield Path(place) / name
