"""How good each account manager's estimates have been, and what one is worth today.

A forecast is resolved once its horizon is over and the account did climb in it: the extra revenue that came
is the revenue of the horizon less that of the equally long span before. A manager's factor is realised over
promised, pulled towards all managers' factor: few resolved forecasts say little about one person.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.histories import Histories
from features.ladder import LadderRules, rungs
from features.snapshots import MICROSECONDS_PER_DAY, Snapshots
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


@dataclass(frozen=True)
class Resolved:
    """What was promised and what came, over the forecasts that are resolved; sums of parts may be added.

    number, promised, realised : manager -> forecasts, and ten-thousandths of money; None = nobody is named.
    """

    number: Mapping[str | None, int]
    promised: Mapping[str | None, int]
    realised: Mapping[str | None, int]


def resolve_forecasts(histories: Histories, rules: LadderRules, end: int) -> Resolved | None:
    """The forecasts of these accounts that are resolved at `end`; None where no forecast was ever made."""
    stream = histories.streams.get("forecasts")
    if stream is None or not len(stream):
        return None
    day = stream.time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    days = stream.values["days"]
    rows = np.flatnonzero((day + days * MICROSECONDS_PER_DAY <= end) & (stream.recorded < end))
    realised, climbed = np.zeros(len(rows), np.int64), np.zeros(len(rows), bool)
    before = Snapshots(stream.account[rows], day[rows])
    after = Snapshots(before.account, before.as_of + days[rows] * MICROSECONDS_PER_DAY)
    for span in np.unique(days[rows]):
        chosen = days[rows] == span
        then, now = View(histories, before.take(chosen)), View(histories, after.take(chosen))
        came = now.stream("orders").total("revenue", int(span))
        realised[chosen] = came - then.stream("orders").total("revenue", int(span))
        climbed[chosen] = rungs(now, rules) > rungs(then, rules)
    promised, author = stream.values["extra"][rows], stream.values["author"][rows]
    counts = climbed & (promised > 0)
    own = {name: counts & (author == code) for name, code in _codes(histories).items()}
    return Resolved(
        {name: int(mask.sum()) for name, mask in own.items()},
        {name: int(promised[mask].sum()) for name, mask in own.items()},
        {name: int(realised[mask].sum()) for name, mask in own.items()},
    )


def _codes(histories: Histories) -> dict[str | None, int]:
    return {None: -1} | {name: code for code, name in enumerate(histories.authors)}


def add_resolved(parts: Sequence[Resolved | None]) -> Resolved | None:
    """The forecasts of all parts; None where none has any."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    sums: list[Counter[str | None]] = []
    for field in ("number", "promised", "realised"):
        total: Counter[str | None] = Counter()
        for part in found:
            total.update(getattr(part, field))
        sums.append(total)
    return Resolved(*sums)


def fit_forecasts(resolved: Resolved | None) -> ForecastRecord | None:
    """The managers' record; None where no forecast was ever made."""
    if resolved is None:
        return None
    number = sum(resolved.number.values())
    all_promised, all_realised = (sum(sums.values()) / FIXED_POINT for sums in (resolved.promised, resolved.realised))
    prior = SHRINKAGE * (max(all_promised / number, 1e-9) if number else 1.0)
    common = float(np.clip((all_realised + prior) / (all_promised + prior), *FACTOR_LIMITS))
    factors, counts = {}, {}
    for name in sorted(name for name in resolved.number if name is not None):
        promised, realised = resolved.promised[name] / FIXED_POINT, resolved.realised[name] / FIXED_POINT
        factor = (realised + prior * common) / (promised + prior)
        factors[name] = round(float(np.clip(factor, *FACTOR_LIMITS)), 4)
        counts[name] = resolved.number[name]
    return ForecastRecord(round(common, 4), factors, counts)
