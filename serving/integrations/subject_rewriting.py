"""A data subject taken out of the content of files: rows of tables, objects of JSON; also where they are packed.

What is no such format is given back as it is. A text that names the id within another row names a pseudonym instead.
"""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl import load_workbook

from serving.integrations.subject_search import DEPTH, is_text, names_in
from serving.store.subjects import Subject
from training.model.bundle import MANIFEST


def rewritten(name: str, content: bytes, subject: Subject, by: str, depth: int = 0) -> bytes:
    """Return the content without the subject.  name : of the file, which tells its format.  by : the pseudonym.

    Raises
    ------
    ValueError, OSError, RuntimeError, KeyError
        If it is not what its name says; zipfile.BadZipFile and pa.ArrowException likewise.
    """
    path = PurePath(name)
    ending = path.suffix.lower()
    if ending == ".gz":
        inner = gzip.decompress(content)
        new = rewritten(path.stem, inner, subject, by, depth + 1) if depth < DEPTH else inner
        return content if new == inner else gzip.compress(new, mtime=0)
    if ending == ".zip":
        return _zip(content, subject, by, depth) if depth < DEPTH else content
    work = _REWRITERS.get(ending)
    return content if work is None else work(content, subject, by)


REWRITTEN = (".parquet", ".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".ndjson", ".zip", ".gz")
"""Endings of the files that can be rewritten."""


def _zip(content: bytes, subject: Subject, by: str, depth: int) -> bytes:
    """Rewrite the members, and their names; times, order and compression stay. A bundle stays as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        if any(PurePath(name).name == MANIFEST for name in old.namelist()):
            return content
        for info in old.infolist():
            member = b"" if info.is_dir() else rewritten(info.filename, old.read(info), subject, by, depth + 1)
            named = zipfile.ZipInfo(str(subject.replaced(info.filename, by)), info.date_time)
            named.compress_type, named.external_attr = info.compress_type, info.external_attr
            new.writestr(named, member)
    return out.getvalue()


def _parquet(content: bytes, subject: Subject, by: str) -> bytes:
    table = pq.read_table(pa.BufferReader(content))
    if subject.column in table.column_names:
        own = pc.fill_null(pc.equal(table.column(subject.column).cast(pa.string()), subject.id), False)
        table = table.filter(pc.invert(own))
    for name in table.column_names:
        column = table.column(name)
        if is_text(column.type) and names_in(column, name, subject):
            cells = [None if one is None else subject.replaced_text(one, by) for one in column.to_pylist()]
            kind = pa.string() if pa.types.is_dictionary(column.type) else column.type
            table = table.set_column(table.column_names.index(name), name, pa.array(cells, kind))
        elif pa.types.is_nested(column.type) and names_in(column, name, subject):
            new = [_without(one, subject, by) for one in column.to_pylist()]
            table = table.set_column(table.column_names.index(name), name, pa.array(new, column.type))
    plain = [one.with_type(pa.string()) if pa.types.is_dictionary(one.type) else one for one in table.schema]
    out = pa.BufferOutputStream()
    # A dictionary would keep the values that no row has any more.
    pq.write_table(table.cast(pa.schema(plain, table.schema.metadata)), out)
    return bytes(out.getvalue())


def _csv(content: bytes, subject: Subject, by: str) -> bytes:
    text, encoding = _text(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if first.endswith("\r") else "\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    heads: Sequence[str] = ()
    for number, row in enumerate(rows):
        heads = row if number == 0 else heads
        if number == 0 or not _is_own(heads, row, subject):
            writer.writerow([_cell(heads, number, cell, subject=subject, by=by) for number, cell in enumerate(row)])
    return out.getvalue().encode(encoding, "surrogateescape")


def _text(content: bytes) -> tuple[str, str]:
    """Return a text, and the encoding in which it is written again."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "utf-16"
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _is_own(heads: Sequence[str], row: Sequence[object], subject: Subject) -> bool:
    """Return whether a row is the subject's: of an id that could be any number, by the columns of ids alone."""
    cells = ["" if cell is None else str(cell).lstrip("'") for cell in row]
    if subject.pattern is not None:
        return subject.id in cells
    known = [number for number, head in enumerate(heads) if _is_of_ids(head, subject)]
    return any(cells[number] == subject.id for number in known if number < len(cells))


def _cell(heads: Sequence[str], number: int, cell: str, *, subject: Subject, by: str) -> str:
    """Return a cell without the id; where that could be any number, as it is in columns of other things."""
    others = subject.pattern is None and cell == subject.id and not (
        number < len(heads) and _is_of_ids(heads[number], subject)
    )  # fmt: skip
    return cell if others else subject.replaced_text(cell, by)


def _is_of_ids(head: object, subject: Subject) -> bool:
    plain = str(head).strip().lower().replace(" ", "_")
    return plain == "id" or plain.endswith("_id") or subject.kind in plain


def _xlsx(content: bytes, subject: Subject, by: str) -> bytes:
    book = load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows())
        heads = [str(cell.value) for cell in rows[0]] if rows else []
        own = [row[0].row for row in rows[1:] if _is_own(heads, [cell.value for cell in row], subject)]
        for number in reversed(own):
            sheet.delete_rows(number)
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = subject.replaced_text(cell.value, by)
        sheet.title = str(subject.replaced(sheet.title, by))[:31]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _json(content: bytes, subject: Subject, by: str) -> bytes:
    text, _ = _text(content)
    kept = _without(json.loads(text), subject, by)
    return (json.dumps(kept, indent=1 if "\n" in text.strip() else None) + "\n").encode()


def _lines(content: bytes, subject: Subject, by: str) -> bytes:
    text, _ = _text(content)
    kept = (_without(json.loads(line), subject, by) for line in text.splitlines() if line.strip())
    return "".join(json.dumps(one) + "\n" for one in kept if one is not None).encode()


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


_REWRITERS: dict[str, Callable[[bytes, Subject, str], bytes]] = {
    ".parquet": _parquet, ".csv": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".json": _json, ".jsonl": _lines,
    ".ndjson": _lines,
}  # fmt: skip
