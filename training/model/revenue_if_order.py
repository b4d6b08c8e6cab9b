"""The range of the revenue over the horizon where there is an order at all, relative to the account's own pace."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray
from training.model.serialization import Predictor, served

QUANTILES = (0.1, 0.9)
"""Both ends of a range of 80 %."""
FEATURES = ("revenue_180d", "revenue_365d", "revenue_per_order_day_365d")
"""The features that the pace is read from."""
WINDOWS = (180, 365)
"""Days of the first two."""
LEAST_SHARE = 0.1
"""A pace below this share of the usual one counts as that much: a few cents are no pace."""
_LARGEST = 25.0
"""Of a ratio's logarithm, so that a damaged booster cannot answer infinity."""


def pace_of(matrix: FloatArray, columns: Mapping[str, int], horizon_days: int, usual: float) -> FloatArray:
    """Return what the account would bring if it went on, shape (n,), money above zero.

    The largest of its revenue of half a year and of a year, both scaled to the horizon, and its spend per order day:
    there is one at least. Where all are nothing, what is usual.

    columns : feature -> its position, for those of FEATURES.
    usual : the pace of the median account that orders.
    """
    half, year, each = (np.nan_to_num(matrix[:, columns[name]]) for name in FEATURES)
    pace = np.maximum(np.maximum(half * (horizon_days / WINDOWS[0]), year * (horizon_days / WINDOWS[1])), each)
    return np.where(pace > 0, np.maximum(pace, LEAST_SHARE * usual), usual)


@served
@dataclass(frozen=True)
class RevenueIfOrder:
    """Two quantiles of log(revenue / pace) among accounts that order, moved apart by a margin.

    A range in proportion to the account's own pace goes on beyond the largest account that was learnt from.

    low, high : the quantiles QUANTILES.
    columns : feature -> its position in the matrix, for those of FEATURES.
    usual : the pace of accounts without one, money.
    margin : on the logarithmic scale, not below zero.
    """

    low: Predictor
    high: Predictor
    columns: Mapping[str, int]
    horizon_days: int
    usual: float
    margin: float

    def quantiles(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both quantiles of log(revenue / pace) before they are moved, in order, shape (n,) each."""
        low, high = self.low.predict(matrix)[:, 0], self.high.predict(matrix)[:, 0]
        return np.minimum(low, high), np.maximum(low, high)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return both ends of the range, shape (n, 2), money."""
        low, high = self.quantiles(matrix)
        pace = pace_of(matrix, self.columns, self.horizon_days, self.usual)
        ends = np.column_stack([low - self.margin, high + self.margin])
        return np.exp(np.clip(ends, -_LARGEST, _LARGEST)) * pace[:, None]
