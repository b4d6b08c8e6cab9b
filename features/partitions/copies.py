"""Exact copies in a table that is read batch by batch: rows are compared by 128 bits of hash over all their cells."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.instants import IntArray
from features.sources.cleaning.columns import normalise

Hashes = NDArray[np.uint64]

_KEYS = ("0123456789abcdef", "fedcba9876543210")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def repeated_rows(batches: Iterable[tuple[Mapping[str, Any], IntArray]]) -> IntArray:
    """Return the rows that repeat an earlier one in every cell, ascending; rows count from 0 over all batches.

    batches : the raw columns of each, and its rows without a key.
    """
    hashes: list[Hashes] = []
    rows: list[IntArray] = []
    begin = 0
    for columns, keyless in batches:
        size = len(next(iter(columns.values()))) if columns else 0
        if len(keyless):
            hashes.append(_hashes(columns, size)[keyless])
            rows.append(keyless + begin)
        begin += size
    if not rows:
        return np.empty(0, np.int64)
    every, place = np.concatenate(hashes), np.concatenate(rows)
    order = np.lexsort((place, every[:, 0], every[:, 1]))
    same = (every[order][1:] == every[order][:-1]).all(axis=1)
    return np.sort(place[order][1:][same])


def _hashes(columns: Mapping[str, Any], size: int) -> Hashes:
    """Return two hashes of each row, shape (size, 2)."""
    total = np.zeros((size, 2), np.uint64)
    for cells in columns.values():
        for lane, own in enumerate(_of_cells(cells)):
            total[:, lane] = total[:, lane] * _FACTOR + own
    return total


def _of_cells(cells: Any) -> tuple[Hashes, Hashes]:
    cells = normalise(cells)
    if not isinstance(cells, pa.Array):
        listed = cells.tolist() if isinstance(cells, np.ndarray) else cells
        cells = pa.array([None if cell is None else repr(cell) for cell in listed], pa.string())
    coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    distinct = np.array([repr(cell) for cell in coded.dictionary.to_pylist()] + [""], object)
    codes = coded.indices.fill_null(len(distinct) - 1).to_numpy(zero_copy_only=False)
    first, second = (pd.util.hash_array(distinct, hash_key=key, categorize=False)[codes] for key in _KEYS)
    return first, second
