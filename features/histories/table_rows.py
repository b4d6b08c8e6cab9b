"""The rows of one table with their accounts numbered, and how streams of events are cut from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from features.histories.options import Options
from features.histories.streams import Column, Stream, boundaries, sort_events
from features.instants import NEVER, BoolArray, IntArray
from features.schema import Table
from features.sources.cleaning.cleaning import Columns
from features.sources.cleaning.text_column import TextColumn
from features.sources.source import Source

NAME_BITS = 40
"""Bits of a name's digest. Two of a thousand names in one account coincide once in two million accounts, and
(snapshot, name) still fits into one whole number."""


@dataclass(frozen=True)
class TableRows:
    """The cleaned rows of one table, with their accounts numbered.

    rank : account id -> its position among all accounts.
    """

    table: Table
    source: Source
    rank: Mapping[str, int]
    options: Options

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return self.source.rows(self.table.name)

    @property
    def columns(self) -> Columns:
        """Return the cleaned columns by name."""
        return self.source.tables[self.table.name]

    @cached_property
    def _account_of_code(self) -> IntArray:
        """Return the account of each code of the column account_id."""
        return np.array([self.rank.get(name, -1) for name in self.text("account_id").names], np.int64)

    @property
    def account(self) -> IntArray:
        """Return the position of each row's account, shape (n_rows,)."""
        return self._account_of_code[self.text("account_id").codes]

    def text(self, name: str) -> TextColumn:
        """Return a column of text; all missing where the table lacks it."""
        column: TextColumn | None = self.columns.get(name)
        return TextColumn.empty(self.count) if column is None else column

    def number(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers, shape (n_rows,); all NaN where the table lacks it."""
        return np.asarray(self.columns[name]) if name in self.columns else np.full(self.count, np.nan)

    def code(self, name: str) -> IntArray:
        """Return a column of categories or flags, shape (n_rows,); all -1 where the table lacks it."""
        absent = np.full(self.count, -1, np.int64)
        return np.asarray(self.columns[name], np.int64) if name in self.columns else absent

    def marks(self, name: str) -> dict[str, Column]:
        """Return a 0/1 mark, shape (n_rows,), for every value of a category."""
        code = self.code(name)
        return {value: code == position for position, value in enumerate(self.table.column(name).values)}

    def name_digests(self, value: str, column: str) -> dict[str, IntArray]:
        """Return a stream value that holds a number for every different text of a column, 0 = no text.

        A text has the same number whatever else the source holds.
        """
        texts = self.text(column)
        digests = [int.from_bytes(blake2b(name.encode(), digest_size=NAME_BITS // 8).digest()) for name in texts.names]
        return {value: np.array([*digests, 0], np.int64)[texts.codes]} if digests else {}

    def moment(self, name: str) -> IntArray:
        """Return a column of times, shape (n_rows,), microseconds; all NEVER where the table lacks it."""
        never = np.full(self.count, NEVER, np.int64)
        return np.asarray(self.columns[name]) if name in self.columns else never

    def stream(
        self,
        values: Mapping[str, Column],
        at: str | None = None,
        keep: BoolArray | None = None,
        known: IntArray | None = None,
        ties: IntArray | None = None,
    ) -> Stream:
        """Cut a stream of events from the rows.

        values : what each event carries, shape (n_rows,) each; a mark that never holds is left out.
        at : the time column of the events, by default the table's own time; what never happens is left out.
        keep : the rows to use, all by default.
        known : when each event is known. By default the row's `recorded_at`; a later moment of the same row is known
            from that moment, or from the row's own time or recording if those came later still (a ticket resolved
            before it was opened is a typing error, not a closed ticket that was never open).
        ties : the order of events of one instant, by default their order in the source.
        """
        time = self.moment(at or str(self.table.time))
        recorded = self.moment("recorded_at") if known is None else known
        if at is not None:
            recorded = self.later(recorded, time)
        happened = time < NEVER if keep is None else (time < NEVER) & keep
        chosen: IntArray | slice = slice(None) if happened.all() else np.flatnonzero(happened)
        if ties is not None:
            order = np.argsort(ties[chosen], kind="stable")
            chosen = order if isinstance(chosen, slice) else chosen[order]
        code = self.text("account_id").codes[chosen]
        rows, times = sort_events(code, self._account_of_code, time[chosen])
        rows = rows if isinstance(chosen, slice) else chosen[rows]
        used = {name: column for name, column in values.items() if column.dtype.kind != "b" or column.any()}
        picked = {id(column): _as_integers(column[rows]) for column in used.values()}
        at_once = recorded is time or np.array_equal(recorded, time)
        stored = {name: picked[id(column)] for name, column in used.items()}
        return Stream(
            boundaries(code, self._account_of_code, len(self.rank)), times, times if at_once else recorded[rows], stored
        )

    def later(self, recorded: IntArray, moment: IntArray) -> IntArray:
        """Return when a later moment of the rows is known: not before itself, nor before the row's own time.

        recorded : shape (n_rows,), when the rows were recorded, microseconds.
        """
        return np.maximum(np.maximum(recorded, moment), self.moment(str(self.table.time)))


def _as_integers(column: Column) -> Column:
    """Store marks in one byte, everything else as 64-bit integers."""
    return column.astype(np.int8 if column.dtype.kind == "b" else np.int64, copy=False)
