"""How good each account manager's estimates have been, and what one is worth today.

A forecast is resolved once its horizon is over and the account did climb in it: the extra revenue that came
is the revenue of the horizon less that of the equally long span before. A manager's factor is realised over
promised, pulled towards all managers' factor: few resolved forecasts say little about one person.
"""

from dataclasses import dataclass

import numpy as np

from features.histories import Histories
from features.ladder import LadderRules, rungs
from features.snapshots import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray, Snapshots
from features.streams import FIXED_POINT
from features.views import View

SHRINKAGE = 10.0
"""Resolved forecasts that the common record counts for against a manager's own."""
FACTOR_LIMITS = (-1.0, 3.0)


@dataclass(frozen=True)
class ForecastRecord:
    """factor : what one promised unit has been worth, for each manager and, for anybody else, `common`.

    resolved : how many forecasts each factor rests on.
    """

    common: float
    factors: dict[str, float]
    resolved: dict[str, int]


def fit_forecasts(histories: Histories, rules: LadderRules, end: int) -> ForecastRecord | None:
    """The managers' record up to `end`; None where no forecast was ever made."""
    stream = histories.streams.get("forecasts")
    if stream is None or not len(stream):
        return None
    day = stream.time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    days = stream.values["days"]
    rows = np.flatnonzero((day + days * MICROSECONDS_PER_DAY <= end) & (stream.recorded < end))
    realised, climbed = np.zeros(len(rows)), np.zeros(len(rows), bool)
    before = Snapshots(stream.account[rows], day[rows])
    after = Snapshots(before.account, before.as_of + days[rows] * MICROSECONDS_PER_DAY)
    for span in np.unique(days[rows]):
        chosen = days[rows] == span
        then, now = View(histories, before.take(chosen)), View(histories, after.take(chosen))
        came = now.stream("orders").amount("revenue", int(span))
        realised[chosen] = came - then.stream("orders").amount("revenue", int(span))
        climbed[chosen] = rungs(now, rules) > rungs(then, rules)
    promised = stream.values["extra"][rows] / FIXED_POINT
    return _record(histories.authors, stream.values["author"][rows], promised, realised, climbed & (promised > 0))


def _record(
    authors: tuple[str, ...], author: IntArray, promised: FloatArray, realised: FloatArray, counts: BoolArray
) -> ForecastRecord:
    typical = max(float(promised[counts].mean()), 1e-9) if counts.any() else 1.0
    common = (realised[counts].sum() + SHRINKAGE * typical) / (promised[counts].sum() + SHRINKAGE * typical)
    common = float(np.clip(common, *FACTOR_LIMITS))
    factors, resolved = {}, {}
    for code, name in enumerate(authors):
        own = counts & (author == code)
        factor = (realised[own].sum() + SHRINKAGE * typical * common) / (promised[own].sum() + SHRINKAGE * typical)
        factors[name] = round(float(np.clip(factor, *FACTOR_LIMITS)), 4)
        resolved[name] = int(own.sum())
    return ForecastRecord(round(common, 4), factors, resolved)
