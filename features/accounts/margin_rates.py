"""Gross margin rates of accounts: from their own costs of a year, their product lines' margins, or a default.

Only the account's own orders are read, in whole ten-thousandths, so that its rate is the same whatever other accounts
are in memory. `training.model.margins` learns the margins of the lines.
"""

from collections.abc import Mapping

import numpy as np

from features.histories.stream_view import StreamView
from features.histories.streams import ratio, running_sum
from features.histories.views import View
from features.instants import FloatArray, IntArray

YEAR = 365
"""Days before as_of over which an account's own orders count."""


def margin_rates(view: View, lines: Mapping[str, float], default: float) -> FloatArray:
    """Return the gross margin rate of every snapshot over its last 365 days, 0 .. 1, shape (n,).

    lines : product line, in hexadecimal as `training.model.margins.line_margins` writes it -> margin rate, 0 .. 1; used
        for orders without a cost.
    default : the rate of an account of which neither a cost nor a line is known, 0 .. 1.
    """
    rates = np.empty(len(view))
    for rows, part in view.blocks():
        rates[rows] = _rates(part, lines, default)
    return rates


def _rates(view: View, lines: Mapping[str, float], default: float) -> FloatArray:
    orders = view.stream("orders")
    cost, revenue = orders.total("cost", YEAR), orders.total("costed_revenue", YEAR)
    if lines and orders.has("line"):
        by_line = _without_cost(orders, lines)
        cost, revenue = cost + by_line[0], revenue + by_line[1]
    share = ratio(cost, revenue)
    rates: FloatArray = np.where(np.isnan(share), default, 1.0 - np.clip(share, 0.0, 1.0))
    return rates


def _without_cost(orders: StreamView, lines: Mapping[str, float]) -> tuple[IntArray, IntArray]:
    """Return cost by the lines' margins, and revenue, of the year's orders without a cost, shape (n,) each."""
    margins = sorted((int(name, 16), rate) for name, rate in lines.items())
    known, rate = np.array([name for name, _ in margins], np.int64), np.array([rate for _, rate in margins])
    line = orders.value("line")
    position = np.minimum(np.searchsorted(known, line), len(known) - 1)
    used = (known[position] == line) & (orders.value("costed") == 0)
    revenue = np.where(used, orders.value("revenue"), 0)
    cost = np.rint(revenue * (1.0 - rate[position])).astype(np.int64)
    first, last = orders.edge(YEAR), orders.edge(0)
    sums = [running_sum(values) for values in (cost, revenue)]
    return sums[0][last] - sums[0][first], sums[1][last] - sums[1][first]
