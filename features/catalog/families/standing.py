"""Standing on the ladder: the rung now and before, what is missing to the next one, and what stops counting next."""

from functools import partial
from itertools import pairwise

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Compute, Context, Family, Feature
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, FloatArray, IntArray
from features.ladder.rules import prepare_rule_counts, rule_counts, rungs

FAMILY = Family("ladder", "orders")
DAYS_BACK = (90, 180, 365)
"""Days before as_of at which the rung is computed again."""
DAYS_AHEAD = (90, 365)
"""Days after as_of, besides the horizon, at which the rung is computed as if nothing happened."""


def _since(view: View, context: Context, days: float) -> IntArray:
    """Return the instant so many days before as_of, or that of the last switch if it came later."""
    return np.maximum(view.as_of - int(days * MICROSECONDS_PER_DAY), rule_counts(view, context.rules).last_switch)


def _any_switch(view: View, context: Context) -> bool:
    return bool(np.any(rule_counts(view, context.rules).last_switch > ALWAYS))


def order_days_missing(view: View, context: Context) -> IntArray:
    """Count the order days that are missing to a customer."""
    rules = context.rules
    return np.maximum(rules.customer_order_days - rule_counts(view, rules).order_days, 0)


def periods_filled(view: View, context: Context) -> IntArray:
    """Count the periods of the member rule with an order day."""
    return rule_counts(view, context.rules).periods_with_order


def referrals_missing(view: View, context: Context) -> IntArray:
    """Count the referrals missing to the next rung that needs them; 0 on the top rung."""
    rules, referrals = context.rules, rule_counts(view, context.rules).referrals
    next_needs = np.where(referrals < rules.advocate_referrals, rules.advocate_referrals, rules.raving_fan_referrals)
    return np.maximum(next_needs - referrals, 0)


def order_days_leaving(view: View, context: Context) -> IntArray:
    """Count the order days that leave the ladder's window within the horizon if nothing happens."""
    days = context.rules.order_days
    stays = max(days - context.horizon_days, 0)
    leaving = order_days(view).in_window(days, stays)
    if not _any_switch(view, context):
        return leaving
    first = _since(view, context, days)
    return order_days(view).count(first, np.maximum(view.as_of - int(stays * MICROSECONDS_PER_DAY), first))


def until_oldest_leaves(view: View, context: Context, stream: str, rule: str) -> FloatArray:
    """Return the days until the oldest counted event leaves the window of a rule; NaN where none is counted."""
    events, days = view.stream(stream), getattr(context.rules, rule)
    first = events.position(_since(view, context, days)) if _any_switch(view, context) else events.edge(days)
    counts = first < events.edge(0)
    if not len(events.time):
        return np.full(len(first), np.nan)
    age = (view.as_of - events.time[np.where(counts, first, 0)]) / MICROSECONDS_PER_DAY
    return np.where(counts, np.maximum(days - age, 0), np.nan)


def prospect_lapses(view: View, context: Context) -> FloatArray:
    """Return the days until neither an inquiry nor their own approach counts any more; NaN where none does."""
    inquired, approached = view.stream("inquiries").days_since_last(), view.stream("interactions")
    last = np.fmin(inquired, approached.days_since_last_marked("them"))
    left, last_switch = context.rules.inquiry_days - last, rule_counts(view, context.rules).last_switch
    left = np.where(last <= (view.as_of - last_switch) / MICROSECONDS_PER_DAY, left, -1.0)
    return np.where(left >= 0, left, np.nan)


def rung_after(ahead_days: float | None) -> Compute:
    """Return the function that computes the rung so many days after as_of if nothing happens; None = the horizon."""

    def compute(view: View, context: Context) -> IntArray:
        ahead = (0, context.horizon_days, *DAYS_AHEAD, *(-days for days in DAYS_BACK))
        view.cached("rule_counts of all distances", lambda: prepare_rule_counts(view, context.rules, ahead))
        return rungs(view, context.rules, context.horizon_days if ahead_days is None else ahead_days)

    return compute


def _past_rungs(view: View, context: Context) -> list[IntArray]:
    """Return the rungs now and at each of DAYS_BACK, nearest first."""
    return [rungs(view, context.rules, -days) for days in (0, *DAYS_BACK)]


def days_on_rung(view: View, context: Context) -> IntArray:
    """Return the largest of DAYS_BACK up to which all rungs are that of now; 0 if the nearest differs."""
    now, *past = _past_rungs(view, context)
    same, days = np.ones(len(view), bool), np.zeros(len(view), np.int64)
    for ago, rung in zip(DAYS_BACK, past, strict=True):
        same &= rung == now
        days = np.where(same, ago, days)
    return days


def moves(view: View, context: Context, direction: int) -> IntArray:
    """Count the steps between successive instants that went up (1) or down (-1)."""
    steps = pairwise(_past_rungs(view, context))
    climbed: IntArray = np.sum([direction * later > direction * earlier for later, earlier in steps], axis=0)
    return climbed


def highest_rung(view: View, context: Context) -> IntArray:
    """Return the highest rung now and at DAYS_BACK."""
    highest: IntArray = np.max(_past_rungs(view, context), axis=0)
    return highest


def days_until_fall(view: View, context: Context) -> FloatArray:
    """Return the nearest distance ahead with a lower rung if nothing happens, days.

    Distances are those of DAYS_AHEAD and the horizon; NaN where the rung falls at none of them.
    """
    now, days = rungs(view, context.rules), np.full(len(view), np.nan)
    for ahead in sorted({context.horizon_days, *DAYS_AHEAD}, reverse=True):
        days = np.where(rungs(view, context.rules, ahead) < now, ahead, days)
    return days


_NOT_COUNTED = "none counts now"

FEATURES: tuple[Feature, ...] = (
    FAMILY.feature("rung", "rung 0..6", "the rung now", NEVER_MISSING, rung_after(0)),
    FAMILY.feature(
        "rung_if_nothing_happens", "rung 0..6", "the rung at the horizon if nothing new happens", NEVER_MISSING,
        rung_after(None)),
    *(FAMILY.feature(f"rung_{days}d_ago", "rung 0..6", f"the rung {days} days ago", NEVER_MISSING, rung_after(-days))
      for days in DAYS_BACK),
    FAMILY.feature(
        "days_on_rung", "days", "days on this rung, as far as looks 90, 180 and 365 days ago tell", NEVER_MISSING,
        days_on_rung),
    FAMILY.feature(
        "moves_up_365d", "number", "moves up the ladder in a year, from look to look", NEVER_MISSING,
        partial(moves, direction=1)),
    FAMILY.feature(
        "moves_down_365d", "number", "moves down the ladder in a year, from look to look", NEVER_MISSING,
        partial(moves, direction=-1)),
    FAMILY.feature(
        "highest_rung_365d", "rung 0..6", "the highest rung in a year, from look to look", NEVER_MISSING,
        highest_rung),
    FAMILY.feature(
        "days_until_rung_falls", "days", "days until the rung falls if nothing happens, as far as looks ahead tell",
        "it does not fall within a year", days_until_fall),
    FAMILY.feature(
        "order_days_missing_to_customer", "days", "order days missing to a customer", NEVER_MISSING,
        order_days_missing, lever=True),
    FAMILY.feature(
        "member_periods_filled", "number", "periods with an order, of those in which a member orders regularly",
        NEVER_MISSING, periods_filled, lever=True),
    FAMILY.feature(
        "referrals_missing_to_next_rung", "number", "referrals missing to the next rung that needs them", NEVER_MISSING,
        referrals_missing, lever=True),
    FAMILY.feature(
        "order_days_leaving_by_horizon", "days", "counted order days that drop out of the ladder's window by the horizon",
        NEVER_MISSING, order_days_leaving),
    FAMILY.feature(
        "days_until_order_leaves", "days", "days until the oldest counted order drops out of the ladder's window",
        _NOT_COUNTED, partial(until_oldest_leaves, stream="orders", rule="order_days")),
    FAMILY.feature(
        "days_until_referral_leaves", "days", "days until the oldest counted referral drops out of the ladder's window",
        _NOT_COUNTED, partial(until_oldest_leaves, stream="referrals", rule="referral_days"), tables=("referrals",)),
    FAMILY.feature(
        "days_until_prospect_lapses", "days", "days until the last inquiry or approach of theirs drops out of the window",
        _NOT_COUNTED, prospect_lapses),
)  # fmt: skip
