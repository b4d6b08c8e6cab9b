"""The pool for the probability of any order over the horizon."""

from dataclasses import replace

import numpy as np

from features.extensions import with_members
from features.instants import MICROSECONDS_PER_DAY, IntArray
from training.data.training_task import MIN_EARLIER_ROWS, Learn, TrainingTask, learn_members, present
from training.model.buy_till_you_die import NoPurchase
from training.model.predictors import Linear, Pool, Trees
from training.model.rules import Complement, Either
from training.models.buy_till_you_die import learn_purchases
from training.models.fitting import equal_pool, every_term, fit_classes, fit_trees, pool_weights, weighed_pool
from training.models.switching import directions, rfm_terms


def learn_rfm(task: TrainingTask) -> Linear:
    """Fit a logit on recency, frequency and money; on every column where none of them is there."""
    terms = present(rfm_terms(task)) or every_term(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1)


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a small booster on all features."""
    return fit_trees(
        task.matrix, task.target, task.weight, task.booster, objective="binary", backend=task.backend,
        directions=directions(task, 1),
    )  # fmt: skip


def learn_order_process(task: TrainingTask) -> Either | None:
    """Take one less BG/NBD's probability of no order as it is; it knows today's accounts, and no season.

    Of accounts that never ordered it knows nothing: there the logit speaks.
    """
    purchases = learn_purchases(task, regular=False)
    if purchases is None:
        return None
    return Either(purchases.columns[0], Complement(NoPurchase(purchases)), learn_rfm(task))


ANY_ORDER: dict[str, Learn] = with_members("any_order", {
    "booster": learn_booster,
    "rfm": learn_rfm,
    "process": learn_order_process,
})  # fmt: skip
"""The members. How to add one: docs/extend.md."""


def learn_any_order(task: TrainingTask, slices: IntArray | None = None) -> Pool:
    """Fit the pool, with weights from the latest slice where enough was complete before it, else of equal weights.

    task : its target is 1 with an order, 0 without.
    slices : shape (n,), the as_of of each row, microseconds; all are of one by default.
    """
    members = learn_members(ANY_ORDER, task)
    slices = np.zeros(len(task.target), np.int64) if slices is None else slices
    before = slices + int(task.span) * MICROSECONDS_PER_DAY <= slices.max()
    if before.sum() < MIN_EARLIER_ROWS:
        return equal_pool(members)
    last = task.take(slices == slices.max())
    earlier = learn_members(ANY_ORDER, replace(task.take(before), today=last.matrix))
    none = last.target == 0
    chances = {name: np.abs(member.predict(last.matrix)[:, 0] - none) for name, member in earlier.items()}
    return weighed_pool(members, pool_weights(chances, last.weight))
