"""One outcome of all trials, less what is expected of it without investment.

What is expected is learnt on other accounts' trials without any investment (cross-fitting; Chernozhukov et al. 2018).
For revenue it is also the account's size, of which effects are sought as shares.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.target_trials import Trials
from training.model.predictors import Trees
from training.models.fitting import fit_trees
from training.settings import BoosterSettings

OUTCOMES = ("revenue", "climbed", "switched", "served")
"""Of a trial; the last only where serving has a price."""
SMALLEST_SIZE = 0.01
"""Share of the mean size that every account has at least: a share of nothing is no effect."""
FACTOR_LIMITS = (0.5, 2.0)
"""What corrects the mean of expected revenue may not be more: beyond, folds do not resemble each other."""


@dataclass(frozen=True)
class Outcome:
    """One outcome of all trials.

    beyond : shape (n,), the outcome less what is expected without investment, out of fold; zero where not counted.
    size : shape (n,).  scale, factor, floor : what gives the size of other accounts; without scale it is one.
    """

    name: str
    counts: BoolArray
    beyond: FloatArray
    size: FloatArray
    scale: Trees | None
    factor: float
    floor: float


def measure(trials: Trials, name: str, fold: IntArray, booster: BoosterSettings) -> Outcome:
    """That outcome of the trials; fold : shape (n,), the same for all trials of an account."""
    return measure_outcome(
        trials.matrix, getattr(trials, name), free=trials.arm == 0, fold=fold, booster=booster, name=name
    )


def measure_outcome(
    matrix: FloatArray, outcome: FloatArray, *, free: BoolArray, fold: IntArray, booster: BoosterSettings, name: str
) -> Outcome:
    """An outcome of trials that come from anywhere.

    outcome : shape (n,), NaN where not known.  free : shape (n,), without investment.  name : only `revenue` is an
    amount, whose effects are sought as shares of what is expected.
    """
    counts = ~np.isnan(outcome)
    free, money = counts & free, name == "revenue"
    seen, objective = (np.maximum(outcome, 0.0), "tweedie") if money else (outcome, "regression")
    money_free = money and free.any() and float(seen[free].sum()) > 0
    objective = objective if money_free or not money else "regression"
    expected = np.zeros(len(outcome))
    for k in np.unique(fold):
        train, test = free & (fold != k), counts & (fold == k)
        if test.any() and (seen[train].any() if money_free else train.any()):  # else nothing is expected
            model = fit_trees(matrix[train], seen[train], np.ones(int(train.sum())), booster, objective=objective)
            expected[test] = model.predict(matrix[test])[:, 0]
    if not money_free:
        beyond = np.where(counts, outcome - expected, 0.0)
        return Outcome(
            name=name, counts=counts, beyond=beyond, size=np.ones(len(outcome)), scale=None, factor=1.0, floor=1.0
        )
    factor = float(outcome[free].sum() / max(expected[free].sum(), 1e-9))
    factor = round(float(np.clip(factor, *FACTOR_LIMITS)), 6)
    floor = round(max(SMALLEST_SIZE * float(seen[free].mean()), 1e-6), 6)
    scale = fit_trees(matrix[free], seen[free], np.ones(int(free.sum())), booster, objective="tweedie")
    size = np.maximum(expected * factor, floor)
    beyond = np.where(counts, outcome - expected * factor, 0.0)
    return Outcome(name=name, counts=counts, beyond=beyond, size=size, scale=scale, factor=factor, floor=floor)
