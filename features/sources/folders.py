"""The connector to files: NAME.parquet and NAME.csv of a folder, and queries over them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.errors import SourceUnreadable
from features.schema import Kind
from features.sources.columns import combine_chunks
from features.sources.connectors import (
    Connector,
    TableMapping,
    first_line,
    has_query,
    query_failed,
    refuse_duplicate_names,
)
from features.sources.partitioned import Partitions, read_part_table, read_partitions
from features.tables import TABLE

_DELIMITERS = ",;\t"
_REPORTS = ("set_aside", "scores", "investment_scores", "plan")
"""Files that we wrote ourselves: in the folder of a source they are no mistake."""

BATCH_ROWS, BATCH_BYTES = 262_144, 32 * 2**20
"""Size of a batch: rows of a Parquet file, bytes of a CSV file."""


class _Folder:
    """NAME.parquet and NAME.csv of one folder."""

    def __init__(self, path: Path, mapped: Mapping[str, TableMapping]) -> None:
        if not path.is_dir():
            what = "is a file, not a folder" if path.exists() else "does not exist"
            raise SourceUnreadable(
                f"{path} {what}; a source is a folder with orders.parquet or orders.csv, or a database URL"
            )
        self.label = f"the folder {path}"
        self.path = path
        self.contents = sorted(file.name for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        self.files: dict[str, Path] = {}
        for name in self.contents:
            file = path / name
            if file.suffix not in (".parquet", ".csv"):
                continue
            if file.stem in self.files and file.stem in TABLE and not has_query(mapped, TABLE[file.stem]):
                raise SourceUnreadable(
                    f"{path} holds both {file.stem}.csv and {file.stem}.parquet; remove the one that is out of date"
                )
            self.files[file.stem] = file
        self.table_names = list(self.files)

    def unknown_tables(self) -> list[str]:
        known = {file.name for stem, file in self.files.items() if stem in TABLE or stem in _REPORTS}
        return [name for name in self.contents if name not in known]

    def columns(self, table: str) -> list[str]:
        with _reading_errors(self.files[table]):
            return _file_columns(self.files[table])

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        file = self.files[table]
        with _reading_errors(file):
            if file.suffix == ".parquet":
                whole = _parquet(file, _text_columns(table, file))
                # Column by column: the chunks of one are freed before the next is read.
                return {name: combine_chunks(whole.read(columns=[name]).column(0)) for name in columns}
            data = pa_csv.read_csv(file, parse_options=_csv_shape(file), convert_options=_as_text(columns))
        return {name: data.column(name) for name in columns}

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        file, empty = self.files[table], True
        with _reading_errors(file):
            for data in _stream(file, columns):
                empty = False
                yield {name: pa.chunked_array([data.column(name)]) for name in columns}
        if empty:
            yield self.read(table, columns)

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        """Run a query in DuckDB, in memory, with every file of the folder as a view by its stem."""
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise SourceUnreadable("a query over a folder needs DuckDB: install loyalty-ladder[train]") from error
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"SET file_search_path={_literal(self.path.resolve())}")
            connection.execute("SET TimeZone='UTC'")
            connection.execute("SET python_enable_replacements=false")
            for stem, file in self.files.items():
                reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
                view = '"' + stem.replace('"', '""') + '"'
                # A file that DuckDB cannot open matters only to a query that names it, which then says so.
                with suppress(duckdb.Error):
                    connection.execute(f"CREATE VIEW {view} AS FROM {reader}({_literal(file.resolve())})")
            try:
                data = connection.sql(query).to_arrow_table()
            except duckdb.Error as error:
                raise query_failed(table, error) from error
        return _columns_of(f"the query under [tables.{table}]", data)


class _PartitionedFolder:
    """All parts of a partitioned source as one folder."""

    def __init__(self, partitions: Partitions, mapped: Mapping[str, TableMapping]) -> None:
        if mapped:
            raise SourceUnreadable(
                f"{partitions.folder} is a partitioned source, and its tables were mapped when it was partitioned; "
                "use settings without [tables]"
            )
        self.partitions = partitions
        self.label = f"the partitioned folder {partitions.folder}"
        self.table_names = self.contents = list(partitions.tables)

    def unknown_tables(self) -> list[str]:
        return []

    def columns(self, table: str) -> list[str]:
        return _file_columns(self.partitions.parts[0].folder / f"{table}.parquet")

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        batches = list(self.batches(table, columns))
        return {name: pa.chunked_array([c for batch in batches for c in batch[name].chunks]) for name in columns}

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        parts = self.partitions.parts
        for part in parts[:1] if table == "investment_options" else parts:
            yield read_part_table(part, table, columns)

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        raise NotImplementedError("a partitioned source is never mapped")


@contextmanager
def open_folder(path: Path, mapped: Mapping[str, TableMapping]) -> Iterator[Connector]:
    """Open a folder for reading: a plain one, or a partitioned source.

    Raises
    ------
    SourceUnreadable
        If there is no such folder, a file cannot be read, or a partitioned source is to be mapped.
    """
    partitions = read_partitions(path)
    yield _Folder(path, mapped) if partitions is None else _PartitionedFolder(partitions, mapped)


def _file_columns(file: Path) -> list[str]:
    if file.suffix == ".parquet":
        names = list(_parquet(file).schema_arrow.names)
    else:
        with pa_csv.open_csv(file, parse_options=_csv_shape(file)) as reader:
            names = list(reader.schema.names)
    refuse_duplicate_names(file.name, names)
    return names


def _text_columns(table: str, file: Path) -> list[str]:
    """Return the text columns of a Parquet file, which are read by distinct value: ids and names stand in many rows."""
    declared = {column.name for column in TABLE[table].columns if column.kind is Kind.TEXT}
    schema = _parquet(file).schema_arrow
    return [field.name for field in schema if field.name in declared and pa.types.is_string(field.type)]


def _parquet(file: Path, by_distinct: Sequence[str] = ()) -> Any:
    # Old writers keep times as 96 bits, which Arrow reads as nanoseconds: those end in the year 2262.
    return pq.ParquetFile(file, coerce_int96_timestamp_unit="us", read_dictionary=list(by_distinct))


def _stream(file: Path, columns: list[str]) -> Iterator[Any]:
    """Yield the record batches of a file."""
    if file.suffix == ".parquet":
        yield from _parquet(file).iter_batches(BATCH_ROWS, columns=columns)
        return
    blocks = pa_csv.ReadOptions(block_size=BATCH_BYTES)
    with pa_csv.open_csv(file, blocks, _csv_shape(file), _as_text(columns)) as reader:
        yield from reader


def _as_text(columns: list[str]) -> Any:
    return pa_csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=columns,
        null_values=[""],
        strings_can_be_null=True,
    )


def _csv_shape(file: Path) -> Any:
    with file.open("rb") as lines:
        header = lines.readline().decode("utf-8-sig")
    delimiter = next((mark for mark in _DELIMITERS if mark in header), ",")
    return pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)


@contextmanager
def _reading_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{file} is not UTF-8 text; save it again as CSV UTF-8") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        kind = "Parquet" if file.suffix == ".parquet" else "CSV in UTF-8"
        raise SourceUnreadable(f"{file} cannot be read as {kind}: {first_line(error)}") from error


def _columns_of(where: str, data: Any) -> Mapping[str, Any]:
    refuse_duplicate_names(where, data.column_names)
    return {name: data.column(name) for name in data.column_names}


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
