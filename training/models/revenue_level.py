"""The level of expected revenue: what all accounts have in common, and no account's own record tells yet.

The expected orders times the expected spend take every account for as it always was. Three things move all of them:

- A season. More or less than expected came at this time of former years.
- Prices. The orders of the last horizon are of another size than those of the year before, account by account.
- The number of orders. More or fewer of them came over the last horizon than was expected at its beginning, beyond what
  is usual, and beyond what happened a year earlier at the same time; without a year earlier it may be a season.

An account's expectation has taken in a part of a change already: the share of its record that lies after it. Each is
drawn towards nothing by its own uncertainty.
"""

from dataclasses import dataclass, replace

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.training_task import ABSENT, TrainingTask
from training.model.buy_till_you_die import ExpectedPurchases, ExpectedSpend
from training.model.revenue import Pace
from training.models.buy_till_you_die import learn_purchases, learn_spend

UNCAPPED_SHARE = 0.995
"""Amounts beyond this quantile count as it where levels are compared."""
YEAR, NEAR = 365.25, 15.5
"""Days; a slice so near to a year ago tells what this time of the year is like."""
USUAL_SURPRISE = 0.1
"""The least standard deviation of the logarithm of what came over what was expected, by slice."""
DOUBT = 2.0
"""A change of no more variances than this is none (positive-part shrinkage, as James & Stein's)."""
OLD_RECORD = 0.75
"""Of an own last year, what lies before the last horizon: all of the season a year ago, and half of the year."""
LEAST_PAIRS = 20
"""Accounts with orders before and after, with fewer of which prices are not compared."""


def capped(amount: FloatArray) -> FloatArray:
    """Return amounts with those beyond a high quantile of the positive ones as it: nothing may be what most bring."""
    positive = amount[amount > 0]
    return np.minimum(amount, np.quantile(positive, UNCAPPED_SHARE)) if len(positive) else amount


def ratio_of_sums(above: FloatArray, below: FloatArray) -> float:
    """Return the ratio of two sums, in which amounts beyond a high quantile count as it; 1 where the second is zero."""
    both = np.maximum(above, below)
    factor = capped(both) / np.maximum(both, 1e-12)
    total = float((below * factor).sum())
    return float((above * factor).sum()) / total if total > 0 else 1.0


@dataclass(frozen=True)
class Surprises:
    """What came over what was expected, by slice.

    years : shape (k,), years from the slice to the day that the model is learnt on.
    logs : shape (k,), logarithm of the ratio of sums over the horizon after it.
    """

    years: FloatArray
    logs: FloatArray

    def near(self, years: float) -> FloatArray:
        """Return the surprises of the slices within half a month of so many years ago."""
        return self.logs[np.abs(self.years - years) * YEAR <= NEAR]


@dataclass(frozen=True)
class Level:
    """What is to be multiplied to be at the level of today: the expected orders times spend, and an own last year."""

    expected: float
    record: float


def level(task: TrainingTask, pace: Pace, slices: IntArray, expected: ExpectedSpend) -> Level:
    """Return the levels; an own last year has the season in it already.

    slices : shape (n,), the as_of of each row, microseconds.
    expected : of today's accounts.
    """
    surprises = _surprises(task, pace, slices)
    season = [found.mean() for years in (1, 2, 3) if len(found := surprises.near(years))]
    prices = _price_change(task, pace, slices)
    orders = _order_change(surprises, task.span / YEAR, prices)
    of_expected = (
        np.exp(np.sum(season) / (len(season) + 1))
        * _taken_in(prices, _share_before(task, pace, expected))
        * _taken_in(orders, _share_of_old_record(task, expected))
    )
    return Level(float(of_expected), _taken_in(prices, OLD_RECORD) * _taken_in(orders, OLD_RECORD))


def _surprises(task: TrainingTask, pace: Pace, slices: IntArray) -> Surprises:
    """Return what came over what was expected at slices a horizon or whole years ago, and a year before the former."""
    span, years_ago = task.span / YEAR, _years_ago(slices, task)
    asked = np.array([1, 2, 3, span, 2 * span, 3 * span, 4 * span, 1 + span])
    years, logs = [], []
    for instant in np.unique(slices):
        there = slices == instant
        ago = years_ago[there][0]
        record = float(np.nan_to_num(task.matrix[there, pace.age]).max())
        if np.abs(asked - ago).min() * YEAR > NEAR or record < task.span:
            continue
        then = replace(task.take(there), today=None)
        expected = learn_spend(then, learn_purchases(then, regular=False))
        if expected is not None:
            came: FloatArray = np.asarray(then.target, np.float64)
            years.append(ago)
            logs.append(np.log(max(ratio_of_sums(came, expected.predict(then.matrix)[:, 0]), 1e-3)))
    return Surprises(np.array(years), np.array(logs))


def _halves(task: TrainingTask, pace: Pace) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None:
    """Return revenue and order days of today's accounts, of about the last horizon and of the rest of the last year."""
    window = f"order_days_{int(pace.recent_days)}d"
    columns = [task.column(name) for name in (window, "order_days_365d")]
    if ABSENT in columns or pace.recent_days >= 365:
        return None
    matrix = task.present
    days, year_days = (np.nan_to_num(matrix[:, column]) for column in columns)
    revenue, year_revenue = (np.nan_to_num(matrix[:, column]) for column in (pace.recent, pace.year))
    return revenue, days, year_revenue - revenue, year_days - days


def _price_change(task: TrainingTask, pace: Pace, slices: IntArray) -> float:
    """Return the logarithm by which the size of accounts' orders changed, beyond what it did a year ago.

    Fees that most pay in the same half of the year make orders of the other half smaller every year.
    """
    change, error = _size_change(task, pace)
    a_year_ago = np.abs(_years_ago(slices, task) - 1) * YEAR <= NEAR
    for instant in np.unique(slices[a_year_ago]):
        then, error_then = _size_change(replace(task.take(slices == instant), today=None), pace)
        if error_then > 0:
            change, error = change - then, float(np.hypot(error, error_then))
            break
    return change * _believed(change, error)


def _years_ago(slices: IntArray, task: TrainingTask) -> FloatArray:
    """Return how many years each slice lies before the day that the model is learnt on, shape (n,)."""
    today = slices.max() + int(task.span) * MICROSECONDS_PER_DAY
    years: FloatArray = (today - slices) / (YEAR * MICROSECONDS_PER_DAY)
    return years


def _size_change(task: TrainingTask, pace: Pace) -> tuple[float, float]:
    """Return the median by which the logarithm of an account's order grew in the last horizon, and its error.

    Both are zero where too few bought before.
    """
    halves = _halves(task, pace)
    if halves is None:
        return 0.0, 0.0
    revenue, days, before, before_days = halves
    both = (revenue > 0) & (days > 0) & (before > 0) & (before_days > 0)
    if both.sum() < LEAST_PAIRS:
        return 0.0, 0.0
    change = np.log(revenue[both] / days[both]) - np.log(before[both] / before_days[both])
    middle = float(np.median(change))
    error = 1.2533 * 1.4826 * float(np.median(np.abs(change - middle))) / np.sqrt(both.sum())
    return middle, max(error, 1e-9)


def _order_change(surprises: Surprises, span: float, prices: float) -> float:
    """Return the logarithm by which orders of the last horizon were more than usual at this time of the year."""
    now, year_before = surprises.near(span), surprises.near(1 + span)
    if not len(now) or not len(year_before):
        return 0.0
    change = float(now.mean() - year_before.mean()) - prices
    former = [found.mean() for k in (2, 3, 4) if len(found := surprises.near(k * span))]
    usual = np.sqrt((USUAL_SURPRISE**2 + np.square(former).sum()) / (1 + len(former)))
    return change * _believed(change, np.sqrt(2) * float(usual))


def _believed(change: float, error: float) -> float:
    return max(0.0, 1.0 - DOUBT * (error / change) ** 2) if change else 0.0


def _share_before(task: TrainingTask, pace: Pace, expected: ExpectedSpend) -> float:
    """Return the share of the orders of the last year that lie before the last horizon, weighed by what is expected."""
    halves = _halves(task, pace)
    if halves is None:
        return 0.0
    _, days, _, before_days = halves
    share = before_days / np.maximum(days + before_days, 1.0)
    return _mean(share, expected.predict(task.present)[:, 0], days + before_days > 0)


def _share_of_old_record(task: TrainingTask, expected: ExpectedSpend) -> float:
    """Return the share of what the expected orders rest on that lies before the last horizon."""
    purchases = expected.purchases
    assert isinstance(purchases, ExpectedPurchases), "what was learnt of today's accounts"
    age = np.nan_to_num(task.present[:, purchases.columns[1]])
    rests_on = age + purchases.alpha
    share = 1.0 - np.minimum(age, task.span) / np.maximum(rests_on, 1e-9)
    return _mean(share, expected.predict(task.present)[:, 0], age > 0)


def _mean(share: FloatArray, weight: FloatArray, rows: BoolArray) -> float:
    total = float(weight[rows].sum())
    return float((share[rows] * weight[rows]).sum()) / total if total > 0 else 0.0


def _taken_in(change: float, old: float) -> float:
    """Return the factor that is still to come of a change, where a share `old` of the record knows nothing of it."""
    return float(np.exp(change) / (old + (1.0 - old) * np.exp(change)))
