"""The choice among rows with the same primary key: the one recorded first stays, whatever their order."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.schema import Column, Kind, Table
from features.sources.text_column import TextColumn


def find_duplicates(table: Table, columns: Mapping[str, Any], bad: Iterable[int]) -> dict[int, int]:
    """Return the rows that repeat a primary key, each with the row that is kept instead.

    bad : rows that are set aside already; they are neither kept nor displace another row.
    """
    assert table.key is not None
    keys: TextColumn = columns[table.key]
    if len(keys.distinct) == len(keys) - int(np.count_nonzero(keys.missing)):
        return {}
    usable = ~keys.missing
    usable[list(bad)] = False
    times = np.bincount(keys.codes[usable], minlength=len(keys.distinct))
    rows = np.flatnonzero(usable & (times[keys.codes] > 1))
    if not rows.size:
        return {}
    codes = keys.codes[rows]
    order = np.lexsort((*reversed(_precedence(table, columns, rows)), codes))
    rows, codes = rows[order], codes[order]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    kept = np.repeat(rows[first], np.diff(np.append(first, len(rows))))
    return {row: stays for row, stays in zip(rows.tolist(), kept.tolist(), strict=True) if row != stays}


def _precedence(table: Table, columns: Mapping[str, Any], rows: NDArray[np.intp]) -> list[NDArray[Any]]:
    """Return the sort keys that decide which row is kept, the most important first.

    They are: when it was recorded, when it happened, the columns that are never filled in later, then those that are.
    The later times are compared as one sorted list of events per row. Blanking everything after an as_of shortens those
    lists but cannot change which comes first, so the source as it stood then keeps the same row, or one that could not
    be told apart from it.
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


def _sortable(column: Column, values: Any) -> NDArray[Any]:
    if column.kind is not Kind.TEXT:
        return np.asarray(values)
    cells = values.tolist()
    rank = {name: place for place, name in enumerate(sorted({cell for cell in cells if cell is not None}))}
    return np.array([rank.get(cell, -1) for cell in cells], np.int64)
