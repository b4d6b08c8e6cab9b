"""Prediction sets of the rung: unbroken runs of rungs around the most probable one, at the horizon.

A set begins with the most probable rung and grows to the more probable of its two neighbours, the lower one where they
are equal, until it holds a given mass. The mass is chosen on outcomes that were not learnt from, so that the stated
share of realised rungs lies in their sets, however well calibrated the probabilities are.

Nothing here learns, and a row's set has the same bits whatever other rows are there.

Source: Romano, Sesia & Candes (2020), adaptive prediction sets, without their randomisation and, since rungs are in
order, without gaps.
"""

import numpy as np

from features.instants import FloatArray, IntArray


def rung_sets(chances: FloatArray, threshold: float) -> tuple[IntArray, IntArray]:
    """Return the lowest and the highest rung of each row's set, shape (n,) each.

    chances : shape (n, k), rows sum to one.
    threshold : the mass at which a set stops growing; at most one.

    >>> low, high = rung_sets(np.array([[0.1, 0.2, 0.5, 0.2]]), 0.6)
    >>> int(low[0]), int(high[0])
    (1, 2)
    """
    low = high = _most_probable(chances)
    mass = _chance(chances, low)
    for _ in range(chances.shape[1] - 1):
        below, above = _neighbours(chances, low, high)
        grows, down = mass < threshold, below >= above
        mass = np.where(grows, mass + np.maximum(below, above), mass)
        low, high = np.where(grows & down, low - 1, low), np.where(grows & ~down, high + 1, high)
    return low, high


def mass_before(chances: FloatArray, rung: IntArray) -> FloatArray:
    """Return the mass of each row's set before it takes in a rung, shape (n,).

    The set holds the rung if this is below the threshold. It is zero if the set begins with the rung.

    chances : shape (n, k), rows sum to one.
    rung : shape (n,).
    """
    low = high = _most_probable(chances)
    mass, inside = _chance(chances, low), rung == low
    before = np.zeros(len(chances))
    for _ in range(chances.shape[1] - 1):
        below, above = _neighbours(chances, low, high)
        down = below >= above
        low, high = np.where(down, low - 1, low), np.where(down, high, high + 1)
        entered = ~inside & ((rung == low) | (rung == high))
        before, inside = np.where(entered, mass, before), inside | entered
        mass = mass + np.maximum(below, above)
    return before


def least_threshold(before: FloatArray, coverage: float) -> float:
    """Return the smallest threshold at which a share `coverage` of the sets holds its rung.

    It has the correction for a finite sample.

    before : shape (n,), from `mass_before`, of rows that were not learnt from; with no rows the coverage itself is
        returned.
    """
    if not len(before):
        return coverage
    place = int(np.ceil((len(before) + 1) * coverage))
    if place > len(before):
        return 1.0
    met = float(np.sort(before)[place - 1])
    return min((int(met * MILLION) + 1) / MILLION, 1.0)  # strictly above it, and readable in the manifest


MILLION = 1_000_000


def _most_probable(chances: FloatArray) -> IntArray:
    return chances.argmax(axis=1) if len(chances) else np.empty(0, np.int64)


def _chance(chances: FloatArray, rung: IntArray) -> FloatArray:
    """Return the probability of one rung of each row; -1 beyond either end of the ladder."""
    last = chances.shape[1] - 1
    chance = chances[np.arange(len(chances)), np.clip(rung, 0, last)]
    return np.where((rung < 0) | (rung > last), -1.0, chance)


def _neighbours(chances: FloatArray, low: IntArray, high: IntArray) -> tuple[FloatArray, FloatArray]:
    return _chance(chances, low - 1), _chance(chances, high + 1)
