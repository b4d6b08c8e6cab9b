"""What is no longer as the model remembers it: one column, or the rows of one table."""

from dataclasses import dataclass

WINDOWS_DAYS = (28, 91, 364)
"""The last days that are looked at: the shortest with enough rows."""
LEAST_ROWS = 30

EMPTIED, LESS, RENAMED, ONE_RENAMED, SWAPPED, NEW = (
    "emptied", "filled_less", "renamed", "one_renamed", "swapped", "new_value",
)  # fmt: skip
RESCALED, REVERSED, SIGNS, CONSTANT, MOVED = "rescaled", "reversed", "sign", "constant", "moved"
NUMBERS = frozenset({RESCALED, REVERSED, SIGNS, CONSTANT, MOVED})
"""What the numbers of a column can be at once: one of these."""
SHIFTED, HOUR_LOST = "shifted", "hour_lost"
ROWS_FEWER, ROWS_MORE, REPEATED, FELL, FELL_UNKNOWN, GONE, ADDED = (
    "fewer_rows", "more_rows", "repeated", "fell", "fell_unknown", "history_gone", "history_added",
)  # fmt: skip
NOTED = frozenset({NEW, FELL_UNKNOWN})
"""What may be as it should be: it is told, and nothing is called broken."""


@dataclass(frozen=True)
class BrokenColumn:
    """A column, or all rows of a table, that is not as it was.

    column : empty of a whole table.  kind : one of the constants above.
    before, now : shares filled, known, negative or repeated; medians; rows a week.
    change : the factor of numbers, the hours of a shift; 0.0 where that says nothing.
    names : the most frequent of the values that nobody knew; of one value under another name, both names.
    part : `currency=USD`, of which alone it is said; empty = of the whole table.
    """

    table: str
    column: str
    kind: str
    before: float
    now: float
    change: float = 0.0
    names: tuple[str, ...] = ()
    part: str = ""

    @property
    def where(self) -> str:
        """Return the table, and which part of it, as `orders[currency=USD]`."""
        return f"{self.table}[{self.part}]" if self.part else self.table
