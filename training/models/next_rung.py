"""The next rung, where the account stands at the horizon: a pool of two boosters, a multinomial logit and a table.

The boosters are small and regularised and learn from many slices: one predicts all rungs at once (softmax), one the
probability of reaching each (cumulative, ordinal). The logit has the windows' logs and the rungs; the table is a
smoothed Markov matrix over (rung now, rung if nothing happens), so that mechanical moves, those of the windows alone,
are known to it. The weights come from the latest slice, predicted by members that learnt before it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from features.extensions import with_members
from features.instants import BoolArray
from features.tables import RUNGS
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import ABSENT, Learn, Named, Split, TrainingTask, learn_members, present
from training.model.predictors import Floored, Linear, Ordinal, Pool, Table, Trees
from training.model.rules import Banded
from training.model.serialization import Predictor
from training.model.terms import Term
from training.models.fitting import (
    equal_pool,
    every_term,
    fit_classes,
    fit_ordinal,
    fit_table,
    fit_trees,
    pool_weights,
    weighed_pool,
)
from training.settings import Settings

N_RUNGS = len(RUNGS)
RARELY_BELOW = 0.005
"""If fewer snapshots than this share end below the rung that the rules alone would leave (no switches are recorded, no
contracts cancelled), that rung becomes a floor of all members: on online_retail it takes the booster's log loss from
.423 to .416, on cdnow from .354 to .304."""
AGE_OF_THE_DATA = (
    "days_known days_until_order_leaves order_days_leaving_by_horizon days_until_rung_falls days_on_rung "
    "highest_rung_365d moves_up_365d moves_down_365d revenue_lost_365d revenue_share_of_best_180d "
    "revenue_season_share revenue_against_last_year_90d member_periods_filled order_days_missing_to_customer "
    "days_within_rhythm usual_pause_days"
).split()
"""Features withheld from the boosters: while the data are shorter than their windows, they tell how old the data are.
The list was chosen on the origins of online_retail and holds on cdnow; a rule that finds such features by how far they
shift did worse on both (benchmarks/predictions.md)."""
LONG_AGO = 1500.0
"""The number of days that stands for 'never' in the linear models, beyond every window."""


def rung_terms(data: Named) -> list[Term]:
    """Return the terms of the multinomial logit."""
    column = data.column
    logs = (
        "order_days_90d order_days_180d order_days_365d order_days_730d revenue_365d order_gap_mean_730d "
        "inquiries_180d interactions_365d tickets_365d referrals_365d referrals_730d contracts_in_force "
        "days_known"
    ).split()
    terms = [Term(column("rung"), "equals", float(rung)) for rung in range(N_RUNGS)]
    terms += [Term(column("rung_if_nothing_happens"), "equals", float(rung)) for rung in range(N_RUNGS)]
    terms += [Term(column(name)) for name in logs]
    recencies = (
        "days_since_order_day",
        "days_since_second_last_order_day",
        "days_since_inquiry",
        "days_since_referral",
    )
    terms += [Term(column(name), fill=LONG_AGO) for name in recencies]
    terms += [Term(column("days_to_contract_end"), fill=0.0), Term(column("survey_last"), "identity", fill=0.6)]
    return terms


def _columns(task: TrainingTask) -> tuple[int, ...]:
    old = {task.column(name) for name in AGE_OF_THE_DATA}
    return tuple(column for column in task.usable if column not in old) or (0,)


def _cells(task: TrainingTask) -> list[int]:
    """Return the columns of the rung and of the rung if nothing happens; empty where rows are not of this ladder."""
    cells = [task.column("rung"), task.column("rung_if_nothing_happens")]
    return cells if ABSENT not in cells and task.classes == N_RUNGS else []


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a booster of all classes at once, by softmax."""
    return fit_trees(
        task.matrix, task.target, task.weight, task.booster, objective="multiclass", n_classes=task.classes,
        columns=_columns(task), backend=task.backend,
    )  # fmt: skip


def learn_ordinal(task: TrainingTask) -> Ordinal:
    """Fit boosters of the probability of reaching each class after the first."""
    return fit_ordinal(
        task.matrix,
        task.class_target,
        task.weight,
        task.booster,
        n_classes=task.classes,
        columns=_columns(task),
        backend=task.backend,
    )


def learn_logit(task: TrainingTask) -> Linear:
    """Fit a logit on the windows' logs and the rungs; on every column where none of those is there."""
    terms = present(rung_terms(task)) or every_term(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=task.classes)


def learn_table(task: TrainingTask) -> Table | None:
    """Fit a table by the rung now and the rung if nothing happens; None where rows are not of this ladder."""
    cells = _cells(task)
    if not cells:
        return None
    return fit_table(task.matrix, task.class_target, task.weight, cells, sizes=[N_RUNGS, N_RUNGS], n_classes=N_RUNGS)


def learn_banded(task: TrainingTask) -> Banded | None:
    """Fit a table by the rung now and how long ago the last order day was; None where rows are not of this ladder."""
    rung, recency = task.column("rung"), task.column("days_since_order_day")
    if ABSENT in (rung, recency) or task.classes != N_RUNGS:
        return None
    blank = Banded(Table((rung, recency), (N_RUNGS, len(RECENCY_EDGES) + 1), ()), recency, RECENCY_EDGES, LONG_AGO)
    table = fit_table(
        blank.banded(task.matrix), task.class_target, task.weight, [rung, recency],
        sizes=[N_RUNGS, len(RECENCY_EDGES) + 1], n_classes=N_RUNGS, strength=1.0,
    )  # fmt: skip
    return replace(blank, of=table)


RECENCY_EDGES = (30.0, 60.0, 90.0, 180.0, 365.0)

MEMBERS: dict[str, Learn] = with_members("next_rung", {
    "booster": learn_booster,
    "ordinal": learn_ordinal,
    "logit": learn_logit,
    "table": learn_table,
})  # fmt: skip
SIMPLE = ("table",)
"""The member that a short record is drawn towards. `learn_banded` is none: it brought nothing on
online_retail (log loss .4034 for .4033) and cost .0036 on cdnow, where the data are young."""
"""The pool: one row per member. How to add one: docs/extend.md."""


def fit_members(task: TrainingTask) -> dict[str, Predictor]:
    """Fit the pool's members to a task."""
    members, cells = learn_members(MEMBERS, task), _cells(task)
    if not cells:
        return members
    below = float(np.average(task.target < task.matrix[:, cells[1]], weights=task.weight))
    if below > RARELY_BELOW:
        return members
    return {name: Floored(member, cells[1], round(max(below, 1e-4), 6)) for name, member in members.items()}


def fit_next_rung(
    data: Dataset, rows: BoolArray, settings: Settings, weights: Mapping[str, float] | None = None
) -> Pool:
    """Fit the pool to some rows (mask, shape (n,)), with weights from the latest of them.

    weights : of the members, where they were learnt elsewhere, be it at another horizon: half of the fits.
    """
    if weights is None:
        return fit_with_earlier(data, rows, settings)[0]
    return weighed_pool(fit_members(_task(data, settings).take(rows)), weights)


def fit_with_earlier(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[Pool, Pool | None]:
    """Fit the pool, and the pool of the earlier slices alone, which chose the weights.

    The second is None where nothing was complete before the latest slice.
    """
    return learn_next_rung(_task(data, settings), rows, earlier_split(data, rows, settings))


def _task(data: Dataset, settings: Settings) -> TrainingTask:
    task = data.task(data.labels.next_rung, settings.booster, N_RUNGS)
    return replace(task, without=settings.pool.next_rung_without)


def learn_next_rung(task: TrainingTask, rows: BoolArray, split: Split | None) -> tuple[Pool, Pool | None]:
    """Fit the pool, and that of the earlier rows, to rows of any origin; without a split all members weigh the same."""
    if split is None:
        return equal_pool(fit_members(task.take(rows))), None
    earlier, latest, periods = split
    earlier_members = fit_members(task.take(earlier))
    last = task.take(latest)
    happened = np.arange(len(last.target)), last.class_target
    chances = {name: member.predict(last.matrix)[happened] for name, member in earlier_members.items()}
    weights = pool_weights(chances, last.weight, SIMPLE, periods=periods)
    return Pool(fit_members(task.take(rows)), weights), Pool(earlier_members, weights)
