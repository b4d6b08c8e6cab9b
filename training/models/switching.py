"""Switching, whether the account is about to leave: a pool of a booster, a logit on what matters, and an RFM logit.

On recency, frequency and money alone a logit does as well as boosting; tickets, surveys and people make the difference
where a source has them. `training.models.triggers` predicts which trigger it is.
"""

from dataclasses import replace

from features.instants import BoolArray
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Learn, Named, Split, TrainingTask, learn_members, present
from training.model.predictors import Linear, Pool, Trees
from training.model.terms import Term
from training.models.fitting import equal_pool, every_term, fit_classes, fit_trees, pool_weights
from training.models.next_rung import LONG_AGO
from training.settings import Settings

MIN_EVENTS = 30
"""The number of switches, and of stayers, without which a model of switching is not worth having."""


def rfm_terms(data: Named) -> list[Term]:
    """Return the terms of log-RFM: recency, frequency, money, and how long the account has been buying."""
    names = ("order_days_90d", "order_days_365d", "order_days_total", "revenue_180d", "revenue_365d")
    recency = Term(data.column("days_since_order_day"), fill=LONG_AGO)
    tenure = Term(data.column("days_since_first_order"), fill=0.0)
    return [recency, tenure, *(Term(data.column(name)) for name in names)]


def switch_terms(data: Named) -> list[Term]:
    """Return the terms of the logit: log-RFM, and the traces of the three kinds of trigger."""
    counts = (
        "order_overdue_ratio order_gap_mean_730d order_gap_deviation_730d tickets_90d severe_tickets_180d "
        "open_tickets sla_breaches_180d contacts_left_180d contacts_now contracts_in_force "
        "inquiries_lost_to_rival_365d triggers_situational_180d triggers_reactional_180d "
        "triggers_influential_180d referrals_365d credit_notes_180d interactions_90d"
    ).split()
    terms = rfm_terms(data) + [Term(data.column(name)) for name in counts]
    shares = (("survey_last", 0.6), ("survey_very_low_share_365d", 0.0), ("survey_very_high_share_365d", 0.0))
    terms += [Term(data.column(name), "identity", fill=fill) for name, fill in shares]
    terms += [Term(data.column(name), "identity") for name in ("revenue_trend_90d", "revenue_trend_180d")]
    return [*terms, Term(data.column("days_to_contract_end"), fill=LONG_AGO)]


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a small booster on all features."""
    return fit_trees(task.matrix, task.target, task.weight, task.booster, objective="binary", backend=task.backend)


def learn_logit(task: TrainingTask) -> Linear:
    """Fit a logit on what matters; on every column where none of that is there."""
    terms = present(switch_terms(task)) or every_term(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1)


def learn_rfm(task: TrainingTask) -> Linear | None:
    """Fit a logit on recency, frequency and money alone; None where none of them is there."""
    terms = present(rfm_terms(task))
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1) if terms else None


MEMBERS: dict[str, Learn] = {"booster": learn_booster, "logit": learn_logit, "rfm": learn_rfm}
"""The pool: one row per member. How to add one: docs/extend.md."""


def enough_switches(data: Dataset, rows: BoolArray) -> bool:
    """Return whether some rows hold enough switches and enough stayers."""
    return _both(data.labels.switched[rows & data.labels.can_switch] == 1)


def _both(switched: BoolArray) -> bool:
    return min(int(switched.sum()), int((~switched).sum())) >= MIN_EVENTS


def fit_switching(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """Fit the pool to those of some rows (mask, shape (n,)) that can switch, with weights from the latest of them."""
    rows = rows & data.labels.can_switch
    task = data.task(data.labels.switched, settings.booster)
    task = replace(task, without=settings.pool.switching_without)
    return learn_switching(task, rows, earlier_split(data, rows))


def learn_switching(task: TrainingTask, rows: BoolArray, split: Split | None) -> Pool:
    """Fit the pool to rows of any origin; where too little is earlier, all members weigh the same."""
    if split is None or not _both(task.target[split[0]] == 1):
        return equal_pool(learn_members(MEMBERS, task.take(rows)))
    earlier, latest = split
    earlier_members = learn_members(MEMBERS, task.take(earlier))
    last = task.take(latest)
    stayed = last.target != 1
    chances = {name: abs(member.predict(last.matrix)[:, 0] - stayed) for name, member in earlier_members.items()}
    return Pool(learn_members(MEMBERS, task.take(rows)), pool_weights(chances, last.weight))
