"""What a promised unit is worth, and how far a manager is followed away from history.

A factor, realised over promised, is pulled to the factor of all managers as far as managers do not differ
(`training.account_managers.credibility`). The weight of a manager in a blend with history is the slope of what history
missed
on what the manager said otherwise (Granger & Ramanathan 1984); that of all is drawn to zero by as much as it is noise.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray, IntArray
from training.account_managers.credibility import Prior, evident, learn_prior

HALF_BELIEVED = 10.0
"""Accounts after which a factor is half believed, where there are too few managers to learn it from them."""
FACTOR_LIMITS = (-1.0, 3.0)


@dataclass(frozen=True)
class Cases:
    """Forecasts summed by (manager, account), for an account's forecasts share what came of it; shape (k,) each.

    which : shape (n,), the case of each forecast.  spread : what the variance of the realised sum is proportional to.
    """

    which: IntArray
    manager: IntArray
    promised: FloatArray
    realised: FloatArray
    spread: FloatArray
    number: FloatArray

    @staticmethod
    def of(
        manager: IntArray, account: IntArray, promised: FloatArray, realised: FloatArray, size: FloatArray
    ) -> "Cases":
        keys, which = np.unique(np.column_stack([manager, account]), axis=0, return_inverse=True)
        which = which.ravel()
        sums = [summed(which, values, len(keys)) for values in (promised, realised, size, np.ones(len(which)))]
        return Cases(
            which=which,
            manager=keys[:, 0],
            promised=sums[0],
            realised=sums[1],
            spread=sums[2] * sums[3],
            number=sums[3],
        )


def summed(which: IntArray, values: FloatArray, n: int) -> FloatArray:
    """The sum of the values of each of n groups; which : of each value."""
    return np.bincount(which, weights=values, minlength=n).astype(np.float64)


@dataclass(frozen=True)
class Factors:
    """Ratios of realised to promised: shape (n_managers,), and shape (k,) without each case."""

    common: float
    each: FloatArray
    without: FloatArray


def fit_factors(cases: Cases, managers: int) -> Factors:
    """Each manager's factor, pulled to the common one, and that one to 1: nothing known = as promised."""
    promised, realised, spread = (
        summed(cases.manager, v, managers) for v in (cases.promised, cases.realised, cases.spread)
    )
    count = np.bincount(cases.manager, minlength=managers)
    own = realised / np.maximum(promised, 1e-9)
    rest = cases.realised - own[cases.manager] * cases.promised
    free = len(cases.manager) - int((count > 0).sum())
    noise = (
        float((rest**2 / cases.spread).sum()) / free
        if free > 0
        else float((realised**2 / np.maximum(spread, 1e-9)).sum())
    )
    there = count > 0
    if not there.any():
        return Factors(1.0, np.ones(managers), np.ones(0))
    few = noise * float(cases.spread.mean()) / max(HALF_BELIEVED * float(cases.promised.mean()) ** 2, 1e-9)
    variance = np.where(there, noise * spread / np.maximum(promised, 1e-9) ** 2, np.inf)
    prior = learn_prior(own[there], variance[there], few)
    n = len(cases.manager)
    prior = Prior((n * prior.mean + HALF_BELIEVED) / (n + HALF_BELIEVED), prior.spread)
    left = promised[cases.manager] - cases.promised
    others = left > 1e-9 * np.maximum(promised[cases.manager], 1.0)
    ratio = np.where(others, (realised[cases.manager] - cases.realised) / np.where(others, left, 1.0), 1.0)
    less = noise * (spread[cases.manager] - cases.spread) / np.where(others, left, 1.0) ** 2
    without = prior.pull(ratio, np.where(others, less, np.inf))
    low, high = FACTOR_LIMITS
    return Factors(
        float(np.clip(prior.mean, low, high)),
        np.clip(prior.pull(own, variance), low, high),
        np.clip(without, low, high),
    )


@dataclass(frozen=True)
class Weights:
    common: float
    each: FloatArray


def fit_weights(cases: Cases, otherwise: FloatArray, missed: FloatArray, size: FloatArray, managers: int) -> Weights:
    """How far to follow each manager away from history.

    otherwise : manager's estimate less history's.  missed : what came less history's; shape (n,) both.
    """
    k = len(cases.manager)
    across = summed(cases.which, otherwise * missed / size, k)
    square = summed(cases.which, otherwise**2 / size, k)
    total, of_manager = max(float(square.sum()), 1e-9), summed(cases.manager, square, managers)
    slope = float(across.sum()) / total
    variance = float(((across - slope * square) ** 2).sum()) / total**2
    common = float(np.clip(evident(slope, variance), 0.0, 1.0))
    there = of_manager > 1e-9
    own = summed(cases.manager, across, managers) / np.maximum(of_manager, 1e-9)
    rest = across - own[cases.manager] * square
    counted = square > 0
    free = max(int(counted.sum()) - int(there.sum()), 1)
    noise = float((rest[counted] ** 2 / (square * cases.number)[counted]).sum()) / free
    known = np.maximum(of_manager, 1e-9) ** 2
    errors = np.where(there, noise * summed(cases.manager, square * cases.number, managers) / known, np.inf)
    if not there.any():
        return Weights(0.0, np.zeros(managers))
    few = noise * float((square * cases.number).mean()) / max(HALF_BELIEVED * float(square.mean()) ** 2, 1e-9)
    prior = Prior(common, learn_prior(own[there], errors[there], few).spread)
    return Weights(common, np.clip(prior.pull(own, errors), 0.0, 1.0))
