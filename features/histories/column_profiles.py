"""The raw columns of a source in counts by week: how full they are, which values they hold, how large, at what hour.

A model keeps those of its training, so that monitoring can say what broke since: a column that was emptied, values that
were renamed, money that comes in cents, times in another zone. Counts add up over the parts of a source, and a week
counts only when it is over, so that nothing of later weeks is seen. Cells that are filled in later are left out, and so
is whatever names a person.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, FloatArray, IntArray
from features.schema import Column, Kind, Table
from features.sources.text_column import TextColumn
from features.tables import TABLE

if TYPE_CHECKING:
    from features.sources.source import Source

WEEK = 7 * MICROSECONDS_PER_DAY
HOUR = MICROSECONDS_PER_DAY // 24
ROWS, MISSING = "", ""
"""Stands for the column that every row has, and for a cell without a value."""
STEPS, SMALLEST, LARGEST = 8, -3, 11
"""Numbers are counted by size, in so many steps to a factor of ten, between these powers of ten."""
MOST_DISTINCT = 5_000
PERSONAL = frozenset({"name", "owner", "made_by"})

Counts = Mapping[tuple[int, str], int]
"""(Week, value) -> number of rows."""
Profiles = Mapping[str, Mapping[str, Counts]]
"""Table -> column -> its counts; the column ROWS counts the rows."""


def profile_columns(source: "Source") -> Profiles:
    """Return the profiles of all columns of a cleaned source, of the tables that hold accounts' rows."""
    return {name: _profile(TABLE[name], cells) for name, cells in source.tables.items() if "account_id" in cells}


def add_profiles(parts: Iterable[Profiles]) -> Profiles:
    """Add the profiles of all parts of a source."""
    total: dict[str, dict[str, Counter[tuple[int, str]]]] = {}
    for part in parts:
        for table, columns in part.items():
            for name, counts in columns.items():
                total.setdefault(table, {}).setdefault(name, Counter()).update(counts)
    return total


def values_between(counts: Counts, since: int, until: int) -> dict[str, int]:
    """Return value -> rows over the whole weeks from `since` to `until` (microseconds)."""
    first, last = -(-since // WEEK), until // WEEK
    found: Counter[str] = Counter()
    for (week, value), rows in counts.items():
        if first <= week < last:
            found[value] += rows
    return dict(found)


def rows_by_week(counts: Counts, since: int, until: int) -> list[int]:
    """Return the rows of every whole week between, also of those without any."""
    first, last = -(-since // WEEK), until // WEEK
    return [counts.get((week, ROWS), 0) for week in range(first, last)]


def number_of(size: str) -> float:
    """Return the number that a size stands for: the middle of its step."""
    step = int(size)
    if step == 0:
        return 0.0
    return float(np.sign(step) * 10 ** ((abs(step) - 0.5) / STEPS + SMALLEST))


def _profile(table: Table, columns: Mapping[str, Any]) -> dict[str, Counts]:
    weeks = _weeks(table, columns)
    found = {ROWS: _count(weeks, np.zeros(len(weeks), np.int64), [ROWS])}
    for column in table.columns:
        if column.name not in columns or column.known_from is not None or column.name == "recorded_at":
            continue
        codes, labels = _coded(column, columns[column.name])
        found[column.name] = _count(weeks, codes, labels)
    return found


def _weeks(table: Table, columns: Mapping[str, Any]) -> IntArray:
    """Return the week in which each row came to be known; before all others where nobody knows."""
    known: IntArray | None = None
    for name in (table.time, "recorded_at"):
        if name is not None and name in columns:
            times = np.asarray(columns[name], np.int64)
            known = times if known is None else np.maximum(known, times)
    if known is None:
        rows = len(next(iter(columns.values()))) if columns else 0
        return np.zeros(rows, np.int64)
    return np.where((known == ALWAYS) | (known == NEVER), 0, known // WEEK)


def _coded(column: Column, cells: Any) -> tuple[IntArray, list[str]]:
    """Return each cell's position among the labels, and the labels; the first is that of a missing cell."""
    if column.kind in (Kind.MONEY, Kind.NUMBER):
        return _sizes(np.asarray(cells, np.float64))
    if column.kind is Kind.TIME:
        times = np.asarray(cells, np.int64)
        hours = (times % MICROSECONDS_PER_DAY) // HOUR + 1
        return np.where((times == ALWAYS) | (times == NEVER), 0, hours), [MISSING, *(f"{hour}" for hour in range(24))]
    if isinstance(cells, TextColumn):
        named = column.name not in PERSONAL and not column.name.endswith("_id") and len(cells.names) <= MOST_DISTINCT
        codes = cells.codes.astype(np.int64) + 1
        return (codes, [MISSING, *map(str, cells.names)]) if named else (np.minimum(codes, 1), [MISSING, "filled"])
    codes = np.asarray(cells).astype(np.int64) + 1
    return codes, [MISSING, *(column.values or ("no", "yes"))]


def _sizes(numbers: FloatArray) -> tuple[IntArray, list[str]]:
    most = (LARGEST - SMALLEST) * STEPS
    known, zero = np.isfinite(numbers), numbers == 0
    size = np.zeros(len(numbers), np.int64)
    other = known & ~zero
    steps = np.floor((np.log10(np.abs(numbers[other])) - SMALLEST) * STEPS).astype(np.int64) + 1
    size[other] = np.clip(steps, 1, most) * np.sign(numbers[other]).astype(np.int64)
    return np.where(known, size + most + 1, 0), [MISSING, *(f"{step}" for step in range(-most, most + 1))]


def _count(weeks: IntArray, codes: IntArray, labels: list[str]) -> Counts:
    keys: NDArray[np.int64] = weeks * len(labels) + codes
    distinct, rows = np.unique(keys, return_counts=True)
    return {
        (int(key) // len(labels), labels[int(key) % len(labels)]): int(n)
        for key, n in zip(distinct.tolist(), rows.tolist(), strict=True)
    }
