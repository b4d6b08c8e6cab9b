"""Accounts that stood a year ago where an account stands now, and what became of them.

Nearest = on the same rung then, and closest in revenue, order days, silence and size, each in standard deviations of
those who stood on that rung. That is a comparison and no forecast: it says what happened to five accounts, in names
that an account manager can look up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.accounts.account_lookback import AccountLookback
from features.instants import FloatArray, IntArray

NEAREST = 5
POOL = 4_000
"""Accounts of a rung among which the nearest are sought, evenly taken from more: the time stays in proportion."""
AT_ONCE = 2_000
LONGEST_SILENCE = 730.0


@dataclass(frozen=True)
class NearestNeighbours:
    """row : shape (n, NEAREST), rows of the hindsight, nearest first; -1 = there are no more."""

    row: IntArray


def nearest_neighbours(seen: AccountLookback) -> NearestNeighbours:
    """Those of every account."""
    found = np.full((len(seen), NEAREST), -1, np.int64)
    now = _traits(seen.revenue, seen.order_days, seen.silence, seen.size)
    then = _traits(seen.revenue_then, seen.order_days_then, seen.silence_then, seen.size)
    for rung in np.unique(seen.rung):
        pool, asking = np.flatnonzero(seen.rung_then == rung), np.flatnonzero(seen.rung == rung)
        pool = pool[:: max(1, -(-len(pool) // POOL))]
        if len(pool):
            for rows, nearest in _nearest(now, then, pool, asking):
                found[rows, : nearest.shape[1]] = nearest
    return NearestNeighbours(found)


def _traits(revenue: FloatArray, days: IntArray, silence: FloatArray, size: FloatArray) -> FloatArray:
    """On scales on which distances mean something; an unknown size is NaN."""
    quiet = np.minimum(np.nan_to_num(silence, nan=LONGEST_SILENCE), LONGEST_SILENCE)
    return np.stack([np.log1p(np.maximum(revenue, 0.0)), np.log1p(days), np.log1p(quiet), np.log1p(size)], axis=1)


def _nearest(
    now: FloatArray, then: FloatArray, pool: IntArray, asking: IntArray
) -> Iterator[tuple[IntArray, IntArray]]:
    theirs = then[pool]
    known = ~np.isnan(theirs)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, theirs, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (theirs - centre) ** 2, 0.0).sum(axis=0) / count)
    spread[spread == 0] = 1.0
    theirs = np.nan_to_num((theirs - centre) / spread)
    lengths = (theirs * theirs).sum(axis=1)
    most = min(NEAREST, len(pool))
    for begin in range(0, len(asking), AT_ONCE):
        rows = asking[begin : begin + AT_ONCE]
        ours = np.nan_to_num((now[rows] - centre) / spread)
        distance = lengths - 2 * ours @ theirs.T
        distance[rows[:, None] == pool] = np.inf  # itself
        near = np.argpartition(distance, most - 1, axis=1)[:, :most]
        order = np.take_along_axis(distance, near, axis=1).argsort(axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)
        yield rows, np.where(np.isinf(np.take_along_axis(distance, near, axis=1)), -1, pool[near])
