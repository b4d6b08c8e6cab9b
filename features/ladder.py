"""The seven rules: the rung of any account at any instant, on what was known at its as_of."""

from dataclasses import dataclass

import numpy as np

from features.order_days import order_days
from features.snapshots import MICROSECONDS_PER_DAY, BoolArray, IntArray
from features.tables import ALWAYS
from features.views import View

SUSPECT, PROSPECT, SHOPPER, CUSTOMER, MEMBER, ADVOCATE, RAVING_FAN = range(7)


@dataclass(frozen=True)
class LadderRules:
    """Every number of the ladder; the defaults are the contract's.

    *_days : length of a window, days.  member_periods of member_period_days days are looked at for a member,
    of which member_periods_with_order need an order day.
    """

    inquiry_days: int = 730
    order_days: int = 730
    customer_order_days: int = 2
    member_periods: int = 6
    member_period_days: int = 60
    member_periods_with_order: int = 4
    referral_days: int = 365
    advocate_referrals: int = 1
    raving_fan_referrals: int = 3


def rungs(view: View, rules: LadderRules, ahead_days: float = 0) -> IntArray:
    """The rung of every snapshot, 0 = suspect .. 6 = raving fan, shape (n,).

    ahead_days : look from so many days after as_of, with nothing new happening in between (the *mechanical
        roll-forward*: windows move on, contracts end as planned); negative looks back, with today's knowledge.
    """
    return view.keep(("rungs", rules, ahead_days), lambda: _rungs(view, rules, ahead_days))


def _rungs(view: View, rules: LadderRules, ahead_days: float) -> IntArray:
    at = view.as_of + int(ahead_days * MICROSECONDS_PER_DAY)
    wiped = _last_switch(view, at)

    def since(days: float) -> IntArray:
        return np.maximum(at - int(days * MICROSECONDS_PER_DAY), wiped)

    stop = np.minimum(at, view.as_of)
    bought = order_days(view).count(np.minimum(since(rules.order_days), stop), stop)
    asked = _happened(view, "inquiries", None, since(rules.inquiry_days), stop)
    approached = _happened(view, "interactions", "them", since(rules.inquiry_days), stop)
    referrals = _happened(view, "referrals", None, since(rules.referral_days), stop)
    member = contracts_in_force(view, at, wiped) > 0
    member |= _regular(view, rules, at, stop, wiped)
    rung = np.where((asked > 0) | (approached > 0), PROSPECT, SUSPECT)
    rung = np.where(bought >= 1, SHOPPER, rung)
    rung = np.where(bought >= rules.customer_order_days, CUSTOMER, rung)
    rung = np.where(member, MEMBER, rung)
    rung = np.where(member & (referrals >= rules.advocate_referrals), ADVOCATE, rung)
    return np.where(member & (referrals >= rules.raving_fan_referrals), RAVING_FAN, rung)


def _happened(view: View, name: str, mark: str | None, start: IntArray, stop: IntArray) -> IntArray:
    """Events, or marked events, in [start, stop)."""
    stream = view.stream(name)
    first, last = stream.position(np.minimum(start, stop)), stream.position(stop)
    if mark is None:
        return last - first
    sums = stream.running(mark)
    marked: IntArray = sums[last] - sums[first]
    return marked


def _last_switch(view: View, at: IntArray) -> IntArray:
    """When the account last left us, as known; ALWAYS where it never did. What came before no longer counts."""
    switches = view.stream("switches")
    if not len(switches.time):
        return np.full(len(view), ALWAYS, np.int64)
    last = switches.position(np.minimum(at, view.as_of)) - 1
    exists = last >= switches.start
    return np.where(exists, switches.time[np.where(exists, last, 0)], ALWAYS)


def _regular(view: View, rules: LadderRules, at: IntArray, stop: IntArray, wiped: IntArray) -> BoolArray:
    """Whether enough of the last periods have an order day: a consistent buyer."""
    period = rules.member_period_days * MICROSECONDS_PER_DAY
    filled = np.zeros(len(view), np.int64)
    for k in range(rules.member_periods):
        ends = np.minimum(at - k * period, stop)
        begins = np.minimum(np.maximum(at - (k + 1) * period, wiped), ends)
        filled += order_days(view).count(begins, ends) > 0
    return filled >= rules.member_periods_with_order


def contracts_in_force(view: View, at: IntArray, since: IntArray | None = None) -> IntArray:
    """Known contracts with starts_on <= at < ends_on, not known to be cancelled before `at`, begun at or after `since`.

    Where `at` lies before as_of, a cancellation after it does not undo that the contract was in force then.
    """
    contracts = view.stream("contracts")
    snapshot, row = contracts.pairs()
    starts, ends, cancelled = (
        (contracts.raw(name)[row] for name in ("time", "ends", "cancelled")) if len(row) else [row] * 3
    )
    known_until = np.minimum(at, view.as_of)
    counts = (starts <= at[snapshot]) & (at[snapshot] < ends) & (cancelled >= known_until[snapshot])
    if since is not None:
        counts &= starts >= since[snapshot]
    return np.bincount(snapshot[counts], minlength=len(view))
