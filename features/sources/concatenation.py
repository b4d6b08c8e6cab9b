"""Cleaned rows of one table from several places, one under the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from features.sources.cleaning import Columns
from features.sources.text_column import TextColumn
from features.tables import NEVER, Column, Kind, Table


def stack(table: Table, parts: Sequence[Columns]) -> Columns:
    """The parts one under the other; a column that only some have is missing in the others."""
    sizes = [len(next(iter(part.values()))) for part in parts]
    stacked: dict[str, Any] = {}
    for column in table.columns:
        if any(column.name in part for part in parts):
            pieces = [
                part[column.name] if column.name in part else missing(column, size)
                for part, size in zip(parts, sizes, strict=True)
            ]
            stacked[column.name] = TextColumn.stack(pieces) if column.kind is Kind.TEXT else np.concatenate(pieces)
    return stacked


def missing(column: Column, size: int) -> Any:
    """Nothing known, as the cleaning says it; a table's own time and recorded_at are never missing after it."""
    if column.kind is Kind.TEXT:
        return TextColumn.empty(size)
    if column.kind is Kind.TIME:
        return np.full(size, NEVER, np.int64)
    if column.kind in (Kind.CATEGORY, Kind.FLAG):
        return np.full(size, -1, np.int8)
    return np.full(size, np.nan)
