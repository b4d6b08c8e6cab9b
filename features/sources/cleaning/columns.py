"""The readers of raw columns: a short one cell by cell, a long one through Arrow, with the same result.

Arrow may only make it faster: what it cannot read goes to the parsers of `features.sources.cleaning.cells`.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.schema import Column, Kind
from features.sources.cleaning.cells import (
    FIRST_US,
    LAST_US,
    NAT,
    TIME_PATTERN,
    UNFIT,
    category_cell,
    flag_cell,
    number_cell,
    quote,
    text_cell,
    time_cell,
)
from features.sources.cleaning.text_column import TextColumn

MIN_ARROW_CELLS = 2_000
"""From this many cells on, Arrow is faster in spite of its fixed cost."""


@dataclass(frozen=True)
class ReadColumn:
    """A column after reading.

    values : an array, or a TextColumn where the column holds text; missing where a cell is empty or unreadable.
    bad : row -> the unreadable cell, quoted.
    """

    values: Any
    bad: dict[int, str]


def pack(cells: list[Any]) -> Any:
    """Convert Python objects into an Arrow array where that cannot change a cell; else return the list itself."""
    kinds = set(map(type, cells)) - {type(None)}
    # One type only: Arrow would turn 1.0 and True into two numbers, a date and a time into two dates.
    if kinds <= {str, float} or (len(kinds) == 1 and kinds <= {int, bool, dt.datetime, dt.date, Decimal}):
        with suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
            return pa.array(cells, from_pandas=True)
    return cells


def normalise(cells: Any) -> Any:
    """Convert cells into one of the three forms that the readers know.

    These are a list of Python objects, a typed NumPy array, and an Arrow array.
    """
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        if isinstance(cells, pa.ChunkedArray):
            cells = combine_chunks(cells)
        if pa.types.is_dictionary(cells.type) and not _is_string(cells.dictionary):
            cells = cells.dictionary_decode()
        if pa.types.is_run_end_encoded(cells.type):
            cells = pc.run_end_decode(cells)
        if pa.types.is_string_view(cells.type):
            cells = cells.cast(pa.large_string())
        return cells.to_pylist() if isinstance(cells.type, pa.BaseExtensionType) else cells
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind in "fiuM":
            return cells
        if cells.dtype.kind == "m":  # as a list, spans of time would be whole numbers
            return pa.array(cells)
        cells = cells.tolist()
    elif not isinstance(cells, list):
        cells = list(cells)
    return cells if len(cells) < MIN_ARROW_CELLS else pack(cells)


def combine_chunks(cells: Any) -> Any:
    """Join the chunks of an Arrow array; strings get wide offsets, since together they may be longer than 2 GB."""
    if pa.types.is_dictionary(cells.type):
        return cells.unify_dictionaries().combine_chunks()
    return (cells.cast(pa.large_string()) if _is_string(cells) else cells).combine_chunks()


def _plain(cells: Any) -> Any:
    """Write out Arrow strings that are stored by distinct value."""
    return cells.dictionary_decode() if isinstance(cells, pa.DictionaryArray) else cells


def _each(cells: Sequence[Any] | NDArray[Any], parse: Callable[[Any], Any], dtype: Any, missing: Any) -> ReadColumn:
    """Parse every cell; only if one fails, parse them one by one to find out which."""
    values: list[Any] = []
    bad: dict[int, str] = {}
    try:
        values = [parse(cell) for cell in cells]
    except UNFIT:
        for cell in cells:
            try:
                values.append(parse(cell))
            except UNFIT:
                bad[len(values)] = quote(cell)
                values.append(missing)
    return ReadColumn(TextColumn.of(values) if dtype is TextColumn else np.array(values, dtype=dtype), bad)


def _each_distinct(cells: Any, parse: Callable[[Any], Any], dtype: Any, missing: Any) -> ReadColumn:
    """Parse the cells of an Arrow array, each distinct value once."""
    coded = cells.dictionary_encode()
    read = _each(coded.dictionary.to_pylist(), parse, dtype, missing)
    codes = coded.indices.fill_null(len(read.values)).to_numpy(zero_copy_only=False)
    if dtype is TextColumn:  # two distinct cells may be one text: 0.0 and -0.0
        values: Any = TextColumn(np.append(read.values.codes, np.int32(-1))[codes], read.values.distinct)
    else:
        values = np.append(read.values, np.array([missing], dtype=read.values.dtype))[codes]
    if not read.bad:
        return ReadColumn(values, {})
    worst = np.zeros(len(read.values) + 1, dtype=bool)
    worst[list(read.bad)] = True
    return ReadColumn(values, {row: read.bad[int(codes[row])] for row in np.flatnonzero(worst[codes]).tolist()})


def _all_bad(cells: Any, dtype: Any, missing: Any) -> ReadColumn:
    """Mark every cell as unreadable that is not empty: the Arrow type cannot hold what the column should."""
    rows = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
    values = TextColumn.empty(len(cells)) if dtype is TextColumn else np.full(len(cells), missing, dtype=dtype)
    return ReadColumn(values, dict.fromkeys(rows.tolist(), f"of type {cells.type}"))


def _is_string(cells: Any) -> bool:
    kind = cells.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_numeric(cells: Any) -> bool:
    kind = cells.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _read_text(_: Column, cells: Any) -> ReadColumn:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iu":
        cells = pa.array(cells) if len(cells) >= MIN_ARROW_CELLS else cells.tolist()
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, text_cell, TextColumn, None)
    if pa.types.is_integer(cells.type):
        coded = cells.dictionary_encode()
        cells = pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(pa.string()))
    if pa.types.is_floating(cells.type):
        return _each_distinct(cells, text_cell, TextColumn, None)
    if pa.types.is_decimal(cells.type):
        return _each(cells.to_pylist(), text_cell, TextColumn, None)
    if not (pa.types.is_dictionary(cells.type) or _is_string(cells)):
        return _all_bad(cells, TextColumn, None)
    return ReadColumn(TextColumn.from_arrow(cells), {})


def _read_number(_: Column, cells: Any) -> ReadColumn:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        return ReadColumn(cells.astype(np.float64), {})
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, number_cell, np.float64, math.nan)
    cells = _plain(cells)
    if _is_numeric(cells) or pa.types.is_null(cells.type):
        return ReadColumn(cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64), {})
    if not _is_string(cells):
        return _all_bad(cells, np.float64, math.nan)
    with suppress(pa.ArrowInvalid):
        values = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if not np.isinf(values).any():
            return ReadColumn(values, {})
    plain = pc.match_substring_regex(cells, r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$")
    values = pc.if_else(plain, cells, None).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    return _parse_missed(values, cells, number_cell, math.nan)


def _read_time(_: Column, cells: Any) -> ReadColumn:
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
        return _from_datetime64(cells)
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, time_cell, np.int64, NAT)
    cells = _plain(cells)
    if pa.types.is_timestamp(cells.type):
        raw = cells.cast(pa.int64()).fill_null(NAT).to_numpy(zero_copy_only=False)
        return _from_datetime64(raw.view(f"datetime64[{cells.type.unit}]"))
    if pa.types.is_date(cells.type):
        unit, width = ("D", pa.int32()) if pa.types.is_date32(cells.type) else ("ms", pa.int64())
        raw = cells.cast(width).cast(pa.int64()).fill_null(NAT).to_numpy(zero_copy_only=False)
        return _from_datetime64(raw.view(f"datetime64[{unit}]"))
    if not _is_string(cells):
        return _all_bad(cells, np.int64, NAT)
    try:
        times = cells.cast(pa.timestamp("us")).cast(pa.int64())
        values = times.fill_null(NAT).to_numpy(zero_copy_only=False).copy()
    except pa.ArrowInvalid:
        shaped = pc.if_else(pc.match_substring_regex(cells, f"^({TIME_PATTERN})$"), cells, None)
        import pandas as pd

        parsed = pd.to_datetime(shaped.to_pandas(), errors="coerce", utc=True, format="ISO8601")
        values = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]").view(np.int64).copy()
    values[(values < FIRST_US) | (values > LAST_US)] = NAT
    return _parse_missed(values, cells, time_cell, NAT)


def _parse_missed(values: NDArray[Any], cells: Any, parse: Callable[[Any], Any], missing: Any) -> ReadColumn:
    """Parse the cells that a vectorised reading left missing although they are not empty."""
    left = np.isnan(values) if values.dtype.kind == "f" else values == missing
    rows = np.flatnonzero(left & cells.is_valid().to_numpy(zero_copy_only=False))
    if not rows.size:
        return ReadColumn(values, {})
    read = _each_distinct(cells.take(pa.array(rows)), parse, values.dtype, missing)
    values[rows] = read.values
    return ReadColumn(values, {int(rows[at]): quote for at, quote in read.bad.items()})


def _from_datetime64(cells: NDArray[Any]) -> ReadColumn:
    """Convert into microseconds; a year that cannot be written with four digits is bad."""
    if np.datetime_data(cells.dtype)[0] == "generic":
        cells = cells.astype("datetime64[us]")
    bad: dict[int, str] = {}
    if np.datetime_data(cells.dtype)[0] not in ("ns", "ps", "fs", "as"):
        first = np.datetime64(FIRST_US, "us").astype(cells.dtype)
        last = np.datetime64(LAST_US, "us").astype(cells.dtype)
        beyond = (cells < first) | (cells > last)
        if beyond.any():
            bad = {row: f"in the year {cells[row].astype('datetime64[Y]')}" for row in np.flatnonzero(beyond).tolist()}
            cells = np.where(beyond, np.datetime64("NaT"), cells)
    return ReadColumn(cells.astype("datetime64[us]", copy=False).view(np.int64), bad)


def _read_category(column: Column, cells: Any) -> ReadColumn:
    return _read_coded(cells, category_cell(column.values))


def _read_flag(_: Column, cells: Any) -> ReadColumn:
    return _read_coded(cells, flag_cell)


def _read_coded(cells: Any, parse: Callable[[Any], int]) -> ReadColumn:
    if isinstance(cells, (list, np.ndarray)):
        return _each(cells, parse, np.int8, -1)
    if pa.types.is_dictionary(cells.type) or _is_string(cells) or _is_numeric(cells) or pa.types.is_boolean(cells.type):
        return _each_distinct(cells, parse, np.int8, -1)
    return _all_bad(cells, np.int8, -1)


READERS: Mapping[Kind, Callable[[Column, Any], ReadColumn]] = {
    Kind.TEXT: _read_text,
    Kind.CATEGORY: _read_category,
    Kind.FLAG: _read_flag,
    Kind.TIME: _read_time,
    Kind.MONEY: _read_number,
    Kind.NUMBER: _read_number,
}
