"""Where tables are kept: what a folder and a database have in common once they are open."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from features.errors import ColumnMissing, SettingsError, SourceUnreadable
from features.sources.cleaning import column_notes, listed
from features.tables import TABLE, Table


@dataclass(frozen=True)
class TableMapping:
    """Where a table is found when the data do not follow the contract.

    query : SQL, run by DuckDB over a folder (NAME.csv and NAME.parquet are views by their stem) or by the
        database itself; None = the table of the contract's name.
    columns : contract name -> name in the data, for the columns that are called otherwise.
    """

    query: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def has_query(mapped: Mapping[str, TableMapping], table: Table) -> bool:
    """Whether a table is read by a query instead of by its name."""
    return table.name in mapped and mapped[table.name].query is not None


class Connector(Protocol):
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

    def batches(self, table: str, wanted: list[str]) -> Iterator[Mapping[str, Any]]:
        """The same columns a batch of rows at a time, where the place can; at least one batch."""

    def ask(self, table: str, query: str) -> Mapping[str, Any]:
        """All columns that a query returns."""


def check_mapping(mapped: Mapping[str, TableMapping]) -> None:
    """Refuse a mapping of tables or columns that the contract does not know.  Raises SettingsError."""
    for name, where in mapped.items():
        if name not in TABLE:
            raise SettingsError(f"[tables.{name}] maps a table that does not exist; the tables are {listed(TABLE)}")
        known = [column.name for column in TABLE[name].columns]
        unknown = [column for column in where.columns if column not in known]
        if unknown:
            raise SettingsError(
                f"[tables.{name}] maps {listed(unknown)}, which {name} does not have; its columns are {listed(known)}"
            )


def origins(table: Table, found: Sequence[str], where: TableMapping) -> tuple[dict[str, str], tuple[str, ...]]:
    """Which column of the data holds each declared one, and what to say about those left out.

    Raises
    ------
    ColumnMissing
        If a mapped or a required column is not among those found.
    """
    lacking = [f"{at} (as {name})" for name, at in where.columns.items() if at not in found]
    if lacking:
        raise ColumnMissing(
            f"[tables.{table.name}] takes {' and '.join(lacking)}, which is not there; it has {listed(found)}. "
            "Correct the name in the settings."
        )
    origin = {column.name: where.columns.get(column.name, column.name) for column in table.columns}
    origin = {name: at for name, at in origin.items() if at in found}
    called = {at: name for name, at in where.columns.items()}
    return origin, column_notes(table, dict.fromkeys([*(called.get(name, name) for name in found), *origin]))


def refuse_twins(where: str, names: Sequence[str]) -> None:
    """Refuse two columns of one name: nobody can say which is meant."""
    twins = [name for name, times in Counter(names).items() if times > 1]
    if twins:
        raise SourceUnreadable(f"{where} has more than one column called {listed(twins)}; rename or remove one")


def first_line(error: BaseException) -> str:
    """What an error of a library says, without what it prints below."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def query_failed(table: str, error: BaseException) -> SourceUnreadable:
    """The error to raise where a mapped query cannot be run."""
    return SourceUnreadable(
        f"the query of {table} failed: {first_line(error)}. Mend it under [tables.{table}] in the settings."
    )
