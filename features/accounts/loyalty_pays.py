"""Whether the ladder pays: do accounts of higher rungs stay, spend, cost less, recommend and share what they know?

Accounts are sorted by the rung on which they stood when a year began, and judged by what they did in it: a rung is made
of past orders and referrals, so counting the year that made it would only say so again. Both years are seen with what
was known at their ends. Beside them, of every rung: who is still there after so many years, and what margin remains.

Everything is a sum over accounts, so that those of a source's parts add up to those of the whole.

Source: Reichheld & Sasser (1990), Harvard Business Review 68(5), on why customers who stay bring more.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from features.ladder.contract_ends import GRACE_DAYS
from features.ladder.former import former
from features.ladder.rules import LadderRules, contracts_in_force, rungs
from features.tables import RUNGS

YEAR = 365
MOST_YEARS = 5
PERIODS = ("now", "a_year_ago")
"""The last year, and the one before it."""
STAYS, SPENDS, SERVICE, RECOMMENDS, SHARES = BEHAVIOURS = ("stays", "spends", "service", "recommends", "shares")
"""Bought in the year or has a contract, and has not gone; revenue; contacts and tickets for a thousand of revenue; gave
a referral; answered a survey or shared data."""
_OF_SHARES = (STAYS, RECOMMENDS, SHARES)
ALL = "all"
FORMER = "former"
Sums = dict[str, list[float]]
"""`behaviour|period|rung|cohort` -> number of accounts, sum of y, of y squared, of x, of x squared, and of x y, where a
behaviour is the mean of y, or for SERVICE the sum of y over that of x; `after|rung|years` -> number of accounts, of
those that stayed, sum of the margin of the last year, and of its square."""


def loyalty_sums(
    histories: Histories, as_of: int, rules: LadderRules, *, line_margins: Mapping[str, float], margin_rate: float,
    grace_days: float = GRACE_DAYS,
) -> Sums:  # fmt: skip
    """Return the sums of the accounts known at as_of (microseconds).

    line_margins, margin_rate : as `margin_rates` takes them.  grace_days : as `former` takes it.
    """
    now = histories.known_at(as_of)
    sums: Sums = {}
    cohort = 1970 + histories.known_since[now.account].astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64)
    last = View(histories, now)
    ends = {PERIODS[0]: last, PERIODS[1]: View(histories, now.later(-YEAR))}
    for period, end in ends.items():
        known, rung = _standing(View(histories, end.snapshots.later(-YEAR)), rules, grace_days)
        for behaviour, (y, x) in _behaviours(end, rules, grace_days).items():
            for group in (np.full(len(now), ALL, object), cohort.astype(str).astype(object)):
                _add(sums, f"{behaviour}|{period}", (rung[known], group[known]), y[known], x[known])
    stayed, margin = _stays(last, rules, grace_days), _margin(last, line_margins, margin_rate)
    for years in range(1, MOST_YEARS + 1):
        known, rung = _standing(View(histories, now.later(-YEAR * years)), rules, grace_days)
        for name in np.unique(rung[known]).tolist():
            of = known & (rung == name)
            sums[f"after|{name}|{years}"] = [
                float(of.sum()), float(stayed[of].sum()), _exact(margin[of]), _exact(margin[of] ** 2)
            ]  # fmt: skip
    return sums


def _standing(view: View, rules: LadderRules, grace_days: float) -> tuple[BoolArray, Any]:
    """Return which accounts were known, and the rung of each, or FORMER, shape (n,) each."""
    known = view.histories.known_since[view.snapshots.account] < view.as_of
    return known, np.where(former(view, rules, grace_days), FORMER, np.array(RUNGS, object)[rungs(view, rules)])


def _stays(view: View, rules: LadderRules, grace_days: float) -> BoolArray:
    bound = contracts_in_force(view, view.as_of[None], np.full((1, len(view)), -(2**62)))[0] > 0
    buys: BoolArray = ((order_days(view).in_window(YEAR) > 0) | bound) & ~former(view, rules, grace_days)
    return buys


def _margin(view: View, line_margins: Mapping[str, float], margin_rate: float) -> FloatArray:
    revenue = view.stream("orders").amount("revenue", YEAR)
    return np.round(revenue * margin_rates(view, line_margins, margin_rate), 2)


def _behaviours(view: View, rules: LadderRules, grace_days: float) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return what each behaviour is the mean of, or the ratio; without those whose tables are not there."""
    held, ones = view.histories.tables, np.ones(len(view))
    revenue = np.maximum(view.stream("orders").amount("revenue", YEAR), 0.0)
    found: dict[str, tuple[FloatArray, FloatArray]] = {
        STAYS: (_stays(view, rules, grace_days).astype(np.float64), ones),
        SPENDS: (revenue, ones),
    }
    if held & {"interactions", "tickets"}:
        load = (view.stream("interactions").count(YEAR) + view.stream("tickets").count(YEAR)).astype(np.float64)
        found[SERVICE] = (1000 * load, revenue)
    if "referrals" in held:
        found[RECOMMENDS] = (_any(view, "referrals"), ones)
    if held & {"surveys", "collaborations"}:
        shared: FloatArray = _any(view, "surveys")
        collaborations = view.stream("collaborations")
        if collaborations.has("data_sharing"):
            shared = np.where(collaborations.total("data_sharing", YEAR) > 0, 1.0, shared)
        found[SHARES] = (shared, ones)
    return found


def _any(view: View, stream: str) -> FloatArray:
    return (view.stream(stream).count(YEAR) > 0).astype(np.float64)


def _add(sums: Sums, begin: str, groups: tuple[Any, Any], y: FloatArray, x: FloatArray) -> None:
    rung, cohort = groups
    for one in sorted(set(zip(rung.tolist(), cohort.tolist(), strict=True))):
        of = (rung == one[0]) & (cohort == one[1])
        a, b = y[of], x[of]
        sums[f"{begin}|{one[0]}|{one[1]}"] = [float(of.sum()), *map(_exact, (a, a * a, b, b * b, a * b))]


def _exact(values: FloatArray) -> float:
    """Return a sum that does not depend on the order of the values."""
    return math.fsum(values.tolist())


def add_sums(left: Mapping[str, list[float]], right: Mapping[str, list[float]]) -> Sums:
    """Add the sums of two parts."""
    total = {key: list(values) for key, values in left.items()}
    for key, values in right.items():
        total[key] = [a + b for a, b in zip(total.get(key, [0.0] * len(values)), values, strict=True)]
    return total


REACH = 1.959964
"""Standard errors of a 95 % interval."""


def loyalty_rows(sums: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """Return the behaviours, one row each: behaviour, period, rung, cohort, accounts, value, low, high (95 %).

    By rung, `former` last, then by cohort, `all` first.  What cannot be told of so few accounts is None.
    """
    rows = []
    for key, values in sums.items():
        behaviour, *names = key.split("|")
        if behaviour in BEHAVIOURS:
            period, rung, cohort = names
            value, low, high = _estimate(behaviour, values)
            rows.append({
                "behaviour": behaviour, "period": period, "rung": rung, "cohort": cohort, "accounts": int(values[0]),
                "value": value, "low": low, "high": high,
            })  # fmt: skip
    return sorted(
        rows, key=lambda row: (
            BEHAVIOURS.index(row["behaviour"]), PERIODS.index(row["period"]), _place(row["rung"]), row["cohort"] != ALL,
            row["cohort"],
        ),
    )  # fmt: skip


def after_years(sums: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """Return, by rung and years since, who is still there and the margin of the last year of each that was there then.

    One row each: rung, years, accounts, stayed, stayed_low, stayed_high, margin, margin_low, margin_high (95 %).
    """
    rows = []
    for key, (n, stayed, margin, squares) in ((k, v) for k, v in sums.items() if k.startswith("after|")):
        _, rung, years = key.split("|")
        share, mean = _wilson(n, stayed), _mean(n, margin, squares)
        named = dict(zip(("stayed", "stayed_low", "stayed_high"), share, strict=True))
        named |= dict(zip(("margin", "margin_low", "margin_high"), mean, strict=True))
        rows.append({"rung": rung, "years": int(years), "accounts": int(n), **named})
    return sorted(rows, key=lambda row: (_place(row["rung"]), row["years"]))


def _place(rung: str) -> int:
    return RUNGS.index(rung) if rung in RUNGS else len(RUNGS)


Estimate = tuple[float | None, float | None, float | None]


def _estimate(behaviour: str, values: list[float]) -> Estimate:
    n, y, yy, x, xx, xy = values
    if behaviour in _OF_SHARES:
        return _wilson(n, y)
    if behaviour == SPENDS:
        return _mean(n, y, yy, 0.0)
    if x <= 0 or n < 2:
        return None, None, None
    ratio = y / x
    spread = max(yy - 2 * ratio * xy + ratio * ratio * xx, 0.0) * n / (n - 1)  # of the residuals: a ratio of sums
    reach = REACH * math.sqrt(spread) / x
    return _rounded(ratio, ratio - reach, ratio + reach, 0.0)


def _wilson(n: float, hits: float) -> Estimate:
    """Return a share with its interval.  Source: Wilson (1927)."""
    if n < 1:
        return None, None, None
    share, z = hits / n, REACH * REACH / n
    centre, reach = (share + z / 2) / (1 + z), REACH * math.sqrt(share * (1 - share) / n + z / (4 * n)) / (1 + z)
    return _rounded(share, max(centre - reach, 0.0), min(centre + reach, 1.0))


def _mean(n: float, total: float, squares: float, least: float | None = None) -> Estimate:
    if n < 2:
        return (round(total / n, 6), None, None) if n else (None, None, None)
    mean = total / n
    reach = REACH * math.sqrt(max(squares / n - mean * mean, 0.0) / (n - 1))
    return _rounded(mean, mean - reach, mean + reach, least)


def _rounded(value: float, low: float, high: float, least: float | None = None) -> Estimate:
    low = low if least is None else max(low, least)
    return round(value, 6), round(low, 6), round(high, 6)
