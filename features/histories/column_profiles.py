"""The raw columns of a source in counts by week: how full they are, which values they hold, how large, at what hour.

A model keeps those of its training, so that monitoring can say what broke since: a column that was emptied, values that
were renamed, money that comes in cents, times in another zone. The rows of a country or a currency are counted by
themselves too, since often only one of several sources breaks. Counts add up over the parts of a source, and a week
counts only when it is over, so that nothing of later weeks is seen. A cell that is filled in later counts in the week
in which it was, and only then. Whatever names a person is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, FloatArray, IntArray
from features.schema import Column, Kind, Table
from features.sources.cleaning.text_column import TextColumn
from features.tables import TABLE

if TYPE_CHECKING:
    from features.sources.source import Source

WEEK = 7 * MICROSECONDS_PER_DAY
HOUR = MICROSECONDS_PER_DAY // 24
ROWS, MISSING = "", ""
"""Stands for the column that every row has, and for a cell without a value."""
STEPS, SMALLEST, LARGEST = 8, -3, 11
"""Numbers are counted by size, in so many steps to a factor of ten, between these powers of ten."""
EXACT = 20
"""Whole numbers up to here are counted each by itself: answers on a scale, grades, how many."""
MOST_DISTINCT = 5_000
PERSONAL = frozenset({"name", "owner", "made_by"})

OF_ACCOUNT, OF_ROW = ("country", "segment", "industry"), ("currency", "instrument")
"""Columns of accounts, and of a table's own rows, by whose values rows are counted by themselves too."""
MOST_PARTS = 200
"""Different values of such a column, above which it is no division into parts."""
MOST_BINS = 4_000_000


class Counts(Mapping[tuple[int, str], int]):
    """(Week, value) -> number of rows.

    weeks, codes, rows : shape (n,), in the order of weeks.  labels : the values that the codes stand for.
    """

    def __init__(self, weeks: IntArray, codes: IntArray, rows: IntArray, labels: tuple[str, ...]) -> None:
        self.weeks, self.codes, self.rows, self.labels = weeks.astype(np.int32), codes.astype(np.int32), rows, labels

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: tuple[int, str]) -> int:
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[tuple[int, str], int]:
        keys = zip(self.weeks.tolist(), [self.labels[code] for code in self.codes.tolist()], strict=True)
        return dict(zip(keys, self.rows.tolist(), strict=True))


Profiles = Mapping[str, Mapping[str, Counts]]
"""Table, or a part of it as `part_of` calls it -> column -> its counts; the column ROWS counts the rows."""


def part_of(table: str, kind: str, name: str) -> str:
    """Return how the rows of a table with that value in a column are called, as `orders[currency=USD]`."""
    return f"{table}[{kind}={name}]"


def table_of(part: str) -> tuple[str, str, str]:
    """Return table, kind and name of a part; of a whole table the last two are empty."""
    table, _, rest = part.partition("[")
    kind, _, name = rest[:-1].partition("=")
    return table, kind, name


def profile_columns(source: "Source") -> Profiles:
    """Return the profiles of all columns of a cleaned source, of the tables that hold accounts' rows."""
    found: dict[str, Mapping[str, Counts]] = {}
    divisions = _divisions(source)
    for name, cells in source.tables.items():
        if "account_id" in cells:
            found |= _profile(TABLE[name], cells, divisions)
    return found


def _divisions(source: "Source") -> dict[str, dict[str, str]]:
    """Return, for each column of accounts that divides them into parts, account -> value."""
    accounts = source.tables.get("accounts", {})
    found: dict[str, dict[str, str]] = {}
    for kind in OF_ACCOUNT:
        if kind in accounts and len(accounts[kind].names) <= MOST_PARTS:
            found[kind] = {
                account: value
                for account, value in zip(accounts["account_id"].tolist(), accounts[kind].tolist(), strict=True)
                if value is not None
            }
    return found


def add_profiles(parts: Iterable[Profiles]) -> Profiles:
    """Add the profiles of all parts of a source."""
    gathered: dict[str, dict[str, list[Counts]]] = {}
    for part in parts:
        for table, columns in part.items():
            for name, counts in columns.items():
                gathered.setdefault(table, {}).setdefault(name, []).append(counts)
    return {
        table: {name: _sum(all_of_it) for name, all_of_it in columns.items()} for table, columns in gathered.items()
    }


def _sum(counts: list[Counts]) -> Counts:
    labels = tuple(dict.fromkeys(label for one in counts for label in one.labels))
    place = {label: k for k, label in enumerate(labels)}
    codes = [np.array([place[label] for label in one.labels], np.int64)[one.codes] for one in counts]
    weeks, rows = (np.concatenate([getattr(one, name) for one in counts]) for name in ("weeks", "rows"))
    return _count(weeks.astype(np.int64), np.concatenate(codes), labels, rows)


def values_between(counts: Counts, since: int, until: int) -> dict[str, int]:
    """Return value -> rows over the whole weeks from `since` to `until` (microseconds)."""
    here = slice(*np.searchsorted(counts.weeks, _weeks_between(since, until)))
    found = np.bincount(counts.codes[here], weights=counts.rows[here], minlength=len(counts.labels))
    return {counts.labels[k]: int(found[k]) for k in np.flatnonzero(found)}


def rows_by_week(counts: Counts, since: int, until: int) -> list[int]:
    """Return the rows of every whole week between, also of those without any."""
    first, last = _weeks_between(since, until)
    here = slice(*np.searchsorted(counts.weeks, (first, last)))
    found = np.bincount(counts.weeks[here] - first, weights=counts.rows[here], minlength=max(last - first, 0))
    return [int(rows) for rows in found]


def _weeks_between(since: int, until: int) -> tuple[int, int]:
    return -(-since // WEEK), until // WEEK


def number_of(size: str) -> float:
    """Return the number that a size stands for: itself, or the middle of its step."""
    if size.startswith("="):
        return float(size[1:])
    step = int(size)
    if step == 0:
        return 0.0
    return float(np.sign(step) * 10 ** ((abs(step) - 0.5) / STEPS + SMALLEST))


def _profile(
    table: Table, columns: Mapping[str, Any], divisions: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Counts]]:
    """Return the counts of a table's columns, and those of each of its parts, by their names."""
    weeks = _weeks(table, columns)
    parts = list(_parts(table, columns, divisions))
    found: dict[str, dict[str, Counts]] = {table.name: {ROWS: _count(weeks, np.zeros(len(weeks), np.int64), (ROWS,))}}
    for names, part in parts:
        for name, counts in _by_part(weeks, np.zeros(len(weeks), np.int64), (ROWS,), part, names):
            found.setdefault(name, {})[ROWS] = counts
    for column in table.columns:
        if not {column.name, column.known_from or column.name} <= columns.keys():
            continue
        if column.name in ("recorded_at", column.known_from):
            continue
        codes, labels = _coded(column, columns[column.name])
        known = weeks
        rows: slice | IntArray = slice(None)
        if column.known_from is not None:  # from then on only, of the rows that have it by now
            later = np.asarray(columns[column.known_from], np.int64)
            rows = np.flatnonzero((later != NEVER) & (later != ALWAYS))
            known = np.maximum(weeks[rows], later[rows] // WEEK)
        found[table.name][column.name] = _count(known, codes[rows], labels)
        for names, part in parts:
            if column.name not in (*OF_ACCOUNT, *OF_ROW):
                for name, counts in _by_part(known, codes[rows], labels, part[rows], names):
                    found[name][column.name] = counts
    return found


def _parts(
    table: Table, columns: Mapping[str, Any], divisions: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[list[str], IntArray]]:
    """Yield the names of the parts of each division of a table, and the part of each row, -1 of none."""
    own = ((kind, _coded(table.column(kind), columns[kind])) for kind in OF_ROW if kind in columns)
    by_row = ((kind, codes - 1, list(labels[1:])) for kind, (codes, labels) in own)
    for kind, part, values in (*by_row, *_by_account(columns["account_id"], divisions)):
        rows = np.bincount(part[part >= 0], minlength=len(values))
        if np.count_nonzero(rows) <= MOST_PARTS:
            kept = np.flatnonzero(rows)
            place = np.full(len(values) + 1, -1)
            place[kept] = np.arange(len(kept))
            yield [part_of(table.name, kind, values[k]) for k in kept], place[part]


def _by_account(
    account: TextColumn, divisions: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, IntArray, list[str]]]:
    for kind, value_of in divisions.items():
        values = sorted(set(value_of.values()))
        place = {value: k for k, value in enumerate(values)}
        of_name = [place.get(value_of.get(name, ""), -1) for name in account.names]
        yield kind, np.array([*of_name, -1], np.int64)[account.codes], values


def _by_part(
    weeks: IntArray, codes: IntArray, labels: tuple[str, ...], part: IntArray, names: list[str]
) -> Iterator[tuple[str, Counts]]:
    """Yield the counts of each part."""
    known = part >= 0
    several = _count(weeks[known], part[known] * len(labels) + codes[known], None)
    of_part = several.codes // len(labels)
    for k, name in enumerate(names):
        here = of_part == k
        yield name, Counts(several.weeks[here], several.codes[here] % len(labels), several.rows[here], labels)


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


def _coded(column: Column, cells: Any) -> tuple[IntArray, tuple[str, ...]]:
    """Return each cell's position among the labels, and the labels; the first is that of a missing cell."""
    if column.kind in (Kind.MONEY, Kind.NUMBER):
        return _sizes(np.asarray(cells, np.float64))
    if column.kind is Kind.TIME:
        times = np.asarray(cells, np.int64)
        hours = (times % MICROSECONDS_PER_DAY) // HOUR + 1
        return np.where((times == ALWAYS) | (times == NEVER), 0, hours), (MISSING, *(f"{hour}" for hour in range(24)))
    if isinstance(cells, TextColumn):
        named = column.name not in PERSONAL and not column.name.endswith("_id") and len(cells.names) <= MOST_DISTINCT
        codes = cells.codes.astype(np.int64) + 1
        return (codes, (MISSING, *map(str, cells.names))) if named else (np.minimum(codes, 1), (MISSING, "filled"))
    codes = np.asarray(cells).astype(np.int64) + 1
    return codes, (MISSING, *(column.values or ("no", "yes")))


def _sizes(numbers: FloatArray) -> tuple[IntArray, tuple[str, ...]]:
    most = (LARGEST - SMALLEST) * STEPS
    known = np.isfinite(numbers)
    whole = known & (np.abs(numbers) <= EXACT) & (numbers == np.round(numbers))
    size = np.zeros(len(numbers), np.int64)
    other = known & ~whole
    steps = np.floor((np.log10(np.abs(numbers[other])) - SMALLEST) * STEPS).astype(np.int64) + 1
    size[other] = np.clip(steps, 1, most) * np.sign(numbers[other]).astype(np.int64)
    size[whole] = most + EXACT + 1 + numbers[whole].astype(np.int64)
    exact = (f"={number}" for number in range(-EXACT, EXACT + 1))
    return np.where(known, size + most + 1, 0), (MISSING, *(f"{step}" for step in range(-most, most + 1)), *exact)


def _count(weeks: IntArray, codes: IntArray, labels: tuple[str, ...] | None, rows: IntArray | None = None) -> Counts:
    """Return how many rows have each pair of week and code.  rows : that each entry stands for; None = one."""
    if not len(weeks):
        nothing = np.empty(0, np.int64)
        return Counts(nothing, nothing, nothing, labels or ())
    first, width = int(weeks.min()), int(codes.max()) + 1
    keys: NDArray[np.int64] = (weeks - first) * width + codes
    if int(keys.max()) < MOST_BINS:
        counted = np.bincount(keys, weights=rows)
        distinct = np.flatnonzero(counted)
        number = counted[distinct].astype(np.int64)
    else:
        distinct, back = np.unique(keys, return_inverse=True)
        number = np.bincount(back, weights=rows).astype(np.int64)
    return Counts(distinct // width + first, distinct % width, number, labels or ())
