"""Standing: the rung now, how long and how steadily, what is missing to the next one, and what drops out next."""

from functools import partial
from itertools import pairwise

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Compute, Context, Family, Feature
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, FloatArray, IntArray
from features.ladder.rules import look, look_at, rungs

FAMILY = Family("ladder", "orders")
LOOKS_BACK = (90, 180, 365)
"""Days before as_of at which the ladder is looked at again."""
LOOKS_AHEAD = (90, 365)
"""Days after as_of, besides the horizon, at which it is looked at if nothing happens."""


def _since(view: View, context: Context, days: float) -> IntArray:
    """So many days before as_of, or the last switch if that came later."""
    return np.maximum(view.as_of - int(days * MICROSECONDS_PER_DAY), look(view, context.rules).wiped)


def _anybody_left(view: View, context: Context) -> bool:
    return bool(np.any(look(view, context.rules).wiped > ALWAYS))


def order_days_missing(view: View, context: Context) -> IntArray:
    """Order days that are missing to a customer."""
    rules = context.rules
    return np.maximum(rules.customer_order_days - look(view, rules).bought, 0)


def periods_filled(view: View, context: Context) -> IntArray:
    """Periods of the member rule with an order day."""
    return look(view, context.rules).filled


def referrals_missing(view: View, context: Context) -> IntArray:
    """Referrals missing to the next rung that needs them; 0 on the top."""
    rules, given = context.rules, look(view, context.rules).referrals
    next_needs = np.where(given < rules.advocate_referrals, rules.advocate_referrals, rules.raving_fan_referrals)
    return np.maximum(next_needs - given, 0)


def order_days_leaving(view: View, context: Context) -> IntArray:
    """Counted order days that leave the ladder's window within the horizon if nothing happens."""
    days = context.rules.order_days
    stays = max(days - context.horizon_days, 0)
    leaving = order_days(view).in_window(days, stays)
    if not _anybody_left(view, context):
        return leaving
    first = _since(view, context, days)
    return order_days(view).count(first, np.maximum(view.as_of - int(stays * MICROSECONDS_PER_DAY), first))


def until_oldest_leaves(view: View, context: Context, stream: str, rule: str) -> FloatArray:
    """Days until the oldest counted event leaves the window of that rule; NaN where none is counted."""
    events, days = view.stream(stream), getattr(context.rules, rule)
    first = events.position(_since(view, context, days)) if _anybody_left(view, context) else events.edge(days)
    counts = first < events.edge(0)
    if not len(events.time):
        return np.full(len(first), np.nan)
    age = (view.as_of - events.time[np.where(counts, first, 0)]) / MICROSECONDS_PER_DAY
    return np.where(counts, np.maximum(days - age, 0), np.nan)


def prospect_lapses(view: View, context: Context) -> FloatArray:
    """Days until neither an inquiry nor their own approach counts any more; NaN where none does."""
    asked, approached = view.stream("inquiries").days_since_last(), view.stream("interactions")
    last = np.fmin(asked, approached.days_since_last_marked("them"))
    left, wiped = context.rules.inquiry_days - last, look(view, context.rules).wiped
    left = np.where(last <= (view.as_of - wiped) / MICROSECONDS_PER_DAY, left, -1.0)
    return np.where(left >= 0, left, np.nan)


def rung_after(ahead_days: float | None) -> Compute:
    """The rung so many days after as_of if nothing happens; None stands for the horizon."""

    def compute(view: View, context: Context) -> IntArray:
        ahead = (0, context.horizon_days, *LOOKS_AHEAD, *(-days for days in LOOKS_BACK))
        view.keep("looks", lambda: look_at(view, context.rules, ahead))
        return rungs(view, context.rules, context.horizon_days if ahead_days is None else ahead_days)

    return compute


def _past(view: View, context: Context) -> list[IntArray]:
    """The rungs at the looks back, nearest first, and now before them."""
    return [rungs(view, context.rules, -days) for days in (0, *LOOKS_BACK)]


def days_on_rung(view: View, context: Context) -> IntArray:
    """The farthest look back up to which every look gives the rung of now; 0 where the nearest differs."""
    now, *past = _past(view, context)
    same, days = np.ones(len(view), bool), np.zeros(len(view), np.int64)
    for ago, rung in zip(LOOKS_BACK, past, strict=True):
        same &= rung == now
        days = np.where(same, ago, days)
    return days


def moves(view: View, context: Context, direction: int) -> IntArray:
    """How many of the steps from look to look went up (1) or down (-1)."""
    looks = _past(view, context)
    steps = pairwise(looks)
    climbed: IntArray = np.sum([direction * later > direction * earlier for later, earlier in steps], axis=0)
    return climbed


def highest_rung(view: View, context: Context) -> IntArray:
    """The highest rung at any of the looks back, or now."""
    highest: IntArray = np.max(_past(view, context), axis=0)
    return highest


def days_until_fall(view: View, context: Context) -> FloatArray:
    """The nearest look ahead (a quarter, the horizon, a year) that gives a lower rung if nothing happens."""
    now, days = rungs(view, context.rules), np.full(len(view), np.nan)
    for ahead in sorted({context.horizon_days, *LOOKS_AHEAD}, reverse=True):
        days = np.where(rungs(view, context.rules, ahead) < now, ahead, days)
    return days


_NOT_COUNTED = "none counts now"

FEATURES: tuple[Feature, ...] = (
    FAMILY.feature("rung", "rung 0..6", "the rung now", NEVER_MISSING, rung_after(0)),
    FAMILY.feature(
        "rung_if_nothing_happens", "rung 0..6", "the rung at the horizon if nothing new happens", NEVER_MISSING,
        rung_after(None)),
    *(FAMILY.feature(f"rung_{days}d_ago", "rung 0..6", f"the rung {days} days ago", NEVER_MISSING, rung_after(-days))
      for days in LOOKS_BACK),
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
