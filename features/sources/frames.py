"""Cleaned tables as DataFrames, for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from features.instants import ALWAYS, NEVER
from features.schema import Kind
from features.sources.cleaning.cleaning import Columns
from features.tables import TABLE

if TYPE_CHECKING:
    import pandas as pd


def frame_of(table: str, columns: Columns, most: int | None = None) -> pd.DataFrame:
    """Return the rows of a cleaned table, times as times, what is missing as missing.

    most : only so many rows; None = all.
    """
    import pandas as pd

    cells: dict[str, Any] = {}
    time, said = TABLE[table].time, columns.get("recorded_at")
    for column in TABLE[table].columns:
        own = (
            column.name == "recorded_at"
            and time is not None
            and said is not None
            and bool((columns[time] == said).all())
        )
        if column.name not in columns or own:  # nobody said when
            continue
        values = columns[column.name][:most]
        if column.kind is Kind.TEXT:
            cells[column.name] = pd.array(values.tolist(), dtype="str")
        elif column.kind is Kind.TIME:
            known = (values != ALWAYS) & (values != NEVER)
            cells[column.name] = np.where(known, values, np.iinfo(np.int64).min).astype("M8[us]")
        elif column.kind is Kind.CATEGORY:
            cells[column.name] = pd.Categorical.from_codes(values.tolist(), categories=pd.Index(column.values))
        elif column.kind is Kind.FLAG:
            cells[column.name] = pd.array(np.where(values < 0, 0, values) == 1, dtype="boolean")
            cells[column.name][values < 0] = pd.NA
        else:
            cells[column.name] = values
    return pd.DataFrame(cells)
