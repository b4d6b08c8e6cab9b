"""The tables that a folder or a single file holds, by name."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.files.bytes import Bytes
from features.sources.files.delimited import DelimitedFile
from features.sources.files.json_lines import JsonFile
from features.sources.files.parquet import ParquetTable
from features.sources.files.table_file import TableFile
from features.sources.files.workbooks import sheets

DELIMITED = (".csv", ".tsv", ".tab", ".psv", ".txt")
JSON = (".json", ".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")
PACKED = (".gz", ".zip")
READ = (*DELIMITED, *JSON, *PARQUET, *EXCEL)


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
            filled = {name: pa.array([value] * rows, pa.string()) for name, value in constants.items()}
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
            constants = dict(part.split("=", 1) for part in inside[:-1] if "=" in part)
            pieces += [(table, constants) for table in tables_in(file, encoding)[:1]]
    return Pieces(folder.name.casefold(), folder, pieces) if pieces else None


def tables_in(file: Path, encoding: str | None = None) -> list[TableFile]:
    """Return the tables that a file holds; none where it is of no kind that is read."""
    stem, kind = stem_and_kind(file.name)
    if file.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(file) as archive:
                members = [name for name in archive.namelist() if stem_and_kind(name)[1] in (*DELIMITED, *JSON)]
        except (zipfile.BadZipFile, OSError) as error:
            return [Unreadable(stem, file.name, SourceUnreadable(f"{file} is no ZIP archive: {error}"))]
        opened = [
            _text(stem_and_kind(name)[0], f"{file.name}, {name}", Bytes(file, name), encoding) for name in members
        ]
        if len(opened) == 1:
            opened[0].name = stem
        return opened
    if kind in EXCEL:
        try:
            return [*sheets(file)]
        except SourceUnreadable as error:
            return [Unreadable(stem, file.name, error)]
    if kind in PARQUET:
        return [ParquetTable(stem, file)]
    if kind == ".xls":
        refusal = SourceUnreadable(f"{file} is a workbook of before Excel 2007, which is not read: save it as .xlsx")
        return [Unreadable(stem, file.name, refusal)]
    return [_text(stem, file.name, Bytes(file), encoding)] if kind in (*DELIMITED, *JSON) else []


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
