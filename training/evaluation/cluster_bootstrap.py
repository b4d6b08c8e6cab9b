"""Figures over rows of which an account's belong together, with intervals: accounts are drawn again, not rows.

From sums by account, so that a hundred draws of a million rows are quick (the cluster bootstrap; Cameron, Gelbach &
Miller 2008).
"""

from collections.abc import Callable, Sequence

import numpy as np

from features.instants import FloatArray, IntArray

DRAWS, LEAST_ACCOUNTS, LEVEL = 200, 5, 0.9
MOST_CELLS = 2_000_000
"""Draws times accounts that are held at once."""


Figures = tuple[float | None, float | None, float | None]


def mean(sums: FloatArray) -> float:
    return float(sums[1] / sums[0])


def correlation(sums: FloatArray) -> float:
    """Of two columns, from how many there are and the sums of both, of their squares and of their product."""
    n, a, b, aa, ab, bb = sums
    spread = (n * aa - a * a) * (n * bb - b * b)
    return float((n * ab - a * b) / np.sqrt(spread)) if spread > 0 else np.nan


def clustered(account: IntArray, columns: Sequence[FloatArray], figure: Callable[[FloatArray], float]) -> Figures:
    """The figure with its interval: accounts drawn again with replacement. None where there are too few."""
    _, which = np.unique(account, return_inverse=True)
    n = int(which.max()) + 1 if len(which) else 0
    if n == 0:
        return None, None, None
    products = [a * b for k, a in enumerate(columns) for b in columns[k:]]
    sums = np.column_stack(
        [np.bincount(which, weights=v, minlength=n) for v in (np.ones(len(which)), *columns, *products)]
    )
    found = rounded(figure(sums.sum(axis=0)))
    if n < LEAST_ACCOUNTS:
        return found, None, None
    random, drawn, chances = np.random.default_rng(0), [], np.full(n, 1.0 / n)
    at_once = max(1, MOST_CELLS // n)
    for first in range(0, DRAWS, at_once):
        times = random.multinomial(n, chances, min(at_once, DRAWS - first))
        drawn += [figure(row) for row in np.einsum("dn,nk->dk", times.astype(np.float64), sums)]
    known = np.array([one for one in drawn if np.isfinite(one)])
    if not len(known):
        return found, None, None
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return found, rounded(low), rounded(high)


def ranks(values: FloatArray) -> FloatArray:
    """Ranks, equals sharing the mean of theirs, centred: their products stay small."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    after = np.cumsum(count)
    ranks: FloatArray = ((2 * after - count - 1) / 2)[place.ravel()] - (len(values) - 1) / 2
    return ranks


def rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
