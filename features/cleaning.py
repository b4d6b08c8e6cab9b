"""Raw columns in, typed columns out; every row that cannot be used is set aside with its reason.

The same code reads ten million orders from a file and twenty from an HTTP request, so that a cell means
the same on both roads: `_text_cell`, `_number_cell`, `_category_cell`, `_flag_cell` and `_time_cell` say
what one cell is. A short column goes through them cell by cell. A long one goes through Arrow, which may
only be quicker: what it cannot read is handed to the same five functions.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.errors import ColumnMissing, ShapeMismatch
from features.tables import ALWAYS, INSTRUMENT_SCALES, NEVER, Column, Kind, Missing, Table

Columns = Mapping[str, NDArray[Any]]
"""Cleaned columns by name, all of one length, typed as `features.tables.Kind` says."""

DAY_US = 86_400_000_000
MANY = 2_000
"""From this many cells on, the fixed cost of Arrow is earned back."""

_NAT = int(np.iinfo(np.int64).min)
_FIRST_US = -62_135_596_800_000_000
_LAST_US = 253_402_300_799_999_999
"""0001-01-01 and the last microsecond of 9999: the years that a date can be written in."""

_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_TIME_SHAPE = re.compile(_TIME)
_NUMBER_SHAPE = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FLAGS = {"1": 1, "true": 1, "t": 1, "yes": 1, "0": 0, "false": 0, "f": 0, "no": 0}
_EPOCH = dt.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=dt.UTC)
_UNFIT = (ValueError, OverflowError)

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
    columns: dict[str, NDArray[Any]] = {}
    for column in table.columns:
        if column.name in raw:
            read = _READERS[column.kind](column, _normal(raw[column.name]))
            columns[column.name] = _judge(column, read, ledger)
    if table.time is not None:
        _settle_times(table, columns, rows, ledger)
    if table.name == "surveys":
        _check_scale(table, columns, ledger)
    if table.key in columns:
        _drop_duplicates(table, columns, ledger)
    if ledger.bad:
        accounts = columns.get("account_id")
        keep = np.ones(rows, dtype=bool)
        keep[list(ledger.bad)] = False
        columns = {name: values[keep] for name, values in columns.items()}
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

    def set_aside(self, accounts: NDArray[Any] | None) -> tuple[SetAside, ...]:
        name = self.table.name
        return tuple(
            SetAside(name, row, *self.bad[row], None if accounts is None else accounts[row]) for row in sorted(self.bad)
        )


@dataclass(frozen=True)
class _Read:
    """A column after reading: values, missing where a cell is empty or bad, and the bad cells as quoted."""

    values: NDArray[Any]
    bad: dict[int, str]


def _judge(column: Column, read: _Read, ledger: _Ledger) -> NDArray[Any]:
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


def _is_missing(kind: Kind, values: NDArray[Any]) -> NDArray[np.bool_]:
    missing: NDArray[np.bool_] = values < 0 if kind in (Kind.CATEGORY, Kind.FLAG) else pd.isna(values)
    return missing


def _fill_times(column: Column, values: NDArray[np.int64], ledger: _Ledger) -> NDArray[np.int64]:
    """Missing times as the contract reads them; those of `recorded_at` stay open until the row's time is known."""
    if column.name == "recorded_at":
        return values
    empty = values == _NAT
    if not empty.any():
        return values
    if column.missing is Missing.BAD:
        ledger.enter(np.flatnonzero(empty).tolist(), column.name, lambda _: "no time")
    return np.where(empty, ALWAYS if column.missing is Missing.ALWAYS else NEVER, values)


def _settle_times(table: Table, columns: dict[str, NDArray[Any]], rows: int, ledger: _Ledger) -> None:
    """Give every row its `recorded_at`, and hold the row's times against each other."""
    assert table.time is not None
    if table.time not in columns:
        columns[table.time] = np.full(rows, ALWAYS, dtype=np.int64)
    time = columns[table.time]
    recorded = columns.get("recorded_at")
    if recorded is None:
        recorded = time
    else:
        late = np.flatnonzero(time > np.where(recorded == _NAT, NEVER, recorded) + DAY_US)
        if late.size and not table.may_precede:
            days = (time - recorded) / DAY_US
            ledger.enter(
                late.tolist(),
                "recorded_at",
                lambda row: f"recorded before it happened: recorded_at is {days[row]:.1f} days before {table.time}",
            )
        recorded = np.where(recorded == _NAT, time, recorded)
    columns["recorded_at"] = recorded
    undated = int(np.count_nonzero(recorded == ALWAYS)) if table.column(table.time).missing is Missing.ALWAYS else 0
    if undated:
        ledger.notes.append(
            f"{table.name}: {undated} of {rows} rows have no {table.time}; they count as older than the data"
        )
    for column in table.columns:
        if column.kind is Kind.TIME and column.known_from is not None and column.name in columns:
            early = int(np.count_nonzero(columns[column.name] < time))
            if early:
                ledger.notes.append(f"{table.name}: {early} rows have {column.name} before {table.time}; they are kept")


def _check_scale(table: Table, columns: dict[str, NDArray[Any]], ledger: _Ledger) -> None:
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


def _drop_duplicates(table: Table, columns: dict[str, NDArray[Any]], ledger: _Ledger) -> None:
    """Of the rows with one primary key keep the first that was recorded, whatever the order of the rows."""
    assert table.key is not None
    keys = columns[table.key]
    if _all_different(keys):
        return
    usable = ~pd.isna(keys)
    usable[list(ledger.bad)] = False
    twice = np.zeros(len(keys), dtype=bool)
    twice[usable] = pd.Series(keys[usable], dtype=object).duplicated(keep=False).to_numpy()
    rows = np.flatnonzero(twice)
    if not rows.size:
        return
    codes = pd.factorize(keys[rows])[0]
    order = np.lexsort((*reversed(_precedence(table, columns, rows)), codes))
    rows, codes = rows[order], codes[order]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    kept = np.repeat(rows[first], np.diff(np.append(first, len(rows))))
    keeper = dict(zip(rows.tolist(), kept.tolist(), strict=True))
    ledger.enter(
        [row for row, stays in keeper.items() if row != stays],
        table.key,
        lambda row: f"duplicate {table.key}: row {keeper[row]} is kept",
    )


def _all_different(keys: NDArray[Any]) -> bool:
    if len(keys) < MANY:
        return len(set(keys.tolist())) == len(keys)
    coded = pa.array(keys, from_pandas=True).dictionary_encode()
    return bool(len(coded.dictionary) == len(coded) - coded.null_count)


def _precedence(table: Table, columns: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]) -> list[NDArray[Any]]:
    """Sort keys, first counts most: recorded, happened, what is never filled in later, then what is.

    The later times are compared as one sorted list of events per row. Blanking everything after an as_of
    cuts those lists short but cannot change which comes first, so the source as it stood then keeps the
    same row, or one that could not be told apart from it.
    """
    by_name = {name: values[rows] for name, values in columns.items()}
    keys = [by_name.pop(name) for name in ("recorded_at", table.time) if name in by_name]
    later = [c for c in table.columns if c.known_from is not None and c.name in by_name]
    steady = [c for c in table.columns if c.known_from is None and c.name in by_name]
    keys += [_sortable(c, by_name[c.name]) for c in steady]
    times = [by_name[c.name] for c in later if c.kind is Kind.TIME]
    if times:
        stacked = np.stack(times, axis=1)
        which = np.argsort(stacked, axis=1, kind="stable")
        for nth in range(len(times)):
            keys += [np.take_along_axis(stacked, which, axis=1)[:, nth], which[:, nth]]
    return keys + [_sortable(c, by_name[c.name]) for c in later if c.kind is not Kind.TIME]


def _sortable(column: Column, values: NDArray[Any]) -> NDArray[Any]:
    if column.kind is not Kind.TEXT:
        return values
    return pd.factorize(values, sort=True)[0]


def _text_cell(cell: Any) -> str | None:
    """A name or an id: text as it stands, whole numbers without their point; blank is missing."""
    if isinstance(cell, str):
        if not cell or cell.isspace():
            return None
        if not cell.isascii():
            cell.encode()
        return str(cell)
    if _is_empty(cell):
        return None
    if isinstance(cell, (bool, np.bool_)):
        raise ValueError
    if isinstance(cell, (int, np.integer, UUID)):
        return str(cell)
    if isinstance(cell, (float, np.floating, Decimal)) and math.isfinite(cell):
        return str(int(cell)) if cell == int(cell) else str(cell)
    raise ValueError


def _number_cell(cell: Any) -> float:
    """A number or its decimal notation with a point; NaN is missing, true and false are no numbers."""
    if type(cell) is float:
        return cell
    if isinstance(cell, str):
        text = cell.strip()
        if not text or text.lower() == "nan":
            return math.nan
        if _NUMBER_SHAPE.fullmatch(text) is None:
            raise ValueError
        return float(text)
    if _is_empty(cell):
        return math.nan
    if isinstance(cell, (int, float, Decimal, np.integer, np.floating)) and not isinstance(cell, bool):
        return float(cell)
    raise ValueError


def _time_cell(cell: Any) -> int:
    """Microseconds UTC of a date, a time or its ISO 8601 notation; without a zone it is UTC, a date is its midnight."""
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return _NAT
        if _TIME_SHAPE.fullmatch(text) is None:
            raise ValueError
        return _microseconds(dt.datetime.fromisoformat(text))
    if type(cell) is dt.datetime:
        return _microseconds(cell)
    if _is_empty(cell):
        return _NAT
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").item()
    if isinstance(cell, pd.Timestamp):
        cell = cell.as_unit("us").to_pydatetime()
    if isinstance(cell, dt.datetime):
        return _microseconds(cell)
    if isinstance(cell, dt.date):
        return (cell.toordinal() - _EPOCH.toordinal()) * DAY_US
    raise ValueError


def _microseconds(moment: dt.datetime) -> int:
    span = moment - (_EPOCH if moment.tzinfo is None else _EPOCH_UTC)
    value = span.days * DAY_US + span.seconds * 1_000_000 + span.microseconds
    if not _FIRST_US <= value <= _LAST_US:
        raise ValueError
    return value


@lru_cache(maxsize=64)
def _category_cell(values: tuple[str, ...]) -> Callable[[Any], int]:
    codes = {value: code for code, value in enumerate(values)}

    def parse(cell: Any) -> int:
        if isinstance(cell, str):
            text = cell.strip().lower()
            if text and text not in codes:
                raise ValueError
            return codes.get(text, -1)
        if _is_empty(cell):
            return -1
        raise ValueError

    return parse


def _flag_cell(cell: Any) -> int:
    """1 for yes, 0 for no, -1 for missing."""
    if isinstance(cell, str):
        text = cell.strip().lower()
        if text and text not in _FLAGS:
            raise ValueError
        return _FLAGS.get(text, -1)
    if _is_empty(cell):
        return -1
    if isinstance(cell, (bool, int, float, Decimal, np.bool_, np.integer, np.floating)) and cell in (0, 1):
        return int(cell)
    raise ValueError


def _is_empty(cell: Any) -> bool:
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, (float, np.floating)):
        return math.isnan(cell)
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, np.datetime64) and bool(np.isnat(cell))


def _quote(cell: Any) -> str:
    """The cell as it appears in a reason, shortened."""
    try:
        text = repr(cell.item() if isinstance(cell, np.generic) else cell)
    except ValueError:
        text = f"a {type(cell).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def packed(cells: list[Any]) -> Any:
    """Python objects as an Arrow array where that cannot change a cell, else the list itself."""
    kinds = set(map(type, cells)) - {type(None)}
    # One type only: Arrow would turn 1.0 and True into two numbers, a date and a time into two dates.
    if kinds <= {str, float} or (len(kinds) == 1 and kinds <= {int, bool, dt.datetime, dt.date, Decimal}):
        with suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
            return pa.array(cells, from_pandas=True)
    return cells


def _normal(cells: Any) -> Any:
    """A list of Python objects, a typed NumPy array or an Arrow array: the three forms that the readers know."""
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        if isinstance(cells, pa.ChunkedArray):
            cells = cells.combine_chunks() if not _is_string(cells) else cells.cast(pa.large_string()).combine_chunks()
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        if pa.types.is_string_view(cells.type):
            cells = cells.cast(pa.large_string())
        return cells.to_pylist() if isinstance(cells.type, pa.BaseExtensionType) else cells
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind in "fiuM":
            return cells
        cells = cells.tolist()
    elif not isinstance(cells, list):
        cells = list(cells)
    return cells if len(cells) < MANY else packed(cells)


def _each(cells: Sequence[Any] | NDArray[Any], parse: Callable[[Any], Any], dtype: Any, missing: Any) -> _Read:
    """Every cell through its parser; only when one fails, one by one to find out which."""
    values: list[Any] = []
    bad: dict[int, str] = {}
    try:
        values = [parse(cell) for cell in cells]
    except _UNFIT:
        for cell in cells:
            try:
                values.append(parse(cell))
            except _UNFIT:
                bad[len(values)] = _quote(cell)
                values.append(missing)
    if dtype is not object:
        return _Read(np.array(values, dtype=dtype), bad)
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return _Read(out, bad)


def _each_distinct(cells: Any, parse: Callable[[Any], Any], dtype: Any, missing: Any) -> _Read:
    """The cells of an Arrow array through their parser, each distinct value once."""
    coded = cells.dictionary_encode()
    read = _each(coded.dictionary.to_pylist(), parse, dtype, missing)
    codes = coded.indices.fill_null(len(read.values)).to_numpy(zero_copy_only=False)
    values = np.append(read.values, np.array([missing], dtype=read.values.dtype))[codes]
    if not read.bad:
        return _Read(values, {})
    worst = np.zeros(len(read.values) + 1, dtype=bool)
    worst[list(read.bad)] = True
    return _Read(values, {row: read.bad[int(codes[row])] for row in np.flatnonzero(worst[codes]).tolist()})


def _all_bad(cells: Any, dtype: Any, missing: Any) -> _Read:
    """An Arrow column of a type that cannot hold what is asked: every cell that is not empty is bad."""
    rows = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
    return _Read(np.full(len(cells), missing, dtype=dtype), dict.fromkeys(rows.tolist(), f"of type {cells.type}"))


def _is_string(cells: Any) -> bool:
    kind = cells.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_numeric(cells: Any) -> bool:
    kind = cells.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _read_text(_: Column, cells: Any) -> _Read:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iu":
        cells = pa.array(cells) if len(cells) >= MANY else cells.tolist()
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, _text_cell, object, None)
    if pa.types.is_integer(cells.type):
        cells = cells.cast(pa.string())
    if pa.types.is_floating(cells.type):
        return _each_distinct(cells, _text_cell, object, None)
    if pa.types.is_decimal(cells.type):
        return _each(cells.to_pylist(), _text_cell, object, None)
    if not _is_string(cells):
        return _all_bad(cells, object, None)
    sample = cells.slice(0, 10_000)
    if pc.count_distinct(sample).as_py() * 2 < len(sample):
        return _each_distinct(cells, _text_cell, object, None)
    blank = pc.or_(pc.utf8_is_space(cells), pc.equal(pc.binary_length(cells), 0))
    if pc.any(blank).as_py():
        cells = pc.if_else(blank, pa.scalar(None, cells.type), cells)
    return _Read(cells.to_numpy(zero_copy_only=False), {})


def _read_number(_: Column, cells: Any) -> _Read:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        return _Read(cells.astype(np.float64), {})
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, _number_cell, np.float64, math.nan)
    if _is_numeric(cells) or pa.types.is_null(cells.type):
        return _Read(cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64), {})
    if not _is_string(cells):
        return _all_bad(cells, np.float64, math.nan)
    with suppress(pa.ArrowInvalid):
        values = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if not np.isinf(values).any():
            return _Read(values, {})
    plain = pc.match_substring_regex(cells, r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$")
    values = pc.if_else(plain, cells, None).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    return _mend(values, cells, _number_cell, math.nan)


def _read_time(_: Column, cells: Any) -> _Read:
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
        return _from_datetime64(cells)
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, _time_cell, np.int64, _NAT)
    if pa.types.is_timestamp(cells.type):
        raw = cells.cast(pa.int64()).fill_null(_NAT).to_numpy(zero_copy_only=False)
        return _from_datetime64(raw.view(f"datetime64[{cells.type.unit}]"))
    if pa.types.is_date(cells.type):
        unit, width = ("D", pa.int32()) if pa.types.is_date32(cells.type) else ("ms", pa.int64())
        raw = cells.cast(width).cast(pa.int64()).fill_null(_NAT).to_numpy(zero_copy_only=False)
        return _from_datetime64(raw.view(f"datetime64[{unit}]"))
    if not _is_string(cells):
        return _all_bad(cells, np.int64, _NAT)
    try:
        times = cells.cast(pa.timestamp("us")).cast(pa.int64())
        values = times.fill_null(_NAT).to_numpy(zero_copy_only=False).copy()
    except pa.ArrowInvalid:
        shaped = pc.if_else(pc.match_substring_regex(cells, f"^({_TIME})$"), cells, None)
        parsed = pd.to_datetime(shaped.to_pandas(), errors="coerce", utc=True, format="ISO8601")
        values = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]").view(np.int64).copy()
    values[(values < _FIRST_US) | (values > _LAST_US)] = _NAT
    return _mend(values, cells, _time_cell, _NAT)


def _mend(values: NDArray[Any], cells: Any, parse: Callable[[Any], Any], missing: Any) -> _Read:
    """Send what a vectorised reading left missing, though the cell is not empty, through the parser."""
    left = np.isnan(values) if values.dtype.kind == "f" else values == missing
    rows = np.flatnonzero(left & cells.is_valid().to_numpy(zero_copy_only=False))
    if not rows.size:
        return _Read(values, {})
    read = _each_distinct(cells.take(pa.array(rows)), parse, values.dtype, missing)
    values[rows] = read.values
    return _Read(values, {int(rows[at]): quote for at, quote in read.bad.items()})


def _from_datetime64(cells: NDArray[Any]) -> _Read:
    """Microseconds; a year that cannot be written with four digits is bad."""
    if np.datetime_data(cells.dtype)[0] == "generic":
        cells = cells.astype("datetime64[us]")
    bad: dict[int, str] = {}
    if np.datetime_data(cells.dtype)[0] not in ("ns", "ps", "fs", "as"):
        first = np.datetime64(_FIRST_US, "us").astype(cells.dtype)
        last = np.datetime64(_LAST_US, "us").astype(cells.dtype)
        beyond = (cells < first) | (cells > last)
        if beyond.any():
            bad = {row: f"in the year {cells[row].astype('datetime64[Y]')}" for row in np.flatnonzero(beyond).tolist()}
            cells = np.where(beyond, np.datetime64("NaT"), cells)
    return _Read(cells.astype("datetime64[us]", copy=False).view(np.int64), bad)


def _read_category(column: Column, cells: Any) -> _Read:
    return _read_coded(cells, _category_cell(column.values))


def _read_flag(_: Column, cells: Any) -> _Read:
    return _read_coded(cells, _flag_cell)


def _read_coded(cells: Any, parse: Callable[[Any], int]) -> _Read:
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, parse, np.int8, -1)
    if _is_string(cells) or _is_numeric(cells) or pa.types.is_boolean(cells.type):
        return _each_distinct(cells, parse, np.int8, -1)
    return _all_bad(cells, np.int8, -1)


_READERS: Mapping[Kind, Callable[[Column, Any], _Read]] = {
    Kind.TEXT: _read_text,
    Kind.CATEGORY: _read_category,
    Kind.FLAG: _read_flag,
    Kind.TIME: _read_time,
    Kind.MONEY: _read_number,
    Kind.NUMBER: _read_number,
}
