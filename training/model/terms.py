"""The terms of linear models: transformed and standardised columns of the feature matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray

LARGEST = 1e18
"""Values beyond it in size, such as infinity, count as this one: the difference of two infinities is no number."""


@dataclass(frozen=True)
class Term:
    """One column of a linear model: a feature after `shape`, missing values filled, then standardised.

    shape : `identity`, `log` (sign kept: log(1 + abs(x))), or `equals` (1 where the feature equals `level`).
    fill : the value that stands for a missing one.
    cap : larger values count as this one, so that one giant does not steer a line.
    mean, scale : of the rows that were learnt from.
    """

    column: int
    shape: str = "log"
    level: float = 0.0
    fill: float = 0.0
    cap: float = LARGEST
    mean: float = 0.0
    scale: float = 1.0

    def raw(self, matrix: FloatArray) -> FloatArray:
        """Return the term before it is standardised, shape (n,)."""
        return raw_values([self], matrix)[:, 0]

    def value(self, matrix: FloatArray) -> FloatArray:
        """Return the standardised term, shape (n,)."""
        return (self.raw(matrix) - self.mean) / self.scale


def raw_values(terms: Sequence[Term], matrix: FloatArray) -> FloatArray:
    """Return the terms before they are standardised, shape (n, n_terms)."""
    values = matrix[:, [term.column for term in terms]].astype(np.float64)
    equals = [k for k, term in enumerate(terms) if term.shape == "equals"]
    level = values[:, equals] == np.array([terms[k].level for k in equals])
    fill, cap = (np.array([getattr(term, name) for term in terms], np.float64) for name in ("fill", "cap"))
    values = np.clip(np.where(np.isnan(values), fill, values), -LARGEST, cap)
    logs = [k for k, term in enumerate(terms) if term.shape == "log"]
    values[:, logs] = np.sign(values[:, logs]) * np.log1p(np.abs(values[:, logs]))
    values[:, equals] = level
    return values


def standardised_values(terms: Sequence[Term], matrix: FloatArray) -> FloatArray:
    """Return the standardised terms, shape (n, n_terms)."""
    mean, scale = (np.array([getattr(term, name) for term in terms], np.float64) for name in ("mean", "scale"))
    standardised: FloatArray = (raw_values(terms, matrix) - mean) / scale
    return standardised
