"""An account's own rhythm: how long a silence its gaps between orders explain.

An account that orders once a year in May is not gone in November. It is gone when it has been silent for longer than
its own gaps explain: their mean and twice their deviation, over three years. Seasons are covered by the gaps that they
make. An account with a single order day has shown no rhythm yet, and is given a year and a quarter to order again. A
contract in force speaks against leaving, whatever the silence; of an account that orders nothing but the fees of its
contracts, these alone say whether it has left (`features.ladder.contract_ends`).
"""

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from features.ladder.contract_ends import contract_state

LOOK_BACK_DAYS = 1095
DEVIATIONS = 2.0
LEAST_DEVIATION = 0.125
"""As a part of the mean gap: two equal gaps do not promise a third."""
ONE_GAP_DEVIATION = 0.25
ONCE_DAYS = 456.0
"""A year and a quarter."""
LONGEST_DAYS = 730.0


LEAST_DAYS = 180.0
"""No shorter silence counts as leaving."""


def rhythm_days(view: View) -> FloatArray:
    """Return how many days of silence each account's rhythm explains, shape (n,)."""
    number, mean, deviation = order_days(view).gaps(LOOK_BACK_DAYS)
    spread = np.where(number > 1, np.maximum(deviation, LEAST_DEVIATION * mean), ONE_GAP_DEVIATION * mean)
    own = np.where(number > 0, mean + DEVIATIONS * spread, ONCE_DAYS)
    return np.clip(own, LEAST_DAYS, LONGEST_DAYS)


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
