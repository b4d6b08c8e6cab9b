"""Figures that are not known: NaN in arrays, None in rows and null in JSON, which has no other way to say it."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def finite_or_none(value: Any) -> Any:
    """Return the value, or None where it is a float that is NaN or infinite.

    >>> [finite_or_none(value) for value in (1.5, float("nan"), "text", None)]
    [1.5, None, 'text', None]
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finite_cells(column: NDArray[Any]) -> list[Any]:
    """Return a column as plain Python values, None where a float is NaN or infinite; every other keeps its bits."""
    cells: list[Any] = column.tolist()
    if column.dtype.kind != "f" or np.isfinite(column).all():
        return cells
    return [cell if math.isfinite(cell) else None for cell in cells]


def known_cells(column: "pd.Series[Any]") -> list[Any]:
    """Return a column of a frame as plain Python values, None where it is missing."""
    return [None if missing else cell for cell, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def without_nan(node: Any) -> Any:
    """Return mappings and lists of any depth as dicts and lists, with every NaN or infinity in them as None."""
    if isinstance(node, Mapping):
        return {key: without_nan(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [without_nan(value) for value in node]
    return finite_or_none(node)
