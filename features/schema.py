"""The declaration of a table: kinds of cells, columns and tables."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class Kind(Enum):
    """The kind of value that a cell holds; it decides how the cell is read and stored in memory."""

    TEXT = "text"  # object array of str, None = missing
    CATEGORY = "category"  # int8 array, position in Column.values, -1 = missing
    TIME = "time"  # int64 array, microseconds since 1970-01-01 UTC
    MONEY = "money"  # float64 array, NaN = missing
    NUMBER = "number"  # float64 array, NaN = missing
    FLAG = "flag"  # int8 array, 1 = yes, 0 = no, -1 = missing


class Missing(Enum):
    """The meaning of an empty time."""

    BAD = "the row is set aside"
    ALWAYS = "since before the data begin"
    NEVER = "has not happened"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    low, high : inclusive limits of a number, in its own unit; a cell outside them is unreadable.
    known_from : the name of a time column of the same table. The cell is filled in later: it counts as unknown at as_of
        unless that time (for a time, itself) lies before as_of.
    missing : the meaning of an empty cell, of times only.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    missing: Missing = Missing.NEVER
    known_from: str | None = None


@dataclass(frozen=True)
class Table:
    """One table of a source.

    time : the column with the time of the event (marked @ in docs/tables.md), if any.
    key : the primary key, if any.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    time: str | None = None
    key: str | None = None
    may_precede: bool = False
    """Whether a row may be recorded long before its time (a contract signed in advance)."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the names of all declared columns."""
        return frozenset(column.name for column in self.columns)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Return the names of the columns without which the table cannot be used, in the order of declaration."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """Return the declared column of that name.

        Raises
        ------
        KeyError
            If the table declares no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} declares no column {name}")


MONEY_LIMIT = 1e11
"""The largest amount of one cell, money. A larger one is taken for a typing error."""
MONEY_SUM_LIMIT = 5e14
"""The largest sum of one account's amounts in one table, money: up to here whole ten-thousandths add up exactly."""
