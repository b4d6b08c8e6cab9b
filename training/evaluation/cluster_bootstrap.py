"""Intervals for statistics of rows that belong to accounts: a bootstrap that resamples accounts, not rows.

All snapshots of an account are drawn together. Both functions work from sums by account, so that a hundred draws of a
million rows are quick. Scores have 95% intervals (`LEVEL`), an account manager's track record 90% (`RECORD_LEVEL`).

Source: Cameron, Gelbach & Miller (2008).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from features.instants import FloatArray, IntArray

LEVEL = 0.95
"""Of intervals of scores."""
RECORD_DRAWS, MIN_ACCOUNTS, RECORD_LEVEL = 200, 5, 0.9
MAX_CELLS = 2_000_000
"""Draws times accounts that are in memory at once."""

Estimate = tuple[float | None, float | None, float | None]
"""A value and the ends of its interval; None = unknown."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval.  level : how often such an interval holds the truth, 0..1."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def __str__(self) -> str:
        return f"{self.value:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def cluster_bootstrap_mean(
    rows: FloatArray, account: IntArray, draws: int = 400, seed: int = 0, *, part_of: FloatArray | None = None
) -> Interval:
    """Average row scores, with an interval from a bootstrap over accounts.

    For a paired comparison pass differences of two models' row scores.

    rows, account : shape (n,).
    part_of : shape (n,), above zero: return the mean as a part of that of these, of the same accounts in each draw.
    """
    base = np.ones(len(rows)) if part_of is None else part_of
    _, cluster = np.unique(account, return_inverse=True)
    sums, sizes = np.bincount(cluster, weights=rows), np.bincount(cluster, weights=base)
    drawn = _drawn if len(sums) * draws <= MAX_CELLS else _draws
    means = [(times @ sums) / (times @ sizes) for times in drawn(len(sums), draws, seed)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(rows.mean() / base.mean()), float(low), float(high), LEVEL)


def _draws(n: int, draws: int, seed: int) -> Iterator[IntArray]:
    """Return how often each of n accounts is drawn, draw by draw."""
    rng, chances = np.random.default_rng(seed), np.full(n, 1 / n)
    return (rng.multinomial(n, chances) for _ in range(draws))


@lru_cache(maxsize=4)
def _drawn(n: int, draws: int, seed: int) -> tuple[IntArray, ...]:
    """Return the draws of the tables of a training, most of which are of the same accounts."""
    return tuple(_draws(n, draws, seed))


def mean(sums: FloatArray) -> float:
    """Return the mean of a column, from the number of rows and its sum."""
    return float(sums[1] / sums[0])


def correlation(sums: FloatArray) -> float:
    """Return the correlation of two columns.

    sums : number of rows, and the sums of both columns, of their squares and of their product.
    """
    n, a, b, aa, ab, bb = sums
    spread = (n * aa - a * a) * (n * bb - b * b)
    return float((n * ab - a * b) / np.sqrt(spread)) if spread > 0 else np.nan


def cluster_bootstrap(
    account: IntArray, columns: Sequence[FloatArray], statistic: Callable[[FloatArray], float]
) -> Estimate:
    """Return a statistic with its interval: accounts are drawn with replacement. None where there are too few.

    account : shape (n,).
    columns : shape (n,) each.
    statistic : a function of the number of rows, the sum of each column, and the sums of their products in pairs.
    """
    _, which = np.unique(account, return_inverse=True)
    n = int(which.max()) + 1 if len(which) else 0
    if n == 0:
        return None, None, None
    products = [a * b for k, a in enumerate(columns) for b in columns[k:]]
    sums = np.column_stack(
        [np.bincount(which, weights=v, minlength=n) for v in (np.ones(len(which)), *columns, *products)]
    )
    estimate = rounded(statistic(sums.sum(axis=0)))
    if n < MIN_ACCOUNTS:
        return estimate, None, None
    random, drawn, chances = np.random.default_rng(0), [], np.full(n, 1.0 / n)
    at_once = max(1, MAX_CELLS // n)
    for first in range(0, RECORD_DRAWS, at_once):
        times = random.multinomial(n, chances, min(at_once, RECORD_DRAWS - first))
        drawn += [statistic(row) for row in np.einsum("dn,nk->dk", times.astype(np.float64), sums)]
    known = np.array([value for value in drawn if np.isfinite(value)])
    if not len(known):
        return estimate, None, None
    low, high = np.quantile(known, [0.5 - RECORD_LEVEL / 2, 0.5 + RECORD_LEVEL / 2])
    return estimate, rounded(low), rounded(high)


def ranks(values: FloatArray) -> FloatArray:
    """Return the ranks, ties sharing the mean of theirs, centred so that their products stay small, shape (n,)."""
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    after = np.cumsum(count)
    ranks: FloatArray = ((2 * after - count - 1) / 2)[position.ravel()] - (len(values) - 1) / 2
    return ranks


def rounded(value: float) -> float | None:
    """Round to four digits; None where the value is not finite."""
    return round(float(value), 4) if np.isfinite(value) else None
