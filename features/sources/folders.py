"""The connector to files: those of a folder or a single one, by name and by queries over them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import SourceUnreadable
from features.sources.cleaning.rules import NO_RULES, SourceRules
from features.sources.connectors import Connector, TableMapping, has_query
from features.sources.files.discovery import READ, stem_and_kind, tables_of
from features.sources.files.table_file import TableFile
from features.sources.partitioned import Partitions, read_part_table, read_partitions
from features.sources.queries import run_query
from features.tables import KNOWN_TABLES, OF_THE_SUPPLIER, TABLE

_REPORTS = ("set_aside", "scores", "investment_scores", "plan")
"""Files that we wrote ourselves: in the folder of a source they are no mistake."""


class _Folder:
    """The files of one folder, or a single one, as tables."""

    macros = True

    def __init__(self, path: Path, mapped: Mapping[str, TableMapping], rules: SourceRules) -> None:
        if not path.exists():
            raise SourceUnreadable(
                f"{path} does not exist; a source is a folder of files, one file ({', '.join(READ)}), or a database URL"
            )
        self.label = f"the folder {path}" if path.is_dir() else f"the file {path}"
        self.path, self.rules = path, rules
        self.files = tables_of(path, rules.encoding)
        self.contents = [
            name for name, _ in self.files if not name.endswith("/") or name[:-1].casefold() in KNOWN_TABLES
        ]
        self.tables: dict[str, TableFile] = {}
        self._named: dict[str, TableFile] = {}
        for _, tables in self.files:
            for table in tables:
                self._add(table.name, table, mapped)
        for name, tables in self.files:
            stem = stem_and_kind(name.rstrip("/"))[0]
            if tables and stem not in [table.name for table in tables]:  # the first sheet also goes by its file's name
                self._add(stem, tables[0], mapped)
            if tables:
                self._named.setdefault(name.rstrip("/").casefold(), tables[0])
        self.table_names = list(self.tables)
        own = {id(table): name for name, table in self.tables.items() if name not in _REPORTS}
        self.own_tables = list(own.values())
        self._read: dict[str, TableFile] = {}
        self._said: list[str] = []

    def _add(self, name: str, table: TableFile, mapped: Mapping[str, TableMapping]) -> None:
        other = self.tables.get(name)
        if other is not None and name in TABLE and not has_query(mapped, TABLE[name]):
            raise SourceUnreadable(
                f"{self.path} holds both {other.label} and {table.label}; remove the one that is out of date"
            )
        self.tables[name] = table

    def unknown_tables(self) -> list[str]:
        unknown = []
        for name, tables in self.files:
            known = [table.name in KNOWN_TABLES or table.name in _REPORTS for table in tables]
            if tables and stem_and_kind(name)[0] in (*KNOWN_TABLES, *_REPORTS) and not any(known):
                known[:1] = [True]
            if not name.endswith("/"):
                some = [table.label for table, is_known in zip(tables, known, strict=True) if not is_known]
                unknown += some if len(tables) > 1 else [name] if some or not tables else []
        return unknown

    def columns(self, table: str) -> list[str]:
        return self._file(table).columns()

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        return self._file(table).read(columns)

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield from self._file(table).batches(columns)

    def place(self, table: str, row: int) -> str:
        file = self._read.get(table)
        return f"row {row} of the query of {table}" if file is None else file.place(row)

    def notes(self) -> list[str]:
        return list(dict.fromkeys([*(note for table in self._read.values() for note in table.notes), *self._said]))

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        """Run a query in DuckDB, in memory, with every file that it names as a table of raw cells."""

        def find(name: str) -> pa.Table | None:
            file = self.tables.get(name.casefold()) or self._named.get(name.casefold())
            if file is None:
                return None
            self._read[f"{table} from {name}"] = file
            return pa.table(dict(file.read(file.columns())))

        folder = self.path if self.path.is_dir() else self.path.parent
        data, notes = run_query(table, query, find, list(self.tables), rules=self.rules, folder=folder)
        self._said += notes
        return {name: data.column(name) for name in data.column_names}

    def _file(self, table: str) -> TableFile:
        self._read[table] = self.tables[table]
        return self.tables[table]


class _PartitionedFolder:
    """All parts of a partitioned source as one folder."""

    macros = True

    def __init__(self, partitions: Partitions, mapped: Mapping[str, TableMapping]) -> None:
        if mapped:
            raise SourceUnreadable(
                f"{partitions.folder} is a partitioned source, and its tables were mapped when it was partitioned; "
                "use settings without [tables]"
            )
        self.partitions = partitions
        self.label = f"the partitioned folder {partitions.folder}"
        self.table_names = self.contents = self.own_tables = list(partitions.tables)

    def unknown_tables(self) -> list[str]:
        return []

    def columns(self, table: str) -> list[str]:
        return list(pq.read_schema(self.partitions.parts[0].folder / f"{table}.parquet").names)

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        batches = list(self.batches(table, columns))
        return {name: pa.chunked_array([c for batch in batches for c in batch[name].chunks]) for name in columns}

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        parts = self.partitions.parts
        for part in parts[:1] if table in OF_THE_SUPPLIER else parts:
            yield read_part_table(part, table, columns)

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        raise NotImplementedError("a partitioned source is never mapped")

    def place(self, table: str, row: int) -> str:
        return f"row {row} of {table}"

    def notes(self) -> list[str]:
        return []


@contextmanager
def open_folder(path: Path, mapped: Mapping[str, TableMapping], rules: SourceRules = NO_RULES) -> Iterator[Connector]:
    """Open a folder or a file for reading: plain, or a partitioned source.

    Raises
    ------
    SourceUnreadable
        If there is no such folder or file, one cannot be read, or a partitioned source is to be mapped.
    """
    partitions = read_partitions(path)
    yield _Folder(path, mapped, rules) if partitions is None else _PartitionedFolder(partitions, mapped)
