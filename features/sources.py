"""The door to files and databases: a folder or a database URL in, cleaned tables out.

A table is read whole, its declared columns only, and passes through `features.cleaning.clean`. What was
set aside, what was ignored and how many rows were read travels with the tables.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.cleaning import Cleaned, Columns, SetAside, clean, column_notes, listed, packed
from features.errors import ColumnMissing, NotEnoughData, SettingsError, SourceUnreadable, TooManyBadRows
from features.tables import TABLE, TABLES, Table

Progress = Callable[[str], None]
"""Told in a few words what is being read."""

DATABASE_CHUNK = 100_000
"""Rows fetched at a time: large enough to hide the round trip, small enough to keep Python objects few."""

_DELIMITERS = ",;\t"
_REPORTS = ("set_aside", "scores", "investment_scores", "plan")
"""Files that we wrote ourselves; beside a source they are no mistake."""


@dataclass(frozen=True)
class Mapped:
    """Where a table is found when the data do not follow the contract.

    query : SQL, run by DuckDB over a folder (NAME.csv and NAME.parquet are views by their stem) or by the
        database itself; None = the table of the contract's name.
    columns : contract name -> name in the data, for the columns that are called otherwise.
    """

    query: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Cleaned tables, by name; a table that is not in the source is not in `tables`.

    rows_read : rows per table before cleaning = rows kept + rows set aside.
    notes : warnings in plain words, without personal data.
    """

    tables: Mapping[str, Columns]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    rows_read: Mapping[str, int]

    def rows(self, table: str) -> int:
        """Rows of a table that are used; 0 where the source lacks it."""
        columns = self.tables.get(table, {})
        return len(next(iter(columns.values()))) if columns else 0


def read_source(
    location: str | Path,
    mapped: Mapping[str, Mapped] | None = None,
    *,
    max_bad_share: float = 0.05,
    progress: Progress | None = None,
) -> Source:
    """Every table of the contract that the folder or the database holds.

    max_bad_share : largest share of a table's rows that may be set aside, 0..1.
    progress : called with a few words before each table is read.

    Raises
    ------
    SourceUnreadable
        No such folder or database, a file that is not what its name says, a failing query, or no orders.
    ColumnMissing
        A required or mapped column is not there.
    TooManyBadRows
        More of a table is bad than max_bad_share.
    NotEnoughData
        The orders are there, but have no rows.
    SettingsError
        `mapped` names a table or column that the contract does not know.
    """
    mapped = mapped or {}
    _check_mapping(mapped)
    database = "://" in str(location)
    tables: dict[str, Cleaned] = {}
    with _database(str(location)) if database else _folder(Path(location), mapped) as place:
        present = [table for table in TABLES if table.name in place.names or _query(mapped, table)]
        if TABLE["orders"] not in present:
            raise SourceUnreadable(
                f"{place.label} holds no orders, the one table that is required; it holds {listed(place.holds)}. "
                "Name the orders so, or map them under [tables.orders] in the settings."
            )
        notes = _notes(place, mapped, present)
        for table in present:
            if progress is not None:
                progress(f"reading {table.name}")
            raw, extra = _renamed(table, place, mapped.get(table.name, Mapped()))
            notes += extra
            tables[table.name] = clean(table, raw)
            del raw
            _check_share(tables[table.name], table, max_bad_share)
    if tables["orders"].rows_read == 0:
        raise NotEnoughData(f"orders in {place.label} has no rows; without orders there is nothing to learn from")
    return _source(tables, notes)


def source_from_rows(raw: Mapping[str, Any], *, max_bad_share: float = 1.0) -> Source:
    """A source from memory: per table its raw columns, or a pandas DataFrame.

    Raises
    ------
    ColumnMissing, TooManyBadRows, ShapeMismatch
        As `read_source` and `clean` do.
    """
    strangers = [name for name in raw if name not in TABLE]
    notes = [f"ignored tables that the contract does not know: {listed(strangers)}"] if strangers else []
    tables: dict[str, Cleaned] = {}
    for table in TABLES:
        if table.name in raw:
            tables[table.name] = clean(table, _plain(raw[table.name]))
            _check_share(tables[table.name], table, max_bad_share)
    return _source(tables, notes)


def set_aside_frame(source: Source) -> pd.DataFrame:
    """The report of rows that were not used: table, row, column, reason, account_id."""
    names = ["table", "row", "column", "reason", "account_id"]
    rows = [(bad.table, bad.row, bad.column, bad.reason, bad.account_id) for bad in source.set_aside]
    return pd.DataFrame(rows, columns=names).astype({"row": "int64"})


def _notes(place: "_Place", mapped: Mapping[str, Mapped], present: Sequence[Table]) -> list[str]:
    """What is there and not read, and what is mapped and not there."""
    there = {table.name for table in present}
    notes = [f"[tables.{name}] is mapped, but {place.label} has no {name}" for name in mapped if name not in there]
    # A query may read any of the others, so with one there they are no surprise.
    if not any(where.query is not None for where in mapped.values()):
        strangers = place.strangers()
        if strangers:
            notes.append(f"ignored in {place.label}, as the contract does not know them: {listed(strangers)}")
    return notes


def _source(tables: Mapping[str, Cleaned], notes: Sequence[str]) -> Source:
    return Source(
        tables={name: cleaned.columns for name, cleaned in tables.items()},
        set_aside=tuple(bad for cleaned in tables.values() for bad in cleaned.set_aside),
        notes=(*notes, *(note for cleaned in tables.values() for note in cleaned.notes)),
        rows_read={name: cleaned.rows_read for name, cleaned in tables.items()},
    )


def _plain(columns: Any) -> Mapping[str, Any]:
    """Raw columns as `clean` takes them; a DataFrame's stay out of Python objects where they can."""
    if not isinstance(columns, pd.DataFrame):
        return {str(name): values for name, values in columns.items()}
    if columns.columns.empty:
        return {}
    return {str(name): _from_series(values) for name, values in columns.items()}


def _from_series(values: "pd.Series[Any]") -> Any:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(object).to_numpy()
    if values.dtype == object or not isinstance(values.dtype, pd.api.extensions.ExtensionDtype):
        return values.to_numpy()
    return pa.array(values, from_pandas=True)


def _check_share(cleaned: Cleaned, table: Table, max_bad_share: float) -> None:
    bad = len(cleaned.set_aside)
    if bad <= max_bad_share * cleaned.rows_read:
        return
    counts = Counter(f"{row.reason.split(':')[0]} in {row.column}" for row in cleaned.set_aside)
    first = cleaned.set_aside[0]
    raise TooManyBadRows(
        f"{table.name}: {bad} of {cleaned.rows_read} rows ({bad / cleaned.rows_read:.1%}) cannot be used, more than "
        f"the {100 * max_bad_share:g}% allowed: {listed(f'{n} {reason}' for reason, n in counts.most_common())}. "
        f"The first is row {first.row}: {first.reason}. Mend them at their origin, or map a query that reads them "
        f"well under [tables.{table.name}] in the settings."
    )


def _query(mapped: Mapping[str, Mapped], table: Table) -> bool:
    return table.name in mapped and mapped[table.name].query is not None


def _check_mapping(mapped: Mapping[str, Mapped]) -> None:
    for name, where in mapped.items():
        if name not in TABLE:
            raise SettingsError(f"[tables.{name}] maps a table that does not exist; the tables are {listed(TABLE)}")
        known = [column.name for column in TABLE[name].columns]
        unknown = [column for column in where.columns if column not in known]
        if unknown:
            raise SettingsError(
                f"[tables.{name}] maps {listed(unknown)}, which {name} does not have; its columns are {listed(known)}"
            )


class _Place(Protocol):
    """A folder or a database that has been opened."""

    label: str
    holds: list[str]
    """What a person would see in it."""
    names: list[str]
    """The tables that can be read by name."""

    def strangers(self) -> list[str]:
        """What is there, but is no table of the contract."""

    def found(self, table: str) -> list[str]:
        """The column names of a table."""

    def read(self, table: str, wanted: list[str]) -> Mapping[str, Any]:
        """These columns of a table."""

    def ask(self, table: str, query: str) -> Mapping[str, Any]:
        """All columns that a query returns."""


def _renamed(table: Table, place: _Place, where: Mapped) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The raw columns under the contract's names, and what to say about those left out."""
    answer = None if where.query is None else place.ask(table.name, where.query)
    found = place.found(table.name) if answer is None else list(answer)
    lacking = [f"{at} (as {name})" for name, at in where.columns.items() if at not in found]
    if lacking:
        raise ColumnMissing(
            f"[tables.{table.name}] takes {' and '.join(lacking)}, which is not there; it has {listed(found)}. "
            "Correct the name in the settings."
        )
    origin = {column.name: where.columns.get(column.name, column.name) for column in table.columns}
    origin = {name: at for name, at in origin.items() if at in found}
    called = {at: name for name, at in where.columns.items()}
    notes = column_notes(table, dict.fromkeys([*(called.get(name, name) for name in found), *origin]))
    columns = answer if answer is not None else place.read(table.name, sorted(set(origin.values())))
    return {name: columns[at] for name, at in origin.items()}, notes


class _Folder:
    """NAME.parquet and NAME.csv of one folder."""

    def __init__(self, path: Path, mapped: Mapping[str, Mapped]) -> None:
        if not path.is_dir():
            what = "is a file, not a folder" if path.exists() else "does not exist"
            raise SourceUnreadable(
                f"{path} {what}; a source is a folder with orders.parquet or orders.csv, or a database URL"
            )
        self.label = f"the folder {path}"
        self.path = path
        self.holds = sorted(file.name for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        self.files: dict[str, Path] = {}
        for name in self.holds:
            file = path / name
            if file.suffix not in (".parquet", ".csv"):
                continue
            if file.stem in self.files and file.stem in TABLE and not _query(mapped, TABLE[file.stem]):
                raise SourceUnreadable(
                    f"{path} holds both {file.stem}.csv and {file.stem}.parquet; remove the one that is out of date"
                )
            self.files[file.stem] = file
        self.names = list(self.files)

    def strangers(self) -> list[str]:
        known = {file.name for stem, file in self.files.items() if stem in TABLE or stem in _REPORTS}
        return [name for name in self.holds if name not in known]

    def found(self, table: str) -> list[str]:
        with _reading(self.files[table]):
            return _file_columns(self.files[table])

    def read(self, table: str, wanted: list[str]) -> Mapping[str, Any]:
        file = self.files[table]
        with _reading(file):
            if file.suffix == ".parquet":
                data = _parquet(file).read(columns=wanted)
            else:
                convert = pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()),
                    include_columns=wanted,
                    null_values=[""],
                    strings_can_be_null=True,
                )
                data = pa_csv.read_csv(file, parse_options=_csv_shape(file), convert_options=convert)
        return {name: data.column(name) for name in wanted}

    def ask(self, table: str, query: str) -> Mapping[str, Any]:
        """Run by DuckDB, in memory, with every file of the folder as a view by its stem."""
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
                raise _query_failed(table, error) from error
        return _unambiguous(f"the query under [tables.{table}]", data)


@contextmanager
def _folder(path: Path, mapped: Mapping[str, Mapped]) -> Iterator[_Place]:
    yield _Folder(path, mapped)


def _file_columns(file: Path) -> list[str]:
    if file.suffix == ".parquet":
        names = list(_parquet(file).schema_arrow.names)
    else:
        with pa_csv.open_csv(file, parse_options=_csv_shape(file)) as reader:
            names = list(reader.schema.names)
    _refuse_twins(file.name, names)
    return names


def _parquet(file: Path) -> Any:
    # Old writers keep times as 96 bits, which Arrow reads as nanoseconds: those end in the year 2262.
    return pq.ParquetFile(file, coerce_int96_timestamp_unit="us")


def _csv_shape(file: Path) -> Any:
    with file.open("rb") as lines:
        header = lines.readline().decode("utf-8-sig")
    delimiter = next((mark for mark in _DELIMITERS if mark in header), ",")
    return pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{file} is not UTF-8 text; save it again as CSV UTF-8") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        kind = "Parquet" if file.suffix == ".parquet" else "CSV in UTF-8"
        raise SourceUnreadable(f"{file} cannot be read as {kind}: {_first_line(error)}") from error


def _refuse_twins(where: str, names: Sequence[str]) -> None:
    twins = [name for name, times in Counter(names).items() if times > 1]
    if twins:
        raise SourceUnreadable(f"{where} has more than one column called {listed(twins)}; rename or remove one")


def _unambiguous(where: str, data: Any) -> Mapping[str, Any]:
    _refuse_twins(where, data.column_names)
    return {name: data.column(name) for name in data.column_names}


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _query_failed(table: str, error: BaseException) -> SourceUnreadable:
    return SourceUnreadable(
        f"the query of {table} failed: {_first_line(error)}. Mend it under [tables.{table}] in the settings."
    )


class _Database:
    """The tables and views of one database, through SQLAlchemy."""

    def __init__(self, connection: Any, label: str) -> None:
        import sqlalchemy as sa

        self.label = label
        self.connection = connection
        self.inspector = sa.inspect(connection)
        views = self.inspector.get_view_names()
        with suppress(NotImplementedError):
            views += self.inspector.get_materialized_view_names()
        self.names = self.holds = sorted({*self.inspector.get_table_names(), *views})

    def strangers(self) -> list[str]:
        return [name for name in self.names if name not in TABLE]

    def found(self, table: str) -> list[str]:
        return [column["name"] for column in self.inspector.get_columns(table)]

    def read(self, table: str, wanted: list[str]) -> Mapping[str, Any]:
        import sqlalchemy as sa

        statement: Any = sa.select(*[sa.column(name) for name in wanted]).select_from(sa.table(table))
        return _fetched(self.connection.execute(statement), wanted)

    def ask(self, table: str, query: str) -> Mapping[str, Any]:
        import sqlalchemy as sa

        try:
            # As it stands: no parameters, so that % and : in the query mean what they mean to the database.
            result = self.connection.execution_options(no_parameters=True).exec_driver_sql(query.strip().rstrip(";"))
            names = list(result.keys())
            _refuse_twins(f"the query under [tables.{table}]", names)
            return _fetched(result, names)
        except sa.exc.SQLAlchemyError as error:
            raise _query_failed(table, getattr(error, "orig", None) or error) from error


@contextmanager
def _database(location: str) -> Iterator[_Place]:
    try:
        import sqlalchemy as sa
    except ModuleNotFoundError as error:
        raise SourceUnreadable("reading a database needs SQLAlchemy: install loyalty-ladder[train]") from error
    try:
        url = sa.make_url(location)
    except (sa.exc.ArgumentError, ValueError) as error:
        scheme = location.split("://")[0]
        raise SourceUnreadable(
            f"the database URL that begins with {scheme}:// cannot be parsed; it should read "
            f"{scheme}://user:password@host:port/database"
        ) from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    label = url.set(query={}).render_as_string(hide_password=True)
    file = url.database or ""
    if url.drivername.startswith("sqlite") and not file.startswith("file:") and not Path(file).is_file():
        raise SourceUnreadable(f"{label}: there is no such file")
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise SourceUnreadable(
            f"{label} cannot be reached: no driver for {url.drivername} is installed; install its package"
        ) from error
    try:
        with engine.connect() as connection:
            if url.drivername.startswith("postgresql"):
                connection.exec_driver_sql("SET TIME ZONE 'UTC'")
            yield _Database(connection.execution_options(stream_results=True), label)
    except sa.exc.SQLAlchemyError as error:
        message = _first_line(getattr(error, "orig", None) or error)
        if url.password:
            message = message.replace(str(url.password), "***")
        raise SourceUnreadable(f"{label} cannot be read: {message}") from error
    finally:
        engine.dispose()


def _fetched(result: Any, names: Sequence[str]) -> dict[str, Any]:
    """All rows by column: lists of Python objects, packed a chunk at a time where one Arrow type holds them."""
    chunks: dict[str, list[Any]] = {name: [] for name in names}
    for rows in result.partitions(DATABASE_CHUNK):
        for name, cells in zip(names, zip(*rows, strict=True), strict=True):
            chunks[name].append(packed(list(cells)))
    return {name: _joined(parts) for name, parts in chunks.items()}


def _joined(parts: list[Any]) -> Any:
    """The chunks of one column as one; where they differ in type, as a list."""
    if parts and all(isinstance(part, pa.Array) for part in parts):
        kind = parts[0].type
        if all(pa.types.is_decimal(part.type) for part in parts):
            kind = pa.decimal128(38, max(part.type.scale for part in parts))
        with suppress(pa.ArrowInvalid):
            if all(part.type == kind or pa.types.is_decimal(part.type) for part in parts):
                return pa.chunked_array([part.cast(kind) for part in parts])
    return [cell for part in parts for cell in (part.to_pylist() if isinstance(part, pa.Array) else part)]
