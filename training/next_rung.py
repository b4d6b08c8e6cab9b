"""Where will the account stand at the horizon: a pool of two boosters, a multinomial logit and a table.

The boosters are small and regularised and learn from many slices: one gives all rungs at once (softmax), one the
chance of reaching each (cumulative, ordinal). The logit has the windows' logs and the rungs; the table is a
smoothed Markov matrix over (rung now, rung if nothing happens), so that mechanical moves, those of the windows
alone, are known to it. The weights come from the latest slice, judged by members that learnt before it.
"""

import numpy as np

from features.snapshots import BoolArray
from features.tables import RUNGS
from training.dataset import Dataset, earlier_split
from training.fitting import equal_pool, fit_classes, fit_ordinal, fit_table, fit_trees, pool_weights, usable_columns
from training.predictors import Floored, Pool, Predictor, Term
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


def rung_terms(data: Dataset) -> list[Term]:
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


def fit_members(data: Dataset, rows: BoolArray, settings: Settings) -> dict[str, Predictor]:
    """The pool's members, learnt on those rows."""
    matrix, target, weight = data.matrix[rows], data.labels.next_rung[rows], data.weight[rows]
    cells = [data.column("rung"), data.column("rung_if_nothing_happens")]
    columns = usable_columns(matrix, leave_out=[data.column(name) for name in AGE_OF_THE_DATA])
    members: dict[str, Predictor] = {
        "booster": fit_trees(matrix, target, weight, settings.booster, "multiclass", N_RUNGS, columns, data.grow),
        "ordinal": fit_ordinal(matrix, target, weight, settings.booster, N_RUNGS, columns, data.grow),
        "logit": fit_classes(matrix, target, weight, rung_terms(data), N_RUNGS),
        "table": fit_table(matrix, target, weight, cells, [N_RUNGS, N_RUNGS], N_RUNGS),
    }
    below = float(np.average(target < matrix[:, cells[1]], weights=weight))
    if below > RARELY_BELOW:
        return members
    return {name: Floored(member, cells[1], round(max(below, 1e-4), 6)) for name, member in members.items()}


def fit_next_rung(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """The pool, learnt on those rows (mask, shape (n,)); its weights on the latest of them."""
    return fit_with_earlier(data, rows, settings)[0]


def fit_with_earlier(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[Pool, Pool | None]:
    """The pool, and the same of the earlier slices alone, which chose the weights; None where there are none."""
    split = earlier_split(data, rows)
    if split is None:
        return equal_pool(fit_members(data, rows, settings)), None
    earlier, latest = split
    trial = fit_members(data, earlier, settings)
    happened = data.labels.next_rung[latest]
    chances = {
        name: member.predict(data.matrix[latest])[np.arange(len(happened)), happened] for name, member in trial.items()
    }
    weights = pool_weights(chances, data.weight[latest])
    return Pool(fit_members(data, rows, settings), weights), Pool(trial, weights)
