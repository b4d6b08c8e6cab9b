"""Where tables are kept: what a folder and a database have in common once they are open."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from features.cleaning import listed
from features.errors import SourceUnreadable
from features.tables import Table


@dataclass(frozen=True)
class Mapped:
    """Where a table is found when the data do not follow the contract.

    query : SQL, run by DuckDB over a folder (NAME.csv and NAME.parquet are views by their stem) or by the
        database itself; None = the table of the contract's name.
    columns : contract name -> name in the data, for the columns that are called otherwise.
    """

    query: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def has_query(mapped: Mapping[str, Mapped], table: Table) -> bool:
    """Whether a table is read by a query instead of by its name."""
    return table.name in mapped and mapped[table.name].query is not None


class Place(Protocol):
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
