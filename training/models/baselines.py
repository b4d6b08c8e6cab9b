"""The baselines, what any data scientist would try first; every table of results has them beside our models.

Each baseline learns from the same rows and predicts the same rows as the model that it stands beside.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from features.errors import NotEnoughData
from features.extensions import with_baselines
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.data.training_task import Learn, TrainingTask
from training.model.predictors import FLOOR, Table, Trees, normalise
from training.model.rules import Constant, Scaled, Sticky
from training.model.serialization import Predictor, check_served
from training.models.buy_till_you_die import learn_purchases, learn_spend
from training.models.fitting import DEFAULT_LIGHTGBM, fit_table, fit_trees
from training.models.next_rung import N_RUNGS, learn_banded, learn_logit
from training.models.revenue import WINDOWS, nearest_window
from training.models.switching import learn_orders_expected, learn_orders_regular, learn_recency, learn_rfm
from training.settings import Settings

Baseline = Callable[[Dataset, BoolArray, BoolArray, Settings], FloatArray]
"""(data, rows to learn from, rows to predict, settings) -> shape (n predicted, k)."""
FitRule = Callable[[Dataset, BoolArray, Settings], Predictor]
"""(data, rows to learn from, settings) -> the rule as a predictor."""


@dataclass(frozen=True)
class Rule:
    """A baseline that is a predictor, and so may serve where nothing better is known.

    fit : learns it.
    """

    fit: FitRule

    def __call__(self, data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
        """Learn on some rows and predict others, as a baseline does."""
        return self.fit(data, train, settings).predict(data.matrix[test])


def _frequencies(data: Dataset, rows: BoolArray) -> FloatArray:
    share = np.bincount(data.labels.next_rung[rows], weights=data.weight[rows], minlength=N_RUNGS) + 1e-3
    normalised: FloatArray = share / share.sum()
    return normalised


def _fit_frequencies(data: Dataset, rows: BoolArray, _: Settings) -> Sticky:
    return _plain(data.column("rung"), 0.0, _frequencies(data, rows))


def _plain(column: int, right: float, frequencies: FloatArray) -> Sticky:
    return Sticky(column, right, tuple(float(share) for share in frequencies))


def _sticky(name: str) -> Rule:
    """Return the rule that the rung in a feature comes, with the share of times it was right."""

    def fit(data: Dataset, rows: BoolArray, _: Settings) -> Sticky:
        column = data.column(name)
        guess = data.matrix[rows, column].astype(np.int64)
        right = float(np.average(guess == data.labels.next_rung[rows], weights=data.weight[rows]))
        return _plain(column, right, _frequencies(data, rows))

    return Rule(fit)


def _fit_markov(data: Dataset, rows: BoolArray, _: Settings) -> Table:
    return fit_table(
        data.matrix[rows], data.labels.next_rung[rows], data.weight[rows], [data.column("rung")],
        sizes=[N_RUNGS], n_classes=N_RUNGS, strength=1.0,
    )  # fmt: skip


def _rung_task(data: Dataset, rows: BoolArray, settings: Settings) -> TrainingTask:
    return data.task(data.labels.next_rung, settings.booster, N_RUNGS).take(rows)


def single_member(learn: Learn) -> Rule:
    """Return a member of the next rung's pool as a baseline: what the pool must beat to be worth having."""
    return Rule(lambda data, rows, settings: _learnt(learn, _rung_task(data, rows, settings)))


def _learnt(learn: Learn, task: TrainingTask) -> Predictor:
    member = learn(task)
    if member is None:
        raise NotEnoughData("the member has nothing to learn from")
    return member


def _rule_of(
    task_of: Callable[[Dataset, Settings], TrainingTask], blank: FitRule, *, chances: bool = True
) -> Callable[[Learn], Rule]:
    """Return what makes a baseline of a function as a member is; it is `blank` where that has nothing to learn from.

    chances : whether it answers with chances; else with money.
    """

    def made(learn: Learn) -> Rule:
        def fit(data: Dataset, rows: BoolArray, settings: Settings) -> Predictor:
            task = task_of(data, settings).take(rows)
            member = learn(task)
            if member is None:
                return blank(data, rows, settings)
            check_served(learn.__name__, member, task.matrix, task.classes, chances=chances)
            return member

        return Rule(fit)

    return made


def _first_attempt(data: Dataset, rows: BoolArray, settings: Settings, target: IntArray, classes: int) -> Trees:
    """Fit one slice with default parameters, as a first attempt would."""
    latest = rows & (data.snapshots.as_of == data.snapshots.as_of[rows].max())
    booster = replace(DEFAULT_LIGHTGBM, threads=settings.booster.threads)
    return fit_trees(
        data.matrix[latest], target[latest], data.weight[latest], booster,
        objective="multiclass" if classes > 1 else "binary", n_classes=classes,
    )  # fmt: skip


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


NEXT_RUNG: dict[str, Baseline] = with_baselines("next_rung", {
    "class frequencies": Rule(_fit_frequencies),
    "persistence": _sticky("rung"),
    "mechanical roll-forward": _sticky("rung_if_nothing_happens"),
    "Markov matrix": Rule(_fit_markov),
    "Markov by recency": single_member(learn_banded),
    "count-process forecast": _count_process,
    "multinomial logit": single_member(learn_logit),
    "default LightGBM, one slice": Rule(
        lambda data, rows, settings: _first_attempt(data, rows, settings, data.labels.next_rung, N_RUNGS)
    ),
}, _rule_of(
    lambda data, settings: data.task(data.labels.next_rung, settings.booster, N_RUNGS), _fit_frequencies
))  # fmt: skip
"""One row per baseline, here and below; the last are those that packages and modules add. How to add one:
docs/extend.md."""


def _fit_base_rate(data: Dataset, rows: BoolArray, _: Settings) -> Constant:
    return Constant(float(np.average(data.labels.switched[rows], weights=data.weight[rows])))


_switching = _rule_of(lambda data, settings: data.task(data.labels.switched, settings.booster), _fit_base_rate)

SWITCHING: dict[str, Baseline] = with_baselines("switching", {
    "base rate": Rule(_fit_base_rate),
    "recency": _switching(learn_recency),
    "log-RFM logit": _switching(learn_rfm),
    "BG/NBD expected purchases": _switching(learn_orders_expected),
    "MBG/CNBD-k expected purchases": _switching(learn_orders_regular),
    "default LightGBM, one slice": Rule(
        lambda data, rows, settings: _first_attempt(data, rows, settings, data.labels.switched, 1)
    ),
}, _switching)  # fmt: skip


def _fit_mean(data: Dataset, rows: BoolArray, _: Settings) -> Constant:
    return Constant(float(np.average(data.labels.revenue[rows], weights=data.weight[rows])))


def _fit_last_horizon(data: Dataset, _: BoolArray, settings: Settings) -> Scaled:
    window = nearest_window(settings.outcome.horizon_days)
    return Scaled(data.column(WINDOWS[window]), settings.outcome.horizon_days / window)


def _fit_last_year(data: Dataset, _: BoolArray, settings: Settings) -> Scaled:
    return Scaled(data.column("revenue_365d"), settings.outcome.horizon_days / 365)


def _fit_same_season(data: Dataset, _: BoolArray, __: Settings) -> Scaled:
    return Scaled(data.column("revenue_same_season"), 1.0)


def _orders_times_spend(regular: bool) -> Rule:
    """Return buy till you die times gamma-gamma, learnt on the latest slice."""

    def fit(data: Dataset, rows: BoolArray, settings: Settings) -> Predictor:
        latest = rows & (data.snapshots.as_of == data.snapshots.as_of[rows].max())
        task = data.task(data.labels.revenue, settings.booster).take(latest)
        learnt = learn_spend(task, learn_purchases(task, regular=regular))
        return _fit_last_year(data, rows, settings) if learnt is None else learnt  # nobody has ordered twice yet

    return Rule(fit)


REVENUE: dict[str, Baseline] = with_baselines("revenue", {
    "mean": Rule(_fit_mean),
    "last year's pace": Rule(_fit_last_year),
    "the last horizon again": Rule(_fit_last_horizon),
    "the same season a year ago": Rule(_fit_same_season),
    "BG/NBD x gamma-gamma": _orders_times_spend(regular=False),
    "MBG/CNBD-k x gamma-gamma": _orders_times_spend(regular=True),
}, _rule_of(
    lambda data, settings: data.task(data.labels.revenue, settings.booster), _fit_mean, chances=False
))  # fmt: skip

BASELINES = {"next_rung": NEXT_RUNG, "switching": SWITCHING, "revenue": REVENUE}

SIMPLEST = {
    "next_rung": "persistence",
    "switching": "recency",
    "revenue": "last year's pace",
    "renewal": "renewal rate by age and size",
    "win_back": "recency",
}
"""Prediction -> the baseline that is its simplest rule."""
