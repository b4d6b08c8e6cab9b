"""Totals over new accounts, suspects and open inquiries: their margin over a stated span, and what winning them cost.

Only cohorts whose span is complete count, so that nothing is cut off by the end of the data (right-censoring), and only
those that began after the data did; every account counts once. The totals describe what was done. They may be set
beside the gain of investing in customers only as far as the next accounts are like the last ones, and as far as
spending more on acquisition would win more of the same: an average return is neither a marginal one nor an effect.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import mul

import numpy as np

from features.histories.histories import Histories
from features.histories.streams import FIXED_POINT, Column, Stream, running_sum
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, BoolArray, IntArray

SPANS = (365, 730)
"""The spans over which margins are summed, days."""
MONTH = 30 * MICROSECONDS_PER_DAY
SETTLING_DAYS = 30
"""Days after which a new account without an inquiry or an order counts as a suspect. An account may also have been
dealt with for so many days before it was entered; one that traded longer is not new."""
ACCOUNT, SUSPECT, PROSPECT = "account", "suspect", "prospect"
FIELDS = 11
AcquiredTotals = Mapping[tuple[str, str, int, int], tuple[int, ...]]
"""(channel, "" = unknown; ACCOUNT, SUSPECT or PROSPECT; span; month in which the account was first known) -> sums over
accounts whose span is complete; those of parts may be added. The FIELDS sums are: number of accounts; how many
inquired; how many ordered; margin over orders whose cost is known; revenue of the other orders; the squares and the
product of these two; how many have a known cost of acquisition; that cost; its square. Money is in whole units."""


def acquired_totals(histories: Histories, end: int) -> dict[tuple[str, str, int, int], tuple[int, ...]]:
    """Return the totals of some accounts.

    histories : as they stood at `end`.
    end : microseconds.
    """
    begin = _begin(histories, end)
    if not (begin < NEVER).any():
        return {}
    orders = histories.streams["orders"]
    ordered_at, inquired = _first(orders, orders.value("revenue") > 0), _first_inquiry(histories)
    quiet = begin + SETTLING_DAYS * MICROSECONDS_PER_DAY
    new = begin < NEVER
    starts = {
        ACCOUNT: begin,
        SUSPECT: np.where(new & (inquired >= quiet) & (ordered_at >= quiet), quiet, NEVER),
        PROSPECT: np.where(new & (inquired < ordered_at), inquired, NEVER),
    }
    channel = histories.profile.get("acquisition_channel")
    names = np.array([""] * len(begin) if channel is None else [name or "" for name in channel], object)
    cost = histories.profile.get("acquisition_cost", np.full(len(begin), np.nan)).astype(np.float64)
    totals: dict[tuple[str, str, int, int], tuple[int, ...]] = {}
    for kind, start in starts.items():
        for span in SPANS:
            stop = np.where(start < NEVER, start, 0) + span * MICROSECONDS_PER_DAY
            rows = np.flatnonzero((start < NEVER) & (stop <= end))
            margin, open_revenue, ordered = _traded(orders, start, stop)
            for (name, month), own in _cells(names[rows], begin[rows] // MONTH).items():
                totals[name, kind, span, month] = _sums(
                    rows[own], inquired=inquired < stop, ordered=ordered, margin=margin, other=open_revenue, cost=cost
                )
    return totals


def add_acquired(parts: Sequence[AcquiredTotals]) -> dict[tuple[str, str, int, int], tuple[int, ...]]:
    """Add the totals of all parts."""
    total: dict[tuple[str, str, int, int], tuple[int, ...]] = defaultdict(lambda: (0,) * FIELDS)
    for part in parts:
        for key, sums in part.items():
            total[key] = tuple(a + b for a, b in zip(total[key], sums, strict=True))
    return dict(total)


def _begin(histories: Histories, end: int) -> IntArray:
    """Return when each account was first known, if it was entered at about that time; NEVER for other accounts."""
    entered, known = histories.profile_known, histories.known_since
    new = (entered > ALWAYS) & (entered < end) & (known >= entered - SETTLING_DAYS * MICROSECONDS_PER_DAY)
    return np.where(new, known, NEVER)


def _first(stream: Stream, counts: BoolArray) -> IntArray:
    """Return the time of each account's first event that counts; NEVER where there is none."""
    rows = np.flatnonzero(counts)
    first = np.full(len(stream.bounds) - 1, NEVER, np.int64)
    np.minimum.at(first, stream.account[rows], stream.time[rows])
    return first


def _first_inquiry(histories: Histories) -> IntArray:
    """Return the time of the first inquiry, or contact that they began."""
    first = np.full(len(histories.account_ids), NEVER, np.int64)
    for name, mark in (("inquiries", None), ("interactions", "them")):
        stream = histories.streams.get(name)
        if stream is not None:
            counts = np.ones(len(stream), bool) if mark is None else stream.value(mark) == 1
            first = np.minimum(first, _first(stream, counts))
    return first


def _traded(orders: Stream, start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Return margin, revenue of unknown cost (whole money) and whether it ordered, of each account over a span."""
    account = orders.account
    inside = (orders.time >= start[account]) & (orders.time < stop[account])

    def total(values: Column) -> IntArray:
        return np.diff(running_sum(np.where(inside, values, 0))[orders.bounds])

    revenue, costed = orders.value("revenue"), orders.value("costed") == 1
    margin = total(np.where(costed, revenue - orders.value("cost"), 0)) // FIXED_POINT
    return margin, total(np.where(costed, 0, revenue)) // FIXED_POINT, total(revenue > 0) > 0


def _cells(names: Column, month: IntArray) -> dict[tuple[str, int], IntArray]:
    cells: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(names.tolist(), month.tolist(), strict=True)):
        cells[key].append(row)
    return {key: np.array(rows) for key, rows in cells.items()}


def _sums(
    rows: IntArray, *, inquired: BoolArray, ordered: BoolArray, margin: IntArray, other: IntArray, cost: Column
) -> tuple[int, ...]:
    m, u = margin[rows].tolist(), other[rows].tolist()
    paid = np.rint(cost[rows][~np.isnan(cost[rows])]).astype(np.int64).tolist()
    return (
        len(m), int(inquired[rows].sum()), int(ordered[rows].sum()), sum(m), sum(u),
        sum(map(mul, m, m)), sum(map(mul, m, u)), sum(map(mul, u, u)), len(paid), sum(paid), sum(map(mul, paid, paid)),
    )  # fmt: skip
