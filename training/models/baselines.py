"""The baselines, what any data scientist would try first; every table of results has them beside our models.

Each baseline learns from the same rows and predicts the same rows as the model that it stands beside.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from features.errors import NotEnoughData
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.data.training_task import Learn
from training.model.predictors import FLOOR, Linear, normalise
from training.model.terms import Term
from training.models.buy_till_you_die import fit_bg_nbd
from training.models.fitting import DEFAULT_LIGHTGBM, fit_classes, fit_table, fit_trees
from training.models.next_rung import LONG_AGO, N_RUNGS, learn_logit
from training.models.switching import rfm_terms
from training.settings import Settings

Baseline = Callable[[Dataset, BoolArray, BoolArray, Settings], FloatArray]
"""(data, rows to learn from, rows to predict, settings) -> shape (n predicted, k)."""


def _frequencies(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    target = data.labels.next_rung[train]
    share = np.bincount(target, weights=data.weight[train], minlength=N_RUNGS) + 1e-3
    return np.tile(share / share.sum(), (int(test.sum()), 1))


def _sticky(data: Dataset, train: BoolArray, test: BoolArray, column: str) -> FloatArray:
    """Predict the rung in a column with the share of times it was right; the rest as the class frequencies."""
    guess = data.matrix[:, data.column(column)].astype(np.int64)
    right = np.average(guess[train] == data.labels.next_rung[train], weights=data.weight[train])
    chances = _frequencies(data, train, test, Settings()) * (1 - right)
    chances[np.arange(len(chances)), guess[test]] += right
    return normalise(chances)


def _persistence(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    return _sticky(data, train, test, "rung")


def _roll_forward(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    return _sticky(data, train, test, "rung_if_nothing_happens")


def _markov(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    cells = [data.column("rung")]
    table = fit_table(
        data.matrix[train],
        data.labels.next_rung[train],
        data.weight[train],
        cells,
        sizes=[N_RUNGS],
        n_classes=N_RUNGS,
        strength=1.0,
    )
    return table.predict(data.matrix[test])


RECENCY_EDGES = (30.0, 60.0, 90.0, 180.0, 365.0)


def _markov_by_recency(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    recency = np.nan_to_num(data.matrix[:, data.column("days_since_order_day")], nan=LONG_AGO)
    cells = np.column_stack([data.matrix[:, data.column("rung")], np.searchsorted(RECENCY_EDGES, recency)])
    sizes = [N_RUNGS, len(RECENCY_EDGES) + 1]
    table = fit_table(
        cells[train],
        data.labels.next_rung[train],
        data.weight[train],
        [0, 1],
        sizes=sizes,
        n_classes=N_RUNGS,
        strength=1.0,
    )
    return table.predict(cells[test])


def single_member(learn: Learn) -> Baseline:
    """Return a member of the next rung's pool as a baseline: what the pool must beat to be worth having."""

    def baseline(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
        member = learn(data.task(data.labels.next_rung, settings.booster, N_RUNGS).take(train))
        if member is None:
            raise NotEnoughData("the member has nothing to learn from")
        return member.predict(data.matrix[test])

    return baseline


def _default_lightgbm(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    """Predict by one slice and default parameters, as a first attempt would."""
    latest = train & (data.snapshots.as_of == data.snapshots.as_of[train].max())
    matrix, target = data.matrix[latest], data.labels.next_rung[latest]
    booster = replace(DEFAULT_LIGHTGBM, threads=settings.booster.threads)
    return fit_trees(matrix, target, data.weight[latest], booster, objective="multiclass", n_classes=N_RUNGS).predict(
        data.matrix[test]
    )


def _count_process(data: Dataset, _: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    """Predict rungs from a gamma-Poisson forecast of order days; contracts and referrals stay as they roll forward."""
    view = View(data.histories, data.snapshots.take(test))
    chances = _count_forecast(view, data.matrix[test], data, settings)
    return normalise(np.maximum(chances, FLOOR * 100))


def _count_forecast(view: View, matrix: FloatArray, data: Dataset, settings: Settings) -> FloatArray:
    rules, horizon = settings.ladder, settings.outcome.horizon_days
    exposure = np.clip(np.nan_to_num(matrix[:, data.column("days_since_first_order")]), 30, 365)
    counted = matrix[:, data.column("order_days_365d")]
    rate = (counted + 0.5) / (exposure + 0.5 * exposure.sum() / max(counted.sum(), 1))
    rate = np.where(np.isnan(matrix[:, data.column("days_since_first_order")]), 0.02 / horizon, rate)
    kept = order_days(view).in_window(max(rules.order_days - horizon, 0))
    none, once = np.exp(-rate * horizon), rate * horizon * np.exp(-rate * horizon)
    new_periods = min(rules.member_periods, horizon // rules.member_period_days)
    old = np.zeros(len(view), np.int64)
    for k in range(rules.member_periods - new_periods):
        period = rules.member_period_days
        old += order_days(view).in_window((k + 1) * period, k * period) > 0
    filled = 1 - np.exp(-rate * rules.member_period_days)
    need = np.maximum(rules.member_periods_with_order - old, 0)
    regular = _at_least(need, new_periods, filled)
    rolled = matrix[:, data.column("rung_if_nothing_happens")].astype(np.int64)
    member = np.where(rolled >= RUNGS.index("member"), 1.0, regular)
    chances = np.zeros((len(view), N_RUNGS))
    asks = np.where(rolled == 1, 1, 0)
    rows = np.arange(len(view))
    shopper = np.where(kept == 0, once, np.where(kept == 1, none, 0.0))
    nobody = np.where(kept == 0, none, 0.0)
    chances[rows, asks] += nobody * (1 - member)
    chances[:, 2] += shopper * (1 - member)
    chances[:, 3] += (1 - nobody - shopper) * (1 - member)
    chances[rows, np.maximum(rolled, RUNGS.index("member"))] += member
    return chances


def _at_least(need: FloatArray, trials: int, chance: FloatArray) -> FloatArray:
    """Return P(binomial(trials, chance) >= need), shape (n,)."""
    total = np.zeros(len(chance))
    ways = 1.0
    for k in range(trials + 1):
        total += np.where(k >= need, ways * chance**k * (1 - chance) ** (trials - k), 0.0)
        ways = ways * (trials - k) / (k + 1)
    return total


NEXT_RUNG: dict[str, Baseline] = {
    "class frequencies": _frequencies,
    "persistence": _persistence,
    "mechanical roll-forward": _roll_forward,
    "Markov matrix": _markov,
    "Markov by recency": _markov_by_recency,
    "count-process forecast": _count_process,
    "multinomial logit": single_member(learn_logit),
    "default LightGBM, one slice": _default_lightgbm,
}
"""One row per baseline, here and below. How to add one: docs/extend.md."""


def _base_rate(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    return np.full((int(test.sum()), 1), np.average(data.labels.switched[train], weights=data.weight[train]))


def _on_terms(data: Dataset, train: BoolArray, terms: list[Term]) -> Linear:
    return fit_classes(data.matrix[train], data.labels.switched[train], data.weight[train], terms, n_classes=1)


def _recency(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    terms = [Term(data.column("days_since_order_day"), fill=LONG_AGO)]
    return _on_terms(data, train, terms).predict(data.matrix[test])


def _log_rfm(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    return _on_terms(data, train, rfm_terms(data)).predict(data.matrix[test])


def _bg_nbd(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    """Predict by a logit on the log of BG/NBD's expected purchases."""
    names = ("order_days_total", "days_since_first_order", "days_since_order_day")
    total, age, since = (np.nan_to_num(data.matrix[:, data.column(name)]) for name in names)
    repeats, recency = np.maximum(total - 1, 0), np.maximum(age - since, 0)
    latest = train & (data.snapshots.as_of == data.snapshots.as_of[train].max())
    model = fit_bg_nbd(repeats[latest], recency[latest], np.maximum(age[latest], 1))
    with np.errstate(all="ignore"):
        expected = model.expected_purchases(repeats, recency, np.maximum(age, 1), settings.outcome.horizon_days)
    logs = np.log(np.maximum(np.nan_to_num(expected, posinf=0.0), 1e-6))[:, None]
    fitted = fit_classes(
        logs[train], data.labels.switched[train], data.weight[train], [Term(0, "identity")], n_classes=1
    )
    return fitted.predict(logs[test])


def _default_switch(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    latest = train & (data.snapshots.as_of == data.snapshots.as_of[train].max())
    matrix, target = data.matrix[latest], data.labels.switched[latest]
    booster = replace(DEFAULT_LIGHTGBM, threads=settings.booster.threads)
    return fit_trees(matrix, target, data.weight[latest], booster, objective="binary").predict(data.matrix[test])


SWITCHING: dict[str, Baseline] = {
    "base rate": _base_rate,
    "recency": _recency,
    "log-RFM logit": _log_rfm,
    "BG/NBD expected purchases": _bg_nbd,
    "default LightGBM, one slice": _default_switch,
}


def _revenue_mean(data: Dataset, train: BoolArray, test: BoolArray, _: Settings) -> FloatArray:
    return np.full((int(test.sum()), 1), np.average(data.labels.revenue[train], weights=data.weight[train]))


def _revenue_again(data: Dataset, _: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    share = settings.outcome.horizon_days / 365
    return data.matrix[test][:, [data.column("revenue_365d")]] * share


REVENUE: dict[str, Baseline] = {"mean": _revenue_mean, "last year's pace": _revenue_again}

SIMPLEST = {"next_rung": "persistence", "switching": "recency", "revenue": "last year's pace"}
"""Prediction -> the baseline that is its simplest rule."""
