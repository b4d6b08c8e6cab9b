"""The pool for the probability of any order over the horizon."""

from dataclasses import replace

import numpy as np

from features.extensions import with_members
from features.instants import MICROSECONDS_PER_DAY, IntArray
from training.data.training_task import ABSENT, MIN_EARLIER_ROWS, Learn, TrainingTask, learn_members, present
from training.model.buy_till_you_die import NoPurchase
from training.model.predictors import Linear, Pool, Table, Trees
from training.model.rules import Banded, Complement, Either
from training.model.serialization import Predictor
from training.models.buy_till_you_die import learn_purchases
from training.models.fitting import (
    equal_pool,
    every_term,
    fit_classes,
    fit_table,
    fit_trees,
    pool_weights,
    weighed_pool,
)
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


def learn_contracts(task: TrainingTask) -> Predictor | None:
    """Take the share that ordered by when the first contract ends, and by how long ago the last order day was.

    Who is billed once a term orders when a contract begins anew. None where no contract in force has an end.
    """
    ends, since = task.column("days_to_contract_end"), task.column("days_since_order_day")
    if ABSENT in (ends, since) or np.isnan(task.matrix[:, ends]).all():
        return None
    never = NEVER * task.span
    bands = (
        (ends, (*tuple(share * task.span for share in ENDS), never / 2), never),
        (since, tuple(share * task.span for share in SINCE), never),
    )
    banded = np.column_stack(  # of the two columns alone: a copy of all features takes longer than the rest
        [np.searchsorted(edges, np.nan_to_num(task.matrix[:, column], nan=fill)) for column, edges, fill in bands]
    ).astype(np.float64)
    sizes = [len(edges) + 1 for _, edges, _ in bands]
    both = fit_table(banded, task.class_target, task.weight, [0, 1], sizes=sizes, n_classes=2, strength=STRENGTH)
    rule: Predictor = Table((ends, since), both.sizes, tuple((row[1],) for row in both.probabilities))
    for column, edges, fill in bands:
        rule = Banded(rule, column, edges, fill)
    return rule


ENDS, SINCE, NEVER = (0.85, 1.0), (0.5, 1.0, 1.9, 2.3), 100.0
"""Parts of the horizon at which bands of the days to an end, and since an order day, end; more than any record has."""
STRENGTH = 10.0
"""Imagined rows with the overall rate, in each cell."""


ANY_ORDER: dict[str, Learn] = with_members("any_order", {
    "booster": learn_booster,
    "rfm": learn_rfm,
    "process": learn_order_process,
    "contracts": learn_contracts,
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
