"""Is the account about to switch: a pool of a small booster, a logit on what matters, and log-RFM logit.

On recency, frequency and money alone a logit ties boosting; tickets, surveys and people make the
difference where a source has them. Which trigger it is: `training.models.triggers`.
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

LEAST_EVENTS = 30
"""Switches and stayers needed each, before a model of switching is worth having."""


def rfm_terms(data: Named) -> list[Term]:
    """Logs of recency, frequency and money, and of how long the account has been buying."""
    names = ("order_days_90d", "order_days_365d", "order_days_total", "revenue_180d", "revenue_365d")
    recency = Term(data.column("days_since_order_day"), fill=LONG_AGO)
    tenure = Term(data.column("days_since_first_order"), fill=0.0)
    return [recency, tenure, *(Term(data.column(name)) for name in names)]


def switch_terms(data: Named) -> list[Term]:
    """The logit's columns: log-RFM, and the traces of the three kinds of trigger."""
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


def learn_booster(lesson: TrainingTask) -> Trees:
    """A small booster on everything."""
    return fit_trees(lesson.matrix, lesson.target, lesson.weight, lesson.booster, "binary", grow=lesson.grow)


def learn_logit(lesson: TrainingTask) -> Linear:
    """On what matters; on every column where none of that is there."""
    terms = present(switch_terms(lesson)) or every_term(lesson.matrix)
    return fit_classes(lesson.matrix, lesson.classified, lesson.weight, terms, 1)


def learn_rfm(lesson: TrainingTask) -> Linear | None:
    """On recency, frequency and money alone."""
    terms = present(rfm_terms(lesson))
    return fit_classes(lesson.matrix, lesson.classified, lesson.weight, terms, 1) if terms else None


MEMBERS: dict[str, Learn] = {"booster": learn_booster, "logit": learn_logit, "rfm": learn_rfm}
"""The pool: one row a member. How to add one: docs/extend.md."""


def enough(data: Dataset, rows: BoolArray) -> bool:
    """Whether those rows hold enough switches and enough stayers."""
    return _both(data.labels.switched[rows & data.labels.can_switch] == 1)


def _both(switched: BoolArray) -> bool:
    return min(int(switched.sum()), int((~switched).sum())) >= LEAST_EVENTS


def fit_switching(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """The pool, learnt on those of the rows that can switch; its weights on the latest of them."""
    rows = rows & data.labels.can_switch
    lesson = data.lesson(data.labels.switched, settings.booster)
    lesson = replace(lesson, without=settings.pool.switching_without)
    return learn_switching(lesson, rows, earlier_split(data, rows))


def learn_switching(lesson: TrainingTask, rows: BoolArray, split: Split | None) -> Pool:
    """The same from rows that come from anywhere; where too little is earlier, all members weigh the same."""
    if split is None or not _both(lesson.target[split[0]] == 1):
        return equal_pool(learn_members(MEMBERS, lesson.take(rows)))
    earlier, latest = split
    trial = learn_members(MEMBERS, lesson.take(earlier))
    last = lesson.take(latest)
    stayed = last.target != 1
    chances = {name: abs(member.predict(last.matrix)[:, 0] - stayed) for name, member in trial.items()}
    return Pool(learn_members(MEMBERS, lesson.take(rows)), pool_weights(chances, last.weight))
