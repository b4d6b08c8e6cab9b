"""What the account will bring over the horizon without any investment: any order at all, and how much then.

Learnt on snapshots that no investment followed within the exposure window. Revenue has a heavy tail, so
the amount is learnt on a log scale (a gamma regression with log link) and the whole is then corrected to
reproduce the mean over all slices, so over all seasons alike.
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
"""A correction beyond these says that the slices do not resemble each other; it is then cut off here."""


def invested_after(data: Dataset, days: int) -> BoolArray:
    """Whether any investment lies in [as_of, as_of + days), shape (n,)."""
    invested: BoolArray = View(data.histories, data.snapshots.later(days)).stream("investments").count(days) > 0
    return invested


def fit_revenue(data: Dataset, rows: BoolArray, settings: Settings) -> TwoPart:
    """The two parts, learnt on those of the rows that nothing was invested in."""
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # where everybody is always invested in, nothing else can be learnt from
    return learn_revenue(data.lesson(data.labels.revenue, settings.booster).take(rows))


def learn_rfm(lesson: TrainingTask) -> Linear:
    """On recency, frequency and money; on every column where none of them is there."""
    terms = present(rfm_terms(lesson)) or every_term(lesson.matrix)
    return fit_classes(lesson.matrix, lesson.classified, lesson.weight, terms, n_classes=1)


ANY_ORDER: dict[str, Learn] = {"booster": learn_booster, "rfm": learn_rfm}
"""The pool for the chance of any order, in which all weigh the same. How to add a member: docs/extend.md."""


def learn_revenue(lesson: TrainingTask) -> TwoPart:
    """The same from rows that come from anywhere; what is below nothing counts as nothing."""
    revenue, weight = np.maximum(lesson.target, 0.0), lesson.weight
    any_order = (revenue > 0).astype(np.int64)
    chance = equal_pool(learn_members(ANY_ORDER, replace(lesson, target=any_order)))
    amount = _fit_amount(lesson, revenue, any_order)
    blank = TwoPart(chance, amount, 1.0)
    expected = np.average(blank.predict(lesson.matrix)[:, 0], weights=weight)
    correction = np.average(revenue, weights=weight) / max(expected, 1e-9)
    return TwoPart(chance, amount, round(float(np.clip(correction, *CORRECTION_LIMITS)), 6))


def _fit_amount(lesson: TrainingTask, revenue: FloatArray, any_order: IntArray) -> Trees:
    bought, matrix, weight = any_order > 0, lesson.matrix, lesson.weight
    if not bought.any():  # nobody ever buys: any positive constant will do, the chance is next to nothing
        return fit_trees(matrix, np.ones(len(matrix)), weight, lesson.booster, objective="gamma")
    return fit_trees(
        matrix[bought], revenue[bought], weight[bought], lesson.booster, objective="gamma", grow=lesson.grow
    )
