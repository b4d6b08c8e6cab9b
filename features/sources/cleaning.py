"""Raw columns in, typed columns out; every row that cannot be used is set aside with its reason.

What one cell means stands in `features.sources.cells`, how a column is read in `features.sources.columns`, and which
of two
rows with one key stays in `features.sources.deduplication`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import ColumnMissing, ShapeMismatch
from features.sources.amount_limits import beyond_sum
from features.sources.cells import DAY_US, NAT
from features.sources.columns import READERS, Read, normal
from features.sources.deduplication import keepers
from features.sources.text_column import TextColumn
from features.tables import ALWAYS, INSTRUMENT_SCALES, MONEY_SUM_LIMIT, NEVER, Column, Kind, Missing, Table

Columns = Mapping[str, Any]
"""Cleaned columns by name, all of one length, typed as `features.tables.Kind` says: arrays, or Texts."""

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
    """One row that was not used, and the first reason found.

    row : position in the table as it was read, counted from 0.
    reason : a fixed phrase, and after a colon what was found: "unreadable number: revenue is 'abc'".
    """

    table: str
    row: int
    column: str
    reason: str
    account_id: str | None


@dataclass(frozen=True)
class Cleaned:
    """One table after cleaning; rows_read = rows kept + rows set aside."""

    columns: Columns
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    rows_read: int


def clean(table: Table, raw: Mapping[str, Any]) -> Cleaned:
    """The table's usable rows, typed, in the order in which they came; the others set aside.

    raw : one array or sequence per column, all of one length: NumPy, Arrow, or plain Python objects.
        No columns at all means no rows.
    A table with a time always gets its time column and `recorded_at`, also where raw has none.

    Raises
    ------
    ColumnMissing
        If a required column is not in raw.
    ShapeMismatch
        If the columns differ in length.
    """
    if not raw:
        raw = dict.fromkeys(table.required, ())
    ledger = _Ledger(table, list(column_notes(table, raw)))
    rows = _row_count(table, raw)
    columns: dict[str, Any] = {}
    for column in table.columns:
        if column.name in raw:
            read = READERS[column.kind](column, normal(raw[column.name]))
            columns[column.name] = _judge(column, read, ledger)
    if table.time is not None:
        _settle_times(table, columns, rows, ledger)
    if table.name == "surveys":
        _check_scale(table, columns, ledger)
    _check_sums(table, columns, ledger)
    if table.key is not None and table.key in columns:
        instead = keepers(table, columns, ledger.bad)
        ledger.enter(instead, table.key, lambda row: f"duplicate {table.key}: row {instead[row]} is kept")
    if ledger.bad:
        accounts = columns.get("account_id")
        keep = np.ones(rows, dtype=bool)
        keep[list(ledger.bad)] = False
        kept = {id(values): values[keep] for values in columns.values()}  # recorded_at may be the time column itself
        columns = {name: kept[id(values)] for name, values in columns.items()}
        return Cleaned(columns, ledger.set_aside(accounts), tuple(ledger.notes), rows)
    return Cleaned(columns, (), tuple(ledger.notes), rows)


def column_notes(table: Table, found: Iterable[str]) -> tuple[str, ...]:
    """What to say about the columns that the contract does not know.

    Raises
    ------
    ColumnMissing
        If a required column is not among those found.
    """
    found = tuple(found)
    lacking = [name for name in table.required if name not in found]
    if lacking:
        raise ColumnMissing(_lacking_message(table, lacking, found))
    strangers = [str(name) for name in found if name not in table.names]
    if not strangers:
        return ()
    meant = [_meant(name, table.names - set(found)) for name in strangers]
    return (f"{table.name}: ignored what the contract does not know: {listed(meant)}",)


def _lacking_message(table: Table, lacking: Sequence[str], found: Sequence[str]) -> str:
    """What is missing, what is there, what to do."""
    near = {str(name).strip().casefold(): str(name) for name in found}
    hints = [repr(near[name]) for name in lacking if near.get(name, name) != name]
    hint = f" Column names match exactly: {' and '.join(hints)} is nearly right." if hints else ""
    return (
        f"{table.name} lacks {' and '.join(lacking)}; it has {listed(found)}.{hint} "
        f"Rename it, or map it under [tables.{table.name}] in the settings."
    )


def listed(names: Iterable[object], most: int = 20) -> str:
    """Names in a sentence; beyond `most` only how many more there are."""
    shown = [str(name) for name in names]
    if not shown:
        return "nothing"
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def _meant(name: str, free: frozenset[str]) -> str:
    near = name.strip().casefold()
    return f"{name!r} (is {near} meant?)" if near in free else name


def _row_count(table: Table, raw: Mapping[str, Any]) -> int:
    lengths = {name: len(values) for name, values in raw.items()}
    if len(set(lengths.values())) > 1:
        raise ShapeMismatch(f"the columns of {table.name} differ in length: {lengths}")
    if any(getattr(values, "ndim", 1) != 1 for values in raw.values()):
        raise ShapeMismatch(f"every column of {table.name} must have one dimension")
    return next(iter(lengths.values()))


@dataclass
class _Ledger:
    """The bad rows of one table while it is being cleaned: the first reason found stands."""

    table: Table
    notes: list[str]
    bad: dict[int, tuple[str, str]] = field(default_factory=dict)

    def enter(self, rows: Iterable[int], column: str, reason: Callable[[int], str]) -> None:
        for row in rows:
            if row not in self.bad:
                self.bad[row] = (column, reason(row))

    def set_aside(self, accounts: TextColumn | None) -> tuple[SetAside, ...]:
        name = self.table.name
        return tuple(
            SetAside(name, row, *self.bad[row], None if accounts is None else accounts[row]) for row in sorted(self.bad)
        )


def _judge(column: Column, read: Read, ledger: _Ledger) -> Any:
    """The column's values; its bad cells entered into the ledger."""
    values, bad, name = read.values, read.bad, column.name
    if bad:
        forgiven = not column.required and column.kind in (Kind.TEXT, Kind.CATEGORY, Kind.FLAG)
        if forgiven:
            # Free text and names stay out of notes: those are logged and shown.
            example = "" if column.kind is Kind.TEXT else f", e.g. {next(iter(bad.values()))}"
            ledger.notes.append(
                f"{ledger.table.name}.{name}: {len(bad)} cells count as missing ({_UNREADABLE[column.kind]}{example})"
            )
        else:
            known = f"; it must be one of {', '.join(column.values)}" if column.values else ""
            phrase = _UNREADABLE[column.kind]
            ledger.enter(bad, name, lambda row: f"{phrase}: {name} is {bad[row]}{known}")
    if column.low is not None and column.high is not None:
        outside = (values < column.low) | (values > column.high)
        if outside.any():
            ledger.enter(np.flatnonzero(outside).tolist(), name, lambda row: _beyond(column, float(values[row])))
    if column.kind is Kind.TIME:
        return _fill_times(column, values, ledger)
    if column.required:
        empty = _is_missing(column.kind, values)
        if empty.any():
            reason = "no account" if name == "account_id" else f"required value missing: {name} is empty"
            ledger.enter(np.flatnonzero(empty).tolist(), name, lambda _: reason)
    return values


def _beyond(column: Column, value: float) -> str:
    limit = column.low if column.low is not None and value < column.low else column.high
    return f"unreadable number: {column.name} is {value:g}; the limit is {limit:.12g}"


def _is_missing(kind: Kind, values: Any) -> NDArray[np.bool_]:
    if kind is Kind.TEXT:
        return values.missing  # type: ignore[no-any-return]
    missing: NDArray[np.bool_] = values < 0 if kind in (Kind.CATEGORY, Kind.FLAG) else np.isnan(values)
    return missing


def _fill_times(column: Column, values: NDArray[np.int64], ledger: _Ledger) -> NDArray[np.int64]:
    """Missing times as the contract reads them; those of `recorded_at` stay open until the row's time is known."""
    if column.name == "recorded_at":
        return values
    empty = values == NAT
    if not empty.any():
        return values
    if column.missing is Missing.BAD:
        ledger.enter(np.flatnonzero(empty).tolist(), column.name, lambda _: "no time")
    return np.where(empty, ALWAYS if column.missing is Missing.ALWAYS else NEVER, values)


def _settle_times(table: Table, columns: dict[str, Any], rows: int, ledger: _Ledger) -> None:
    """Give every row its `recorded_at`, and hold the row's times against each other."""
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
            ledger.enter(
                late.tolist(),
                "recorded_at",
                lambda row: f"recorded before it happened: recorded_at is {days[row]:.1f} days before {table.time}",
            )
        recorded = np.where(recorded == NAT, time, recorded)
    columns["recorded_at"] = recorded
    undated = int(np.count_nonzero(recorded == ALWAYS)) if table.column(table.time).missing is Missing.ALWAYS else 0
    if undated:
        ledger.notes.append(
            f"{table.name}: {undated} of {rows} rows have no {table.time}; they count as older than the data"
        )
    for column in table.columns:
        if column.known_from not in (None, *columns) and column.name in columns:
            ledger.notes.append(f"{table.name}: {column.name} counts only from {column.known_from}, which is not there")
        if column.kind is Kind.TIME and column.known_from is not None and column.name in columns:
            early = int(np.count_nonzero(columns[column.name] < time))
            if early:
                ledger.notes.append(f"{table.name}: {early} rows have {column.name} before {table.time}; they are kept")


def _check_scale(table: Table, columns: dict[str, Any], ledger: _Ledger) -> None:
    """A survey's score must lie on its own instrument's scale; without an instrument it is an nps."""
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

    ledger.enter(off.tolist(), "score", reason)


def _check_sums(table: Table, columns: dict[str, Any], ledger: _Ledger) -> None:
    """Set aside the rows from which on one account's amounts come to more than can be added up exactly."""
    for column in table.columns:
        if column.kind is not Kind.MONEY or column.name not in columns or "account_id" not in columns:
            continue
        amounts = columns[column.name]
        extremes = np.fmin.reduce(amounts, initial=0.0), np.fmax.reduce(amounts, initial=0.0)
        if float(max(-extremes[0], extremes[1])) * len(amounts) <= MONEY_SUM_LIMIT:  # plain: numpy's would warn
            continue
        recorded = columns.get("recorded_at", np.zeros(len(amounts), np.int64))
        rows = beyond_sum(amounts, columns["account_id"].codes, recorded)
        reason = f"unreadable number: the account's {column.name} adds up to more than {MONEY_SUM_LIMIT:.0e}"
        ledger.enter(rows.tolist(), column.name, lambda _, reason=reason: reason)  # type: ignore[misc]
