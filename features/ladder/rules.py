"""The seven rules: the rung of any account at any instant, on what was known at its as_of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, FloatArray, IntArray

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
    return look(view, rules, ahead_days).rung


@dataclass(frozen=True)
class Look:
    """What the rules count at one look, in their own terms, and the rung that follows, shape (n,) each.

    asked : inquiries, and interactions that they began.  bought : order days.  referrals : of all kinds.
    filled : of the member's periods, those with an order day.  wiped : when the account last left us, as known,
        microseconds; what came before it does not count. ALWAYS where it never did.
    """

    asked: IntArray
    bought: IntArray
    filled: IntArray
    referrals: IntArray
    wiped: IntArray
    rung: IntArray


def look(view: View, rules: LadderRules, ahead_days: float = 0) -> Look:
    """The look from so many days after as_of, as `rungs` has it."""
    return view.keep(("look", rules, ahead_days), lambda: _looks(view, rules, [ahead_days])[0])


def look_at(view: View, rules: LadderRules, ahead_days: Sequence[float]) -> None:
    """Several looks at once, for `look` to give: quicker than one by one, and the same."""
    for ahead, found in zip(ahead_days, _looks(view, rules, ahead_days), strict=True):
        view.keep(("look", rules, ahead), lambda found=found: found)  # type: ignore[misc]


def _looks(view: View, rules: LadderRules, ahead_days: Sequence[float]) -> list[Look]:
    windows = _Windows(view, ahead_days)
    periods = [(k + 1) * rules.member_period_days for k in range(rules.member_periods)]
    days = windows.order_days([rules.order_days, *periods], [0, *(d - rules.member_period_days for d in periods)])
    bought, filled = days[:, 0], (days[:, 1:] > 0).sum(axis=1)
    asked = windows.events("inquiries", rules.inquiry_days) + windows.events("interactions", rules.inquiry_days, "them")
    referrals = windows.events("referrals", rules.referral_days)
    member = (contracts_in_force(view, windows.at, windows.wiped) > 0) | (filled >= rules.member_periods_with_order)
    rung = np.where(asked > 0, PROSPECT, SUSPECT)
    rung[bought >= 1] = SHOPPER
    rung[bought >= rules.customer_order_days] = CUSTOMER
    rung[member] = MEMBER
    rung[member & (referrals >= rules.advocate_referrals)] = ADVOCATE
    rung[member & (referrals >= rules.raving_fan_referrals)] = RAVING_FAN
    rows = zip(asked, bought, filled, referrals, windows.wiped, rung, strict=True)
    return [Look(*row) for row in rows]


class _Windows:
    """What an account's windows hold at k looks, with what is known at as_of; shape (k, n) each.

    at : the instants looked from, microseconds.  wiped : as in `Look`.
    """

    def __init__(self, view: View, ahead_days: Sequence[float]) -> None:
        self.view, self.ahead = view, np.array(ahead_days, np.float64)[:, None]
        self.at = view.as_of + (self.ahead * MICROSECONDS_PER_DAY).astype(np.int64)
        switches = view.stream("switches")
        self.wiped = np.full(self.at.shape, ALWAYS, np.int64)
        if len(switches.time):
            last = switches.position(np.minimum(self.at, view.as_of)) - 1
            self.wiped = np.where(last >= switches.start, switches.time[np.maximum(last, 0)], ALWAYS)
        self.anybody_left = len(switches.time) > 0

    def _window(self, days: Sequence[float], until: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Windows [at - days, at - until) in days before as_of, shape (k, windows); nothing lies after as_of."""
        ends = np.maximum(np.array(until) - self.ahead, 0)
        return np.maximum(np.array(days) - self.ahead, ends), ends

    def events(self, name: str, days: float, mark: str | None = None) -> IntArray:
        """Events, or marked events, of the last `days`."""
        stream, (begins, ends) = self.view.stream(name), self._window([days], [0])
        edges = stream.edges(np.concatenate([begins[:, 0], ends[:, 0]]))
        first, last = edges[: len(begins)], edges[len(begins) :]
        if self.anybody_left:
            first = np.minimum(np.maximum(first, stream.position(self.wiped)), last)
        if mark is None:
            return last - first
        sums = stream.running(mark)
        marked: IntArray = sums[last] - sums[first]
        return marked

    def order_days(self, days: Sequence[float], until: Sequence[float]) -> IntArray:
        """Order days in [at - days, at - until), shape (k, windows, n)."""
        begins, ends = self._window(days, until)
        counted = order_days(self.view).in_windows(begins.ravel(), ends.ravel()).reshape(*begins.shape, -1)
        if self.anybody_left:
            start, stop = (
                self.view.as_of - (edge[:, :, None] * MICROSECONDS_PER_DAY).astype(np.int64) for edge in (begins, ends)
            )
            cut = np.nonzero(self.wiped[:, None, :] > start)
            wiped = np.minimum(self.wiped[cut[0], cut[2]], stop[cut])
            counted[cut] = order_days(self.view).count(wiped, stop[cut], cut[2])
        return counted


def contracts_in_force(view: View, at: IntArray, since: IntArray) -> IntArray:
    """Known contracts with starts_on <= at < ends_on, not known to be cancelled before `at`, begun at or after `since`.

    at, since : shape (k, n), as the answer.  Where `at` lies before as_of, a cancellation after it does not undo that
    the contract was in force then.
    """
    contracts = view.stream("contracts")
    snapshot, row = contracts.pairs()
    if not len(row):
        return np.zeros(at.shape, np.int64)
    starts, ends, cancelled = (contracts.raw(name)[row] for name in ("time", "ends", "cancelled"))
    then = at[:, snapshot]
    counts = (starts <= then) & (then < ends) & (cancelled >= np.minimum(then, view.as_of[snapshot]))
    counts &= starts >= since[:, snapshot]
    which, entry = np.nonzero(counts)
    return np.bincount(which * at.shape[1] + snapshot[entry], minlength=at.size).reshape(at.shape)
