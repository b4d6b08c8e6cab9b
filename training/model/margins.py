"""Gross margins of product lines, learnt over all orders of all accounts that name a line and know their cost.

`features.accounts.margin_rates` uses them for an account whose orders lack their costs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from features.histories.histories import Histories
from features.histories.streams import run_starts, running_sum
from training.model.findings import NOTE, Finding

LineSums = Mapping[int, tuple[int, int, int]]
"""Line -> (orders whose cost is known, their revenue, their cost), ten-thousandths of money; of parts they add up.

A line is the digest of its name in the stream of orders: a number of 40 bits, the same in every source.
"""
MIN_ORDERS = 20
"""Orders of known cost that a line needs before its margin is used for orders without one."""
MAX_LINES = 1000
"""Lines that a bundle lists, those with the highest revenue: a source may have a line for every article."""


def line_sums(histories: Histories) -> dict[int, tuple[int, int, int]]:
    """Return the sums of some accounts by line; empty where no line is named or no cost is known."""
    orders = histories.streams["orders"]
    rows = np.flatnonzero((orders.value("costed") == 1) & (orders.value("line") > 0))
    rows = rows[np.argsort(orders.value("line")[rows], kind="stable")]
    line = orders.value("line")[rows]
    edges = run_starts(line)
    sums = [running_sum(orders.value(name)[rows])[edges] for name in ("costed_revenue", "cost")]
    revenue, cost = (np.diff(values).tolist() for values in sums)
    by_line = zip(line[edges[:-1]].tolist(), np.diff(edges).tolist(), revenue, cost, strict=True)
    return {name: (count, sold, paid) for name, count, sold, paid in by_line}


def add_line_sums(parts: Sequence[LineSums]) -> dict[int, tuple[int, int, int]]:
    """Add the sums of all parts."""
    total: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for part in parts:
        for name, (orders, revenue, cost) in part.items():
            held = total[name]
            total[name] = (held[0] + orders, held[1] + revenue, held[2] + cost)
    return dict(total)


def line_margins(sums: LineSums) -> dict[str, float]:
    """Return the gross margin rate of each line, by its name in hexadecimal, where enough orders are known."""
    sound = [
        (-revenue, name, 1 - cost / revenue)
        for name, (orders, revenue, cost) in sums.items()
        if orders >= MIN_ORDERS and revenue > 0 and 0 <= cost <= revenue
    ]
    return {f"{name:010x}": round(rate, 4) for _, name, rate in sorted(sound)[:MAX_LINES]}


def margins_finding(lines: Mapping[str, float], rate: float, known: bool) -> Finding:
    """Return what gains are reckoned with.  known : whether any order's cost is."""
    if not known:
        return Finding.of("margin_as_set", NOTE, rate=rate)
    if not lines:
        return Finding.of("margin_known", NOTE, rate=rate)
    return Finding.of("margin_by_line", NOTE, rate=rate, low=min(lines.values()), high=max(lines.values()))
