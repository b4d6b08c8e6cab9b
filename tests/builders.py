"""Small sources written by hand, and a source as it stood at an earlier instant."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import instant
from features.schema import Kind
from features.sources.source import Source, source_from_rows
from features.tables import TABLE

Row = Mapping[str, Any] | Sequence[Any]
Frames = Mapping[str, pd.DataFrame]


def frame(table: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Raw rows of one table, each a mapping, or values in the order in which the contract declares the columns.

    >>> frame("orders", [("A", "2024-01-01", 10.0), {"account_id": "B", "revenue": 1.0}]).columns.tolist()
    ['account_id', 'ordered_at', 'revenue']
    """
    declared = [column.name for column in TABLE[table].columns]
    named = [row if isinstance(row, Mapping) else dict(zip(declared, row, strict=False)) for row in rows]
    used = {name for row in named for name in row}
    columns = [name for name in declared if name in used or name in TABLE[table].required]
    cells = {name: [row.get(name) for row in named] for name in [*columns, *sorted(used - set(declared))]}
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})


def source(**tables: Sequence[Row]) -> Source:
    """A cleaned source of these rows; orders without rows where none are given."""
    return source_from_rows({name: frame(name, rows) for name, rows in ({"orders": []} | tables).items()})


def histories(**tables: Sequence[Row]) -> Histories:
    """Histories of these rows."""
    return build_histories(source(**tables))


def view(of: Histories, as_of: str | int, accounts: Sequence[str] | None = None) -> View:
    """The named accounts (default: every account there is, known or not) at one instant."""
    at = instant(as_of) if isinstance(as_of, str) else as_of
    wanted = np.arange(len(of.account_ids))
    if accounts is not None:
        wanted = np.searchsorted(of.account_ids.astype(str), np.array(accounts))
    return View(of, Snapshots(wanted, np.full(len(wanted), at, np.int64)))


def as_it_stood(tables: Frames, as_of: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """The raw source as somebody would have copied it just before as_of.

    Rows recorded at or after as_of are not there yet (recorded_at, else the row's own time; a row without
    either is always there), and fields that are filled in later are still empty. Times are datetime64.
    """
    return {name: _table_as_it_stood(name, rows, as_of) for name, rows in tables.items()}


def _table_as_it_stood(name: str, rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    table = TABLE[name]
    rows = rows.copy()
    if table.time is not None:
        recorded = _times(rows, "recorded_at").fillna(_times(rows, table.time))
        rows = rows[~(recorded >= as_of).to_numpy()].copy()
    for column in table.columns:
        if column.kind is Kind.TIME and column.known_from is not None and column.name in rows:
            ahead = (_times(rows, column.name) >= as_of).to_numpy()
            rows[column.name] = rows[column.name].mask(ahead)
            if column.name == "closed_at" and "outcome" in rows:
                rows["outcome"] = rows["outcome"].mask(ahead, "open")
    return rows


def _times(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series(np.datetime64("NaT", "us"), index=rows.index)
    return rows[name].astype("datetime64[us]")
