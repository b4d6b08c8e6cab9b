"""What a column of the contract is made of, and how it is written in SQL."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from features.instants import BoolArray
from features.sources.proposals.recipes import FILLED
from features.sources.proposals.sketches import ColumnSketch, TableSketch
from features.sources.readings import amounts, dates


@dataclass(frozen=True)
class Cell:
    """A column in a query.

    alias : of its table, empty where there is one table only.  macros : whether the query may call as_date and
    as_amount.  form : how its dates or numbers are read, where somebody had to say so.
    """

    column: ColumnSketch
    alias: str = ""
    macros: bool = True
    form: str = ""

    def sql(self) -> str:
        """Return the column as it stands."""
        return f"{self.alias}.{quoted(self.column.name)}" if self.alias else quoted(self.column.name)

    def amount(self) -> str:
        """Return the amount in it."""
        if self.column.typed == "number" or not self.macros:
            return self.sql()
        mark = self.form or self.column.mark[0]
        return f"as_amount({self.sql()}, ',')" if mark == amounts.COMMA else f"as_amount({self.sql()})"

    def date(self) -> str:
        """Return the time in it."""
        if self.column.typed == "time" or not self.macros:
            return self.sql()
        form = self.form or self.column.date_form[0]
        if form in (*dates.EPOCHS, "dmy", "mdy", "compact"):
            return f"as_date({self.sql()}, '{form}')"
        return f"as_date({self.sql()})"

    def plain(self) -> str:
        """Return its text in small letters, to be compared."""
        text = self.sql() if self.column.typed == "text" else f"cast({self.sql()} as varchar)"
        return f"lower(trim({text}))"


@dataclass(frozen=True)
class Value:
    """One column as it stands, or an expression over several.

    template : SQL with `[0]` for the first column and `[#1]` for the amount in the second; empty = the column itself.
    """

    cells: tuple[Cell, ...]
    template: str = ""

    @property
    def first(self) -> Cell:
        """Return the column that counts."""
        return self.cells[0]

    def sql(self) -> str:
        """Return it as it stands."""
        return self._filled() if self.template else self.first.sql()

    def amount(self) -> str:
        """Return it as an amount."""
        return self._filled() if self.template else self.first.amount()

    def date(self) -> str:
        """Return it as a time."""
        return self._filled() if self.template else self.first.date()

    def _filled(self) -> str:
        def put(found: "re.Match[str]") -> str:
            cell = self.cells[int(found[2])]
            return cell.amount() if found[1] else cell.sql()

        return re.sub(r"\[(#?)([0-9]+)\]", put, self.template)


def value_of(table: TableSketch, wanted: str, macros: bool) -> Value | None:
    """Return what a recipe's choice comes to in a table: the first of which every column is there; None without one.

    wanted : as in `Recipe.columns`.
    """
    for choice in re.split(r"(?<!\|)\|(?!\|)(?![^\[]*\])", wanted):
        if not choice.startswith("="):
            column = table.column(choice)
            if column is not None and column.filled:
                return Value((Cell(column, macros=macros),))
            continue
        names = list(dict.fromkeys(re.findall(r"\[#?([^\]]+)\]", choice)))
        columns = [table.column(name) for name in names]
        there = [column for column in columns if column is not None]
        if len(there) == len(names):
            template = re.sub(r"\[(#?)([^\]]+)\]", lambda m: f"[{m[1]}{names.index(m[2])}]", choice[1:])  # noqa: B023
            return Value(tuple(Cell(column, macros=macros) for column in there), template)
    return None


@dataclass(frozen=True)
class Condition:
    """Rows of certain values, which alone count or do not.

    values : in small letters; FILLED = any.  keep : whether these rows count, else all others do.
    """

    cell: Cell
    values: tuple[str, ...]
    keep: bool
    shown: tuple[str, ...] = field(default=(), compare=False)

    def rows(self) -> BoolArray:
        """Return which rows have such a value, shape (rows,)."""
        column = self.cell.column
        if self.values == (FILLED,):
            return ~column.empty
        meant = np.array([text.strip().lower() in self.values for text in column.distinct.to_pylist()] + [False])
        return meant[column.codes]

    def sql(self) -> str:
        """Return what holds for the rows that have such a value."""
        if self.values == (FILLED,):
            empty = f"{self.cell.sql()} is not null"
            return f"{empty} and trim({self.cell.sql()}) <> ''" if self.cell.column.typed == "text" else empty
        return f"{self.cell.plain()} in ({', '.join(literal(value) for value in self.values)})"

    def where(self) -> str:
        """Return the condition on single rows."""
        if self.keep:
            return self.sql()
        if self.values == (FILLED,):
            empty = f"{self.cell.sql()} is null"
            return f"({empty} or trim({self.cell.sql()}) = '')" if self.cell.column.typed == "text" else empty
        return f"coalesce({self.cell.plain()}, '') not in ({', '.join(literal(value) for value in self.values)})"

    def having(self) -> str:
        """Return the condition on all rows of an order, of which only one may bear the value."""
        return f"max(case when {self.sql()} then 1 else 0 end) = {int(self.keep)}"

    def words(self) -> str:
        """Return it for a person."""
        what = "something" if self.values == (FILLED,) else ", ".join(self.shown or self.values)
        return f"{what} in {self.cell.column.name!r}"


def condition(table: TableSketch, names: str, values: Sequence[str], keep: bool, macros: bool) -> Condition | None:
    """Return the condition of a recipe on a table that has the column and one of the values; else None."""
    column = table.column(names)
    if column is None or not column.filled:
        return None
    there = sorted({text for text in column.values if text.lower() in values})
    if values != (FILLED,) and not there and not keep:
        return None
    return Condition(Cell(column, macros=macros), tuple(values), keep, tuple(there))


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"{}"'.format(name.replace('"', '""'))


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    return "'{}'".format(text.replace("'", "''"))
