"""Six behaviours of a loyal business customer, each with its evidence and the day of it.

    grows             a year's revenue grew by MORE_GROWTH more than prices did, and than on its rung is usual
    recommends        a referral or testimonial in the last 365 days
    resists_rivals    in two years: an inquiry that we won against a named competitor; or it still ordered half a year
                      after a recorded pull of the market, and has not left since
    pays_premium      the mean discount of a year is LESS_DISCOUNT lower than that of accounts on its rung
    develops_with_us  developed something together with us in two years
    invests_in_us     put money into it, or shared data, together with us in two years

Source: Narayandas (2005), the ladder of loyal behaviours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.accounts.loyalty import Norms, signals
from features.histories.stream_view import StreamView
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.rules import LadderRules, rule_counts

BEHAVIOURS = ("grows", "recommends", "resists_rivals", "pays_premium", "develops_with_us", "invests_in_us")
MORE_GROWTH = 0.05
LESS_DISCOUNT = 0.01
LEAST_DISCOUNTS = 2
"""Orders with a known discount that a year must hold."""
HELD_DAYS = 180
"""Days after a pull of the market from which on an account that still orders has resisted it."""


@dataclass(frozen=True)
class Evidence:
    """What one behaviour rests on, of every snapshot.

    holds : shape (n,).  at : shape (n,), microseconds, when it was last shown; anything where it does not hold.
    figures : name -> shape (n,), what a text tells of it.
    """

    holds: BoolArray
    at: IntArray
    figures: Mapping[str, FloatArray]


def evidence(view: View, rules: LadderRules, norms: Norms, inflation: float) -> dict[str, Evidence]:
    """Return the evidence of each of BEHAVIOURS.  inflation : of prices, a year, as a share."""
    rung, signs = rule_counts(view, rules).rung, signals(view, rules)
    usual = np.fmax(np.nan_to_num(norms.growth[rung]), inflation)
    orders = view.stream("orders")
    last_order = _last(orders, view)
    peer = norms.discount[rung]
    enough = orders.total("discount_known", 365) >= LEAST_DISCOUNTS
    return {
        "grows": Evidence(
            signs["growth"] >= usual + MORE_GROWTH, last_order, {"growth": signs["growth"], "usual": usual}
        ),
        "recommends": _events(view, "referrals", 365),
        "resists_rivals": _resists(view, rules),
        "pays_premium": Evidence(
            enough & (signs["discount"] <= peer - LESS_DISCOUNT), last_order,
            {"discount": signs["discount"], "usual": peer},
        ),
        "develops_with_us": _events(view, "collaborations", 730, ("co_development",)),
        "invests_in_us": _events(view, "collaborations", 730, ("joint_investment", "data_sharing")),
    }  # fmt: skip


def shown(found: Mapping[str, Evidence], size: int) -> list[list[str]]:
    """Return the names of the behaviours that hold, for every snapshot.  size : number of snapshots."""
    held = np.array([found[name].holds for name in BEHAVIOURS]).reshape(len(BEHAVIOURS), size)
    return [[name for name, holds in zip(BEHAVIOURS, row, strict=True) if holds] for row in held.T.tolist()]


def evidence_rows(found: Mapping[str, Evidence], size: int) -> list[list[dict[str, Any]]]:
    """Return the evidence of every snapshot as plain values: behaviour, day (since 1970-01-01) and figures."""
    rows: list[list[dict[str, Any]]] = [[] for _ in range(size)]
    for name in BEHAVIOURS:
        one = found[name]
        for k in np.flatnonzero(one.holds).tolist():
            figures = {key: round(float(values[k]), 6) for key, values in one.figures.items()}
            rows[k].append({"behaviour": name, "day": int(one.at[k] // MICROSECONDS_PER_DAY), **figures})
    return rows


def _last(stream: StreamView, view: View) -> IntArray:
    """Return the time of the last known event, microseconds; as_of where there is none."""
    row = stream.edge(0) - 1
    if not len(stream.time):
        return view.as_of
    exists = row >= stream.start
    return np.where(exists, stream.time[np.where(exists, row, 0)], view.as_of)


def _last_marked(view: View, stream: str, mark: str) -> IntArray:
    days = view.stream(stream).days_since_last_marked(mark)
    return view.as_of - np.rint(np.nan_to_num(days) * MICROSECONDS_PER_DAY).astype(np.int64)


def _events(view: View, name: str, days: int, marks: tuple[str, ...] = ()) -> Evidence:
    """Return the evidence of events of a stream in the last `days`, those with one of the marks if there are any."""
    stream = view.stream(name)
    if not marks:
        count, at = stream.count(days), _last(stream, view)
    else:
        count = np.sum([stream.total(mark, days) for mark in marks], axis=0)
        seen = [(stream.total(mark) > 0, _last_marked(view, name, mark)) for mark in marks]
        at = np.max([np.where(known, when, 0) for known, when in seen], axis=0)
    return Evidence(count > 0, at, {"count": count.astype(np.float64)})


def _resists(view: View, rules: LadderRules) -> Evidence:
    won = view.stream("inquiries_closed").total("won_from_rival", 730)
    at_won = _last_marked(view, "inquiries_closed", "won_from_rival")
    triggers, switched = view.stream("triggers"), rule_counts(view, rules).last_switch
    pulls = triggers.total("influential", 730, HELD_DAYS)
    orders = view.stream("orders")
    stayed = (pulls > 0) & (orders.count(HELD_DAYS) > 0) & (switched < view.as_of - 730 * MICROSECONDS_PER_DAY)
    at = np.where(won > 0, at_won, _last(orders, view))
    figures = {"won": won.astype(np.float64), "pulls": np.where(stayed, pulls, 0).astype(np.float64)}
    return Evidence((won > 0) | stayed, at, figures)
