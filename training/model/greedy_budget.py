"""What a budget buys when the best return is bought first: one rule for every example and comparison of policies.

A plan itself is made by `serving.planning.knapsack`, which knows more limits than one and is never worse.
"""

import numpy as np

from features.instants import BoolArray, FloatArray

NOTHING = 1e-9
"""What costs nothing counts as costing this, so that it comes first; and what rounding may add to a sum."""


def bought_within(budget: float, gain: FloatArray, cost: FloatArray) -> BoolArray:
    """Return what is bought with that money, best gain per unit of it first, shape (n,).

    gain, cost : shape (n,), money; what does not gain is never bought. The first that does not fit any more is left
        out, and all after it. Of equal returns the one that stands first comes first.
    """
    paid = gain > 0
    returns = np.where(paid, gain / np.where(cost > 0, cost, NOTHING), -np.inf)
    order = np.argsort(-returns, kind="stable")[: int(paid.sum())]
    bought = np.zeros(len(gain), bool)
    bought[order[np.cumsum(cost[order]) <= budget + NOTHING]] = True
    return bought
