"""What the cells of a column say about how they are written, gathered in batches, and the reading settled from it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.instants import BoolArray, IntArray


@dataclass
class Evidence:
    """The evidence of a column so far; two of them add up.

    counts : mark -> number of cells that bear it.
    examples : mark -> the first such cell.
    different : name -> the different values seen.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    different: dict[str, set[Any]] = field(default_factory=dict)

    def see(self, mark: str, where: BoolArray, cells: pa.Array, times: IntArray) -> None:
        """Count the cells that bear a mark.

        cells : the distinct ones.  times : how often each of them stands there.
        """
        if where.any():
            self.counts[mark] += int(times[where].sum())
            self.examples.setdefault(mark, cells[int(np.argmax(where))].as_py())

    def collect(self, name: str, values: NDArray[Any]) -> None:
        """Remember the different values under a name."""
        self.different.setdefault(name, set()).update(np.unique(values).tolist())

    def add(self, more: "Evidence") -> None:
        """Add what was seen elsewhere in the same column."""
        self.counts.update(more.counts)
        self.examples = {**more.examples, **self.examples}
        for name, values in more.different.items():
            self.different.setdefault(name, set()).update(values)


@dataclass(frozen=True)
class ColumnReading:
    """How the cells of a column were understood.

    form : a code such as `iso`, `dmy`, `epoch_ms`, `decimal_comma`, `text` or `typed`; see FORMS.
    details : further codes, such as `percent` or `trimmed`, with how many cells each concerns.
    filled : cells that are not empty.
    changed : how many of them are not written as the contract has it.
    before, after : one of those, and how it was read; empty where there is none.
    empty : words that count as an empty cell.
    doubt : readings that the cells allow, code -> how the example would read; empty where one was settled.
    """

    table: str
    column: str
    form: str
    details: Mapping[str, int] = field(default_factory=dict)
    filled: int = 0
    changed: int = 0
    before: str = ""
    after: str = ""
    empty: tuple[str, ...] = ()
    doubt: Mapping[str, str] = field(default_factory=dict)


FORMS: Mapping[str, str] = {
    "typed": "as the source types it",
    "text": "text",
    "category": "one of its values",
    "flag": "yes or no",
    "iso": "dates as the contract has them",
    "ymd": "dates with the year first",
    "dmy": "dates with the day first",
    "mdy": "dates with the month first",
    "named": "dates with the month's name",
    "compact": "dates as eight digits",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
    "epoch_ns": "nanoseconds since 1970",
    "excel": "days as Excel counts them",
    "decimal_point": "numbers with a decimal point",
    "decimal_comma": "numbers with a decimal comma",
    "whole": "whole numbers",
    "empty": "nothing",
    "doubtful": "in doubt",
}
"""Code of a reading -> in words."""
DETAILS: Mapping[str, str] = {
    "trimmed": "blanks trimmed",
    "null_like": "an empty cell in words, such as NULL",
    "point_zero": "an id that ends in .0",
    "rounded": "ids that a spreadsheet rounded",
    "percent": "per cent",
    "parentheses": "negative in parentheses or with the sign behind",
    "currency": "with a currency",
    "grouped": "with a mark between thousands",
    "zoned": "with an offset from UTC",
    "two_digit_year": "with two digits of the year",
}
"""Code of a detail -> in words."""


def words(reading: ColumnReading) -> str:
    """Return how a column was understood, in words."""
    more = [f"{count:,} {DETAILS[code]}" for code, count in reading.details.items()]
    return ", ".join([FORMS[reading.form], *more])


def quoted(cell: str) -> str:
    """Return a cell with quotes, so that blanks show; nothing for none."""
    return repr(cell) if cell else ""


def distinct_cells(cells: pa.Array) -> tuple[pa.Array, IntArray, IntArray]:
    """Return the distinct texts, how often each stands there, and the code of every cell, -1 where it is empty."""
    coded = cells if isinstance(cells, pa.DictionaryArray) else cells.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    distinct = coded.dictionary.cast(pa.string())
    return distinct, np.bincount(codes + 1, minlength=len(distinct) + 1)[1:].astype(np.int64), codes


def replaced(distinct: pa.Array, codes: IntArray) -> pa.DictionaryArray:
    """Return the cells of these codes, stored by distinct text; two codes may have come to mean the same text."""
    coded = distinct.dictionary_encode()
    place = np.append(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), -1)[codes].astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place, mask=place < 0), coded.dictionary)


def matches(cells: pa.Array, pattern: str) -> BoolArray:
    """Return which cells a regular expression matches as a whole, shape (n,)."""
    found: BoolArray = (
        pc.match_substring_regex(cells, f"^(?:{pattern})$").fill_null(False).to_numpy(zero_copy_only=False)
    )
    return found


def choose(where: BoolArray, ours: pa.Array, theirs: pa.Array) -> pa.Array:
    """Return ours where it is so, else theirs."""
    return pc.if_else(pa.array(where), ours, theirs)
