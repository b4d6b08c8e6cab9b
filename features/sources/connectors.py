"""What a folder and a database have in common once they are open: tables, columns, rows, queries."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from features.errors import ColumnMissing, SettingsError, SourceUnreadable
from features.schema import Table
from features.sources.cleaning.column_names import column_notes, listed
from features.tables import KNOWN_TABLES


@dataclass(frozen=True)
class TableMapping:
    """Where to find a table in data that do not follow the contract.

    query : SQL, run by DuckDB over files (each is a table by its stem and by its name, a sheet by its title) or by the
        database itself; None = the table of the contract's name.
    plugin : name of an installed package's entry point that makes the table (`features.sources.table_plugins`).
    columns : contract name -> name in the data, for the columns that are called otherwise.
    reading : contract name -> how its cells are read, such as `dmy` or `decimal_comma`, where they leave it in doubt.
    """

    query: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, str] = field(default_factory=dict)
    plugin: str | None = None

    @property
    def makes(self) -> bool:
        """Return whether the table is made, by a query or a plugin, instead of read by its name."""
        return self.query is not None or self.plugin is not None


def has_query(mapped: Mapping[str, TableMapping], table: Table) -> bool:
    """Return whether a table is made by a query or a plugin instead of read by its name."""
    return table.name in mapped and mapped[table.name].makes


class Connector(Protocol):
    """A folder or a database that has been opened.

    label : how a message names it.
    contents : what a person would see in it.
    table_names : the tables that can be read by name.
    own_tables : each table once, by the name that a query gives it.
    macros : whether a query may call `as_date`, `as_amount` and `as_id`.
    """

    label: str
    contents: list[str]
    table_names: list[str]
    own_tables: list[str]
    macros: bool

    def unknown_tables(self) -> list[str]:
        """Return what is there but is not a table of the contract."""

    def columns(self, table: str) -> list[str]:
        """Return the column names of a table."""

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        """Read some columns of a table."""

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the same columns a batch of rows at a time, where that is possible; at least one batch."""

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        """Run the query of a table and return all columns of its result."""

    def place(self, table: str, row: int) -> str:
        """Return where a row of a table stands, counted from 0, as a person would look it up."""

    def notes(self) -> list[str]:
        """Return what was understood of the files that were read."""


def check_mapping(mapped: Mapping[str, TableMapping]) -> None:
    """Refuse a mapping of tables or columns that the contract does not know.

    Raises
    ------
    SettingsError
        If there is one; the message names it.
    """
    for name, where in mapped.items():
        if name not in KNOWN_TABLES:
            raise SettingsError(
                f"[tables.{name}] maps a table that does not exist; the tables are {listed(KNOWN_TABLES)}"
            )
        if where.query is not None and where.plugin is not None:
            raise SettingsError(f"[tables.{name}] has both a query and a plugin; only one can make the table.")
        known = [column.name for column in KNOWN_TABLES[name].columns]
        unknown = [column for column in (*where.columns, *where.reading) if column not in known]
        if unknown:
            raise SettingsError(
                f"[tables.{name}] maps {listed(unknown)}, which {name} does not have; its columns are {listed(known)}"
            )


def column_origins(table: Table, names: Sequence[str], mapping: TableMapping) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return which column of the data holds each declared column, and warnings about those left out.

    names : the columns that the data have.

    Raises
    ------
    ColumnMissing
        If a mapped or a required column is not among `names`.
    """
    missing = [f"{at} (as {name})" for name, at in mapping.columns.items() if at not in names]
    if missing:
        raise ColumnMissing(
            f"[tables.{table.name}] takes {' and '.join(missing)}, which is not there; it has {listed(names)}. "
            "Correct the name in the settings."
        )
    origin = {column.name: mapping.columns.get(column.name, column.name) for column in table.columns}
    origin = {name: at for name, at in origin.items() if at in names}
    renamed = {at: name for name, at in mapping.columns.items()}
    return origin, column_notes(table, dict.fromkeys([*(renamed.get(name, name) for name in names), *origin]))


def refuse_duplicate_names(where: str, names: Sequence[str]) -> None:
    """Refuse two columns of the same name: nobody can say which is meant.

    Raises
    ------
    SourceUnreadable
        If there are two; the message begins with `where`.
    """
    duplicates = [name for name, times in Counter(names).items() if times > 1]
    if duplicates:
        raise SourceUnreadable(f"{where} has more than one column called {listed(duplicates)}; rename or remove one")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its type where it has none."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def whole_message(error: BaseException) -> str:
    """Return an error's message in one line, without the places that only a terminal can point at."""
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error).split("Candidate functions:")[0]
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line.strip("^ ")) or type(error).__name__


def query_failed(table: str, error: BaseException, hint: str = "") -> SourceUnreadable:
    """Build the error to raise where a mapped query cannot be run.  hint : what to do, in a sentence."""
    message = whole_message(error)
    stop = "" if message.endswith((".", "!", "?")) else "."
    return SourceUnreadable(
        f"the query of {table} failed: {message}{stop}{hint} Mend it under [tables.{table}] in the settings."
    )
