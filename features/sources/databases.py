"""The connector to databases: tables and views behind a SQLAlchemy URL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.cleaning.columns import pack
from features.sources.connectors import Connector, first_line, query_failed, refuse_duplicate_names
from features.tables import KNOWN_TABLES

DATABASE_CHUNK = 100_000
"""Rows fetched at a time: enough to hide the round trip, few enough that their Python objects fit in memory."""


class _Database:
    """The tables and views of one database, through SQLAlchemy."""

    macros = False

    def __init__(self, connection: Any, label: str) -> None:
        import sqlalchemy as sa

        self.label = label
        self.connection = connection
        self.inspector = sa.inspect(connection)
        views = self.inspector.get_view_names()
        with suppress(NotImplementedError):
            views += self.inspector.get_materialized_view_names()
        self.contents = sorted({*self.inspector.get_table_names(), *views})
        # ORDERS and Orders are orders, unless there is one of that very name.
        self._written = {name.casefold(): name for name in self.contents} | {n: n for n in self.contents}
        self.table_names, self.own_tables = list(self._written), self.contents

    def unknown_tables(self) -> list[str]:
        return [name for name in self.contents if name.casefold() not in KNOWN_TABLES]

    def columns(self, table: str) -> list[str]:
        return [column["name"] for column in self.inspector.get_columns(self._written[table])]

    def place(self, table: str, row: int) -> str:
        return f"row {row} of {table}"

    def notes(self) -> list[str]:
        return []

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        import sqlalchemy as sa

        statement: Any = sa.select(*[sa.column(name) for name in columns]).select_from(sa.table(self._written[table]))
        return _fetch(self.connection.execute(statement), columns)

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield self.read(table, columns)

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        import sqlalchemy as sa

        try:
            # As it stands: no parameters, so that % and : in the query mean what they mean to the database.
            result = self.connection.execution_options(no_parameters=True).exec_driver_sql(query.strip().rstrip(";"))
            names = list(result.keys())
            refuse_duplicate_names(f"the query under [tables.{table}]", names)
            return _fetch(result, names)
        except sa.exc.SQLAlchemyError as error:
            raise query_failed(table, getattr(error, "orig", None) or error) from error


@contextmanager
def open_database(location: str) -> Iterator[Connector]:
    """Open a database for reading, and close it afterwards.

    location : a SQLAlchemy URL. Its password appears in no message.

    Raises
    ------
    SourceUnreadable
        If the URL cannot be parsed, a driver is missing, or the database cannot be read.
    """
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
        message = first_line(getattr(error, "orig", None) or error)
        if url.password:
            message = message.replace(str(url.password), "***")
        raise SourceUnreadable(f"{label} cannot be read: {message}") from error
    finally:
        engine.dispose()


def _fetch(result: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return all rows by column, packed a chunk at a time where one Arrow type holds them, else as Python objects."""
    chunks: dict[str, list[Any]] = {name: [] for name in names}
    for rows in result.partitions(DATABASE_CHUNK):
        for name, cells in zip(names, zip(*rows, strict=True), strict=True):
            chunks[name].append(pack(list(cells)))
    return {name: _join(parts) for name, parts in chunks.items()}


def _join(parts: list[Any]) -> Any:
    """Join the chunks of a column; where they differ in type, as a list."""
    if parts and all(isinstance(part, pa.Array) for part in parts):
        kind = parts[0].type
        if all(pa.types.is_decimal(part.type) for part in parts):
            kind = pa.decimal128(38, max(part.type.scale for part in parts))
        with suppress(pa.ArrowInvalid):
            if all(part.type == kind or pa.types.is_decimal(part.type) for part in parts):
                return pa.chunked_array([part.cast(kind) for part in parts])
    return [cell for part in parts for cell in (part.to_pylist() if isinstance(part, pa.Array) else part)]
