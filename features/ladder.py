"""The seven rules: the rung of any account at any instant, on what was known at its as_of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.order_days import order_days
from features.snapshots import MICROSECONDS_PER_DAY, IntArray
from features.tables import ALWAYS
from features.views import WINDOWS, View

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


def expect_looks(view: View, rules: LadderRules, ahead_days: Sequence[float]) -> None:
    """Find the edges of all windows of several looks at once: quicker than look by look, and nothing else."""
    periods = range(rules.member_periods + 1)
    windows = {
        "orders": (rules.order_days, *(k * rules.member_period_days for k in periods)),
        "inquiries": (rules.inquiry_days, 0),
        "interactions": (rules.inquiry_days, 0),
        "referrals": (rules.referral_days, 0),
    }
    for name, days in windows.items():
        view.stream(name).find_edges([*WINDOWS, *(max(d - ahead, 0) for ahead in ahead_days for d in days)])


@dataclass(frozen=True)
class Counted:
    """What the rules count at one look, in their own terms, shape (n,) each.

    asked : inquiries, and interactions that they began.  bought : order days.  referrals : of all kinds.
    filled : of the member's periods, those with an order day.  wiped : when the account last left us, as known,
        microseconds; what came before it does not count. None where nobody left.
    """

    asked: IntArray
    bought: IntArray
    filled: IntArray
    referrals: IntArray
    wiped: IntArray | None


def counted(view: View, rules: LadderRules, ahead_days: float = 0) -> Counted:
    """What the rules count, looked at as `rungs` does."""
    return view.keep(("counted", rules, ahead_days), lambda: _counted(_Look(view, ahead_days), rules))


def _counted(look: "_Look", rules: LadderRules) -> Counted:
    period, filled = rules.member_period_days, np.zeros(len(look.view), np.int64)
    for k in range(rules.member_periods):
        filled += look.order_days((k + 1) * period, k * period) > 0
    asked = look.events("inquiries", rules.inquiry_days) + look.events("interactions", rules.inquiry_days, "them")
    bought, referrals = look.order_days(rules.order_days), look.events("referrals", rules.referral_days)
    return Counted(asked, bought, filled, referrals, look.wiped)


def _rungs(view: View, rules: LadderRules, ahead_days: float) -> IntArray:
    now, at = counted(view, rules, ahead_days), view.as_of + int(ahead_days * MICROSECONDS_PER_DAY)
    member = (contracts_in_force(view, at, now.wiped) > 0) | (now.filled >= rules.member_periods_with_order)
    rung = np.where(now.asked > 0, PROSPECT, SUSPECT)
    rung[now.bought >= 1] = SHOPPER
    rung[now.bought >= rules.customer_order_days] = CUSTOMER
    rung[member] = MEMBER
    rung[member & (now.referrals >= rules.advocate_referrals)] = ADVOCATE
    rung[member & (now.referrals >= rules.raving_fan_referrals)] = RAVING_FAN
    return rung


class _Look:
    """What an account's windows hold at `ahead_days` after as_of, with what is known at as_of.

    wiped : as in `Counted`.
    """

    def __init__(self, view: View, ahead_days: float) -> None:
        self.view, self.ahead = view, ahead_days
        self.wiped = _last_switch(view, view.as_of + int(ahead_days * MICROSECONDS_PER_DAY))

    def _window(self, days: float, until: float = 0) -> tuple[float, float]:
        """The window [at - days, at - until) in days before as_of; nothing lies after as_of."""
        last = max(until - self.ahead, 0)
        return max(days - self.ahead, last), last

    def events(self, name: str, days: float, mark: str | None = None) -> IntArray:
        """Events, or marked events, of the last `days`."""
        stream, (begins, ends) = self.view.stream(name), self._window(days)
        first, last = stream.edge(begins), stream.edge(ends)
        if self.wiped is not None:
            first = np.minimum(np.maximum(first, stream.position(self.wiped)), last)
        if mark is None:
            return last - first
        sums = stream.running(mark)
        marked: IntArray = sums[last] - sums[first]
        return marked

    def order_days(self, days: float, until: float = 0) -> IntArray:
        """Order days in [at - days, at - until)."""
        begins, ends = self._window(days, until)
        counted = order_days(self.view).in_window(begins, ends)
        if self.wiped is not None:
            start, stop = (self.view.as_of - int(edge * MICROSECONDS_PER_DAY) for edge in (begins, ends))
            cut = np.flatnonzero(self.wiped > start)
            if len(cut):
                counted = counted.copy()
                counted[cut] = order_days(self.view).count(np.minimum(self.wiped, stop)[cut], stop[cut], cut)
        return counted


def _last_switch(view: View, at: IntArray) -> IntArray | None:
    switches = view.stream("switches")
    if not len(switches.time):
        return None
    last = switches.position(np.minimum(at, view.as_of)) - 1
    exists = last >= switches.start
    return np.where(exists, switches.time[np.where(exists, last, 0)], ALWAYS)


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
