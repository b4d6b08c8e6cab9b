"""The ranges of the revenue over the horizon: given an order, and with the chance of none, relative to the own pace."""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray
from training.model.revenue import Pace
from training.model.serialization import Predictor, served

QUANTILES = (0.1, 0.9)
"""Both ends of the range of 80 % given an order."""
_LARGEST = 25.0
"""Of a ratio's logarithm, so that a damaged booster cannot answer infinity."""


@served
@dataclass(frozen=True)
class RevenueRange:
    """The law of log(revenue / pace) among accounts that order, by two quantiles; beyond them it is logistic.

    A range in proportion to the account's own pace goes on beyond the largest account that was learnt from.

    low, high : the quantiles QUANTILES.
    pace : how the pace is read from the matrix; None where amounts themselves were learnt from.
    level : the share that `interval` holds, zero included.
    margin_if_order, margin : by how much the ends of `if_order` and of `interval` are moved apart, on the logarithmic
        scale, not below zero.
    """

    low: Predictor
    high: Predictor
    pace: Pace | None
    level: float
    margin_if_order: float = 0.0
    margin: float = 0.0

    def scale(self, matrix: FloatArray) -> FloatArray:
        """Return what ratios are of, shape (n,), money above zero."""
        return np.ones(len(matrix)) if self.pace is None else self.pace.at_least_an_order(matrix)

    def quantiles(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both quantiles of log(revenue / pace) before they are moved, in order, shape (n,) each."""
        seen = matrix if self.pace is None else self.pace.beside(matrix)
        low, high = self.low.predict(seen)[:, 0], self.high.predict(seen)[:, 0]
        return np.minimum(low, high), np.maximum(low, high)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return both ends of the range given an order, shape (n, 2), money."""
        low, high = self.quantiles(matrix)
        return self._money(low - self.margin_if_order, high + self.margin_if_order, matrix)

    def logs(self, matrix: FloatArray, no_order: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both ends of the interval before they are moved, as log(revenue / pace), shape (n,) each.

        Minus infinity stands for nothing. Where no order is likelier than what the low end leaves out, the interval
        begins at nothing, and all that it leaves out lies above it.

        no_order : shape (n,), the chance of no order.
        """
        low, high = self.quantiles(matrix)
        centre, half = (low + high) / 2, (high - low) / 2
        rest, some = 1.0 - self.level, np.maximum(1.0 - no_order, 1e-9)
        from_nothing = no_order >= rest / 2
        below = np.where(from_nothing, 0.0, (rest / 2 - no_order) / some)
        above = np.where(from_nothing, rest, rest / 2) / some
        return (
            np.where(from_nothing, -np.inf, centre + half * _logistic_quantile(below)),
            np.where(above >= 1, -np.inf, centre + half * _logistic_quantile(1.0 - np.minimum(above, 1.0))),
        )

    def interval(self, matrix: FloatArray, no_order: FloatArray) -> FloatArray:
        """Return the low and the high end of the interval of share `level`, shape (n, 2), money."""
        low, high = self.logs(matrix, no_order)
        return self._money(low - self.margin, high + self.margin, matrix)

    def _money(self, low: FloatArray, high: FloatArray, matrix: FloatArray) -> FloatArray:
        ends = np.minimum(np.column_stack([low, high]), _LARGEST)
        return np.exp(ends) * self.scale(matrix)[:, None]


def _logistic_quantile(share: FloatArray) -> FloatArray:
    """Return quantiles of the symmetric logistic law whose quantiles QUANTILES are -1 and 1, shape (n,)."""
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    quantile: FloatArray = np.log(inside / (1 - inside)) / np.log(QUANTILES[1] / QUANTILES[0])
    return quantile
