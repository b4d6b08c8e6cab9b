"""The outcome of all trials, less its expectation without investment.

The expectation is learnt on other accounts' trials without any investment (cross-fitting). Of revenue and of chances it
is also the account's size, of which effects are shares: what keeps one customer in five keeps more of those who would
have left. Relative effects on a chance differ less between accounts than absolute ones.

Source: Chernozhukov et al. (2018); Kent et al. (2020), relative effects and absolute risks.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.target_trials import Trials
from training.model.predictors import Trees
from training.models.fitting import fit_trees
from training.settings import BoosterSettings

OUTCOMES = ("revenue", "climbed", "switched", "served")
"""The outcomes of a trial; the last only where serving has a price."""
CHANCES = ("climbed", "switched")
"""Those that happen or do not."""
SMALLEST_SIZE = {"revenue": 0.01, **dict.fromkeys(CHANCES, 0.3)}
"""The least size of an account, as a share of the mean: effects on these are shares of size, and so need some. What is
expected of rare events is noisy where it is small."""
FACTOR_LIMITS = (0.5, 2.0)
"""Limits of the correction of mean expected revenue. Beyond them the folds do not resemble each other."""


@dataclass(frozen=True)
class Outcome:
    """One outcome of all trials.

    counts : shape (n,), whether the outcome is known.
    beyond : shape (n,), the outcome less its expectation without investment, out of fold; zero where not known.
    size : shape (n,).
    amount : whether it is an amount of money with a long tail.
    scale, factor, floor : they give the size of other accounts; without scale it is one.
    """

    name: str
    counts: BoolArray
    beyond: FloatArray
    size: FloatArray
    amount: bool
    scale: Trees | None
    factor: float
    floor: float


def measure(trials: Trials, name: str, fold: IntArray, booster: BoosterSettings) -> Outcome:
    """Measure an outcome of the trials.

    fold : shape (n,), the same for all trials of an account.
    """
    return measure_outcome(
        trials.matrix, getattr(trials, name), free=trials.arm == 0, fold=fold, booster=booster, name=name
    )


def measure_outcome(
    matrix: FloatArray, outcome: FloatArray, *, free: BoolArray, fold: IntArray, booster: BoosterSettings, name: str
) -> Outcome:
    """Measure an outcome of trials of any origin.

    matrix : shape (n, n_features).
    outcome : shape (n,), NaN where not known.
    free : shape (n,), without investment.
    fold : shape (n,).
    name : of `revenue`, an amount, and of CHANCES effects are sought as shares of what is expected.
    """
    counts = ~np.isnan(outcome)
    free, is_revenue = counts & free, name == "revenue"
    target = np.maximum(outcome, 0.0) if is_revenue else outcome
    sized = name in SMALLEST_SIZE and float(target[free].sum()) > 0
    amount = is_revenue and sized
    objective = "tweedie" if amount else "regression"
    booster = booster.steady() if amount else booster  # revenue decides what is advised, and no seed should
    expected = np.zeros(len(outcome))
    for k in np.unique(fold):
        train, test = free & (fold != k), counts & (fold == k)
        if test.any() and (target[train].any() if amount else train.any()):  # else nothing is expected
            model = fit_trees(matrix[train], target[train], np.ones(int(train.sum())), booster, objective=objective)
            expected[test] = model.predict(matrix[test])[:, 0]
    scale, factor, floor, size = None, 1.0, 1.0, np.ones(len(outcome))
    if amount:
        factor = float(outcome[free].sum() / max(expected[free].sum(), 1e-9))
        factor = round(float(np.clip(factor, *FACTOR_LIMITS)), 6)
    if sized:
        floor = round(max(SMALLEST_SIZE[name] * float(target[free].mean()), 1e-6), 6)
        scale = fit_trees(matrix[free], target[free], np.ones(int(free.sum())), booster, objective=objective)
        size = np.maximum(expected * factor, floor)
    beyond = np.where(counts, outcome - expected * factor, 0.0)
    return Outcome(
        name=name, counts=counts, beyond=beyond, size=size, amount=amount, scale=scale, factor=factor, floor=floor
    )
