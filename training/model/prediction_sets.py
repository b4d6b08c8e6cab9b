"""The rungs that an account may well stand on at the horizon: an unbroken run of them, around the most probable one.

The run begins with the most probable rung and takes in the more probable of its two neighbours, the lower one where
they are equal, until it holds a given mass. The mass is chosen on outcomes that were not learnt from, so that the
stated share of realised rungs lies in their runs, whatever the chances are worth (adaptive prediction sets, Romano,
Sesia & Candes 2020, without their randomisation and, since rungs are in order, without gaps).

Nothing here learns, and a row's run has the same bits whatever rows stand beside it.
"""

import numpy as np

from features.instants import FloatArray, IntArray


def rung_sets(chances: FloatArray, threshold: float) -> tuple[IntArray, IntArray]:
    """The lowest and the highest rung of each row's run, shape (n,) each.

    chances : shape (n, k), rows sum to one.  threshold : the mass at which a run stops growing; at most one.

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
    """The mass of each row's run when it comes to take in that rung: the run holds it if this is below the threshold.

    rung : shape (n,).  Zero where the run begins with it.  Shape (n,).
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
    """The least threshold at which that share of the runs holds its rung, with the correction for a finite sample.

    before : shape (n,), from `mass_before`, of rows that were not learnt from; of none, the coverage itself is the
    answer.
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
    """The chance of one rung of each row; less than none beyond either end of the ladder."""
    last = chances.shape[1] - 1
    found = chances[np.arange(len(chances)), np.clip(rung, 0, last)]
    return np.where((rung < 0) | (rung > last), -1.0, found)


def _neighbours(chances: FloatArray, low: IntArray, high: IntArray) -> tuple[FloatArray, FloatArray]:
    return _chance(chances, low - 1), _chance(chances, high + 1)
