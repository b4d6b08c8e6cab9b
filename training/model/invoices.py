"""Expected revenue by invoice schedule: of accounts that order the fees of their contracts alone, or once a year.

Such an account is billed about the same at about the same time every year, or it has left. A pace of revenue spreads a
yearly invoice over all the year; the account's own invoices of a year ago say when it comes and how large it is.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray
from training.model.predictors import FLOOR


@dataclass(frozen=True)
class InvoiceSchedule:
    """The invoices of the same season a year ago, times the chance that any comes again.

    season : column of the revenue of the same season a year ago.
    order : column of the revenue per order day, for accounts without an invoice in that season.
    rhythm, ever : columns of the days within the rhythm, which are missing where contracts say who has left, and of
        the number of order days.
    sharpness : power of the odds of an invoice. With 1 it is the mean; the larger, the nearer it is to the median,
        which is all or nothing.
    gap, slow : column of the mean gap between orders, and from how many days on it is too slow for a pace; with column
        -1 the schedule is that of fees.
    level : what the sum came to, over what was expected.
    """

    season: int
    order: int
    rhythm: int
    ever: int
    sharpness: float
    gap: int = -1
    slow: float = 0.0
    level: float = 1.0

    def concerned(self, matrix: FloatArray) -> BoolArray:
        """Return which accounts order nothing but fees, or of the others those that order slowly, shape (n,)."""
        fees: BoolArray = np.isnan(matrix[:, self.rhythm]) & (np.nan_to_num(matrix[:, self.ever]) > 0)
        return fees if self.gap < 0 else ~fees & (np.nan_to_num(matrix[:, self.gap]) >= self.slow)

    def expected(self, matrix: FloatArray, any_order: FloatArray) -> FloatArray:
        """Return the expected revenue as if everybody were concerned, shape (n,), money.

        any_order : chance of any order over the horizon, shape (n,).
        """
        season = np.maximum(np.nan_to_num(matrix[:, self.season]), 0.0)
        usual = np.maximum(np.nan_to_num(matrix[:, self.order]), 0.0)
        chance = np.clip(any_order, FLOOR, 1 - FLOOR)
        yes, no = chance**self.sharpness, (1 - chance) ** self.sharpness
        return self.level * np.where(season > 0, season, usual) * (yes / (yes + no))
