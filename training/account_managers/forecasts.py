"""The outcomes of account managers' forecasts: what was promised, and what came of it.

A forecast says what extra revenue an account brings one rung higher. What came of it is the revenue of the horizon less
what accounts on the same rung with the same revenue before brought that did *not* climb (a line through them). The bare
revenue before would not do: an account that is observed after a low span brings more in the next whatever happens
(regression to the mean).

*Dangerous* to read as a cause: only accounts that climbed count, and they climbed by the very orders that are counted.
The outcomes say how good the estimates are for accounts that climb.

Source: Galton (1886), regression to the mean; Vickers & Altman (2001), change scores against this comparison.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.histories.streams import FIXED_POINT
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray
from training.data.resolved_forecasts import MONTH, ResolvedForecasts, TotalsWithoutClimb

MIN_STAYED = 30
"""Forecasts of accounts without a climb that the line of a rung needs; with fewer, the line of all rungs is used."""
STEEPEST = 1.5
"""The largest slope of a line."""


@dataclass(frozen=True)
class ForecastOutcomes:
    """Promised and realised extra revenue, scaled to the model's horizon, money; shape (n,) each.

    account : digests.
    author : code, -1 = nobody is named.
    size : revenue before, plus the offset.
    offset : the mean revenue before, of all.
    """

    account: IntArray
    author: IntArray
    rung: IntArray
    promised: FloatArray
    realised: FloatArray
    size: FloatArray
    offset: float


def forecast_outcomes(resolved: ResolvedForecasts, horizon_days: int, first_order: int) -> ForecastOutcomes:
    """Return what came of the forecasts that had as many days of data before them as they look ahead.

    first_order : microseconds, where the data begin.
    """
    full = resolved.rows["at"] - resolved.rows["days"] * MICROSECONDS_PER_DAY >= first_order
    rows = {name: column[full] for name, column in resolved.rows.items()}
    expected = _without_climb(rows, _lines(resolved.stayed, first_order))
    before, after, promised = (rows[name] / FIXED_POINT for name in ("before", "after", "promised"))
    scale = horizon_days / np.maximum(rows["days"], 1)
    sold = scale * np.maximum(before, 0.0)
    offset = max(float(sold.mean()), 1.0) if len(sold) else 1.0
    return ForecastOutcomes(
        account=rows["account"],
        author=rows["author"],
        rung=rows["rung"],
        promised=scale * promised,
        realised=scale * (after - expected),
        size=sold + offset,
        offset=offset,
    )


def _lines(stayed: TotalsWithoutClimb, first_order: int) -> dict[tuple[int, int], tuple[float, float]]:
    """Return (rung, days) -> level and slope of the revenue after on that before, without a climb; rung -1 = all."""
    sums: dict[tuple[int, int], tuple[int, ...]] = defaultdict(lambda: (0, 0, 0, 0, 0))
    for (rung, days, month), cell in stayed.items():
        if month * MONTH - days * MICROSECONDS_PER_DAY >= first_order:
            for key in ((rung, days), (-1, days)):
                sums[key] = tuple(a + b for a, b in zip(sums[key], cell, strict=True))
    lines = {}
    for key, (n, x, y, xx, xy) in sums.items():
        if n >= MIN_STAYED:
            spread = n * xx - x * x  # whole numbers: exact
            slope = min(max((n * xy - x * y) / spread, 0.0), STEEPEST) if spread > 0 else 0.0
            lines[key] = ((y - slope * x) / n, slope)
    return lines


def _without_climb(rows: Mapping[str, IntArray], lines: Mapping[tuple[int, int], tuple[float, float]]) -> FloatArray:
    """Return the expected revenue without a climb, money.

    It is by the rung's line, else that of all rungs, else the revenue before.
    """
    level, slope = np.zeros(len(rows["at"])), np.ones(len(rows["at"]))
    for rung, days in set(zip(rows["rung"].tolist(), rows["days"].tolist(), strict=True)):
        line = lines.get((rung, days), lines.get((-1, days)))
        if line is not None:
            own = (rows["rung"] == rung) & (rows["days"] == days)
            level[own], slope[own] = line
    expected: FloatArray = np.maximum(level + slope * rows["before"] / FIXED_POINT, 0.0)
    return expected
