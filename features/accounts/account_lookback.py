"""The account lookback: where every account stood a year ago and what became of it since.

It holds rungs, revenue, margin, and how long the account has stood on its rung. Everything is seen from as_of with what
is known then; the rung of a year ago is from what was known a year ago.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray
from features.ladder.rules import LadderRules, rungs

YEAR = 365
MAX_PERIODS_ON_RUNG = 12
"""How many periods of ninety days back the rung is compared with that of now."""
UNKNOWN = -1


@dataclass(frozen=True)
class AccountLookback:
    """What became of the accounts known at as_of, shape (n,) each, in the order of the histories.

    account : position in the histories.
    rung, rung_then : now and a year ago; UNKNOWN where the account was not known yet.
    left : whether a switch away from us is recorded in the year.
    revenue, revenue_then : of the last year, and of the one before, money.
    order_days, order_days_then : order days of the last year, and of the one before.
    silence, silence_then : days since the last order day, now and a year ago; NaN = none.
    margin : gross margin of the last year, money, at the rates of `features.accounts.margin_rates`.
    contract_ends : the day on which the contracts in force end, days since 1970-01-01; NEVER if none does.
    periods_on_rung : whole periods of ninety days that the account has stood on its rung, up to MAX_PERIODS_ON_RUNG.
    size : employees; NaN = unknown.
    acquisition_cost : what winning the account cost, money; NaN = unknown.
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
    periods_on_rung: IntArray
    size: FloatArray
    acquisition_cost: FloatArray

    def __len__(self) -> int:
        return len(self.account)


def account_lookback(
    histories: Histories, as_of: int, rules: LadderRules, line_margins: Mapping[str, float], margin_rate: float
) -> AccountLookback:
    """Look back over a year from as_of (microseconds).

    line_margins, margin_rate : the margins by which the model was trained, as `margin_rates` takes them, so that an
        account's margin here is the one that its scores use.
    """
    now = histories.known_at(as_of)
    view, then = View(histories, now), View(histories, now.later(-YEAR))
    known = histories.known_since[now.account] < then.as_of
    rung = rungs(view, rules)
    orders, days = view.stream("orders"), order_days(view)
    revenue = orders.amount("revenue", YEAR)
    return AccountLookback(
        account=now.account,
        rung=rung,
        rung_then=np.where(known, rungs(then, rules), UNKNOWN),
        left=view.stream("switches").count(YEAR) > 0,
        revenue=revenue,
        revenue_then=then.stream("orders").amount("revenue", YEAR),
        order_days=days.in_window(YEAR),
        order_days_then=order_days(then).in_window(YEAR),
        silence=days.days_since(0),
        silence_then=order_days(then).days_since(0),
        margin=revenue * margin_rates(view, line_margins, margin_rate),
        contract_ends=_contract_ends(view),
        periods_on_rung=_periods_on_rung(histories, now, rung, rules),
        size=view.profile("employees"),
        acquisition_cost=view.profile("acquisition_cost"),
    )


def _periods_on_rung(histories: Histories, now: Snapshots, rung: IntArray, rules: LadderRules) -> IntArray:
    periods, same = np.zeros(len(now), np.int64), np.ones(len(now), bool)
    for k in range(1, MAX_PERIODS_ON_RUNG + 1):
        before = now.later(-90 * k)
        same &= (histories.known_since[now.account] < before.as_of) & (rungs(View(histories, before), rules) == rung)
        periods += same
    return periods


def _contract_ends(view: View) -> IntArray:
    """Return the last day of all contracts in force; NEVER where there is none, or one has no end."""
    stream = view.stream("contracts")
    snapshot, row = stream.pairs()
    ends = np.full(len(view), -NEVER, np.int64)
    if len(row):
        starts, until, cancelled = (stream.raw(name)[row] for name in ("time", "ends", "cancelled"))
        as_of = view.as_of[snapshot]
        force = (starts <= as_of) & (until > as_of) & (cancelled >= as_of)
        np.maximum.at(ends, snapshot[force], until[force])
    return np.where(abs(ends) < NEVER, ends // MICROSECONDS_PER_DAY, NEVER)
