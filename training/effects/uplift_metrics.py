"""Metrics of predicted effects: AUTOC, Qini, slopes of calibration, the value of a policy.

AUTOC and Qini evaluate a *ranking* on randomised data, where no single effect is ever seen; a policy's value, coverage
and slopes need the true effects, and so a simulation. Estimators never use any of them.

Source: Yadlowsky, Fleming, Shah, Brunskill & Wager (2025), "Evaluating treatment prioritization rules via rank-weighted
average treatment effects", JASA 120.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import ShapeMismatch
from features.instants import BoolArray, FloatArray, IntArray

HALF_SAMPLES = 200
DETECTABLE = 2.8
"""Standard errors of the smallest effect that is found four times in five at the 5 % level: 1.96 + 0.84."""


@dataclass(frozen=True)
class Rate:
    """A rank-weighted average treatment effect and its standard error, in the outcome's unit."""

    value: float
    error: float

    @property
    def statistic(self) -> float:
        """Return the value in standard errors; zero for a ranking that does not tell rows apart."""
        return self.value / self.error if self.error > 1e-12 else 0.0


def two_arm_scores(treated: BoolArray, outcome: FloatArray, chance: float) -> FloatArray:
    """Return a score per row whose mean over any group is unbiased for the effect there, shape (n,).

        score = (m_1 - m_0) + 1[treated] (y - m_1) / e - 1[not treated] (y - m_0) / (1 - e)

    with m the means of the arms: augmented inverse propensity weighting without covariates.

    chance : e, the known probability of treatment.

    Raises
    ------
    ShapeMismatch
        If an arm is empty, or the probability is not between 0 and 1.
    """
    if not 0 < chance < 1 or treated.all() or not treated.any():
        raise ShapeMismatch(f"both arms must have rows and a chance between 0 and 1; {treated.sum()} of {len(treated)}")
    high, low = float(outcome[treated].mean()), float(outcome[~treated].mean())
    beyond = np.where(treated, (outcome - high) / chance, -(outcome - low) / (1 - chance))
    score: FloatArray = high - low + beyond
    return score


def autoc(score: FloatArray, priority: FloatArray, seed: int = 0) -> Rate:
    """Return the area under the targeting operator characteristic: what ranking by priority gains.

        TOC(u) = mean score of the u n rows with the highest priority, less the mean of all
        AUTOC  = mean of TOC(j / n) over j = 1 .. n

    Most weight is on the first rows. It is zero on average for a ranking that knows nothing. Equal priorities share the
    mean of their scores.

    score : shape (n,), from `two_arm_scores`, of rows that the ranking was *not* learnt from: out-of-fold effects of
        several models pooled are not one ranking, and bias it.
    priority : shape (n,).
    """
    return _rate(score, priority, _autoc_weights, seed)


def qini(score: FloatArray, priority: FloatArray, seed: int = 0) -> Rate:
    """Return the area under the Qini curve above the diagonal: as `autoc`, with each TOC(u) weighted by u.

    Qini = mean of (j / n) TOC(j / n) over j = 1 .. n
    """
    return _rate(score, priority, _qini_weights, seed)


def _autoc_weights(n: int) -> FloatArray:
    """Return what the score at each position adds to n times the AUTOC.

    That is the sum of 1 / j over j from the position to n, less one.
    """
    return np.cumsum(1.0 / np.arange(n, 0, -1))[::-1] - 1.0


def _qini_weights(n: int) -> FloatArray:
    """Return the share of rows at or behind each position, less its mean."""
    weights: FloatArray = np.arange(n, 0, -1) / n - (n + 1) / (2 * n)
    return weights


def _rate(score: FloatArray, priority: FloatArray, weights_of: Callable[[int], FloatArray], seed: int) -> Rate:
    """Return the estimate and its standard error, the deviation over random halves drawn without replacement.

    A half's deviation from the whole is distributed as the whole's from the truth.
    """
    if len(score) != len(priority) or len(score) < 4:
        raise ShapeMismatch(f"{len(score)} scores against {len(priority)} priorities; at least 4 of each are needed")
    order = np.argsort(-priority, kind="stable")
    sorted_score, sorted_priority = score[order], priority[order]
    _, group = np.unique(-sorted_priority, return_inverse=True)
    rng, n = np.random.default_rng(seed), len(score)
    value = _weighted(sorted_score, group, weights_of)
    halves = np.empty(HALF_SAMPLES)
    for k in range(HALF_SAMPLES):
        rows = np.sort(rng.permutation(n)[: n // 2])
        halves[k] = _weighted(sorted_score[rows], group[rows], weights_of)
    return Rate(value, float(halves.std(ddof=1)))


def _weighted(score: FloatArray, group: IntArray, weights_of: Callable[[int], FloatArray]) -> float:
    """Average weight x score; rows of a group, which stand together, share the mean of their weights."""
    weights = weights_of(len(score))
    _, place = np.unique(group, return_inverse=True)
    shared = np.bincount(place, weights=weights) / np.bincount(place)
    return float((shared[place] * score).mean())


def slope_of_truth(true: FloatArray, predicted: FloatArray) -> float:
    """Return the slope of the least-squares line of the true effects on the predicted; NaN where these are all equal.

    1 is right; below 1 the predictions differ more than the truth does, and the best of them promise too much.
    """
    spread = float(((predicted - predicted.mean()) ** 2).sum())
    if spread <= 1e-12 * max(float((predicted**2).sum()), 1e-300):
        return float("nan")
    return float(((predicted - predicted.mean()) * (true - true.mean())).sum() / spread)


def groups_by(predicted: FloatArray, groups: int = 10) -> list[IntArray]:
    """Return the rows in groups of equal size, lowest prediction first; empty groups left out."""
    return [part for part in np.array_split(np.argsort(predicted, kind="stable"), groups) if len(part)]


def best_arm(gains: FloatArray) -> IntArray:
    """Return the option with the highest gain per row, counted from 1, or 0 where none is above zero, shape (n,).

    gains : shape (n, n_options); NaN where an option has no estimate: it is never chosen there.
    """
    if not gains.shape[1]:
        return np.zeros(len(gains), np.int64)
    safe = np.where(np.isnan(gains), -np.inf, gains)
    return np.where(safe.max(axis=1) > 0, safe.argmax(axis=1) + 1, 0)


def value_of_arms(true_gains: FloatArray, arm: IntArray) -> FloatArray:
    """Return what each row's arm brings, shape (n,); the mean is the value of the policy.

    It is 0 for arm 0 and the true gain of option k for arm k.

    true_gains : shape (n, n_options).
    arm : shape (n,).
    """
    if len(true_gains) != len(arm):
        raise ShapeMismatch(f"gains of {len(true_gains)} rows against {len(arm)} choices")
    padded = np.column_stack([np.zeros(len(arm)), true_gains])
    value: FloatArray = padded[np.arange(len(arm)), arm]
    return value


def highest_rows(priority: FloatArray, count: int) -> BoolArray:
    """Return the `count` rows of the highest priority as a mask, shape (n,); ties in their order."""
    chosen = np.zeros(len(priority), bool)
    chosen[np.argsort(-priority, kind="stable")[: max(count, 0)]] = True
    return chosen


def paired_interval(
    parts: Sequence[FloatArray], draws: int = 1000, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Return the mean over worlds of each world's mean difference, with a bootstrap over rows within each world.

    parts : per world, shape (n,), differences of what two policies bring from the same accounts. The worlds are fixed:
        the interval is about accounts, not about other worlds.
    """
    rng = np.random.default_rng(seed)
    sums = np.zeros(draws)
    for part in parts:
        for k in range(draws):
            sums[k] += part[rng.integers(0, len(part), len(part))].mean()
    low, high = np.quantile(sums / len(parts), [(1 - level) / 2, (1 + level) / 2])
    return float(np.mean([part.mean() for part in parts])), float(low), float(high)
