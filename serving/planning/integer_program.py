"""The exact solver of small plans: SciPy's HiGHS, within a time limit."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from features.instants import FloatArray, IntArray

SECONDS = 5.0
"""Time for one answer; small problems take a few hundredths of a second."""
CLOSE = 1e-7
"""Gap at which the search ends, as a share of the value."""


class Limited(Protocol):
    """What there is only so much of; `serving.planning.knapsack.Limit` explains the shapes."""

    @property
    def group(self) -> IntArray: ...
    @property
    def weight(self) -> FloatArray: ...
    @property
    def most(self) -> FloatArray: ...


def solve(value: FloatArray, limits: Sequence[Limited]) -> tuple[IntArray, float] | None:
    """Return the best choice of at most one option an account within the limits, and an upper bound of its value.

    value : shape (n, k), -inf = forbidden.  Returns the option of each account, -1 = none; None where no choice was
    found in time.
    """
    account, option = np.nonzero(np.isfinite(value))
    worth = value[account, option]
    items, scale = np.arange(len(worth)), float(worth.max(initial=0.0)) or 1.0
    blocks = [csr_array((np.ones(len(items)), (account, items)), shape=(len(value), len(items)))]
    most = [np.ones(len(value))]
    for limit in limits:
        group, weight = limit.group[account, option], limit.weight[account, option]
        counts = group >= 0
        supply = np.where(limit.most > 0, limit.most, 1.0)
        used = (weight[counts] / supply[group[counts]], (group[counts], items[counts]))
        blocks.append(csr_array(used, shape=(len(limit.most), len(items))))
        most.append((limit.most > 0).astype(np.float64))
    with _silence():
        answer = milp(
            -worth / scale,
            constraints=LinearConstraint(vstack(blocks, format="csr"), -np.inf, np.concatenate(most)),
            integrality=np.ones(len(items), np.int64),
            bounds=Bounds(0, 1),
            options={"time_limit": SECONDS, "mip_rel_gap": CLOSE},
        )
    if answer.x is None:
        return None
    chosen = np.full(len(value), -1)
    taken = answer.x > 0.5
    chosen[account[taken]] = option[taken]
    bound = answer.mip_dual_bound
    return chosen, float(-bound) * scale if bound is not None else np.inf


@contextmanager
def _silence() -> Iterator[None]:
    """Silence the lines that HiGHS prints past Python to standard output, for the length of the block."""
    flush = ctypes.CDLL(None).fflush
    flush(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        flush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
