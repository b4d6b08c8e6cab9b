"""The simple rules, as predictors that can serve: what anybody would say without a model.

They are baselines, and where one of them predicted better out of time than the pool, it is the one that serves.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray
from training.model.predictors import normalise
from training.model.serialization import Predictor, served


@served
@dataclass(frozen=True)
class Sticky:
    """The class in a column, with the share of times that it was right; the rest as the class frequencies.

    right : the share, 0..1.
    frequencies : shape (n_classes,).
    """

    column: int
    right: float
    frequencies: tuple[float, ...]

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return class probabilities, shape (n, n_classes)."""
        guess = np.nan_to_num(matrix[:, self.column]).astype(np.int64)
        chances = np.tile(np.array(self.frequencies) * (1 - self.right), (len(matrix), 1))
        chances[np.arange(len(chances)), guess] += self.right
        return normalise(chances)


@served
@dataclass(frozen=True)
class Banded:
    """A predictor that sees the band of one column instead of its value.

    edges : ascending, where bands end.
    fill : stands for missing.
    """

    of: Predictor
    column: int
    edges: tuple[float, ...]
    fill: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return what `of` predicts."""
        return self.of.predict(self.banded(matrix))

    def banded(self, matrix: FloatArray) -> FloatArray:
        """Return the matrix with the band's number in the column."""
        changed = matrix.copy(order="K")
        changed[:, self.column] = np.searchsorted(self.edges, np.nan_to_num(matrix[:, self.column], nan=self.fill))
        return changed


@served
@dataclass(frozen=True)
class Scaled:
    """The value of a column times a factor; below zero and missing count as zero."""

    column: int
    factor: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return values, shape (n, 1)."""
        return np.maximum(np.nan_to_num(matrix[:, [self.column]]), 0.0) * self.factor


@served
@dataclass(frozen=True)
class Constant:
    """The same value for everybody."""

    value: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return values, shape (n, 1)."""
        return np.full((len(matrix), 1), self.value)


@served
@dataclass(frozen=True)
class Complement:
    """The probability that something does not happen."""

    of: Predictor

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return probabilities, shape (n, 1)."""
        return 1.0 - self.of.predict(matrix)


@served
@dataclass(frozen=True)
class Either:
    """One predictor where a column is above zero, another where it is not."""

    column: int
    above: Predictor
    otherwise: Predictor

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return what either predicts, shape (n, k)."""
        return np.where(matrix[:, [self.column]] > 0, self.above.predict(matrix), self.otherwise.predict(matrix))
