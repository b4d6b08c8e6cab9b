"""Gross margin rates: the account's own costs of a year, its product lines' margin where those lack, else that of all.

A line's margin is learnt over all orders of all accounts that name it and know their cost. At scoring only the
account's own orders are looked at, in whole ten-thousandths, so that its rate is the same whoever stands beside it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from features.histories.histories import Histories
from features.histories.streams import run_starts, running_sum
from features.histories.views import StreamView, View, ratio
from features.instants import FloatArray, IntArray
from training.model.findings import NOTE, Finding

LineSums = Mapping[int, tuple[int, int, int]]
"""Line -> orders whose cost is known, their revenue and cost, ten-thousandths; those of parts may be added.

A line is what the orders' stream holds of its name: a number of 40 bits, the same in every source.
"""
LEAST_ORDERS = 20
"""Orders of known cost that a line needs before its margin is used for orders without."""
MOST_LINES = 1000
"""Lines that a bundle lists, those with the highest revenue: a source may name every article a line."""
YEAR = 365


def line_sums(histories: Histories) -> dict[int, tuple[int, int, int]]:
    """The sums of these accounts; empty where no line is named or no cost is known."""
    orders = histories.streams["orders"]
    rows = np.flatnonzero((orders.value("costed") == 1) & (orders.value("line") > 0))
    rows = rows[np.argsort(orders.value("line")[rows], kind="stable")]
    line = orders.value("line")[rows]
    edges = run_starts(line)
    sums = [running_sum(orders.value(name)[rows])[edges] for name in ("costed_revenue", "cost")]
    revenue, cost = (np.diff(one).tolist() for one in sums)
    found = zip(line[edges[:-1]].tolist(), np.diff(edges).tolist(), revenue, cost, strict=True)
    return {name: (orders, sold, paid) for name, orders, sold, paid in found}


def add_line_sums(parts: Sequence[LineSums]) -> dict[int, tuple[int, int, int]]:
    """The sums of all parts."""
    total: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for part in parts:
        for name, (orders, revenue, cost) in part.items():
            held = total[name]
            total[name] = (held[0] + orders, held[1] + revenue, held[2] + cost)
    return dict(total)


def line_margins(sums: LineSums) -> dict[str, float]:
    """Line, in hexadecimal -> gross margin rate, of the lines of which enough is known."""
    sound = [
        (-revenue, name, 1 - cost / revenue)
        for name, (orders, revenue, cost) in sums.items()
        if orders >= LEAST_ORDERS and revenue > 0 and 0 <= cost <= revenue
    ]
    return {f"{name:010x}": round(rate, 4) for _, name, rate in sorted(sound)[:MOST_LINES]}


def margin_rates(view: View, lines: Mapping[str, float], otherwise: float) -> FloatArray:
    """Gross margin rate of every snapshot over its last 365 days, 0 .. 1, shape (n,).

    lines : as `line_margins` gives them; used for orders without a cost.  otherwise : where nothing is known.
    """
    rates = np.empty(len(view))
    for rows, part in view.blocks():
        rates[rows] = _rates(part, lines, otherwise)
    return rates


def _rates(view: View, lines: Mapping[str, float], otherwise: float) -> FloatArray:
    orders = view.stream("orders")
    cost, revenue = orders.total("cost", YEAR), orders.total("costed_revenue", YEAR)
    if lines and orders.has("line"):
        of_lines = _without_cost(orders, lines)
        cost, revenue = cost + of_lines[0], revenue + of_lines[1]
    share = ratio(cost, revenue)
    rates: FloatArray = np.where(np.isnan(share), otherwise, 1.0 - np.clip(share, 0.0, 1.0))
    return rates


def _without_cost(orders: StreamView, lines: Mapping[str, float]) -> tuple[IntArray, IntArray]:
    """Cost, as the lines have it, and revenue of the year's orders without a cost of their own, shape (n,) each."""
    listed = sorted((int(name, 16), rate) for name, rate in lines.items())
    known, rate = np.array([name for name, _ in listed], np.int64), np.array([rate for _, rate in listed])
    line = orders.value("line")
    place = np.minimum(np.searchsorted(known, line), len(known) - 1)
    counted = (known[place] == line) & (orders.value("costed") == 0)
    revenue = np.where(counted, orders.value("revenue"), 0)
    cost = np.rint(revenue * (1.0 - rate[place])).astype(np.int64)
    first, last = orders.edge(YEAR), orders.edge(0)
    sums = [running_sum(values) for values in (cost, revenue)]
    return sums[0][last] - sums[0][first], sums[1][last] - sums[1][first]


def margins_finding(lines: Mapping[str, float], rate: float, known: bool) -> Finding:
    """Return what gains are reckoned with.  known : whether any order's cost is."""
    if not known:
        return Finding.of("margin_as_set", NOTE, rate=rate)
    if not lines:
        return Finding.of("margin_known", NOTE, rate=rate)
    return Finding.of("margin_by_line", NOTE, rate=rate, low=min(lines.values()), high=max(lines.values()))
