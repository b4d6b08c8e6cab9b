"""Sketches of tables: for every column what its cells can be read as, before anybody says what it is."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from features.instants import BoolArray, FloatArray, IntArray
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import Connector
from features.sources.readings import amounts, dates
from features.sources.readings.evidence import choose, distinct_cells
from features.sources.readings.texts import MISSING_ID, NULL_LIKE

MOST_ROWS = 500_000
"""Rows that are looked at: the rest of a larger table is read when the mapping is tried."""
MEANT = 0.9
"""Share of a column's cells that must be readable as dates or amounts before it counts as one of them."""
_PLAIN = {"", *NULL_LIKE, MISSING_ID}


def plain_name(name: str) -> str:
    """Return a name in small letters without accents, its words apart.

    >>> plain_name("InvoiceNo"), plain_name("Aantal_stuks"), plain_name("Bedrag (excl. BTW)")
    ('invoice no', 'aantal stuks', 'bedrag excl btw')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    letters = unicodedata.normalize("NFKD", apart.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9#%]+", " ", letters).strip()


@dataclass(frozen=True)
class ColumnSketch:
    """One column.

    plain : its name as it is compared.  distinct : its different texts.
    codes : which of them each row has, -1 = empty.
    typed : `time` or `number` where the source says so, `other` where it types it otherwise, else `text`.
    """

    name: str
    plain: str
    distinct: pa.Array
    codes: IntArray
    typed: str
    rules: SourceRules

    @cached_property
    def empty(self) -> BoolArray:
        """Return which rows hold nothing, or a word for nothing, shape (rows,)."""
        blank = np.array([text.strip() in _PLAIN for text in self.distinct.to_pylist()] + [True])
        return blank[self.codes]

    @cached_property
    def filled(self) -> int:
        """Return the number of rows that hold something."""
        return int((~self.empty).sum())

    @cached_property
    def values(self) -> frozenset[str]:
        """Return the different values, without blanks around them."""
        return frozenset(text.strip() for text in self.distinct.to_pylist()) - _PLAIN

    @cached_property
    def times(self) -> IntArray:
        """Return how often each distinct text stands there."""
        return np.bincount(self.codes + 1, minlength=len(self.distinct) + 1)[1:].astype(np.int64)

    @cached_property
    def date_form(self) -> tuple[str, Mapping[str, str]]:
        """Return the code of its reading as a date, and how an example reads in each order that is possible."""
        if self.typed == "time":
            return "typed", {}
        return dates.settle(dates.gather(self.distinct, self.times, self.rules.until), self.rules.until)

    @cached_property
    def is_time(self) -> bool:
        """Return whether its cells are dates; numbers that may count days or seconds do not say so by themselves."""
        if self.typed != "text" or not self.filled:
            return self.typed == "time"
        form, doubt = self.date_form
        if form in (*dates.EPOCHS, "empty"):
            return False
        _, valid = dates.apply(self.distinct, next(iter(doubt), form), self.rules.until)
        return int(self.times[valid].sum()) >= MEANT * self.filled

    @cached_property
    def is_count_of_time(self) -> bool:
        """Return whether its cells may be days or seconds since a beginning."""
        return self.typed in ("text", "number") and self.date_form[0] in dates.EPOCHS

    @cached_property
    def mark(self) -> tuple[str, Mapping[str, str]]:
        """Return the code of its reading as an amount, and how an example reads under each mark that is possible."""
        if self.typed == "number":
            return "typed", {}
        return amounts.settle(amounts.gather(self.distinct, self.times), None, None)

    @cached_property
    def is_number(self) -> bool:
        """Return whether its cells are numbers."""
        if self.typed != "text" or not self.filled:
            return self.typed == "number"
        read = np.isfinite(self.numbers)
        return int(read.sum()) >= MEANT * self.filled

    @cached_property
    def numbers(self) -> FloatArray:
        """Return the number in each row, NaN where there is none, shape (rows,)."""
        form, doubt = self.mark
        mark = next(iter(doubt), form)
        written, valid = amounts.read(self.distinct, mark if mark in (amounts.POINT, amounts.COMMA) else amounts.POINT)
        number = np.asarray(choose(valid, written, pa.scalar("nan")).cast(pa.float64()))
        return np.append(number, np.nan)[self.codes]


@dataclass(frozen=True)
class TableSketch:
    """One table.  name : as a query gives it.  rows : that were looked at.  whole : whether these are all."""

    name: str
    columns: tuple[ColumnSketch, ...]
    rows: int
    whole: bool = True

    @cached_property
    def plain(self) -> str:
        """Return the name as it is compared."""
        return plain_name(self.name)

    def column(self, names: str) -> ColumnSketch | None:
        """Return the first column of those names, divided by `|`; None where none is there."""
        there = {plain_name(column.name): column for column in reversed(self.columns)}
        return next((there[plain_name(name)] for name in names.split("|") if plain_name(name) in there), None)


def sketch(connector: Connector, table: str, rules: SourceRules) -> TableSketch:
    """Return the sketch of one table of a source."""
    names = connector.columns(table)
    if not names:
        return TableSketch(table, (), 0)
    parts: dict[str, list[Any]] = {name: [] for name in names}
    rows, whole = 0, True
    for batch in connector.batches(table, names):
        if rows >= MOST_ROWS:
            whole = False
            break
        for name in names:
            parts[name].append(batch[name])
        rows += len(batch[names[0]])
    plain = _without_common_word([plain_name(name) for name in names])
    columns = tuple(_column(name, at, parts[name], rules) for name, at in zip(names, plain, strict=True))
    return TableSketch(table, columns, rows, whole)


def _without_common_word(plain: Sequence[str]) -> list[str]:
    """Return names without the word that begins all of them, as in `Deal - ID`, `Deal - Value`."""
    words = {name.split(" ")[0] for name in plain}
    if len(words) > 1 or len(plain) < 4 or not all(" " in name for name in plain):
        return list(plain)
    return [name.partition(" ")[2] for name in plain]


def _column(name: str, plain: str, parts: Sequence[Any], rules: SourceRules) -> ColumnSketch:
    texts, typed = [], "text"
    for part in parts:
        text, kind = _as_text(part)
        texts.append(text)
        typed = kind or typed
    cells = pa.chunked_array(texts, pa.string()).combine_chunks() if texts else pa.array([], pa.string())
    distinct, _, codes = distinct_cells(cells)
    return ColumnSketch(name, plain, distinct=distinct, codes=codes, typed=typed, rules=rules)


def _as_text(cells: Any) -> tuple[pa.Array, str]:
    """Return cells as text, and what the source types them as, empty where it does not."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    if not isinstance(cells, pa.Array):
        plain = [None if cell is None else cell for cell in cells]
        try:
            cells = pa.array(plain)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return pa.array([None if cell is None else str(cell) for cell in plain], pa.string()), ""
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    if pa.types.is_null(kind):
        return pa.nulls(len(cells), pa.string()), ""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return cells.cast(pa.string()), ""
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    said = "time" if pa.types.is_temporal(kind) else "number" if number else "other"
    try:
        return cells.cast(pa.string()), said
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if cell is None else str(cell) for cell in cells.to_pylist()], pa.string()), said
