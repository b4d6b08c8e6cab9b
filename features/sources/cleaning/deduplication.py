"""The choice among rows with the same primary key: the one recorded first stays, whatever their order.

A refund that bears its order's number is another fact than the order, and stays too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import ALWAYS, NEVER, iso
from features.schema import Column, Kind, Table
from features.sources.cleaning.text_column import TextColumn


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
    codes = _facts(table, columns, rows, keys.codes[rows])
    order = np.lexsort((*reversed(_precedence(table, columns, rows)), codes))
    rows, codes = rows[order], codes[order]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    kept = np.repeat(rows[first], np.diff(np.append(first, len(rows))))
    return {row: stays for row, stays in zip(rows.tolist(), kept.tolist(), strict=True) if row != stays}


def _facts(table: Table, columns: Mapping[str, Any], rows: NDArray[np.intp], codes: NDArray[Any]) -> NDArray[Any]:
    """Return the number of the fact that each row tells: its key, and of a refund also its account, day and amount."""
    revenue = columns["revenue"][rows] if table.name == "orders" else np.zeros(len(rows))
    if not (revenue < 0).any():
        return codes
    refund = revenue < 0
    parts = (columns["account_id"].codes[rows], columns["ordered_at"][rows], revenue)
    each = np.stack([codes, refund, *(np.where(refund, part, 0) for part in parts)], axis=1)
    numbers: NDArray[Any] = np.unique(each, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers


def difference(table: Table, columns: Mapping[str, Any], row: int, kept: int) -> str:
    """Return in what a row differs from the one with its key that is kept, empty where in nothing.

    What is filled in later may differ: the row was written down twice.
    """
    for column in table.columns:
        if column.name in columns and column.known_from is None and column.name not in ("recorded_at", table.key):
            ours, theirs = columns[column.name][row], columns[column.name][kept]
            if ours != theirs and not (ours != ours and theirs != theirs):
                if column.kind is Kind.TIME:
                    ours, theirs = (iso(int(each)) if ALWAYS < each < NEVER else "empty" for each in (ours, theirs))
                if column.kind is Kind.CATEGORY:
                    ours, theirs = (column.values[code] if code >= 0 else None for code in (ours, theirs))
                shown = [f"{each:.12g}" if isinstance(each, float) else f"{each}" for each in (ours, theirs)]
                return f"{column.name} is {shown[0]}, there {shown[1]}"
    return ""


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
