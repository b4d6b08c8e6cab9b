"""From raw columns to typed columns; every row that cannot be used is set aside with its reason.

Beside it, `cells` says what one cell means, `columns` how a column is read, and `deduplication` which of two rows with
the same key stays.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.deadlines import check_deadline, timed
from features.errors import ShapeMismatch
from features.instants import ALWAYS, NEVER, iso
from features.schema import MONEY_SUM_LIMIT, Column, Kind, Missing, Table
from features.sources.cleaning.amount_limits import rows_beyond_sum_limit
from features.sources.cleaning.cells import DAY_US, NAT
from features.sources.cleaning.column_names import column_notes
from features.sources.cleaning.columns import READERS, ReadColumn, normalise
from features.sources.cleaning.deduplication import difference, find_duplicates
from features.sources.cleaning.text_column import TextColumn
from features.tables import INSTRUMENT_SCALES

Columns = Mapping[str, Any]
"""Cleaned columns by name, all of one length: arrays as `features.schema.Kind` says, or a TextColumn."""

_UNREADABLE = {
    Kind.TEXT: "unreadable text",
    Kind.CATEGORY: "unknown value",
    Kind.FLAG: "unknown value",
    Kind.TIME: "unreadable time",
    Kind.MONEY: "unreadable number",
    Kind.NUMBER: "unreadable number",
}


@dataclass(frozen=True)
class SetAside:
    """A row that was not used, and the first reason for it.

    row : position in the table as it was read, counted from 0.
    reason : a fixed phrase, and after a colon the details: "unreadable number: revenue is 'abc'".
    """

    table: str
    row: int
    column: str
    reason: str
    account_id: str | None


@dataclass(frozen=True)
class Cleaned:
    """A table after cleaning.

    notes : warnings in plain words, without personal data.
    rows_read : rows kept + rows set aside.
    """

    columns: Columns
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    rows_read: int


COPY = "exact copy"
"""The reason of a row that was left out because another is the same in every cell."""


def clean(
    table: Table, raw: Mapping[str, Any], *, until: int | None = None, copies: Mapping[int, int] | None = None
) -> Cleaned:
    """Return the usable rows of a table, typed, in their order; the others are set aside.

    raw : one array or sequence per column, all of one length: NumPy, Arrow, or plain Python objects. No columns at all
        means no rows.
    until : microseconds, the end of the day of the export; an event from then on is in the future.
    copies : row -> the row of which it is an exact copy, of those to leave out.

    A table with a time always gets its time column and `recorded_at`, even where raw has neither.

    Raises
    ------
    ColumnMissing
        If a required column is not in raw.
    ShapeMismatch
        If the columns differ in length.
    """
    if not raw:
        raw = dict.fromkeys(table.required, ())
    bad_rows = _BadRows(table, list(column_notes(table, raw)))
    rows = _row_count(table, raw)
    bad_rows.add(
        copies or {}, table.key or str(table.time), lambda row: f"{COPY}: row {(copies or {})[row]} is the same"
    )
    columns: dict[str, Any] = {}
    for column in table.columns:
        if column.name in raw:
            check_deadline()
            read = READERS[column.kind](column, normalise(raw[column.name]))
            columns[column.name] = _check_values(column, read, bad_rows)
    if table.time is not None:
        _settle_times(table, columns, rows, bad_rows)
        if until is not None:
            _check_future(table, columns, until, bad_rows)
    if table.name == "surveys":
        _check_scale(table, columns, bad_rows)
    _check_sums(table, columns, bad_rows)
    if table.key is not None and table.key in columns:
        duplicates = find_duplicates(table, columns, bad_rows.reasons)
        bad_rows.add(duplicates, table.key, lambda row: _duplicate(table, columns, row, duplicates[row]))
    if bad_rows.reasons:
        accounts = columns.get("account_id")
        keep = np.ones(rows, dtype=bool)
        keep[list(bad_rows.reasons)] = False
        kept = {id(values): values[keep] for values in columns.values()}  # recorded_at may be the time column itself
        columns = {name: kept[id(values)] for name, values in columns.items()}
        return Cleaned(columns, bad_rows.set_aside(accounts), tuple(bad_rows.notes), rows)
    return Cleaned(columns, (), tuple(bad_rows.notes), rows)


def _row_count(table: Table, raw: Mapping[str, Any]) -> int:
    lengths = {name: len(values) for name, values in raw.items()}
    if len(set(lengths.values())) > 1:
        raise ShapeMismatch(f"the columns of {table.name} differ in length: {lengths}")
    if any(getattr(values, "ndim", 1) != 1 for values in raw.values()):
        raise ShapeMismatch(f"every column of {table.name} must have one dimension")
    return next(iter(lengths.values()))


@dataclass
class _BadRows:
    """The bad rows of a table while it is being cleaned, each with its column and first reason."""

    table: Table
    notes: list[str]
    reasons: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, rows: Iterable[int], column: str, reason: Callable[[int], str]) -> None:
        for row in timed(rows):
            if row not in self.reasons:
                self.reasons[row] = (column, reason(row))

    def set_aside(self, accounts: TextColumn | None) -> tuple[SetAside, ...]:
        name, rows = self.table.name, sorted(self.reasons)
        ids = [None] * len(rows) if accounts is None else accounts[np.array(rows, np.int64)].tolist()
        return tuple(SetAside(name, row, *self.reasons[row], at) for row, at in timed(zip(rows, ids, strict=True)))


def _check_values(column: Column, read: ReadColumn, bad_rows: _BadRows) -> Any:
    """Return the values of a column; add its unreadable cells to the bad rows."""
    values, bad, name = read.values, read.bad, column.name
    if bad:
        forgiven = not column.required and column.kind in (Kind.TEXT, Kind.CATEGORY, Kind.FLAG)
        if forgiven:
            # Free text and names stay out of notes: those are logged and shown.
            example = "" if column.kind is Kind.TEXT else f", e.g. {next(iter(bad.values()))}"
            bad_rows.notes.append(
                f"{bad_rows.table.name}.{name}: {len(bad)} cells count as missing ({_UNREADABLE[column.kind]}{example})"
            )
        else:
            known = f"; it must be one of {', '.join(column.values)}" if column.values else ""
            phrase = _UNREADABLE[column.kind]
            bad_rows.add(bad, name, lambda row: f"{phrase}: {name} is {bad[row]}{known}")
    if column.low is not None and column.high is not None:
        outside = (values < column.low) | (values > column.high)
        if outside.any():
            bad_rows.add(np.flatnonzero(outside).tolist(), name, lambda row: _beyond(column, float(values[row])))
    if column.kind is Kind.TIME:
        return _fill_times(column, values, bad_rows)
    if column.required:
        empty = _is_missing(column.kind, values)
        if empty.any():
            reason = "no account" if name == "account_id" else f"required value missing: {name} is empty"
            bad_rows.add(np.flatnonzero(empty).tolist(), name, lambda _: reason)
    return values


def _beyond(column: Column, value: float) -> str:
    limit = column.low if column.low is not None and value < column.low else column.high
    return f"unreadable number: {column.name} is {value:g}; the limit is {limit:.12g}"


def _is_missing(kind: Kind, values: Any) -> NDArray[np.bool_]:
    if kind is Kind.TEXT:
        return values.missing  # type: ignore[no-any-return]
    missing: NDArray[np.bool_] = values < 0 if kind in (Kind.CATEGORY, Kind.FLAG) else np.isnan(values)
    return missing


def _fill_times(column: Column, values: NDArray[np.int64], bad_rows: _BadRows) -> NDArray[np.int64]:
    """Replace missing times by ALWAYS or NEVER; those of `recorded_at` stay until the row's own time is known."""
    if column.name == "recorded_at":
        return values
    empty = values == NAT
    if not empty.any():
        return values
    if column.missing is Missing.BAD:
        bad_rows.add(np.flatnonzero(empty).tolist(), column.name, lambda _: "no time")
    return np.where(empty, ALWAYS if column.missing is Missing.ALWAYS else NEVER, values)


def _settle_times(table: Table, columns: dict[str, Any], rows: int, bad_rows: _BadRows) -> None:
    """Give every row its `recorded_at`, and compare the row's times with each other."""
    assert table.time is not None
    if table.time not in columns:
        columns[table.time] = np.full(rows, ALWAYS, dtype=np.int64)
    time = columns[table.time]
    recorded = columns.get("recorded_at")
    if recorded is None:
        recorded = time
    else:
        late = np.flatnonzero(time > np.where(recorded == NAT, NEVER, recorded) + DAY_US)
        if late.size and not table.may_precede:
            days = (time - recorded) / DAY_US
            bad_rows.add(
                late.tolist(),
                "recorded_at",
                lambda row: f"recorded before it happened: recorded_at is {days[row]:.1f} days before {table.time}",
            )
        recorded = np.where(recorded == NAT, time, recorded)
    columns["recorded_at"] = recorded
    undated = int(np.count_nonzero(recorded == ALWAYS)) if table.column(table.time).missing is Missing.ALWAYS else 0
    if undated:
        bad_rows.notes.append(
            f"{table.name}: {undated} of {rows} rows have no {table.time}; they count as older than the data"
        )
    for column in table.columns:
        if column.known_from not in (None, *columns) and column.name in columns:
            bad_rows.notes.append(
                f"{table.name}: {column.name} counts only from {column.known_from}, which is not there"
            )
        if column.kind is Kind.TIME and column.known_from is not None and column.name in columns:
            early = int(np.count_nonzero(columns[column.name] < time))
            if early:
                bad_rows.notes.append(
                    f"{table.name}: {early} rows have {column.name} before {table.time}; they are kept"
                )


def _duplicate(table: Table, columns: Mapping[str, Any], row: int, kept: int) -> str:
    other = difference(table, columns, row, kept)
    if other:
        return f"conflicting {table.key}: row {kept} is kept; {other}"
    return f"duplicate {table.key}: row {kept} is kept"


def _check_future(table: Table, columns: Mapping[str, Any], until: int, bad_rows: _BadRows) -> None:
    """Set aside events after the day of the export; a contract may start later, but not be recorded later."""
    recorded = columns["recorded_at"]
    names = [] if table.may_precede or table.column(str(table.time)).missing is not Missing.BAD else [str(table.time)]
    if recorded is not columns[str(table.time)] and not (table.may_precede and recorded is None):
        names.append("recorded_at")
    for name in names:
        times = columns[name]
        late = times >= until
        if name == "recorded_at":
            late &= times != columns[str(table.time)]
        rows = np.flatnonzero(late & (times != NEVER))
        bad_rows.add(
            rows.tolist(),
            name,
            lambda row, name=name, times=times: (  # type: ignore[misc]
                f"in the future: {name} is {iso(int(times[row]))}, after the export on {iso(until - DAY_US)}"
            ),
        )


def _check_scale(table: Table, columns: dict[str, Any], bad_rows: _BadRows) -> None:
    """Set aside survey scores outside the scale of their instrument; without an instrument it is nps."""
    names = table.column("instrument").values
    scores = columns["score"]
    codes = np.zeros(len(scores), dtype=np.int8)
    if "instrument" in columns:
        codes = np.maximum(columns["instrument"], 0)
    low = np.array([INSTRUMENT_SCALES[name][0] for name in names])[codes]
    high = np.array([INSTRUMENT_SCALES[name][1] for name in names])[codes]
    off = np.flatnonzero((scores < low) | (scores > high))

    def reason(row: int) -> str:
        return f"outside the scale: score is {scores[row]:g}; {names[codes[row]]} runs {low[row]}..{high[row]}"

    bad_rows.add(off.tolist(), "score", reason)


def _check_sums(table: Table, columns: dict[str, Any], bad_rows: _BadRows) -> None:
    """Set aside the rows from which on an account's amounts can no longer be added up exactly."""
    for column in table.columns:
        if column.kind is not Kind.MONEY or column.name not in columns or "account_id" not in columns:
            continue
        amounts = columns[column.name]
        extremes = np.fmin.reduce(amounts, initial=0.0), np.fmax.reduce(amounts, initial=0.0)
        if float(max(-extremes[0], extremes[1])) * len(amounts) <= MONEY_SUM_LIMIT:  # plain: numpy's would warn
            continue
        recorded = columns.get("recorded_at", np.zeros(len(amounts), np.int64))
        rows = rows_beyond_sum_limit(amounts, columns["account_id"].codes, recorded)
        reason = f"unreadable number: the account's {column.name} adds up to more than {MONEY_SUM_LIMIT:.0e}"
        bad_rows.add(rows.tolist(), column.name, lambda _, reason=reason: reason)  # type: ignore[misc]
