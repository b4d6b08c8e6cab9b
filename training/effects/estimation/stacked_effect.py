"""A stack of final stages for an effect on a plain number: the linear one, and two of regressions by arm.

The linear stage is the R-learner (`r_learner`). Beside it stand the difference of two regressions, one of each arm
(T-learner), and a regression of what each row would have gained by the other arm's (X-learner, both
arms pooled with overlap weights). Each regression is a ridge on the standardised features and boosted trees on what it
leaves, so that lines cost no trees. A stage counts as far as it foretells, on the folds that it did not see, how
outcomes turned out beyond their expectation (the R-loss), drawn to the linear stage alone as far as noise leaves that
open.

Predictions are those of models of all rows. Their error holds the linear stage's own, how the folds' models differ
(delete-a-group jackknife) and how the stages do.

Revenue has none of this: effects on it are shares of size under heavy tails, and boosted final stages lost there over
the families of simulated suppliers.

Source: Kuenzel, Sekhon, Bickel & Yu (2019), the T- and X-learner; Nie & Wager (2021), section 4.2, stacking by R-loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from sklearn.linear_model import RidgeCV

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.r_learner import Case, fit_cases
from training.model.effect import Effect
from training.model.predictors import Trees
from training.model.terms import Term, standardised_values
from training.models.fitting import every_term, fit_trees, standardise_terms
from training.settings import BoosterSettings

LEAST = 20
"""Rows of each arm that every fold's models need."""
PENALTIES = np.logspace(-1, 5, 13)
FAR = 5.0
"""Standard deviations at which a feature is cut off in the ridge."""
DRAWN = 0.5
"""The prior standard deviation of each stage's weight around one for the linear stage and zero for the others."""


@dataclass(frozen=True)
class Sample:
    """Rows of one arm and of the control.

    matrix : shape (n, n_features).
    outcome, exposed, chance, weight, fold : shape (n,); chance is of the arm among the two, out of fold.
    case : the same rows as the linear stage takes them.
    """

    matrix: FloatArray
    outcome: FloatArray
    exposed: BoolArray
    chance: FloatArray
    weight: FloatArray
    fold: IntArray
    case: Case


@dataclass(frozen=True)
class Regression:
    """A ridge on the terms, and trees on what it leaves."""

    terms: tuple[Term, ...]
    coefficients: FloatArray
    trees: Trees

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the expected value of each row, shape (n,)."""
        return _design(self.terms, matrix) @ self.coefficients + self.trees.predict(matrix)[:, 0]


@dataclass(frozen=True)
class FoldModels:
    """What was learnt without one fold, or of all rows."""

    control: Regression
    treated: Regression
    gain: Regression

    def stages(self, matrix: FloatArray) -> FloatArray:
        """Return the effect by the T- and by the X-learner, shape (n, 2)."""
        return np.column_stack([self.treated.predict(matrix) - self.control.predict(matrix), self.gain.predict(matrix)])


@dataclass(frozen=True)
class StackedEffect:
    """An effect as several stages have it; weights : of the linear stage, the T- and the X-learner."""

    linear: Effect
    whole: FoldModels
    folds: tuple[FoldModels, ...]
    weights: tuple[float, ...]

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the effect on each row and its standard error, shape (n, 2)."""
        linear, error = self.linear.predict(matrix).T
        return np.column_stack(self._together(linear, error, [one.stages(matrix) for one in (self.whole, *self.folds)]))

    def group(self, matrix: FloatArray) -> tuple[float, float]:
        """Return the mean effect over a group that is picked by its features, and its standard error."""
        linear, error = np.array(self.linear.group(matrix))
        means = [one.stages(matrix).mean(axis=0) for one in (self.whole, *self.folds)]
        mean, spread = self._together(linear, error, means)
        return float(mean), float(spread)

    def _together(
        self, linear: FloatArray, error: FloatArray, others: Sequence[FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the effect by all stages together and its standard error.

        linear, error : of the linear stage, shape (n,) or one number.
        others : the other stages' effects, shape (n, 2) or (2,), by the models of all rows and then by each fold's.
        """
        own, *rest = self.weights
        whole, *folds = others
        effect = own * linear + whole @ np.array(rest)
        by_fold = np.stack([stages @ np.array(rest) for stages in folds])
        stages, share = np.concatenate([linear[..., None], whole], axis=-1), np.array(self.weights) / sum(self.weights)
        apart = (stages - (stages @ share)[..., None]) ** 2 @ share
        return effect, np.sqrt((own * error) ** 2 + (len(by_fold) - 1) * by_fold.var(axis=0) + apart)


def stack(linear: Effect, sample: Sample, terms: Sequence[Term], booster: BoosterSettings) -> Effect | StackedEffect:
    """Return the stages weighed; the linear one alone where a fold has too few rows or the others foretell nothing.

    terms : of the effect, standardised; outcomes are expected by all features.
    """
    thorough = booster.thorough()  # a stage that takes noise for a signal loses its weight
    every = standardise_terms(every_term(sample.matrix), sample.matrix)
    inside = [(sample.fold != part) & (sample.weight > 0) for part in np.unique(sample.fold)]
    if min(int((rows & (sample.exposed == arm)).sum()) for rows in inside for arm in (False, True)) < LEAST:
        return linear
    columns = tuple(term.column for term in terms)
    folds, stages, expected = [], np.zeros((len(sample.outcome), 3)), np.zeros(len(sample.outcome))
    for part, rows in zip(np.unique(sample.fold), inside, strict=True):
        test = sample.fold == part
        models = _fold_models(sample, rows, every, columns, thorough)
        folds.append(models)
        stages[test, 1:] = models.stages(sample.matrix[test])
        expected[test] = models.control.predict(sample.matrix[test]) + sample.chance[test] * stages[test, 1]
        fitted = fit_cases([_part(sample.case, rows)])[0][0]
        stages[test, 0] = fitted.design(sample.case.z[test], sample.case.size[test]) @ fitted.coefficients
    weights = stage_weights(stages, sample.outcome - expected, sample.exposed - sample.chance, sample.weight)
    if sum(weights[1:]) == 0:
        return linear
    whole = _fold_models(sample, sample.weight > 0, every, columns, thorough)
    return StackedEffect(linear, whole, tuple(folds), weights)


def stage_weights(stages: FloatArray, beyond: FloatArray, apart: FloatArray, weight: FloatArray) -> tuple[float, ...]:
    """Return the stages' weights, none below zero, that lose least by the R-loss, drawn to the first stage alone.

    stages : shape (n, n_stages), effects out of fold, the linear one first.
    beyond, apart : shape (n,), outcome and exposure less what was expected of them.
    """
    root = np.sqrt(weight / weight.mean())
    rows, values = (root * apart)[:, None] * stages, root * beyond
    free, _ = nnls(rows, values)
    drawn = np.sqrt(np.mean((values - rows @ free) ** 2)) / DRAWN
    first = np.zeros(stages.shape[1])
    first[0] = drawn
    found, _ = nnls(np.vstack([rows, drawn * np.eye(len(first))]), np.append(values, first))
    return tuple(float(one) for one in found)


def _fold_models(
    sample: Sample, rows: BoolArray, every: tuple[Term, ...], columns: tuple[int, ...], booster: BoosterSettings
) -> FoldModels:
    free, exposed = rows & ~sample.exposed, rows & sample.exposed
    matrix, outcome, weight = sample.matrix, sample.outcome, sample.weight
    control, treated = (_regression(matrix[own], outcome[own], weight[own], every, booster) for own in (free, exposed))
    inside = matrix[rows]
    gained = np.where(
        sample.exposed[rows], outcome[rows] - control.predict(inside), treated.predict(inside) - outcome[rows]
    )
    unlikely = np.where(sample.exposed, 1 - sample.chance, sample.chance)[rows]
    asked = tuple(term for term in every if term.column in columns)
    return FoldModels(control, treated, _regression(inside, gained, (weight[rows] * unlikely), asked, booster))


def _regression(
    matrix: FloatArray, target: FloatArray, weight: FloatArray, terms: tuple[Term, ...], booster: BoosterSettings
) -> Regression:
    design = _design(terms, matrix)
    ridge = RidgeCV(PENALTIES).fit(design[:, 1:], target, sample_weight=weight) if terms else None
    coefficients = np.append(ridge.intercept_, ridge.coef_) if ridge else np.array([np.average(target, weights=weight)])
    trees = fit_trees(
        matrix, target - design @ coefficients, weight, booster, objective="regression",
        columns=[term.column for term in terms],
    )  # fmt: skip
    return Regression(terms, coefficients, trees)


def _design(terms: tuple[Term, ...], matrix: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(matrix)), np.clip(standardised_values(terms, matrix), -FAR, FAR)])


def _part(case: Case, rows: BoolArray) -> Case:
    """Return some rows of a case."""
    given = {
        name: getattr(case, name)[rows] for name in ("z", "beyond", "exposed", "chance", "size", "chosen", "account")
    }
    return replace(case, **given, weight=None if case.weight is None else case.weight[rows])
