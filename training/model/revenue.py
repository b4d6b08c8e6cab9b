"""Expected revenue as shares of each account's own pace, so that the largest accounts are not beyond what was seen.

A tree that predicts amounts cannot predict more than the largest amount that it has seen, and is then far too low for
the largest accounts. One that predicts a ratio to the account's own pace has no such end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from features.instants import BoolArray, FloatArray
from training.model.invoices import InvoiceSchedule
from training.model.predictors import Trees, TwoPart
from training.model.serialization import Predictor, served

SHARE_OF_AN_ORDER = 0.1
"""Added to every pace: this share of an order, so that a ratio to a pace of zero has a meaning."""
LEAST_AGE, MOST_AGE, EXTRA_DAYS = 120.0, 365.0, 30.0
"""An account younger than a year has its year's revenue scaled up by its age, but by no more than from 120 days."""
N_RATIOS = 6


@dataclass(frozen=True)
class Pace:
    """An account's own pace: the mean of its last horizon and of its last year, by the days that it has been buying.

    recent, recent_days : column of the revenue of about the last horizon, and how many days it holds.
    year, quarter, month : columns of the revenue of the last 365, 90 and 30 days.
    age : column of the days since the first order.
    order : column of the revenue per order day.
    span : days of the horizon.
    usual : the revenue of a usual order day, for accounts without one.
    """

    recent: int
    recent_days: float
    year: int
    quarter: int
    month: int
    age: int
    order: int
    span: float
    usual: float

    def paces(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the pace over a horizon, its parts (the last horizon, the last year by age), shape (n,) each."""
        recent = self._column(matrix, self.recent) * (self.span / self.recent_days)
        days = np.clip(np.nan_to_num(matrix[:, self.age]) + EXTRA_DAYS, LEAST_AGE, MOST_AGE)
        year = self._column(matrix, self.year) * self.span / days
        return 0.5 * (recent + year), recent, year

    def last_year(self, matrix: FloatArray) -> FloatArray:
        """Return the last year's revenue over a horizon, whatever the account's age, shape (n,)."""
        return self._column(matrix, self.year) * (self.span / MOST_AGE)

    def scale(self, matrix: FloatArray) -> FloatArray:
        """Return what ratios are of, shape (n,): the pace and a share of an order; above zero."""
        return self.paces(matrix)[0] + SHARE_OF_AN_ORDER * self._order(matrix)

    def at_least_an_order(self, matrix: FloatArray) -> FloatArray:
        """Return the pace, but an order at least, shape (n,): what those bring that order at all is of this size."""
        _, recent, year = self.paces(matrix)
        largest: FloatArray = np.maximum(np.maximum(recent, year), self._order(matrix))
        return largest

    def ratios(self, matrix: FloatArray) -> FloatArray:
        """Return the features that tell how the pace is made up, shape (n, N_RATIOS)."""
        pace, recent, year = self.paces(matrix)
        order, scale = self._order(matrix), self.scale(matrix)
        extra = SHARE_OF_AN_ORDER * order
        quarter = self._column(matrix, self.quarter) * (self.span / 90)
        month = self._column(matrix, self.month) * (self.span / 30)
        parts = [np.log((part + extra) / scale) for part in (recent, year, quarter, month)]
        since = np.nan_to_num(matrix[:, self.age])
        return np.column_stack([*parts, pace / order, np.minimum(since, MOST_AGE)])

    def beside(self, matrix: FloatArray) -> FloatArray:
        """Return the matrix with the ratios behind its columns, as boosters see it."""
        return np.column_stack([matrix, self.ratios(matrix)])

    def _order(self, matrix: FloatArray) -> FloatArray:
        known = self._column(matrix, self.order)
        return np.where(known > 0, known, self.usual)

    @staticmethod
    def _column(matrix: FloatArray, column: int) -> FloatArray:
        return np.maximum(np.nan_to_num(matrix[:, column]), 0.0)


@served
@dataclass(frozen=True)
class OnPace:
    """A booster's ratio to the account's own pace, as money.

    The booster sees the matrix with the pace's ratios behind its columns.
    """

    pace: Pace
    ratio: Trees

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the expected revenue, shape (n, 1), money."""
        return np.maximum(self.ratio.predict(self.pace.beside(matrix)), 0.0) * self.pace.scale(matrix)[:, None]

    def predict_ratio(self, matrix: FloatArray) -> FloatArray:
        """Return the ratio, shape (n,)."""
        return self.ratio.predict(self.pace.beside(matrix))[:, 0]


@served
@dataclass(frozen=True)
class OwnRecord:
    """What an account brought over its last year: the mean of that year's pace and of the season that now comes again.

    season, days : columns of the revenue of the same season a year ago, and of the order days of the last 365 days.
    level : what it is multiplied by, for what has changed since for everybody.
    half_at : the order days of a year at which it is believed as much as what all accounts teach.

    Source: Buehlmann (1967), credibility.
    """

    pace: Pace
    season: int
    days: int
    level: float
    half_at: float

    def credibility(self, matrix: FloatArray) -> FloatArray:
        """Return its part in each account's expected revenue, shape (n,); none before it has been buying for a year."""
        days = np.maximum(np.nan_to_num(matrix[:, self.days]), 0.0)
        whole: BoolArray = np.nan_to_num(matrix[:, self.pace.age]) >= MOST_AGE
        return np.where(whole, days / (days + self.half_at), 0.0)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the revenue over a horizon by the last year alone, shape (n, 1), money."""
        season = np.maximum(np.nan_to_num(matrix[:, self.season]), 0.0)
        return (self.level * 0.5 * (season + self.pace.last_year(matrix)))[:, None]


@served
@dataclass(frozen=True)
class RevenuePool:
    """Expected revenue: a weighted sum of members in money, and the probability of any order beside it.

    weights : of the members; they need not sum to one, since they also bring the members to the same level.
    record : takes its part as far as it is credible.
    invoices, slow : speak instead of the members for accounts that order nothing but the fees of their contracts, and
        for those that order too slowly for a pace.
    held : what a sum (of the expected orders, or of a schedule) was multiplied by, the farthest from 1 of them, so that
        it is near the simple rules; 1 where all were.
    """

    any_order: Predictor
    members: Mapping[str, Predictor]
    weights: Mapping[str, float]
    invoices: InvoiceSchedule | None = None
    slow: InvoiceSchedule | None = None
    record: OwnRecord | None = None
    held: float = 1.0

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the expected revenue, shape (n, 1), money."""
        total = np.zeros(len(matrix))
        for name in sorted(self.members):
            if self.weights[name] > 0:
                total = total + self.weights[name] * self.members[name].predict(matrix)[:, 0]
        total = self.with_record(matrix, total)
        schedules = self.schedules()
        chance = self.any_order.predict(matrix)[:, 0] if schedules else total
        for schedule in schedules:
            total = np.where(schedule.concerned(matrix), schedule.expected(matrix, chance), total)
        return total[:, None]

    def with_record(self, matrix: FloatArray, pooled: FloatArray) -> FloatArray:
        """Return what the members expect, shape (n,), with the own record's part in it."""
        if self.record is None:
            return pooled
        credibility = self.record.credibility(matrix)
        return (1 - credibility) * pooled + credibility * self.record.predict(matrix)[:, 0]

    def schedules(self) -> list[InvoiceSchedule]:
        """Return the schedules that speak for some accounts."""
        return [one for one in (self.invoices, self.slow) if one is not None]


RevenueModel: TypeAlias = RevenuePool | TwoPart
"""Expected revenue, with the probability of any order."""
