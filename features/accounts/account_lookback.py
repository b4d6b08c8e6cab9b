"""Where every account stood a year ago and what became of it since: rungs, revenue, margin, and standing still.

Looked at from as_of with what is known then; the rung of a year ago is what was known a year ago.
"""

from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.snapshots import Snapshots
from features.histories.views import View, ratio
from features.instants import MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray
from features.ladder.rules import LadderRules, rungs

YEAR = 365
STILL_QUARTERS = 12
"""So many times ninety days back it is asked whether the rung was the same."""
UNKNOWN = -1


@dataclass(frozen=True)
class AccountLookback:
    """Shape (n,) each, of the accounts known at as_of, in the order of the histories.

    rung, rung_then : now and a year ago; UNKNOWN where the account was not known yet.
    left : whether a switch away from us is recorded in the year.
    revenue, revenue_then : of the last year, and of the one before.  order_days_then, silence_then : order days of the
        year before, and days since the last order a year ago (NaN = none).
    margin : gross margin of the last year.  contract_ends : day on which the contract in force ends, NEVER if none.
    still : whole times ninety days that the account has stood on its rung, up to STILL_QUARTERS.
    size, acquisition_cost : employees, and what winning it cost; NaN = unknown.
    """

    account: IntArray
    rung: IntArray
    rung_then: IntArray
    left: BoolArray
    revenue: FloatArray
    revenue_then: FloatArray
    order_days: IntArray
    order_days_then: IntArray
    silence: FloatArray
    silence_then: FloatArray
    margin: FloatArray
    contract_ends: IntArray
    still: IntArray
    size: FloatArray
    acquisition_cost: FloatArray

    def __len__(self) -> int:
        return len(self.account)


def account_lookback(histories: Histories, as_of: int, rules: LadderRules, margin_rate: float) -> AccountLookback:
    """What is seen from as_of (microseconds).  margin_rate : where an account's own costs are unknown."""
    now = histories.known_at(as_of)
    view, then = View(histories, now), View(histories, now.later(-YEAR))
    known = histories.known_since[now.account] < then.as_of
    rung = rungs(view, rules)
    orders, days = view.stream("orders"), order_days(view)
    revenue = orders.amount("revenue", YEAR)
    cost_share = ratio(orders.amount("cost", YEAR), orders.amount("costed_revenue", YEAR))
    rate = np.where(np.isnan(cost_share), margin_rate, 1.0 - np.clip(cost_share, 0.0, 1.0))
    return AccountLookback(
        now.account, rung, np.where(known, rungs(then, rules), UNKNOWN), view.stream("switches").count(YEAR) > 0,
        revenue, then.stream("orders").amount("revenue", YEAR), days.in_window(YEAR),
        order_days(then).in_window(YEAR), days.days_since(0), order_days(then).days_since(0), revenue * rate,
        _contract_ends(view), _still(histories, now, rung, rules), view.profile("employees"),
        view.profile("acquisition_cost"),
    )  # fmt: skip


def _still(histories: Histories, now: Snapshots, rung: IntArray, rules: LadderRules) -> IntArray:
    still, same = np.zeros(len(now), np.int64), np.ones(len(now), bool)
    for k in range(1, STILL_QUARTERS + 1):
        before = now.later(-90 * k)
        same &= (histories.known_since[now.account] < before.as_of) & (rungs(View(histories, before), rules) == rung)
        still += same
    return still


def _contract_ends(view: View) -> IntArray:
    """The last day of all contracts in force; NEVER where none is, or one has no end."""
    stream = view.stream("contracts")
    snapshot, row = stream.pairs()
    ends = np.full(len(view), -NEVER, np.int64)
    if len(row):
        starts, until, cancelled = (stream.raw(name)[row] for name in ("time", "ends", "cancelled"))
        as_of = view.as_of[snapshot]
        force = (starts <= as_of) & (until > as_of) & (cancelled >= as_of)
        np.maximum.at(ends, snapshot[force], until[force])
    return np.where(abs(ends) < NEVER, ends // MICROSECONDS_PER_DAY, NEVER)
