"""Columns of text of the simulated tables: identifiers, names and categories."""

import numpy as np
from numpy.typing import NDArray

from features.tables import TABLE
from training.simulator.population import IntArray
from training.simulator.record_book import Values

TextArray = NDArray[np.object_]


def ids(prefix: str, number: Values, digits: int) -> TextArray:
    """Return identifiers such as A00001, shape (n,)."""
    return np.array([f"{prefix}{i:0{digits}d}" for i in number.tolist()], dtype=object)


def owners(owner: IntArray) -> TextArray:
    """Return the names of account managers, M01, M02, ..., shape (n,)."""
    return pick(tuple(f"M{i + 1:02d}" for i in range(int(owner.max()) + 1)) if len(owner) else ("M01",), owner)


def pick(values: tuple[str, ...], position: Values) -> TextArray:
    """Return values[position], None where the position is -1, shape (n,)."""
    return take(np.array(values, dtype=object), position)


def take(values: TextArray, position: Values) -> TextArray:
    """Return values[position], None where the position is -1, shape (n,)."""
    extended = np.concatenate([values, np.array([None], dtype=object)])
    taken: TextArray = extended[position.astype(np.int64)]
    return taken


def declared_values(table: str, column: str, position: Values) -> TextArray:
    """Return the declared values of a category at some positions, None where the position is -1, shape (n,)."""
    return pick(TABLE[table].column(column).values, position)
