"""The training pipeline: from histories to a bundle; what is learnt, in what order, and what lacks data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.catalog import catalog
from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, iso
from features.tables import RUNGS
from training.account_managers.rung_agreement import judge_views
from training.account_managers.track_record import ForecastRecord, fit_forecasts
from training.data.dataset import Dataset, Progress, build_dataset, silent
from training.data.loyalty_norms import latest_norms
from training.data.training_task import usable_columns
from training.effects.acquisition_roi import acquisition_roi
from training.effects.coherence import coherence
from training.effects.policy_evaluation import PolicyEvaluation
from training.effects.upgrade import UpgradeEffect, fit_upgrades, fit_value_gaps
from training.effects.uplift import InvestmentEffect, fit_uplift
from training.evaluation.curves import Curves, Importance, importance_of
from training.evaluation.evaluation import OURS, Comparison, evaluate
from training.evaluation.grading import grade_report
from training.evaluation.loyalty_cells import judge_cells
from training.evaluation.next_order import judge_next_order, next_order_findings
from training.evaluation.renewal import judge_renewal
from training.model.bundle import Bundle, Facts, Investment
from training.model.findings import NOTE, WARNING, Finding
from training.model.margins import line_margins, margins_finding
from training.model.predictors import Pool, Trees
from training.model.revenue import RevenueModel
from training.model.service_load import usual_load
from training.models.conformal import SetRule, fit_set_rule
from training.models.fitting import fit_trees, one_linear_algebra_thread
from training.models.horizon_models import fit_horizons
from training.models.next_order import LEAST_GAPS, fit_next_order
from training.models.next_rung import fit_with_earlier
from training.models.renewal import RenewalRows, fit_renewal, renewal_finding, renewal_rows
from training.models.revenue import fit_revenue
from training.models.revenue_range import fit_revenue_range, if_order_finding
from training.models.rule_that_serves import rule_of, serve_pool, serve_revenue
from training.models.switching import MIN_EVENTS, enough_switches, fit_switching
from training.models.triggers import TriggerModel, fit_triggers
from training.settings import Settings

CLIMBING_ROUNDS = 80
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
    next_order, renewal : the tables of the windows of the next order and of the chances of renewal; None where nothing
        was evaluated.
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

    @property
    def tables(self) -> tuple[Comparison, ...]:
        """Return every table of results: those of every account, and those of renewals and of the next order."""
        return (*self.comparisons, *(table for table in (self.renewal, self.next_order) if table is not None))


def train(histories: Histories, settings: Settings, end: int, folds: int = 3, progress: Progress = silent) -> Trained:
    """Train all models that the data up to `end` (microseconds) allow; the report says what they do not allow.

    folds : rolling origins of the evaluation; 0 skips it.

    Raises
    ------
    NotEnoughData
        If the history is too short for a single slice with its horizon.
    """
    data = build_dataset(histories.as_it_stood(end), settings, end, progress=progress)
    return train_on(data, settings, folds, progress)


@one_linear_algebra_thread()
def train_on(data: Dataset, settings: Settings, folds: int = 3, progress: Progress = silent) -> Trained:
    """Train all models on a dataset, be it of one source or gathered from its parts; otherwise as `train`."""
    contracts = renewal_rows(data, settings)
    comparisons, renewals, report = _evaluate(data, contracts, settings, folds=folds, progress=progress)
    windows = judge_next_order(data, settings, folds) if comparisons else None
    report += next_order_findings(windows)
    everything = np.ones(len(data.matrix), bool)
    progress("models", 0.0)
    serves = {comparison.task: comparison.serves for comparison in comparisons}
    decided = contracts.decided <= data.end
    renewal = fit_renewal(data, contracts, decided, settings, renewals.serves if renewals else None)
    next_rung, earlier = fit_with_earlier(data, everything, settings)
    next_rung = serve_pool(data, "next_rung", serves, pool=next_rung, rows=everything, settings=settings)
    if rule_of(next_rung) is not None:
        earlier = None  # it was the pool's, whose sets are not the rule's
    progress("models", 0.4)
    switching = fit_switching(data, everything, settings) if enough_switches(data, everything) else None
    if switching is not None:
        can = data.labels.can_switch
        switching = serve_pool(data, "switching", serves, pool=switching, rows=can, settings=settings)
    triggers = fit_triggers(data, everything, settings) if switching is not None else None
    progress("models", 0.6)
    revenue = serve_revenue(data, serves, fit_revenue(data, everything, settings), everything, settings)
    climbing = _fit_climbing(data, settings)
    progress("models", 0.8)
    sets = fit_set_rule(data, everything, earlier, settings)
    revenue_range, (held, held_if_order) = fit_revenue_range(data, everything, settings)
    next_order = fit_next_order(data, everything, settings)
    progress("models", 1.0)
    further, further_report = fit_horizons(data, settings, switching is not None, serves, progress)
    uplift = fit_uplift(data, settings, progress)
    effects = uplift.options
    upgrades = fit_upgrades(data, settings)
    gaps, first = fit_value_gaps(data), data.totals.first_order
    record = fit_forecasts(data.totals.forecasts, gaps, settings.outcome.horizon_days, first)
    if uplift.policy_value is not None:
        report.append(uplift.policy_value.finding())
    report += _report(
        data,
        switching,
        triggers=triggers,
        effects=effects,
        upgrades=upgrades,
        gaps=gaps,
        record=record,
        settings=settings,
    )
    report += [*sets.findings(), held.of_intervals(), if_order_finding(held_if_order)]
    report += further_report
    report.append(renewal_finding(contracts, decided, renewal is not None))
    if next_order is None:
        report.append(Finding.of("next_order_left_out", NOTE, needed=LEAST_GAPS))
    worth = acquisition_roi(
        data.totals.acquired, first, _margin(data, settings), uplift.policy_value, settings.outcome.horizon_days
    )
    report += worth.findings
    views, said = judge_views(data.totals.assessments)
    cells = judge_cells(data)
    report += [*said, *([] if cells is None else [cells.finding()])]
    facts = _facts(
        data,
        settings,
        upgrades=upgrades,
        gaps=gaps,
        record=record,
        sets=sets,
        comparisons=[*comparisons, *(table for table in (renewals, windows) if table is not None)],
        report=tuple(report),
    )
    at_stake = _value_at_risk(data, switching, revenue, settings)
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
        further=further, next_order=next_order, renewal=renewal,
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
    )


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


def _margin(data: Dataset, settings: Settings) -> float:
    """Return the gross margin over all orders whose cost is known; as set where none is."""
    return data.totals.margin_rate(settings.uplift.margin_rate)


def _evaluate(
    data: Dataset, contracts: RenewalRows, settings: Settings, *, folds: int, progress: Progress
) -> tuple[tuple[Comparison, ...], Comparison | None, list[Finding]]:
    if folds == 0:
        return (), None, [Finding.of("not_judged_by_wish", NOTE)]
    try:
        comparisons = tuple(evaluate(data, settings, folds, progress))
    except NotEnoughData as error:
        return (), None, [Finding.of("not_judged", NOTE, message=str(error))]
    renewals = judge_renewal(data, contracts, settings, folds)
    judged = comparisons if renewals is None else (*comparisons, renewals)
    return comparisons, renewals, [*grade_report(judged), *_rules_that_serve(judged, data, settings)]


def _rules_that_serve(comparisons: Sequence[Comparison], data: Dataset, settings: Settings) -> list[Finding]:
    """Return which rules serve, and how many months are missing until every season has been learnt from."""
    known = (data.end - data.totals.first_order) / MICROSECONDS_PER_DAY
    wanted = settings.slices.least_history_days + 365 + 2 * settings.outcome.horizon_days
    months = int(np.ceil(max(wanted - known, 0) / 30))
    return [
        Finding.of("rule_serves_meanwhile", WARNING, task=one.task, rule=one.serves, months=months)
        if months
        else Finding.of("rule_serves", WARNING, task=one.task, rule=one.serves, periods=len(one.origins))
        for one in comparisons
        if one.serves != OURS
    ]


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


def _facts(
    data: Dataset, settings: Settings, *, upgrades: Sequence[UpgradeEffect], gaps: tuple[float | None, ...],
    record: ForecastRecord | None, sets: SetRule, comparisons: Sequence[Comparison], report: tuple[Finding, ...],
) -> Facts:  # fmt: skip
    figures = {name: round(value, 6) for table in comparisons for name, value in table.figures().items()}
    basis = {upgrade.rung: upgrade.basis for upgrade in upgrades}
    return Facts(
        trained_until=data.end,
        horizon_days=settings.outcome.horizon_days,
        definition=data.definition,
        silence_days=settings.outcome.silence_days,
        catalog=catalog.fingerprint(),
        features=catalog.NAMES,
        tables=tuple(sorted(data.totals.tables)),
        rules=settings.ladder,
        vocabulary=data.context.vocabulary,
        settings_digest=settings.digest(),
        data_digest=data.totals.digest,
        margin_rate=_margin(data, settings),
        level=settings.uplift.level,
        trigger_shares=data.totals.trigger_shares(),
        peers=_peers(data),
        usual_load=usual_load(data.matrix, catalog.NAMES, data.snapshots.as_of == data.snapshots.as_of.max()),
        value_gaps=gaps,
        upgrade_basis=tuple(basis.get(rung, "insufficient") for rung in range(len(RUNGS) - 1)),
        forecast_common=record.common if record else None,
        forecast_factors=record.factors if record else {},
        forecast_weight=record.weight if record else 0.0,
        forecast_weights=record.weights if record else {},
        forecast_history=record.history if record else 1.0,
        forecast_miss=record.miss if record else None,
        forecast_size=record.offset if record else 1.0,
        track_record=record.rows if record else (),
        set_coverage=settings.outcome.set_coverage,
        set_threshold=sets.threshold,
        interval=settings.outcome.interval,
        figures=figures,
        report=report,
        line_margins=line_margins(data.totals.lines),
        currency=settings.service.currency,
        renewal_grace_days=settings.outcome.renewal_grace_days,
        sure=settings.advice.sure,
        test_share=settings.advice.test_share,
        risk=settings.advice.risk,
        norms=latest_norms(data),
        inflation=settings.loyalty.inflation,
        benefits=tuple(benefit.row() for benefit in data.histories.benefits),
        option_words=data.histories.options.words,
    )


def _value_at_risk(data: Dataset, switching: Pool | None, revenue: RevenueModel, settings: Settings) -> float | None:
    """Return the margin at stake from which on an account is among the top, in the latest slice; None without any."""
    latest = (data.snapshots.as_of == data.snapshots.as_of.max()) & data.labels.can_switch
    if switching is None or not latest.any():
        return None
    matrix = data.matrix[latest]
    stake = switching.predict(matrix)[:, 0] * revenue.predict(matrix)[:, 0] * _margin(data, settings)
    mark = round(float(np.quantile(stake, 1 - settings.advice.top_at_risk)), 2)
    return mark if mark > 0 else None


def _report(
    data: Dataset, switching: Pool | None, *, triggers: TriggerModel | None, effects: Sequence[InvestmentEffect],
    upgrades: Sequence[UpgradeEffect], gaps: tuple[float | None, ...], record: ForecastRecord | None,
    settings: Settings,
) -> list[Finding]:  # fmt: skip
    """Return, model by model, what it rests on, or what it lacks."""
    slices = data.sample.slices
    report = [
        Finding.of(
            "learnt_from", NOTE, snapshots=len(data.matrix), slices=len(slices), first=iso(slices[0]),
            last=iso(slices[-1]),
        ),
        *_switching_findings(data, switching, triggers),
    ]  # fmt: skip
    if not effects:
        report.append(Finding.of("uplift_left_out", NOTE, needed=settings.uplift.least_treated))
    for effect in effects:
        report += [*effect.findings, *coherence(effect, gaps, data)]
    report += [upgrade.finding for upgrade in upgrades]
    report += record.findings if record else [Finding.of("forecasts_none", NOTE)]
    lines = line_margins(data.totals.lines)
    report.append(margins_finding(lines, _margin(data, settings), data.totals.costed_revenue > 0))
    return report


def _switching_findings(data: Dataset, switching: Pool | None, triggers: TriggerModel | None) -> list[Finding]:
    at_risk = data.labels.can_switch
    counts = {"switched": int(data.labels.switched[at_risk].sum()), "at_risk": int(at_risk.sum())}
    if switching is None:
        return [Finding.of("switching_left_out", NOTE, **counts, needed=MIN_EVENTS)]
    learnt = Finding.of("switching_learnt", NOTE, definition=data.definition, **counts)
    if triggers is None:
        return [learnt, Finding.of("triggers_shared_out", NOTE)]
    if np.isnan(triggers.auc):
        return [learnt, Finding.of("triggers_unjudged", NOTE)]
    return [learnt, Finding.of("triggers_judged", NOTE, judged=triggers.judged, auc=triggers.auc)]


def _peers(data: Dataset) -> tuple[dict[str, float], ...]:
    """Return the median of every feature on every rung, in the latest slice."""
    latest = data.snapshots.as_of == data.snapshots.as_of.max()
    return tuple(_medians(data.matrix[latest & (data.labels.rung == rung)]) for rung in range(len(RUNGS)))


def _medians(matrix: FloatArray) -> dict[str, float]:
    known: BoolArray = ~np.isnan(matrix)
    medians = {}
    for column, name in enumerate(catalog.NAMES):
        if known[:, column].any():
            medians[name] = round(float(np.median(matrix[known[:, column], column])), 4)
    return medians
