"""Expected revenue by invoice schedule: of accounts that order the fees of their contracts alone, or once a year.

Such an account is billed about the same at about the same time every year, or it has left. A pace of revenue spreads a
yearly invoice over all the year; the account's own invoices of a year ago say when it comes and how large it is.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray
from training.model.predictors import FLOOR


def fees_alone(matrix: FloatArray, rhythm: int, ever: int) -> BoolArray:
    """Return which accounts order nothing but fees, shape (n,): they have ordered, and contracts say who has left.

    rhythm, ever : columns of the days within the rhythm and of the number of order days.
    """
    alone: BoolArray = np.isnan(matrix[:, rhythm]) & (np.nan_to_num(matrix[:, ever]) > 0)
    return alone


@dataclass(frozen=True)
class InvoiceSchedule:
    """The invoices of the same season a year ago, times the chance that any comes again.

    season : column of the revenue of the same season a year ago.
    order : column of the revenue per order day, for accounts without an invoice in that season.
    rhythm, ever : columns of the days within the rhythm, which are missing where contracts say who has left, and of
        the number of order days.
    sharpness : power of the odds of an invoice. With 1 it is the mean; the larger, the nearer it is to the median,
        which is all or nothing.
    gap, slow : column of the mean gap between orders, and from how many days on it is too slow for a pace.
    level : what the sum came to, over what was expected.
    fees : whether it is the schedule of those that order nothing but fees; None as an earlier program wrote it, whose
        schedule of fees had no gap (-1).
    cut : chances below it count as none.
    revenue, days, value : columns of the revenue and the order days of two years, and of the value of the contracts in
        force, for accounts without an order in a year; -1 where an earlier program wrote none.
    """

    season: int
    order: int
    rhythm: int
    ever: int
    sharpness: float
    gap: int = -1
    slow: float = 0.0
    level: float = 1.0
    fees: bool | None = None
    cut: float = 0.0
    revenue: int = -1
    days: int = -1
    value: int = -1

    def concerned(self, matrix: FloatArray) -> BoolArray:
        """Return which accounts order nothing but fees, or of the others those that order slowly, shape (n,).

        Fees that come so often that they make a pace are left out; an only one does not.
        """
        fees = fees_alone(matrix, self.rhythm, self.ever)
        if self.gap < 0:
            return fees
        if self.fees:
            return fees & ~(matrix[:, self.gap] < self.slow)
        return ~fees & (np.nan_to_num(matrix[:, self.gap]) >= self.slow)

    def expected(self, matrix: FloatArray, any_order: FloatArray) -> FloatArray:
        """Return the expected revenue as if everybody were concerned, shape (n,), money.

        any_order : chance of any order over the horizon, shape (n,).
        """
        season = np.maximum(np.nan_to_num(matrix[:, self.season]), 0.0)
        usual = self._usual(matrix)
        chance = np.clip(any_order, FLOOR, 1 - FLOOR)
        yes, no = chance**self.sharpness, (1 - chance) ** self.sharpness
        sharpened = np.where(chance < self.cut, 0.0, yes / (yes + no))
        return self.level * np.where(season > 0, season, usual) * sharpened

    def _usual(self, matrix: FloatArray) -> FloatArray:
        """Return the size of an order, shape (n,): of the last year, else of two years, else of the contracts."""
        usual = np.maximum(np.nan_to_num(matrix[:, self.order]), 0.0)
        earlier = (self.revenue, self.days, self.value)
        if -1 in earlier:
            return usual
        revenue, days, value = (np.maximum(np.nan_to_num(matrix[:, column]), 0.0) for column in earlier)
        before = np.where(days > 0, revenue / np.maximum(days, 1.0), value)
        return np.where(usual > 0, usual, before)
