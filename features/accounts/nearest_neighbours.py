"""Nearest neighbours: accounts that stood a year ago where an account stands now, and what became of them.

Nearest means: on the same rung then, and closest in revenue, order days, silence and size, each in standard deviations
of those who stood on that rung. This is a comparison and not a forecast: it says what happened to five accounts, by
names that an account manager can look up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.accounts.account_lookback import AccountLookback
from features.instants import FloatArray, IntArray

NEAREST = 5
POOL = 4_000
"""Accounts of a rung that are searched, evenly spaced if there are more, so that time grows only with the accounts."""
CHUNK = 2_000
LONGEST_SILENCE = 730.0


@dataclass(frozen=True)
class NearestNeighbours:
    """The nearest neighbours of every account.

    row : shape (n, NEAREST), rows of the account lookback, nearest first; -1 = there are no more.
    """

    row: IntArray


def nearest_neighbours(lookback: AccountLookback) -> NearestNeighbours:
    """Find the nearest neighbours of every account of a lookback."""
    neighbours = np.full((len(lookback), NEAREST), -1, np.int64)
    now = _traits(lookback.revenue, lookback.order_days, lookback.silence, lookback.size)
    then = _traits(lookback.revenue_then, lookback.order_days_then, lookback.silence_then, lookback.size)
    for rung in np.unique(lookback.rung):
        pool, accounts = np.flatnonzero(lookback.rung_then == rung), np.flatnonzero(lookback.rung == rung)
        pool = pool[:: max(1, -(-len(pool) // POOL))]
        if len(pool):
            for rows, nearest in _nearest(now, then, pool, accounts):
                neighbours[rows, : nearest.shape[1]] = nearest
    return NearestNeighbours(neighbours)


def _traits(revenue: FloatArray, days: IntArray, silence: FloatArray, size: FloatArray) -> FloatArray:
    """Scale the traits so that distances mean something, shape (n, 4); an unknown size is NaN."""
    quiet = np.minimum(np.nan_to_num(silence, nan=LONGEST_SILENCE), LONGEST_SILENCE)
    return np.stack([np.log1p(np.maximum(revenue, 0.0)), np.log1p(days), np.log1p(quiet), np.log1p(size)], axis=1)


def _nearest(
    now: FloatArray, then: FloatArray, pool: IntArray, accounts: IntArray
) -> Iterator[tuple[IntArray, IntArray]]:
    theirs = then[pool]
    known = ~np.isnan(theirs)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, theirs, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (theirs - centre) ** 2, 0.0).sum(axis=0) / count)
    spread[spread == 0] = 1.0
    theirs = np.nan_to_num((theirs - centre) / spread)
    lengths = (theirs * theirs).sum(axis=1)
    count_wanted = min(NEAREST, len(pool))
    for begin in range(0, len(accounts), CHUNK):
        rows = accounts[begin : begin + CHUNK]
        ours = np.nan_to_num((now[rows] - centre) / spread)
        distance = lengths - 2 * ours @ theirs.T
        distance[rows[:, None] == pool] = np.inf  # itself
        near = np.argpartition(distance, count_wanted - 1, axis=1)[:, :count_wanted]
        order = np.take_along_axis(distance, near, axis=1).argsort(axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)
        yield rows, np.where(np.isinf(np.take_along_axis(distance, near, axis=1)), -1, pool[near])
