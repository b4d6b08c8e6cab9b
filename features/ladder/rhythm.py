"""An account's own rhythm: how long a silence its gaps between orders explain.

An account that orders once a year in May is not gone in November. It is gone when it has been silent for longer than
its own gaps explain: their mean and twice their deviation, over three years. An account that pauses every winter is not
gone in the winter: a silence that began at the time of the year at which a longer gap did may last as long as that. An
account with a single order day has shown no rhythm yet, and is given a year and a quarter to order again. A contract in
force speaks against leaving, whatever the silence; of an account that orders nothing but the fees of its contracts,
these alone say whether it has left (`features.ladder.contract_ends`).
"""

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray
from features.ladder.contract_ends import contract_state

LOOK_BACK_DAYS = 1095
DEVIATIONS = 2.0
LEAST_DEVIATION = 0.125
"""As a part of the mean gap: two equal gaps do not promise a third."""
ONE_GAP_DEVIATION = 0.25
ONCE_DAYS = 456.0
"""A year and a quarter."""
LONGEST_DAYS = 1095.0
"""Three years: an account that orders every second year has gone when it has missed one order."""
SAME_SEASON_DAYS = 45
"""How far from the same day of the year a pause may begin to be the same one."""
PAUSE_SLACK = 1.15
"""How much longer than the one before a pause may last."""
LEAST_DAYS = 180.0
"""No shorter silence counts as leaving."""
DAYS_A_YEAR = 365.25


def rhythm_days(view: View) -> FloatArray:
    """Return how many days of silence each account's rhythm explains, shape (n,)."""
    number, mean, deviation = order_days(view).gaps(LOOK_BACK_DAYS)
    spread = np.where(number > 1, np.maximum(deviation, LEAST_DEVIATION * mean), ONE_GAP_DEVIATION * mean)
    own = np.where(number > 0, mean + DEVIATIONS * spread, ONCE_DAYS)
    return np.clip(np.maximum(own, PAUSE_SLACK * usual_pause(view)), LEAST_DAYS, LONGEST_DAYS)


def usual_pause(view: View) -> FloatArray:
    """Return the longest gap that began at the time of the year at which the last order day was, shape (n,), or 0."""
    days = order_days(view)
    snapshot, began, gap = days.long_gaps(LOOK_BACK_DAYS, LEAST_DAYS / PAUSE_SLACK)
    last = view.as_of[snapshot] - (days.days_since(0)[snapshot] * MICROSECONDS_PER_DAY).astype(np.int64)
    apart = np.rint((last - began) / MICROSECONDS_PER_DAY) % DAYS_A_YEAR
    same = np.minimum(apart, DAYS_A_YEAR - apart) <= SAME_SEASON_DAYS
    longest = np.zeros(len(view))
    np.maximum.at(longest, snapshot[same], gap[same].astype(np.float64))
    return longest


def days_within_rhythm(view: View) -> FloatArray:
    """Return the days that are left of the explained silence, shape (n,): 0 beyond it.

    NaN without an order, and where contracts say whether the account has left.
    """
    left = np.maximum(rhythm_days(view) - order_days(view).days_since(0), 0.0)
    return np.where(contract_state(view).by_contract, np.nan, left)


def outlasts_rhythm(view: View, horizon_days: float) -> BoolArray:
    """Return whether a horizon without an order would leave the account silent beyond its rhythm, shape (n,)."""
    left = rhythm_days(view) - order_days(view).days_since(0)
    beyond: BoolArray = np.nan_to_num(left, nan=-np.inf) <= horizon_days
    return beyond
