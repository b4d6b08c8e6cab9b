"""Is the account about to switch: a pool of a small booster, a logit on what matters, and log-RFM logit.

On recency, frequency and money alone a logit ties boosting; tickets, surveys and people make the
difference where a source has them. Which trigger it is: `training.triggers`.
"""

from features.snapshots import BoolArray
from training.dataset import Dataset, earlier_split
from training.fitting import equal_pool, fit_classes, fit_trees, pool_weights
from training.next_rung import LONG_AGO
from training.predictors import Pool, Predictor, Term
from training.settings import Settings

LEAST_EVENTS = 30
"""Switches and stayers needed each, before a model of switching is worth having."""


def rfm_terms(data: Dataset) -> list[Term]:
    """Logs of recency, frequency and money, and of how long the account has been buying."""
    names = ("order_days_90d", "order_days_365d", "order_days_total", "revenue_180d", "revenue_365d")
    recency = Term(data.column("days_since_order_day"), fill=LONG_AGO)
    tenure = Term(data.column("days_since_first_order"), fill=0.0)
    return [recency, tenure, *(Term(data.column(name)) for name in names)]


def switch_terms(data: Dataset) -> list[Term]:
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


def fit_members(data: Dataset, rows: BoolArray, settings: Settings) -> dict[str, Predictor]:
    """The pool's members, learnt on those rows."""
    matrix, target, weight = data.matrix[rows], data.labels.switched[rows], data.weight[rows]
    return {
        "booster": fit_trees(matrix, target, weight, settings.booster, "binary", grow=data.grow),
        "logit": fit_classes(matrix, target, weight, switch_terms(data), 1),
        "rfm": fit_classes(matrix, target, weight, rfm_terms(data), 1),
    }


def enough(data: Dataset, rows: BoolArray) -> bool:
    """Whether those rows hold enough switches and enough stayers."""
    switched = data.labels.switched[rows & data.labels.can_switch]
    return min(int(switched.sum()), int((1 - switched).sum())) >= LEAST_EVENTS


def fit_switching(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """The pool, learnt on those of the rows that can switch; its weights on the latest of them."""
    rows = rows & data.labels.can_switch
    split = earlier_split(data, rows)
    if split is None or not enough(data, split[0]):
        return equal_pool(fit_members(data, rows, settings))
    earlier, latest = split
    trial = fit_members(data, earlier, settings)
    switched = data.labels.switched[latest] == 1
    chances = {}
    for name, member in trial.items():
        chance = member.predict(data.matrix[latest])[:, 0]
        chances[name] = abs(chance - ~switched)
    return Pool(fit_members(data, rows, settings), pool_weights(chances, data.weight[latest]))
