"""How much of a distribution over the rungs lies above or below a rung.

Columns are added from left to right, so that a row's bits depend on nothing beside it.
"""

import numpy as np

from features.instants import FloatArray, IntArray


def mass_above(chances: FloatArray, rung: IntArray | FloatArray) -> FloatArray:
    """Return the sum of the columns above each row's rung, shape (n,).

    chances : shape (n, n_rungs), one column per rung, ascending.  rung : shape (n,), a number of a column.
    """
    mass = np.zeros(len(rung))
    for k in range(chances.shape[1]):
        mass = mass + np.where(k > rung, chances[:, k], 0.0)
    return mass


def mass_below(chances: FloatArray, rung: IntArray | FloatArray) -> FloatArray:
    """Return the sum of the columns below each row's rung, shape (n,); see `mass_above`."""
    mass = np.zeros(len(rung))
    for k in range(chances.shape[1]):
        mass = mass + np.where(k < rung, chances[:, k], 0.0)
    return mass
