"""Account managers' forecasts held against what happened: which are resolved, and what came of them.

A forecast says what an account brings extra one rung higher. It is resolved once its horizon is over and the account
did climb in it. What came is the revenue of the horizon less what accounts on the same rung with the same revenue
before brought that did *not* climb (a line through them). The bare revenue before would not do: an account that is
looked at after a low span brings more in the next whatever happens (regression to the mean; Galton 1886; Vickers &
Altman 2001 for change scores against this comparison). What stays: only climbers are looked at, and they climbed by the
very orders that are counted. So this says how good the estimates are for accounts that climb, and no cause.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.histories.streams import FIXED_POINT
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray
from training.data.resolved_forecasts import MONTH, Resolved, Stayed

LEAST_STAYED = 30
"""Forecasts of accounts that stayed on a rung that its line needs; else the line is that of all rungs."""
STEEPEST = 1.5


@dataclass(frozen=True)
class Outcomes:
    """Promised and realised, scaled to the model's horizon, money; shape (n,) each.

    account : digests.  author : code, -1 = nobody named.  size : revenue before, and the mean of all.
    """

    account: IntArray
    author: IntArray
    rung: IntArray
    promised: FloatArray
    realised: FloatArray
    size: FloatArray
    offset: float


def outcomes(resolved: Resolved, horizon_days: int, first_order: int) -> Outcomes:
    """What came of the forecasts made once there were as many days of data before them as they look ahead."""
    full = resolved.rows["at"] - resolved.rows["days"] * MICROSECONDS_PER_DAY >= first_order
    rows = {name: column[full] for name, column in resolved.rows.items()}
    expected = _without_climb(rows, _lines(resolved.stayed, first_order))
    before, after, promised = (rows[name] / FIXED_POINT for name in ("before", "after", "promised"))
    scale = horizon_days / np.maximum(rows["days"], 1)
    sold = scale * np.maximum(before, 0.0)
    offset = max(float(sold.mean()), 1.0) if len(sold) else 1.0
    return Outcomes(
        rows["account"],
        rows["author"],
        rows["rung"],
        scale * promised,
        scale * (after - expected),
        sold + offset,
        offset,
    )


def _lines(stayed: Stayed, first_order: int) -> dict[tuple[int, int], tuple[float, float]]:
    """(rung, days) -> level and slope of the revenue after on that before, without a climb; rung -1 = all."""
    sums: dict[tuple[int, int], tuple[int, ...]] = defaultdict(lambda: (0, 0, 0, 0, 0))
    for (rung, days, month), cell in stayed.items():
        if month * MONTH - days * MICROSECONDS_PER_DAY >= first_order:
            for key in ((rung, days), (-1, days)):
                sums[key] = tuple(a + b for a, b in zip(sums[key], cell, strict=True))
    lines = {}
    for key, (n, x, y, xx, xy) in sums.items():
        if n >= LEAST_STAYED:
            spread = n * xx - x * x  # whole numbers: exact
            slope = min(max((n * xy - x * y) / spread, 0.0), STEEPEST) if spread > 0 else 0.0
            lines[key] = ((y - slope * x) / n, slope)
    return lines


def _without_climb(rows: Mapping[str, IntArray], lines: Mapping[tuple[int, int], tuple[float, float]]) -> FloatArray:
    """Revenue expected without a climb, money: by the rung's line, that of all, or the revenue before."""
    level, slope = np.zeros(len(rows["at"])), np.ones(len(rows["at"]))
    for rung, days in set(zip(rows["rung"].tolist(), rows["days"].tolist(), strict=True)):
        line = lines.get((rung, days), lines.get((-1, days)))
        if line is not None:
            own = (rows["rung"] == rung) & (rows["days"] == days)
            level[own], slope[own] = line
    expected: FloatArray = np.maximum(level + slope * rows["before"] / FIXED_POINT, 0.0)
    return expected
