"""What a forecast unit has been worth, and how far to follow a manager away from history.

A factor, realised over promised, is shrunk to the factor of all managers as far as managers do not differ
(`training.account_managers.credibility`). The weight of a manager in a blend with history is the slope of what history
missed on how the manager differed from it; the weight of all managers is shrunk to zero by as much as it is noise.

Source: Granger & Ramanathan (1984), the weights.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray, IntArray
from training.account_managers.credibility import Prior, evident, learn_prior

HALF_WEIGHT_CASES = 10.0
"""Accounts after which a manager's own factor has half of the weight, if too few managers are there to learn that."""
FACTOR_LIMITS = (-1.0, 3.0)


@dataclass(frozen=True)
class Cases:
    """Forecasts summed by (manager, account), since an account's forecasts share what came of it; shape (k,) each.

    which : shape (n,), the case of each forecast.
    spread : what the variance of the realised sum is proportional to.
    number : of forecasts.
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
        """Sum forecasts by (manager, account).

        manager, account, promised, realised, size : shape (n,).
        """
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
    """Sum the values of each of n groups.

    which : the group of each value.
    """
    return np.bincount(which, weights=values, minlength=n).astype(np.float64)


@dataclass(frozen=True)
class Factors:
    """Ratios of realised to promised: of all managers, of each one, and of each one without a case.

    each : shape (n_managers,).
    without : shape (k,).
    """

    common: float
    each: FloatArray
    without: FloatArray


def fit_factors(cases: Cases, managers: int) -> Factors:
    """Fit each manager's factor, shrunk to the common one, which is shrunk to 1: with nothing known, as promised.

    managers : their number.
    """
    promised, realised, spread = (
        summed(cases.manager, v, managers) for v in (cases.promised, cases.realised, cases.spread)
    )
    count = np.bincount(cases.manager, minlength=managers)
    own = realised / np.maximum(promised, 1e-9)
    residual = cases.realised - own[cases.manager] * cases.promised
    free = len(cases.manager) - int((count > 0).sum())
    noise = (
        float((residual**2 / cases.spread).sum()) / free
        if free > 0
        else float((realised**2 / np.maximum(spread, 1e-9)).sum())
    )
    has_cases = count > 0
    if not has_cases.any():
        return Factors(1.0, np.ones(managers), np.ones(0))
    few = noise * float(cases.spread.mean()) / max(HALF_WEIGHT_CASES * float(cases.promised.mean()) ** 2, 1e-9)
    variance = np.where(has_cases, noise * spread / np.maximum(promised, 1e-9) ** 2, np.inf)
    prior = learn_prior(own[has_cases], variance[has_cases], few)
    n = len(cases.manager)
    prior = Prior((n * prior.mean + HALF_WEIGHT_CASES) / (n + HALF_WEIGHT_CASES), prior.spread)
    remaining = promised[cases.manager] - cases.promised
    others = remaining > 1e-9 * np.maximum(promised[cases.manager], 1.0)
    ratio = np.where(others, (realised[cases.manager] - cases.realised) / np.where(others, remaining, 1.0), 1.0)
    variance_without = noise * (spread[cases.manager] - cases.spread) / np.where(others, remaining, 1.0) ** 2
    without = prior.pull(ratio, np.where(others, variance_without, np.inf))
    low, high = FACTOR_LIMITS
    return Factors(
        float(np.clip(prior.mean, low, high)),
        np.clip(prior.pull(own, variance), low, high),
        np.clip(without, low, high),
    )


@dataclass(frozen=True)
class Weights:
    """Weights of managers in the blend with history, 0 .. 1: of all managers, and of each, shape (n_managers,)."""

    common: float
    each: FloatArray


def fit_weights(cases: Cases, disagreement: FloatArray, missed: FloatArray, size: FloatArray, managers: int) -> Weights:
    """Fit how far to follow each manager away from history.

    disagreement : shape (n,), the manager's estimate less history's.
    missed : shape (n,), what came less history's estimate.
    size : shape (n,).
    managers : their number.
    """
    k = len(cases.manager)
    across = summed(cases.which, disagreement * missed / size, k)
    square = summed(cases.which, disagreement**2 / size, k)
    total, of_manager = max(float(square.sum()), 1e-9), summed(cases.manager, square, managers)
    slope = float(across.sum()) / total
    variance = float(((across - slope * square) ** 2).sum()) / total**2
    common = float(np.clip(evident(slope, variance), 0.0, 1.0))
    has_cases = of_manager > 1e-9
    own = summed(cases.manager, across, managers) / np.maximum(of_manager, 1e-9)
    residual = across - own[cases.manager] * square
    counted = square > 0
    free = max(int(counted.sum()) - int(has_cases.sum()), 1)
    noise = float((residual[counted] ** 2 / (square * cases.number)[counted]).sum()) / free
    known = np.maximum(of_manager, 1e-9) ** 2
    errors = np.where(has_cases, noise * summed(cases.manager, square * cases.number, managers) / known, np.inf)
    if not has_cases.any():
        return Weights(0.0, np.zeros(managers))
    few = noise * float((square * cases.number).mean()) / max(HALF_WEIGHT_CASES * float(square.mean()) ** 2, 1e-9)
    prior = Prior(common, learn_prior(own[has_cases], errors[has_cases], few).spread)
    return Weights(common, np.clip(prior.pull(own, errors), 0.0, 1.0))
