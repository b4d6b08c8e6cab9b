"""The tables that a folder or a single file holds, by name."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.files.bytes import Bytes
from features.sources.files.delimited import DelimitedFile
from features.sources.files.json_lines import JsonFile
from features.sources.files.parquet import ParquetTable
from features.sources.files.table_file import TableFile
from features.sources.files.workbooks import sheets
from features.tables import KNOWN_TABLES

DELIMITED = (".csv", ".tsv", ".tab", ".psv", ".txt")
JSON = (".json", ".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")
PACKED = (".gz", ".zip")
READ = (*DELIMITED, *JSON, *PARQUET, *EXCEL)
UNREAD = {
    ".xls": "a workbook of before Excel 2007: save it as .xlsx", ".xlsb": "a binary workbook: save it as .xlsx",
    ".ods": "a workbook of LibreOffice: save it as .xlsx", ".numbers": "a workbook of Numbers: export it as CSV",
    ".avro": "a file of Avro: write it as Parquet", ".orc": "a file of ORC: write it as Parquet",
    ".feather": "a file of Arrow: write it as Parquet", ".arrow": "a file of Arrow: write it as Parquet",
    ".dbf": "a table of dBase: save it as CSV", ".sav": "a file of SPSS: save it as CSV",
    ".dta": "a file of Stata: save it as CSV", ".rds": "a file of R: save it as CSV",
    ".xml": "XML: export it as CSV", ".sql": "a dump: load it into a database, and give that one's URL",
    ".sqlite": "a database: give its URL, sqlite:///FILE", ".db": "a database: give its URL, sqlite:///FILE",
    **dict.fromkeys((".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".zst"), "packed: unpack it"),
}  # fmt: skip
"""Kind of a file that is not read -> what it is, and what to do with it."""
BEGINNINGS: Mapping[bytes, tuple[tuple[str, ...], str]] = {
    b"PK\x03\x04": (EXCEL, "a workbook or an archive: rename it to .xlsx or .zip"),
    b"\x1f\x8b": ((), "packed: add .gz to its name"),
    b"PAR1": (PARQUET, "Parquet: rename it to .parquet"),
    b"\xd0\xcf\x11\xe0": ((), "a workbook of before Excel 2007 or with a password: save it as .xlsx, without one"),
    b"<!DOCTYPE": ((), "a web page, such as the one that asks to sign in: export it again"),
    b"<html": ((), "a web page, such as the one that asks to sign in: export it again"),
    b"%PDF": ((), "a PDF: export it as CSV"),
}
"""First bytes of a file -> kinds of names that fit, and what it is with any other."""
HIVE_EMPTY = "__HIVE_DEFAULT_PARTITION__"


class Unreadable:
    """A file that nobody can read; it matters only where somebody asks for it."""

    def __init__(self, name: str, label: str, error: SourceUnreadable) -> None:
        self.name, self.label, self.error = name, label, error
        self.notes: list[str] = []

    def columns(self) -> list[str]:
        raise self.error

    def read(self, columns: list[str]) -> Mapping[str, Any]:  # noqa: ARG002
        raise self.error

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002
        raise self.error

    def place(self, row: int) -> str:
        return f"{self.label}, row {row}"


class Pieces:
    """A folder of files that are one table; `key=value` in their paths are columns."""

    def __init__(self, name: str, folder: Path, pieces: Sequence[tuple[TableFile, Mapping[str, str]]]) -> None:
        self.name, self.label, self.pieces = name, f"{folder.name}/", pieces
        self.notes: list[str] = []
        self._lengths: list[int] = []

    def columns(self) -> list[str]:
        every = [name for piece, constants in self.pieces for name in (*piece.columns(), *constants)]
        return list(dict.fromkeys(every))

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        batches = list(self.batches(columns))
        self._lengths = [len(next(iter(batch.values()))) for batch in batches]
        return {name: _joined([batch[name] for batch in batches]) for name in columns}

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        for piece, constants in self.pieces:
            own = [name for name in piece.columns() if name in columns and name not in constants]
            cells = dict(piece.read(own or piece.columns()[:1]))
            rows = len(next(iter(cells.values())))
            self.notes += [note for note in piece.notes if note not in self.notes]
            filled = {
                name: pa.array([None if value == HIVE_EMPTY else value] * rows, pa.string())
                for name, value in constants.items()
            }
            yield {name: filled[name] if name in filled else cells.get(name, pa.nulls(rows)) for name in columns}

    def place(self, row: int) -> str:
        for (piece, _), length in zip(self.pieces, self._lengths, strict=False):
            if row < length:
                return piece.place(row)
            row -= length
        return self.label


def _joined(parts: Sequence[Any]) -> Any:
    """Join the cells of several files; where they are not of one type, as text."""
    chunks = [chunk for part in parts for chunk in (part.chunks if isinstance(part, pa.ChunkedArray) else [part])]
    chunks = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in chunks]
    kinds = {chunk.type for chunk in chunks if not pa.types.is_null(chunk.type)}
    kind = kinds.pop() if len(kinds) == 1 else pa.string()
    return pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind)


def tables_of(path: Path, encoding: str | None = None) -> list[tuple[str, list[TableFile]]]:
    """Return the files of a folder, or the one file that path is, each with the tables that it holds."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found: list[tuple[str, list[TableFile]]] = []
    for file in files:
        if file.name.startswith((".", "~$", "_")):
            continue
        if file.is_dir():
            table = _pieces(file, encoding)
            found += [(f"{file.name}/", [table])] if table is not None else []
        else:
            found.append((file.name, tables_in(file, encoding)))
    return found


def _pieces(folder: Path, encoding: str | None) -> Pieces | None:
    pieces: list[tuple[TableFile, Mapping[str, str]]] = []
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).parts
        if file.is_file() and not any(part.startswith((".", "_")) for part in inside):
            pairs = [part.partition("=") for part in inside[:-1]]
            constants = {unquote(key): unquote(value) for key, _, value in pairs if value}
            pieces += [(table, constants) for table in tables_in(file, encoding)[:1]]
    return Pieces(folder.name.casefold(), folder, pieces) if pieces else None


def tables_in(file: Path, encoding: str | None = None) -> list[TableFile]:
    """Return the tables that a file holds; none where it is of no kind that is read."""
    stem, kind = stem_and_kind(file.name)
    if file.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(file) as archive:
                names = [name for name in archive.namelist() if not _is_of_the_system(name)]
                locked = any(member.flag_bits & 1 for member in archive.infolist())
        except (zipfile.BadZipFile, OSError) as error:
            return [Unreadable(stem, file.name, SourceUnreadable(f"{file} is no ZIP archive: {error}"))]
        if locked:
            refusal = SourceUnreadable(f"{file.name} is protected by a password: unpack it, and give the folder")
            return [Unreadable(stem_and_kind(name)[0], f"{file.name}, {name}", refusal) for name in names]
        opened = [
            _text(stem_and_kind(name)[0], f"{file.name}, {name}", Bytes(file, name), encoding)
            for name in names
            if stem_and_kind(name)[1] in (*DELIMITED, *JSON)
        ]
        packed = [name for name in names if stem_and_kind(name)[1] in (*PARQUET, *EXCEL, *UNREAD)]
        if not opened and packed:
            refusal = SourceUnreadable(f"{file.name} holds {', '.join(packed[:5])}: unpack it, and give the folder")
            return [Unreadable(stem_and_kind(name)[0], f"{file.name}, {name}", refusal) for name in packed]
        if len(opened) == 1 and opened[0].name not in KNOWN_TABLES:
            opened[0].name = stem
        return opened
    other = _other_kind(file, kind) if kind in READ and file.suffix.lower() != ".gz" else ""
    if other:
        return [Unreadable(stem, file.name, SourceUnreadable(f"{file.name} is not what its name says, but {other}"))]
    if kind in EXCEL:
        try:
            return [*sheets(file)]
        except SourceUnreadable as error:
            return [Unreadable(stem, file.name, error)]
    if kind in PARQUET:
        return [ParquetTable(stem, file)]
    if kind == ".xls" and _is_plain(file):  # many programs call a text file so, that a spreadsheet opens it
        return [_text(stem, file.name, Bytes(file), encoding)]
    if kind in UNREAD:
        what = "a web page: open it with a spreadsheet and save it as .xlsx" if _is_page(file) else UNREAD[kind]
        return [Unreadable(stem, file.name, SourceUnreadable(f"{file.name} is not read: it is {what}"))]
    return [_text(stem, file.name, Bytes(file), encoding)] if kind in (*DELIMITED, *JSON) else []


def _is_of_the_system(name: str) -> bool:
    """Return whether a member of an archive is what a Mac adds to it, or hidden."""
    return any(part.startswith((".", "__MACOSX", "~$")) for part in Path(name).parts)


def _head(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")


def _other_kind(file: Path, kind: str) -> str:
    """Return what a file is by its first bytes, and what to do with it; empty where its name may be right."""
    head = _head(file)
    for begins, (kinds, what) in BEGINNINGS.items():
        if head[: len(begins)].lower() == begins.lower() and kind not in kinds:
            return what
    return ""


def _is_page(file: Path) -> bool:
    return _head(file).startswith(b"<") and file.suffix.lower() == ".xls"


def _is_plain(file: Path) -> bool:
    """Return whether a file is text, and no web page."""
    head = _head(file)
    is_text = b"\x00" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return bool(head) and is_text and not head.startswith((b"\xd0\xcf\x11\xe0", b"<"))


def _text(stem: str, label: str, content: Bytes, encoding: str | None) -> TableFile:
    name = content.member or content.path.name
    if stem_and_kind(name)[1] in JSON:
        return JsonFile(stem, label, content)
    return DelimitedFile(stem, label, content, encoding)


def stem_and_kind(name: str) -> tuple[str, str]:
    """Return a table's name and a file's kind, both in small letters, whatever packs the file.

    >>> stem_and_kind("ORDERS.CSV.gz")
    ('orders', '.csv')
    """
    path = Path(Path(name).name.casefold())
    if path.suffix in PACKED and Path(path.stem).suffix in READ:
        path = Path(path.stem)
    return path.stem, path.suffix
