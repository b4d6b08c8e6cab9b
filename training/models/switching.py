"""Switching, whether the account is about to leave: a pool of a booster, a logit on what matters, and an RFM logit.

On recency, frequency and money alone a logit does as well as boosting; tickets, surveys and people make the difference
where a source has them. `training.models.triggers` predicts which trigger it is.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from features.catalog import catalog
from features.extensions import with_members
from features.instants import BoolArray, FloatArray
from training.data.dataset import Dataset, earlier_split
from training.data.leavers import MIN_EVENTS
from training.data.present import Present, accounts_at, present
from training.data.training_task import Learn, Named, Split, TrainingTask, learn_members
from training.data.training_task import present as known_terms
from training.model.buy_till_you_die import ExpectedPurchases, Logged, NoPurchase
from training.model.invoices import fees_alone
from training.model.predictors import Linear, Pool, Trees, shifted
from training.model.terms import Term
from training.models.buy_till_you_die import learn_purchases
from training.models.fitting import equal_pool, every_term, fit_classes, fit_trees, pool_weights, weighed_pool
from training.models.next_rung import LONG_AGO
from training.settings import Settings


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


def directions(task: TrainingTask, sign: int) -> list[int]:
    """Return the direction of every column of a task, times a sign; 0 of one that the catalogue does not know."""
    found = [0] * task.matrix.shape[1]
    for name, position in task.columns.items():
        if name in catalog.BY_NAME:
            found[position] = sign * catalog.BY_NAME[name].direction
    return found


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a small booster on all features; few leave, and a patient one holds less luck."""
    return fit_trees(
        task.matrix, task.target, task.weight, task.booster.patient(), objective="binary", backend=task.backend,
        directions=directions(task, -1),
    )  # fmt: skip


def learn_logit(task: TrainingTask) -> Linear:
    """Fit a logit on what matters; on every column where none of that is there."""
    terms = known_terms(switch_terms(task)) or every_term(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1)


def learn_rfm(task: TrainingTask) -> Linear | None:
    """Fit a logit on recency, frequency and money alone; None where none of them is there."""
    terms = known_terms(rfm_terms(task))
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1) if terms else None


def learn_recency(task: TrainingTask) -> Linear | None:
    """Fit a logit on how long ago the last order day was; None where that is not known."""
    terms = known_terms([Term(task.column("days_since_order_day"), fill=LONG_AGO)])
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1) if terms else None


def learn_orders_expected(task: TrainingTask) -> Logged | None:
    """Fit a logit on the log of BG/NBD's expected purchases; None where the orders are not known."""
    return _on_expected(task, learn_purchases(task, regular=False))


def learn_orders_regular(task: TrainingTask) -> Logged | None:
    """Fit a logit on the log of MBG/CNBD-k's expected purchases; None where the orders are not known."""
    return _on_expected(task, learn_purchases(task))


def learn_silence(task: TrainingTask) -> NoPurchase | None:
    """Take BG/NBD's probability of no order as it is; None where the orders are not known, or silence is not asked.

    It needs no outcomes: it knows today's accounts, and no season.
    """
    purchases = learn_purchases(task, regular=False) if task.silence else None
    return None if purchases is None else NoPurchase(purchases)


def _on_expected(task: TrainingTask, purchases: ExpectedPurchases | None) -> Logged | None:
    if purchases is None:
        return None
    logs = np.log(np.maximum(purchases.predict(task.matrix), LEAST_EXPECTED))
    fitted = fit_classes(logs, task.class_target, task.weight, [Term(0, "identity")], n_classes=1)
    return Logged(purchases, fitted, LEAST_EXPECTED)


LEAST_EXPECTED = 1e-6

MEMBERS: dict[str, Learn] = with_members("switching", {
    "booster": learn_booster,
    "logit": learn_logit,
    "rfm": learn_rfm,
    "recency": learn_recency,
    "expected orders": learn_orders_expected,
    "regular orders": learn_orders_regular,
    "silence": learn_silence,
})  # fmt: skip
"""The pool: one row per member. How to add one: docs/extend.md."""
PROCESS = ("expected orders", "regular orders", "silence")
"""The members that take the gaps between orders for a purchase process."""
SIMPLE = ("rfm", "recency", "expected orders", "regular orders", "silence")
"""The members that a short record is drawn towards."""
FLEXIBLE = ("booster",)
"""The member that a long record is drawn towards."""


def enough_switches(data: Dataset, rows: BoolArray) -> bool:
    """Return whether some rows hold enough switches and enough stayers."""
    return _both(data.labels.switched[rows & data.labels.can_switch] == 1)


def _both(switched: BoolArray) -> bool:
    return min(int(switched.sum()), int((~switched).sum())) >= MIN_EVENTS


def fit_switching(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """Fit the pool to those of some rows (mask, shape (n,)) that can switch, with weights from the latest of them."""
    now = present(data, rows, settings)
    rows = rows & data.labels.can_switch
    gate = None
    if data.definition == "rhythm":  # who is still within its rhythm at the horizon's end cannot have left
        gate = (float(data.column("days_within_rhythm")), float(settings.outcome.horizon_days))
        rows = rows & ~_shut(data.matrix, gate)
        now = _open(now, gate)
    task = data.task(data.labels.switched, settings.booster)
    without = settings.pool.switching_without
    if _by_fees(data, now) and set(MEMBERS) - {*without, *PROCESS}:  # who keeps nothing else keeps these
        without = (*without, *(name for name in PROCESS if name not in without))
    task = replace(task, without=without, today=now.matrix, silence=data.definition != "recorded")
    split = earlier_split(data, rows, settings)
    then = None
    if split is not None:
        latest = int(data.snapshots.as_of[split.latest].max())
        then = accounts_at(data, latest, settings)
        then = then if gate is None else _open(then, gate)
    pool = replace(learn_switching(task, rows, split, then=then, now=now), gate=gate)
    return pool if gate is None else _with_notice(pool, data, rows)


def _by_fees(data: Dataset, now: Present) -> bool:
    """Return whether most of those that can leave order nothing but fees: no silence of theirs says anything."""
    at_risk = now.matrix[now.can_switch]
    fees = fees_alone(at_risk, data.column("days_within_rhythm"), data.column("order_days_total"))
    return 2 * int(fees.sum()) > len(at_risk)


def _with_notice(pool: Pool, data: Dataset, rows: BoolArray) -> Pool:
    """Return the pool with the share that left of those under notice, whom its simple members do not know of."""
    columns = (float(data.column("contracts_under_notice")), float(data.column("contracts_in_force")))
    told = replace(pool, notice=(*columns, 0.5))
    given_up = rows & told.given_up(data.matrix)
    if given_up.sum() < MIN_EVENTS:
        return pool
    left = float(data.labels.switched[given_up].sum())
    return replace(told, notice=(*columns, round((left + 0.5) / (float(given_up.sum()) + 1), 6)))


def _shut(matrix: FloatArray, gate: tuple[float, float]) -> BoolArray:
    shut: BoolArray = matrix[:, int(gate[0])] > gate[1]
    return shut


def _open(at: Present, gate: tuple[float, float]) -> Present:
    return Present(at.matrix, at.can_switch & ~_shut(at.matrix, gate))


def learn_switching(
    task: TrainingTask, rows: BoolArray, split: Split | None, *, then: Present | None = None, now: Present | None = None
) -> Pool:
    """Fit the pool to rows of any origin; where too little is earlier, all members weigh the same.

    then, now : all accounts at the latest slice, and today.
    """
    members = learn_members(MEMBERS, task.take(rows))
    if split is None or not _both(task.target[split.earlier] == 1):
        return equal_pool(members)
    earlier, latest, periods = split
    before = task.take(earlier) if then is None else replace(task.take(earlier), today=then.matrix)
    earlier_members = learn_members(MEMBERS, before)
    last = task.take(latest)
    stayed = last.target != 1
    chances = {name: abs(member.predict(last.matrix)[:, 0] - stayed) for name, member in earlier_members.items()}
    weights = pool_weights(chances, last.weight, SIMPLE, FLEXIBLE, periods=periods)
    pool = weighed_pool(members, weights)
    if then is None or now is None or "silence" not in members or "silence" not in earlier_members:
        return pool
    former = weighed_pool(earlier_members, weights)
    moved = shifted(former.predict(last.matrix), _to_level(former, then))[:, 0]
    if _loss(moved, last) >= _loss(former.predict(last.matrix)[:, 0], last):
        return pool
    return replace(pool, log_odds=_to_level(pool, now))


def _loss(chance: FloatArray, task: TrainingTask) -> float:
    return float(np.average(-np.log(np.abs(chance - (task.target != 1))), weights=task.weight))


def _to_level(pool: Pool, at: Present) -> float:
    """Return the shift of log odds at which as many accounts leave as the purchase process alone expects."""
    rows = at.matrix[at.can_switch]
    if not len(rows):
        return 0.0
    expected = float(pool.members["silence"].predict(rows).mean())
    chance = pool.predict(rows)
    found = brentq(lambda shift: float(shifted(chance, shift).mean()) - expected, -MOST_SHIFT, MOST_SHIFT)
    return round(float(found), 6)


MOST_SHIFT = 40.0
"""Of log odds: from the smallest probability to beyond the largest."""
