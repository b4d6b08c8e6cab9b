"""Where will the account stand at the horizon: a pool of two boosters, a multinomial logit and a table.

The boosters are small and regularised and learn from many slices: one gives all rungs at once (softmax), one the
chance of reaching each (cumulative, ordinal). The logit has the windows' logs and the rungs; the table is a
smoothed Markov matrix over (rung now, rung if nothing happens), so that mechanical moves, those of the windows
alone, are known to it. The weights come from the latest slice, judged by members that learnt before it.
"""

from dataclasses import replace

import numpy as np

from features.instants import BoolArray
from features.tables import RUNGS
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import ABSENT, Learn, Named, Split, TrainingTask, learn_members, present
from training.model.predictors import Floored, Linear, Ordinal, Pool, Table, Trees
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
)
from training.settings import Settings

N_RUNGS = len(RUNGS)
RARELY_BELOW = 0.005
"""Where fewer snapshots than this share end below what the rules alone would leave (no switches are recorded,
no contracts cancelled), members are held to it: on online_retail that takes the booster's log loss from .423 to
.416, on cdnow from .354 to .304."""
AGE_OF_THE_DATA = (
    "days_known days_until_order_leaves order_days_leaving_by_horizon days_until_rung_falls days_on_rung "
    "highest_rung_365d moves_up_365d moves_down_365d revenue_lost_365d revenue_share_of_best_180d "
    "revenue_season_share revenue_against_last_year_90d member_periods_filled order_days_missing_to_customer"
).split()
"""Kept from the booster: while the data are shorter than what they look back over, these say how old the data are. The
list was chosen on the origins of online_retail and holds on cdnow; a rule that finds such features by how far they
shift did worse on both (benchmarks/predictions.md)."""
LONG_AGO = 1500.0
"""Days: stands for 'never' in the linear models, beyond every window."""


def rung_terms(data: Named) -> list[Term]:
    """The multinomial logit's columns."""
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


def _columns(lesson: TrainingTask) -> tuple[int, ...]:
    old = {lesson.column(name) for name in AGE_OF_THE_DATA}
    return tuple(column for column in lesson.usable if column not in old) or (0,)


def _cells(lesson: TrainingTask) -> list[int]:
    """Where the rung stands, and the rung if nothing happens; empty where rows are not of this ladder."""
    cells = [lesson.column("rung"), lesson.column("rung_if_nothing_happens")]
    return cells if ABSENT not in cells and lesson.classes == N_RUNGS else []


def learn_booster(lesson: TrainingTask) -> Trees:
    """All classes at once, by softmax."""
    return fit_trees(
        lesson.matrix, lesson.target, lesson.weight, lesson.booster, "multiclass", lesson.classes, _columns(lesson),
        lesson.grow,
    )  # fmt: skip


def learn_ordinal(lesson: TrainingTask) -> Ordinal:
    """The chance of reaching each class after the first."""
    return fit_ordinal(
        lesson.matrix, lesson.classified, lesson.weight, lesson.booster, lesson.classes, _columns(lesson), lesson.grow
    )


def learn_logit(lesson: TrainingTask) -> Linear:
    """Of the windows' logs and the rungs; of every column where none of those is there."""
    terms = present(rung_terms(lesson)) or every_term(lesson.matrix)
    return fit_classes(lesson.matrix, lesson.classified, lesson.weight, terms, lesson.classes)


def learn_table(lesson: TrainingTask) -> Table | None:
    """By the rung now and the rung if nothing happens."""
    cells = _cells(lesson)
    if not cells:
        return None
    return fit_table(lesson.matrix, lesson.classified, lesson.weight, cells, [N_RUNGS, N_RUNGS], N_RUNGS)


MEMBERS: dict[str, Learn] = {
    "booster": learn_booster,
    "ordinal": learn_ordinal,
    "logit": learn_logit,
    "table": learn_table,
}
"""The pool: one row a member. How to add one: docs/extend.md."""


def fit_members(lesson: TrainingTask) -> dict[str, Predictor]:
    """The pool's members, learnt from those rows."""
    members, cells = learn_members(MEMBERS, lesson), _cells(lesson)
    if not cells:
        return members
    below = float(np.average(lesson.target < lesson.matrix[:, cells[1]], weights=lesson.weight))
    if below > RARELY_BELOW:
        return members
    return {name: Floored(member, cells[1], round(max(below, 1e-4), 6)) for name, member in members.items()}


def fit_next_rung(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """The pool, learnt on those rows (mask, shape (n,)); its weights on the latest of them."""
    return fit_with_earlier(data, rows, settings)[0]


def fit_with_earlier(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[Pool, Pool | None]:
    """The pool, and the same of the earlier slices alone, which chose the weights; None where there are none."""
    lesson = data.lesson(data.labels.next_rung, settings.booster, N_RUNGS)
    lesson = replace(lesson, without=settings.pool.next_rung_without)
    return learn_next_rung(lesson, rows, earlier_split(data, rows))


def learn_next_rung(lesson: TrainingTask, rows: BoolArray, split: Split | None) -> tuple[Pool, Pool | None]:
    """The same from rows that come from anywhere; where nothing is earlier, all members weigh the same."""
    if split is None:
        return equal_pool(fit_members(lesson.take(rows))), None
    earlier, latest = split
    trial = fit_members(lesson.take(earlier))
    last = lesson.take(latest)
    happened = np.arange(len(last.target)), last.classified
    chances = {name: member.predict(last.matrix)[happened] for name, member in trial.items()}
    weights = pool_weights(chances, last.weight)
    return Pool(fit_members(lesson.take(rows)), weights), Pool(trial, weights)
