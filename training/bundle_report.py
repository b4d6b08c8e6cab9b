"""What a training says of its models: what each rests on, or what it lacks, and where a rule serves."""

from collections.abc import Sequence

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, iso
from training.account_managers.track_record import ForecastRecord
from training.bundle_facts import margin_of
from training.data.dataset import Dataset
from training.data.leavers import MIN_EVENTS
from training.effects.coherence import coherence
from training.effects.upgrade import UpgradeEffect
from training.effects.uplift import InvestmentEffect
from training.evaluation.evaluation import OURS, Comparison
from training.model.findings import NOTE, WARNING, Finding
from training.model.margins import line_margins, margins_finding
from training.model.predictors import Pool
from training.model.revenue import RevenueModel, RevenuePool
from training.models.rule_that_serves import rule_of
from training.models.triggers import TriggerModel
from training.settings import Settings


def report_of(
    data: Dataset, switching: Pool | None, revenue: RevenueModel, *, triggers: TriggerModel | None,
    effects: Sequence[InvestmentEffect], upgrades: Sequence[UpgradeEffect], gaps: tuple[float | None, ...],
    record: ForecastRecord | None, settings: Settings, wants_uplift: bool,
) -> list[Finding]:  # fmt: skip
    """Return, model by model, what it rests on, or what it lacks."""
    slices = data.sample.slices
    report = [
        Finding.of(
            "learnt_from", NOTE, snapshots=len(data.matrix), slices=len(slices), first=iso(slices[0]),
            last=iso(slices[-1]),
        ),
        *_switching_findings(data, switching, triggers),
        *_revenue_findings(data, revenue, settings.outcome.horizon_days),
    ]  # fmt: skip
    if not effects and wants_uplift:
        report.append(Finding.of("uplift_left_out", NOTE, needed=settings.uplift.least_treated))
    for effect in effects:
        report += [*effect.findings, *coherence(effect, gaps, data)]
    report += [upgrade.finding for upgrade in upgrades]
    report += record.findings if record else [Finding.of("forecasts_none", NOTE)]
    lines = line_margins(data.totals.lines)
    report.append(margins_finding(lines, margin_of(data, settings), data.totals.costed_revenue > 0))
    return report


def _switching_findings(data: Dataset, switching: Pool | None, triggers: TriggerModel | None) -> list[Finding]:
    at_risk = data.labels.can_switch
    counts = {"switched": int(data.labels.switched[at_risk].sum()), "at_risk": int(at_risk.sum())}
    if switching is None:
        return [Finding.of("switching_left_out", NOTE, **counts, needed=MIN_EVENTS)]
    learnt = Finding.of("switching_learnt", NOTE, definition=data.definition, **counts)
    if rule_of(switching) is not None and triggers is None:
        return []  # what serves instead was said
    if triggers is None:
        return [learnt, Finding.of("triggers_shared_out", NOTE)]
    if np.isnan(triggers.auc):
        return [learnt, Finding.of("triggers_unjudged", NOTE)]
    return [learnt, Finding.of("triggers_judged", NOTE, judged=triggers.judged, auc=triggers.auc)]


def _revenue_findings(data: Dataset, revenue: RevenueModel, days: int) -> list[Finding]:
    """Return whose revenue is expected by schedule, and whether the sum was held to the simple rules."""
    if not isinstance(revenue, RevenuePool):
        return []
    found = []
    if revenue.slow is not None:
        latest = data.matrix[data.snapshots.as_of == data.snapshots.as_of.max()]
        slow = int(revenue.slow.concerned(latest).sum())
        if slow:
            gap = round(revenue.slow.slow)
            found.append(Finding.of("revenue_by_schedule", NOTE, slow=slow, accounts=len(latest), gap=gap))
    if revenue.held != 1.0:
        found.append(Finding.of("revenue_held", WARNING, factor=revenue.held, days=days))
    return found


def rules_that_serve(comparisons: Sequence[Comparison], data: Dataset, settings: Settings) -> list[Finding]:
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
