"""The concatenation of cleaned rows of one table from several places."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from features.instants import NEVER
from features.schema import Column, Kind, Table
from features.sources.cleaning.cleaning import Columns
from features.sources.cleaning.text_column import TextColumn


def concatenate(table: Table, parts: Sequence[Columns]) -> Columns:
    """Concatenate the rows of several parts; a column that only some parts have is missing in the others.

    parts : cleaned columns of the same table, in the order wanted.
    """
    sizes = [len(next(iter(part.values()))) for part in parts]
    concatenated: dict[str, Any] = {}
    for column in table.columns:
        if any(column.name in part for part in parts):
            pieces = [
                part[column.name] if column.name in part else missing_values(column, size)
                for part, size in zip(parts, sizes, strict=True)
            ]
            concatenated[column.name] = (
                TextColumn.concatenate(pieces) if column.kind is Kind.TEXT else np.concatenate(pieces)
            )
    return concatenated


def missing_values(column: Column, size: int) -> Any:
    """Return `size` missing values of a column, as cleaning stores them.

    A table's own time and `recorded_at` are never missing after cleaning, so this must not be used for them.
    """
    if column.kind is Kind.TEXT:
        return TextColumn.empty(size)
    if column.kind is Kind.TIME:
        return np.full(size, NEVER, np.int64)
    if column.kind in (Kind.CATEGORY, Kind.FLAG):
        return np.full(size, -1, np.int8)
    return np.full(size, np.nan)
