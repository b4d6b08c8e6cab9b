"""Expected revenue over the horizon without any investment: the probability of any order, and the amount of one.

Learnt on snapshots that no investment followed within the exposure window. Revenue has a heavy tail, so the amount is
learnt on a log scale (a gamma regression with log link), and the whole is then corrected to reproduce the mean over all
slices, so over all seasons alike.
"""

from dataclasses import replace

import numpy as np

from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.training_task import Learn, TrainingTask, learn_members, present
from training.model.predictors import Linear, Trees, TwoPart
from training.models.fitting import equal_pool, every_term, fit_classes, fit_trees
from training.models.switching import learn_booster, rfm_terms
from training.settings import Settings

CORRECTION_LIMITS = (0.5, 2.0)
"""Limits of the correction. One beyond them means that the slices do not resemble each other; it is cut off."""


def invested_after(data: Dataset, days: int) -> BoolArray:
    """Return whether any investment lies in [as_of, as_of + days), shape (n,)."""
    invested: BoolArray = View(data.histories, data.snapshots.later(days)).stream("investments").count(days) > 0
    return invested


def fit_revenue(data: Dataset, rows: BoolArray, settings: Settings) -> TwoPart:
    """Fit both parts to those of some rows (mask, shape (n,)) that no investment followed."""
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # where everybody is always invested in, nothing else can be learnt from
    return learn_revenue(data.task(data.labels.revenue, settings.booster).take(rows))


def learn_rfm(task: TrainingTask) -> Linear:
    """Fit a logit on recency, frequency and money; on every column where none of them is there."""
    terms = present(rfm_terms(task)) or every_term(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1)


ANY_ORDER: dict[str, Learn] = {"booster": learn_booster, "rfm": learn_rfm}
"""The pool for the probability of any order, in which all weigh the same. How to add a member: docs/extend.md."""


def learn_revenue(task: TrainingTask) -> TwoPart:
    """Fit both parts to rows of any origin; negative revenue counts as zero."""
    revenue, weight = np.maximum(task.target, 0.0), task.weight
    any_order = (revenue > 0).astype(np.int64)
    chance = equal_pool(learn_members(ANY_ORDER, replace(task, target=any_order)))
    amount = _fit_amount(task, revenue, any_order)
    blank = TwoPart(chance, amount, 1.0)
    expected = np.average(blank.predict(task.matrix)[:, 0], weights=weight)
    correction = np.average(revenue, weights=weight) / max(expected, 1e-9)
    return TwoPart(chance, amount, round(float(np.clip(correction, *CORRECTION_LIMITS)), 6))


def _fit_amount(task: TrainingTask, revenue: FloatArray, any_order: IntArray) -> Trees:
    bought, matrix, weight = any_order > 0, task.matrix, task.weight
    if not bought.any():
        # nobody ever buys: any positive constant will do, since the probability of an order is almost zero
        return fit_trees(matrix, np.ones(len(matrix)), weight, task.booster, objective="gamma")
    return fit_trees(
        matrix[bought], revenue[bought], weight[bought], task.booster, objective="gamma", backend=task.backend
    )
