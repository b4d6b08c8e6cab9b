"""A data subject in files: rows taken out of tables, and what holds an id and cannot be rewritten named.

Rewritten are Parquet, CSV, Excel and JSON in the folders that were named, and in folders of scores beneath the working
folder. A bundle is never rewritten: its files are held against their digests; a model is trained anew instead.
"""

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl import load_workbook

from features.atomic_write import replacing, write_whole
from serving.store.subjects import Subject
from training.model.bundle import MANIFEST

SCORES = ("scores.parquet", "scores.csv", "scores.xlsx")
"""By which a folder of scores is known."""
SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))
MOST_BYTES = 1 << 30
"""Of a file that is looked into as a whole."""


@dataclass
class Files:
    """What was found.  changed : files that were rewritten.  left : files that hold the id still.  bundles : folders of
    models that do."""

    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    bundles: list[str] = field(default_factory=list)


def forget_in_files(subject: Subject, by: str, named: Sequence[Path], seen: Path, not_in: Sequence[Path]) -> Files:
    """Take the subject out of files.  by : the pseudonym.  named : folders that are rewritten.

    seen : the folder beneath which everything is looked through.  not_in : files that are no business of this one, such
    as the store's own.
    """
    found, done = Files(), {path.resolve() for path in not_in}
    for folder, rewrite in [*((one, True) for one in named), (seen, False)]:
        for file in _files(folder):
            if file.resolve() in done:
                continue
            done.add(file.resolve())
            _look(file, subject, by, rewrite or any((file.parent / name).is_file() for name in SCORES), found)
    found.bundles = sorted(set(found.bundles))
    return found


def _look(file: Path, subject: Subject, by: str, rewrite: bool, found: Files) -> None:
    if not _holds(file, subject):
        return
    bundle = next((folder for folder in file.parents[:3] if (folder / MANIFEST).is_file()), None)
    if bundle is not None:
        found.bundles.append(str(bundle))
        return
    work = _REWRITERS.get(file.suffix.lower())
    if rewrite and work is not None:
        work(file, subject, by)
        found.changed.append(str(file))
    if not rewrite or _holds(file, subject):
        found.left.append(str(file))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(names):
            file = Path(place) / name
            if file.is_file() and not file.is_symlink():
                yield file


def _holds(file: Path, subject: Subject) -> bool:
    """Return whether a file holds the id: as a cell of a table, else anywhere in its bytes."""
    if file.stat().st_size > MOST_BYTES:
        return False
    if file.suffix.lower() == ".parquet":
        try:
            table = pq.read_table(file)
        except (pa.ArrowException, OSError):
            return _in_bytes(file.read_bytes(), subject)
        return any(_matches(table.column(name), subject) for name in _texts(table))
    content = file.read_bytes()
    if content.startswith(b"PK") and zipfile.is_zipfile(file):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return any(_in_bytes(packed.read(name), subject) for name in packed.namelist())
    return _in_bytes(content, subject)


def _in_bytes(content: bytes, subject: Subject) -> bool:
    """Return whether the id stands in the bytes; one of few digits as a whole cell only."""
    if subject.pattern is not None:
        return any(one.encode() in content for one in subject.spellings)
    ends = b",;\t\"'<>[]{}:| \r\n"
    one, at = subject.id.encode(), -1
    while (at := content.find(one, at + 1)) >= 0:
        before, after = content[at - 1 : at] if at else b"\n", content[at + len(one) : at + len(one) + 1] or b"\n"
        if before in ends and after in ends:
            return True
    return False


def _texts(table: pa.Table) -> list[str]:
    return [column.name for column in table.schema if _is_text(column.type)]


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _matches(column: Any, subject: Subject) -> bool:
    plain = column.cast(pa.string())
    test = pc.equal(plain, subject.id) if subject.pattern is None else pc.match_substring(plain, subject.id)
    return bool(pc.any(test).as_py())


def _parquet(file: Path, subject: Subject, by: str) -> None:
    table = pq.read_table(file)
    if subject.column in table.column_names:
        own = pc.fill_null(pc.equal(table.column(subject.column).cast(pa.string()), subject.id), False)
        table = table.filter(pc.invert(own))
    for name in _texts(table):
        column = table.column(name)
        if _matches(column, subject):
            cells = [None if one is None else subject.replaced_text(one, by) for one in column.to_pylist()]
            kind = pa.string() if pa.types.is_dictionary(column.type) else column.type
            table = table.set_column(table.column_names.index(name), name, pa.array(cells, kind))
    plain = [one.with_type(pa.string()) if pa.types.is_dictionary(one.type) else one for one in table.schema]
    with replacing(file) as scratch:
        # A dictionary would keep the values that no row has any more.
        pq.write_table(table.cast(pa.schema(plain, table.schema.metadata)), scratch)


def _csv(file: Path, subject: Subject, by: str) -> None:
    raw = file.read_bytes()
    mark = raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig", "surrogateescape")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if first.endswith("\r") else "\n")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if not any(cell.lstrip("'") == subject.id for cell in row):
            writer.writerow([subject.replaced_text(cell, by) for cell in row])
    write_whole(file, (b"\xef\xbb\xbf" if mark else b"") + out.getvalue().encode("utf-8", "surrogateescape"))


def _xlsx(file: Path, subject: Subject, by: str) -> None:
    book = load_workbook(file)
    for sheet in book.worksheets:
        own = [row[0].row for row in sheet.iter_rows() if any(_cell(cell.value) == subject.id for cell in row)]
        for number in reversed(own):
            sheet.delete_rows(number)
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = subject.replaced_text(cell.value, by)
    with replacing(file) as scratch:
        book.save(scratch)


def _cell(value: object) -> str:
    return "" if value is None else str(value).lstrip("'")


def _json(file: Path, subject: Subject, by: str) -> None:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines() if file.suffix.lower() == ".jsonl" else [text]
    kept = (_without(json.loads(line), subject, by) for line in lines if line.strip())
    indent = 1 if len(lines) == 1 and "\n" in text.strip() else None
    write_whole(file, "\n".join(json.dumps(one, indent=indent) for one in kept if one is not None) + "\n")


def _without(value: Any, subject: Subject, by: str) -> Any:
    """Return a value of JSON without the objects that are the subject's; None where it is one itself."""
    if isinstance(value, dict):
        if str(value.get(subject.column)) == subject.id:
            return None
        return {str(subject.replaced(name, by)): _without(one, subject, by) for name, one in value.items()}
    if isinstance(value, list):
        kept = [(one, _without(one, subject, by)) for one in value]
        return [new for old, new in kept if new is not None or old is None]
    return subject.replaced(value, by)


_REWRITERS = {".parquet": _parquet, ".csv": _csv, ".xlsx": _xlsx, ".json": _json, ".jsonl": _json}
