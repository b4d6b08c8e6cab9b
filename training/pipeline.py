"""The training pipeline: from histories to a bundle; what is learnt, in what order, and what lacks data."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from features.catalog import catalog
from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.parallel import side_by_side
from training.account_managers.rung_agreement import judge_views
from training.account_managers.track_record import fit_forecasts
from training.boosting_backend import Remembered, in_this_process
from training.bundle_facts import facts_of, margin_of, value_at_risk
from training.bundle_report import report_of, rules_that_serve
from training.data.dataset import Dataset, Progress, build_dataset, silent
from training.data.training_task import usable_columns
from training.effects.acquisition_roi import acquisition_roi
from training.effects.plans.policy_evaluation import PolicyEvaluation
from training.effects.upgrade import fit_upgrades, fit_value_gaps
from training.effects.uplift import InvestmentEffect, Uplift, fit_uplift
from training.evaluation.curves import Curves, Importance, importance_of
from training.evaluation.evaluation import Comparison, evaluate
from training.evaluation.fairness import PartRow, fairness_findings, judge_fairness
from training.evaluation.grading import grade_report
from training.evaluation.lifetime import judge_lifetime, lifetime_judged
from training.evaluation.loyalty_cells import judge_cells
from training.evaluation.next_order import judge_next_order, next_order_findings
from training.evaluation.renewal import judge_renewal
from training.evaluation.win_back import judge_win_back
from training.model.bundle import Bundle, Investment
from training.model.findings import NOTE, Finding
from training.model.predictors import Pool, Trees
from training.model.revenue import RevenueModel
from training.models.baselines import SIMPLEST
from training.models.conformal import SetRule, fit_set_rule
from training.models.fitting import fit_trees, fitted_once, one_linear_algebra_thread
from training.models.horizon_models import fit_horizons
from training.models.lifetime import fit_lifetime, lifetime_finding
from training.models.next_order import LEAST_GAPS, fit_next_order
from training.models.next_rung import fit_with_earlier
from training.models.renewal import RenewalRows, fit_renewal, renewal_finding, renewal_rows
from training.models.revenue import fit_revenue
from training.models.revenue_range import fit_revenue_range, if_order_finding
from training.models.rule_that_serves import rule_of, serve_pool, serve_revenue
from training.models.scope import FOLDS, Scope, revenue_by_rule, rule_alone
from training.models.switching import enough_switches, fit_switching
from training.models.triggers import TriggerModel, fit_triggers
from training.models.win_back import FormerRows, fit_win_back, former_rows, win_back_finding
from training.settings import Settings

CLIMBING_ROUNDS = 57
"""Trees of the booster that only explains who climbs: few, since explaining costs time in proportion."""

SHAP_ROWS = 500
"""The number of accounts over which contributions are averaged: more would not change a plot."""


@dataclass(frozen=True)
class Trained:
    """A bundle, the tables that evaluate its models out of time, and the report.

    report : what was found, the same as the bundle holds.
    snapshots, accounts : how many were learnt from.
    effects : of the investments, with what they rest on.
    curves : what the plots are drawn from.
    policy_evaluation : the trials that recommendations are evaluated on; None where there are none.
    next_order, renewal, win_back, lifetime : the tables of the windows of the next order, of the chances of renewal
        and of winning back, and of lifetime values; None where nothing was evaluated.
    fairness : whether chances are as right for every part of the accounts; empty where nothing was evaluated.
    """

    bundle: Bundle
    comparisons: tuple[Comparison, ...]
    report: tuple[Finding, ...]
    snapshots: int
    accounts: int = 0
    effects: tuple[InvestmentEffect, ...] = ()
    curves: Curves = field(default_factory=Curves)
    policy_evaluation: PolicyEvaluation | None = field(default=None, compare=False, repr=False)
    next_order: Comparison | None = None
    renewal: Comparison | None = None
    fairness: tuple[PartRow, ...] = ()
    win_back: Comparison | None = None
    lifetime: Comparison | None = None

    @property
    def about_some(self) -> tuple[Comparison, ...]:
        """Return the tables of chances that only some accounts have: of renewal, and of winning back."""
        return tuple(table for table in (self.renewal, self.win_back) if table is not None)

    @property
    def tables(self) -> tuple[Comparison, ...]:
        """Return every table of results: those of every account, and those that are about some."""
        beside = tuple(table for table in (self.next_order, self.lifetime) if table is not None)
        return (*self.comparisons, *self.about_some, *beside)


def train(
    histories: Histories, settings: Settings, end: int, folds: int = FOLDS, progress: Progress = silent,
    *, scope: Scope | None = None,
) -> Trained:  # fmt: skip
    """Train all models that the data up to `end` (microseconds) allow; the report says what they do not allow.

    folds : rolling origins of the evaluation; 0 skips it.
    scope : what else is wished; its folds go before `folds`.

    Raises
    ------
    NotEnoughData
        If the history is too short for a single slice with its horizon.
    """
    scope = Scope(folds) if scope is None else scope
    settings = scope.applied(settings)
    data = build_dataset(histories.as_it_stood(end), settings, end, progress=progress)
    return train_on(data, settings, progress=progress, scope=scope)


@fitted_once()
@one_linear_algebra_thread()
def train_on(
    data: Dataset, settings: Settings, folds: int = FOLDS, progress: Progress = silent, *, scope: Scope | None = None
) -> Trained:
    """Train all models on a dataset, be it of one source or gathered from its parts; otherwise as `train`."""
    scope = Scope(folds) if scope is None else scope
    data = replace(data, backend=Remembered(data.backend))
    contracts = renewal_rows(data, settings)
    gone = former_rows(data, settings)
    comparisons, report = _evaluate(data, settings, scope=scope, progress=progress)
    renewals = windows = returns = years = None
    if comparisons and scope.whole:
        renewals, windows, returns, years = _judge_some(data, contracts, gone, settings, folds=scope.folds)
    if comparisons:
        judged = comparisons if renewals is None else (*comparisons, renewals)
        report += [*grade_report(judged), *rules_that_serve(judged, data, settings)]
    fairness = judge_fairness(data, comparisons)
    if returns is not None:
        report += [*grade_report([returns], complete=False), *rules_that_serve([returns], data, settings)]
    report += [*fairness_findings(fairness), *next_order_findings(windows), *lifetime_judged(years), *scope.findings()]
    serves = {comparison.task: comparison.serves for comparison in comparisons}
    served = {task: SIMPLEST[task] for task in SIMPLEST if not scope.wants(task)} | serves
    decided, everything = contracts.decided <= data.end, np.ones(len(data.matrix), bool)
    progress("models", 0.0)
    with side_by_side(in_this_process(data.backend)) as pool:
        options = pool.submit(_fit_options, data, settings, scope)  # what takes longest first
        rung_effects = pool.submit(fit_upgrades, data, settings) if scope.wants("uplift") else None
        rungs = pool.submit(_fit_rungs, data, serves, settings, scope)
        leaving = pool.submit(_fit_leaving, data, serves, settings, scope)
        money = pool.submit(_fit_money, data, serves, settings, scope)
        ranges = pool.submit(fit_revenue_range, data, everything, settings)
        climbers = pool.submit(_fit_climbing, data, settings)
        rule = renewals.serves if renewals else None
        contracted = pool.submit(fit_renewal, data, contracts, decided, settings, serves=rule) if scope.whole else None
        ordering = pool.submit(fit_next_order, data, everything, settings) if scope.whole else None
        begun = (options, rung_effects, rungs, leaving, money, ranges, climbers, contracted, ordering)
        work: list[Future[Any]] = [one for one in begun if one is not None]
        for done, one in enumerate(work, start=1):
            one.result()
            progress("models", done / len(work))
    (fitted, next_rung, sets), (switching, triggers) = rungs.result(), leaving.result()
    revenue, (revenue_range, (held, held_if_order)) = money.result(), ranges.result()
    uplift, climbing = options.result(), climbers.result()
    renewal = contracted.result() if contracted else None
    next_order = ordering.result() if ordering else None
    upgrades = rung_effects.result() if rung_effects else ()
    win_back = lifetime = None
    if scope.whole:
        win_back = fit_win_back(data, gone, everything, settings, returns.serves if returns else None)
        lifetime = fit_lifetime(
            data, gone, everything, settings, next_rung=next_rung, switching=switching, revenue=revenue,
            win_back=win_back,
        )  # fmt: skip
    further, further_report = fit_horizons(
        data, settings, fitted, switching=switching is not None, serves=served, progress=progress
    )
    effects = uplift.options
    gaps, first = fit_value_gaps(data), data.totals.first_order
    record = fit_forecasts(data.totals.forecasts, gaps, settings.outcome.horizon_days, first)
    if uplift.policy_value is not None:
        report.append(uplift.policy_value.finding())
    report += report_of(
        data,
        switching,
        revenue,
        triggers=triggers,
        effects=effects,
        upgrades=upgrades,
        gaps=gaps,
        record=record,
        settings=settings,
        wants_uplift=scope.wants("uplift"),
    )
    report += [*sets.findings(), held.of_intervals(), if_order_finding(held_if_order)]
    report += further_report
    if scope.whole:
        report.append(renewal_finding(contracts, decided, renewal is not None))
        report += [win_back_finding(data, gone, win_back, settings), lifetime_finding(lifetime, settings)]
    if next_order is None and scope.whole:
        report.append(Finding.of("next_order_left_out", NOTE, needed=LEAST_GAPS))
    worth = acquisition_roi(
        data.totals.acquired, first, margin_of(data, settings), uplift.policy_value, settings.outcome.horizon_days
    )
    report += worth.findings
    views, said = judge_views(data.totals.assessments)
    cells = judge_cells(data)
    report += [*said, *([] if cells is None else [cells.finding()])]
    facts = facts_of(
        data,
        settings,
        upgrades=upgrades,
        gaps=gaps,
        record=record,
        sets=sets,
        comparisons=[*comparisons, *(table for table in (renewals, returns, windows, years) if table is not None)],
        report=tuple(report),
    )
    at_stake = value_at_risk(data, switching, revenue, settings)
    facts = replace(facts, acquisition=worth.rows, value_at_risk=at_stake, rung_views=views)
    if uplift.policy_value is not None:
        facts = replace(facts, figures={**facts.figures, **uplift.policy_value.figures()})
    bundle = Bundle(
        facts=facts, next_rung=next_rung, switching=switching, triggers=triggers.pool if triggers else None,
        climbing=climbing, revenue=revenue, revenue_range=revenue_range,
        upgrades={u.rung: u.effect for u in upgrades if u.effect is not None},
        investments=tuple(
            Investment(
                name=e.investment, bond=e.bond, cost=e.cost, basis=e.basis, rungs=e.rungs, effects=e.effects or {},
                revenue_share=settings.uplift.revenue_share.get(e.investment, 0.0),
            ) for e in effects
        ),
        further=further, next_order=next_order, renewal=renewal, win_back=win_back, lifetime=lifetime,
    )  # fmt: skip
    curves = replace(uplift.curves, importances=_importances(data, switching, climbing))
    accounts = len(np.unique(data.snapshots.account))
    return Trained(
        bundle=bundle,
        comparisons=comparisons,
        report=tuple(report),
        snapshots=len(data.matrix),
        accounts=accounts,
        effects=effects,
        curves=curves,
        policy_evaluation=uplift.policy_evaluation,
        next_order=windows,
        renewal=renewals,
        fairness=fairness,
        win_back=returns,
        lifetime=years,
    )


def _judge_some(
    data: Dataset, contracts: RenewalRows, gone: FormerRows, settings: Settings, *, folds: int
) -> tuple[Comparison | None, Comparison | None, Comparison | None, Comparison | None]:
    """Return the tables of renewal, of the next order, of winning back, and of lifetime values."""
    with side_by_side(in_this_process(data.backend)) as pool:
        years = pool.submit(judge_lifetime, data, gone, settings)  # what takes longest first
        renewals = pool.submit(judge_renewal, data, contracts, settings, folds)
        windows = pool.submit(judge_next_order, data, settings, folds)
        returns = pool.submit(judge_win_back, data, gone, settings, folds)
        return renewals.result(), windows.result(), returns.result(), years.result()


def _fit_rungs(
    data: Dataset, serves: Mapping[str, str], settings: Settings, scope: Scope
) -> tuple[Pool, Pool, SetRule]:
    """Return the pool of the next rung, what serves, be it a rule in it, and the rule for sets of rungs."""
    everything = np.ones(len(data.matrix), bool)
    earlier: Pool | None
    if scope.wants("next_rung"):
        fitted, earlier = fit_with_earlier(data, everything, settings)
        serving = serve_pool(data, "next_rung", serves, pool=fitted, rows=everything, settings=settings)
        if rule_of(serving) is not None:
            earlier = None  # it was the pool's, whose sets are not the rule's
    else:
        fitted, earlier = rule_alone(data, "next_rung", everything, settings), None
        serving = fitted
    return fitted, serving, fit_set_rule(data, everything, earlier, settings)


def _fit_leaving(
    data: Dataset, serves: Mapping[str, str], settings: Settings, scope: Scope
) -> tuple[Pool | None, TriggerModel | None]:
    """Return the pool of switching, or the rule that serves in it, and the triggers; None where too few switched."""
    everything, can = np.ones(len(data.matrix), bool), data.labels.can_switch
    if not enough_switches(data, everything):
        return None, None
    if not scope.wants("switching"):
        return rule_alone(data, "switching", can, settings), None
    pool = fit_switching(data, everything, settings)
    serving = serve_pool(data, "switching", serves, pool=pool, rows=can, settings=settings)
    return serving, fit_triggers(data, everything, settings)


def _fit_money(data: Dataset, serves: Mapping[str, str], settings: Settings, scope: Scope) -> RevenueModel:
    everything = np.ones(len(data.matrix), bool)
    if not scope.wants("revenue"):
        return revenue_by_rule(data, everything, settings)
    return serve_revenue(data, serves, fit_revenue(data, everything, settings), everything, settings)


def _fit_options(data: Dataset, settings: Settings, scope: Scope) -> Uplift:
    return fit_uplift(data, settings, quick=scope.quick) if scope.wants("uplift") else Uplift(())


def _importances(data: Dataset, switching: Pool | None, climbing: Trees) -> tuple[Importance, ...]:
    """Return the TreeSHAP importances of the boosters that reasons rest on, over rows of the latest slice."""
    latest = np.flatnonzero(data.snapshots.as_of == data.snapshots.as_of.max())
    sample = data.matrix[latest[:: max(1, len(latest) // SHAP_ROWS)]]
    member = switching.members.get("booster") if switching else None
    boosters = {"switching": member, "climbing": climbing}
    return tuple(
        importance_of(name, catalog.NAMES, sample, trees.contributions(sample)[:, :-1])
        for name, trees in boosters.items()
        if isinstance(trees, Trees)
    )


def _evaluate(
    data: Dataset, settings: Settings, *, scope: Scope, progress: Progress
) -> tuple[tuple[Comparison, ...], list[Finding]]:
    """Return the tables of what every account has, or why there are none."""
    if scope.folds == 0:
        return (), [Finding.of("not_judged_by_wish", NOTE)]
    try:
        return tuple(evaluate(data, settings, scope.folds, progress, wanted=scope.wants)), []
    except NotEnoughData as error:
        return (), [Finding.of("not_judged", NOTE, message=str(error))]


def _fit_climbing(data: Dataset, settings: Settings) -> Trees:
    climbed = (data.labels.next_rung > data.labels.rung).astype(np.int64)
    booster = settings.booster.with_rounds(min(CLIMBING_ROUNDS, settings.booster.rounds))
    columns = usable_columns(data.matrix, leave_out=[data.column("days_known")])
    return fit_trees(
        data.matrix,
        climbed,
        data.weight,
        booster,
        objective="binary",
        n_classes=1,
        columns=columns,
        backend=data.backend,
        directions=[feature.direction for feature in catalog.FEATURES],
    )
