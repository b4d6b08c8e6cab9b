"""Whether loyalty foretells: how many of each cell of attitude x behaviour left within the horizon.

Cells are told at every slice by what was usual at that slice, so nothing of the outcome is in them. Spurious loyalty
is held against true loyalty at equal behaviour: both buy steadily; the difference is taken within rungs.

Source: Dick & Basu (1994).
"""

from dataclasses import dataclass

import numpy as np

from features.accounts.loyalty import LOYALTIES, Norms, loyalties, measure_norms
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import Estimate, cluster_bootstrap, mean
from training.model.findings import NOTE, Finding

MIN_IN_CELL = 50
"""Snapshots of each of the two cells, without which they are not compared."""


@dataclass(frozen=True)
class CellRate:
    """How many of a cell left.  cell : one of LOYALTIES, None = all together.  rate : with its interval."""

    cell: str | None
    snapshots: int
    accounts: int
    left: int
    rate: Estimate


@dataclass(frozen=True)
class LoyaltyCells:
    """The cells' rates, all together first, and by how much spurious leave more than true, at equal behaviour."""

    rates: tuple[CellRate, ...]
    excess: Estimate

    def finding(self) -> Finding:
        """Return what is to be said of it."""
        rate = {one.cell: one for one in self.rates}
        excess, low, high = self.excess
        if min(rate["true"].snapshots, rate["spurious"].snapshots) < MIN_IN_CELL or low is None:
            return Finding.of("cells_few", NOTE, needed=MIN_IN_CELL)
        figures = {
            "spurious": rate["spurious"].rate[0], "true": rate["true"].rate[0], "excess": excess, "low": low,
            "high": high,
        }  # fmt: skip
        if low > 0:
            return Finding.of("spurious_leaves_more", NOTE, **figures)
        return Finding.of("spurious_leaves_no_more", NOTE, **figures)


def judge_cells(data: Dataset) -> LoyaltyCells | None:
    """Return how many of each cell left, over all snapshots that can leave; None where no attitude is known."""
    cell, left = cells_of(data)
    account, rung = data.snapshots.account, data.labels.rung
    known = cell >= 0
    if not known.any():
        return None
    rates = [_rate(None, known, left, account)]
    rates += [_rate(name, cell == k, left, account) for k, name in enumerate(LOYALTIES)]
    steady = np.isin(cell, (0, 2))
    spurious = _within(rung[steady], (cell[steady] == 2).astype(np.float64))
    leaving = _within(rung[steady], left[steady])
    return LoyaltyCells(tuple(rates), cluster_bootstrap(account[steady], [spurious, leaving], _slope))


def cells_of(data: Dataset) -> tuple[IntArray, FloatArray]:
    """Return every snapshot's cell (a position in LOYALTIES, -1 = unknown or cannot leave), and whether it left."""
    cell = np.full(len(data.matrix), -1, np.int64)
    place: dict[str | None, int] = {name: k for k, name in enumerate(LOYALTIES)} | {None: -1}
    rules = data.context.rules
    for at in np.unique(data.snapshots.as_of):
        rows = np.flatnonzero((data.snapshots.as_of == at) & data.labels.can_switch)
        if len(rows):
            view = View(data.histories, data.snapshots.take(rows))
            norms = Norms.of(measure_norms(view, rules))
            cell[rows] = [place[name] for name in loyalties(view, rules, norms)]
    return cell, data.labels.switched.astype(np.float64)


def _rate(name: str | None, which: BoolArray, left: FloatArray, account: IntArray) -> CellRate:
    rate = cluster_bootstrap(account[which], [left[which]], mean)
    return CellRate(name, int(which.sum()), len(np.unique(account[which])), int(left[which].sum()), rate)


def _within(group: IntArray, values: FloatArray) -> FloatArray:
    """Return values less the mean of their group."""
    sizes = np.maximum(np.bincount(group), 1)
    centred: FloatArray = values - (np.bincount(group, values) / sizes)[group]
    return centred


def _slope(sums: FloatArray) -> float:
    """Return the slope of the second column on the first, both centred within groups."""
    *_, xx, xy, _ = sums
    return float(xy / xx) if xx > 0 else np.nan
