"""The rules of the seven rungs: the rung of any account at any instant, from what was known at its as_of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, FloatArray, IntArray

SUSPECT, PROSPECT, SHOPPER, CUSTOMER, MEMBER, ADVOCATE, RAVING_FAN = range(7)


def _rule(default: int, reason: str, unit: str = "") -> Any:
    """Return a number of the ladder, with what the settings check and tell of it."""
    checks = {"ge": 0, "le": 10**9, "strict": True}
    return field(default=default, metadata={**checks, "description": reason, "json_schema_extra": {"unit": unit}})


@dataclass(frozen=True)
class LadderRules:
    """Every number of the ladder; the defaults are the contract's."""

    inquiry_days: int = _rule(
        730,
        "days that an inquiry, or an approach by them, keeps an account a prospect: two years is about one round of a "
        "buyer's comparing suppliers",
        "days",
    )
    order_days: int = _rule(
        730, "days in which order days are counted for shopper and customer: the same two years", "days"
    )
    customer_order_days: int = _rule(
        2, "order days that make a customer: the second order is the first sign that the first pleased"
    )
    member_periods: int = _rule(6, "periods looked at for a consistent buyer: six of 60 days are about one year")
    member_period_days: int = _rule(
        60, "days in one period: an ordinary rhythm of ordering is once every one or two months", "days"
    )
    member_periods_with_order: int = _rule(
        4, "of those periods, how many need an order day: two may be missed (holidays, stock)"
    )
    referral_days: int = _rule(
        365, "days that a referral or testimonial counts: praise of years ago is no praise of today", "days"
    )
    advocate_referrals: int = _rule(1, "referrals or testimonials that make a member an advocate")
    raving_fan_referrals: int = _rule(
        3, "referrals or testimonials that make a member a raving fan: three in a year are a habit, not a favour"
    )


def rungs(view: View, rules: LadderRules, ahead_days: float = 0) -> IntArray:
    """Return the rung of every snapshot, 0 = suspect .. 6 = raving fan, shape (n,).

    ahead_days : days after as_of at which to apply the rules, with nothing new happening in between (the *mechanical
        roll-forward*: windows move on, contracts end as planned). Negative looks back, with today's knowledge.
    """
    return rule_counts(view, rules, ahead_days).rung


@dataclass(frozen=True)
class RuleCounts:
    """What the rules count of every snapshot, and the rung that follows, shape (n,) each.

    approaches : inquiries, and interactions that they began.
    order_days : order days.
    periods_with_order : of the member's periods, those with an order day.
    referrals : referrals of all kinds.
    last_switch : when the account last left us, as known, microseconds; ALWAYS where it never did. What came before it
        does not count.
    """

    approaches: IntArray
    order_days: IntArray
    periods_with_order: IntArray
    referrals: IntArray
    last_switch: IntArray
    rung: IntArray


def rule_counts(view: View, rules: LadderRules, ahead_days: float = 0) -> RuleCounts:
    """Return what the rules count so many days after as_of, as `rungs` looks ahead; computed once per view."""
    return view.cached(("rule_counts", rules, ahead_days), lambda: _count_for_rules(view, rules, [ahead_days])[0])


def prepare_rule_counts(view: View, rules: LadderRules, ahead_days: Sequence[float]) -> None:
    """Compute what the rules count at several distances at once, for `rule_counts` to return later.

    This is faster than one distance after the other, with the same result.
    """
    for ahead, counts in zip(ahead_days, _count_for_rules(view, rules, ahead_days), strict=True):
        view.cached(("rule_counts", rules, ahead), lambda counts=counts: counts)  # type: ignore[misc]


def _count_for_rules(view: View, rules: LadderRules, ahead_days: Sequence[float]) -> list[RuleCounts]:
    windows = _Windows(view, ahead_days)
    periods = [(k + 1) * rules.member_period_days for k in range(rules.member_periods)]
    days = windows.order_days([rules.order_days, *periods], [0, *(d - rules.member_period_days for d in periods)])
    ordered, filled = days[:, 0], (days[:, 1:] > 0).sum(axis=1)
    approaches = windows.events("inquiries", rules.inquiry_days)
    approaches = approaches + windows.events("interactions", rules.inquiry_days, "them")
    referrals = windows.events("referrals", rules.referral_days)
    under_contract = contracts_in_force(view, windows.at, windows.last_switch) > 0
    member = under_contract | (filled >= rules.member_periods_with_order)
    rung = np.where(approaches > 0, PROSPECT, SUSPECT)
    rung[ordered >= 1] = SHOPPER
    rung[ordered >= rules.customer_order_days] = CUSTOMER
    rung[member] = MEMBER
    rung[member & (referrals >= rules.advocate_referrals)] = ADVOCATE
    rung[member & (referrals >= rules.raving_fan_referrals)] = RAVING_FAN
    rows = zip(approaches, ordered, filled, referrals, windows.last_switch, rung, strict=True)
    return [RuleCounts(*row) for row in rows]


class _Windows:
    """What an account's windows hold at k distances from as_of, from what is known at as_of, shape (k, n) each.

    at : the instants at which the rules are applied, microseconds.
    last_switch : as in `RuleCounts`.
    """

    def __init__(self, view: View, ahead_days: Sequence[float]) -> None:
        self.view, self.ahead = view, np.array(ahead_days, np.float64)[:, None]
        self.at = view.as_of + (self.ahead * MICROSECONDS_PER_DAY).astype(np.int64)
        switches = view.stream("switches")
        self.last_switch = np.full(self.at.shape, ALWAYS, np.int64)
        if len(switches.time):
            last = switches.position(np.minimum(self.at, view.as_of)) - 1
            self.last_switch = np.where(last >= switches.start, switches.time[np.maximum(last, 0)], ALWAYS)
        self.any_switch = len(switches.time) > 0

    def _window(self, days: Sequence[float], until: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Return windows [at - days, at - until) in days before as_of, shape (k, windows); nothing lies after as_of."""
        ends = np.maximum(np.array(until) - self.ahead, 0)
        return np.maximum(np.array(days) - self.ahead, ends), ends

    def events(self, name: str, days: float, mark: str | None = None) -> IntArray:
        """Count the events, or marked events, of the last `days`, shape (k, n)."""
        stream, (begins, ends) = self.view.stream(name), self._window([days], [0])
        edges = stream.edges(np.concatenate([begins[:, 0], ends[:, 0]]))
        first, last = edges[: len(begins)], edges[len(begins) :]
        if self.any_switch:
            first = np.minimum(np.maximum(first, stream.position(self.last_switch)), last)
        if mark is None:
            return last - first
        sums = stream.running(mark)
        marked: IntArray = sums[last] - sums[first]
        return marked

    def order_days(self, days: Sequence[float], until: Sequence[float]) -> IntArray:
        """Count the order days in [at - days, at - until), shape (k, windows, n)."""
        begins, ends = self._window(days, until)
        counted = order_days(self.view).in_windows(begins.ravel(), ends.ravel()).reshape(*begins.shape, -1)
        if self.any_switch:
            start, stop = (
                self.view.as_of - (edge[:, :, None] * MICROSECONDS_PER_DAY).astype(np.int64) for edge in (begins, ends)
            )
            cut = np.nonzero(self.last_switch[:, None, :] > start)
            last_switch = np.minimum(self.last_switch[cut[0], cut[2]], stop[cut])
            counted[cut] = order_days(self.view).count(last_switch, stop[cut], cut[2])
        return counted


def contracts_in_force(view: View, at: IntArray, since: IntArray) -> IntArray:
    """Count the known contracts in force at some instants, shape (k, n).

    A contract is in force where starts_on <= at < ends_on, it is not known to be cancelled before `at`, and it began at
    or after `since`. Where `at` lies before as_of, a cancellation after `at` does not undo that it was in force then.

    at, since : shape (k, n), microseconds.
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
