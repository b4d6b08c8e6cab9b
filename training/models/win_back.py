"""Winning back: a small regularised logit, learnt from former customers that came back or stayed away.

A row is a former customer at a slice whose horizon is over, and the outcome is any order day in it. Few come back, so
the model is a penalised logit and no booster; recency alone and former value alone stand beside it, and the chance of
an order that is learnt from everybody. Where one of these predicted better out of time, it serves.

Source: Stauss & Friege (1999), Journal of Service Research 1(4), on the value of those who may be won back; Thomas,
Blattberg & Fox (2004), Journal of Marketing Research 41(1), on recency and value in recapturing them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.accounts.pace import own_pace
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from features.ladder.former import former
from training.data.dataset import Dataset
from training.data.training_task import CATALOGUE, TrainingTask, present
from training.model.findings import NOTE, Finding
from training.model.predictors import Pool
from training.model.rules import Constant
from training.model.serialization import Predictor
from training.model.terms import Term
from training.model.win_back import FORMER_COLUMNS, WinBack
from training.models.fitting import fit_classes
from training.models.next_rung import LONG_AGO
from training.models.revenue import fit_any_order
from training.models.rule_that_serves import RULE
from training.settings import Settings

LEAST_EACH = 20
"""Different accounts that came back, and that stayed away, without which nothing is learnt."""
PENALTY = 5.0
EVERYBODY = "the chance of an order, learnt from everybody"


@dataclass(frozen=True)
class FormerRows:
    """Which rows of a dataset are former customers (mask, shape (n,)), and the pace of all while they bought."""

    former: BoolArray
    pace: FloatArray


def former_rows(data: Dataset, settings: Settings) -> FormerRows:
    """Return which snapshots are of former customers, with their pace."""
    mask, pace = np.zeros(len(data.matrix), bool), np.zeros(len(data.matrix))
    for rows, part in View(data.histories, data.snapshots).blocks():
        mask[rows] = former(part, settings.ladder, settings.outcome.renewal_grace_days)
        pace[rows] = own_pace(part)
    return FormerRows(mask, pace)


def came_back(data: Dataset, rows: BoolArray) -> tuple[int, int]:
    """Return how many different accounts came back, and stayed away, among some rows (mask)."""
    account, ordered = data.snapshots.account[rows], data.labels.ordered[rows]
    return len(np.unique(account[ordered])), len(np.unique(account[~ordered]))


def enough_came_back(data: Dataset, rows: BoolArray) -> bool:
    """Return whether enough different accounts came back, and stayed away, among some rows (mask)."""
    return min(came_back(data, rows)) >= LEAST_EACH


def win_back_task(data: Dataset, seen: FormerRows, rows: BoolArray, settings: Settings) -> TrainingTask:
    """Return the training task of some rows (mask), with FORMER_COLUMNS behind the features."""
    own = {name: data.matrix.shape[1] + position for position, name in enumerate(FORMER_COLUMNS)}
    return TrainingTask(
        matrix=np.column_stack([data.matrix[rows], seen.pace[rows]]), target=data.labels.ordered[rows].astype(np.int64),
        weight=data.weight[rows], columns={**CATALOGUE, **own}, booster=settings.booster, backend=data.backend,
        span=float(settings.outcome.horizon_days),
    )  # fmt: skip


Learn = Callable[[TrainingTask], Predictor]


def _logit(names: Sequence[str]) -> Learn:
    def learn(task: TrainingTask) -> Predictor:
        terms = [Term(task.column(name), fill=LONG_AGO if name.startswith("days_since") else 0.0) for name in names]
        return fit_classes(task.matrix, task.class_target, task.weight, present(terms), n_classes=1)

    return learn


def learn_base_rate(task: TrainingTask) -> Predictor:
    """Take the share that came back."""
    return Constant(round(float(np.average(task.target, weights=task.weight)), 6))


RULES: Mapping[str, Learn] = {
    "base rate": learn_base_rate,
    "recency": _logit(("days_since_order_day",)),
    "former value": _logit(("former_pace",)),
    "recency and former value": _logit(("days_since_order_day", "former_pace")),
}


def learn_logit(task: TrainingTask) -> Predictor:
    """Fit a penalised logit on how long it has gone, what it was, and what it does since."""
    recencies = ("days_since_order_day", "days_since_interaction", "days_since_switch", "days_since_inquiry")
    counts = (
        "former_pace order_days_total days_since_first_order order_gap_mean_730d order_days_730d switches_before "
        "interactions_90d interactions_365d interactions_by_them_365d inquiries_180d inquiries_lost_to_rival_365d "
        "contacts_now contacts_left_180d tickets_365d severe_tickets_180d sla_breaches_180d referrals_365d "
        "contracts_in_force"
    ).split()
    terms = [Term(task.column(name), fill=LONG_AGO) for name in recencies]
    terms += [Term(task.column(name)) for name in counts]
    shares = (("survey_last", 0.6), ("survey_very_low_share_365d", 0.0))
    terms += [Term(task.column(name), "identity", fill=fill) for name, fill in shares]
    known = present(terms)
    return fit_classes(task.matrix, task.class_target, task.weight, known, n_classes=1, penalty=PENALTY)


def fit_win_back(
    data: Dataset, seen: FormerRows, rows: BoolArray, settings: Settings, serves: str | None = None
) -> WinBack | None:
    """Fit to the former among some rows (mask); None where too few came back, or stayed away.

    serves : the rule that serves instead of the logit, if one does.
    """
    gone = rows & seen.former & data.labels.complete
    if not enough_came_back(data, gone):
        return None
    task = win_back_task(data, seen, gone, settings)
    if serves is not None and serves in RULES:
        learnt, name = RULES[serves](task), f"{RULE}{serves}"
    elif serves == EVERYBODY:
        learnt, name = fit_any_order(data, rows & data.labels.complete, settings), f"{RULE}{serves}"
    else:
        learnt, name = learn_logit(task), "logit"
    return WinBack(Pool({name: learnt}, {name: 1.0}), data.matrix.shape[1])


def win_back_finding(data: Dataset, seen: FormerRows, model: WinBack | None, settings: Settings) -> Finding:
    """Return what was learnt from, and what those that came back brought; or what is missing."""
    gone = seen.former & data.labels.complete
    back, away = came_back(data, gone)
    if model is None:
        return Finding.of("win_back_left_out", NOTE, back=back, away=away, needed=LEAST_EACH)
    returned = gone & data.labels.ordered
    revenue = float(np.average(data.labels.revenue[returned], weights=data.weight[returned]))
    return Finding.of(
        "win_back_learnt", NOTE, snapshots=int(gone.sum()), share=float(data.labels.ordered[gone].mean()),
        accounts=back, revenue=revenue, days=settings.outcome.horizon_days,
    )  # fmt: skip
