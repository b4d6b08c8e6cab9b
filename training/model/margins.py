"""Gross margin rates: the account's own costs of a year, its product lines' margin where those lack, else that of all.

A line's margin is learnt over all orders of all accounts that name it and know their cost. At scoring only the
account's own orders are looked at, in whole ten-thousandths, so that its rate is the same whoever stands beside it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from features.histories.histories import Histories
from features.histories.streams import run_starts, running_sum

LineSums = Mapping[int, tuple[int, int, int]]
"""Line -> orders whose cost is known, their revenue and cost, ten-thousandths; those of parts may be added.

A line is what the orders' stream holds of its name: a number of 40 bits, the same in every source.
"""
LEAST_ORDERS = 20
"""Orders of known cost that a line needs before its margin is used for orders without."""
MOST_LINES = 1000
"""Lines that a bundle lists, those with the highest revenue: a source may name every article a line."""


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


def margins_in_words(lines: Mapping[str, float], rate: float, known: bool) -> str:
    """What gains are reckoned with.  known : whether any order's cost is."""
    if not known:
        return f"gross margin: {rate:.0%} as set (uplift.margin_rate); bring orders.cost to have it from your own data"
    told = f"gross margin: {rate:.0%} over the orders whose cost is known"
    if not lines:
        return told + "; by account where its own are known"
    low, high = min(lines.values()), max(lines.values())
    return told + f"; where an account's orders lack their cost, that of their product line ({low:.0%} to {high:.0%})"
