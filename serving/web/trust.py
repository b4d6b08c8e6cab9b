"""Can the scores be trusted: predictions beside what happened, plans beside their promises, model beside managers."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.instants import MICROSECONDS_PER_DAY
from serving.store.database import reading
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.verdicts import MODEL, OVERRIDES, PLAN, Verdict, verdicts
from serving.store.lookups import required_run
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from serving.store.summaries import ModelSummary, summary_of
from serving.web.charts.charts import bar, interval
from serving.web.lists.former_customers import standing_words
from serving.web.visit import Visit, render
from training.model.findings import Finding, from_json

MOST_DIFFERENCES = 15
MOST_OWNERS = 500


CHANCES = frozenset(("reliability", "reliability_few"))
COVERED = frozenset(("coverage_rungs", "coverage_revenue"))
"""Codes of findings that stand in parts of their own."""


@dataclass(frozen=True)
class PlanShown:
    """verdict : whether it earned, and beside what was promised; None where an earlier program judged it."""

    name: str
    made_for: str
    figures: Mapping[str, Any]
    verdict: Finding | None


@dataclass(frozen=True)
class WatchShown:
    """What `ladder monitor` found of the model: advice (keep, watch, retrain), its reasons, what came true."""

    at: datetime
    advice: str
    reasons: Sequence[Finding]
    due: str
    realised: Sequence[Finding]


@dataclass(frozen=True)
class ReportShown:
    """chances : climbed or left -> how often the chances of it came true, ascending.  every : all findings."""

    grades: Sequence[Finding]
    chances: Mapping[str, Sequence[Finding]]
    covered: Sequence[Finding]
    every: Sequence[Finding]


def show(visit: Visit) -> Response:
    """Answer GET /trust.  `?owner=` narrows the differences to one manager's accounts."""
    owner = visit.query.get("owner", "").replace("\x00", "")[:200] or None
    with reading(visit.engine) as connection:
        current = required_run(connection)
        found = summary_of(connection, current.run_id)
        judged, accepted = verdicts(connection), accepted_plans(connection)
        owners = list(connection.execute(_owners()).scalars())
        differences = connection.execute(_differences(owner)).mappings().all()
    summary, model = (None, None) if found is None else found
    visit = visit.about(current.facts)
    plans = [_plan(visit, one) for one in judged if one.kind == PLAN]
    known = {plan.name for plan in plans}
    judged_decisions = [from_json(one.figures.get("findings", [])) for one in judged if one.kind == OVERRIDES]
    overruled = _for_visitor(visit, judged_decisions[0] if judged_decisions else ())
    watched = next((one for one in judged if (one.kind, one.name) == (MODEL, current.facts.model_version)), None)
    age = (visit.now - current.facts.as_of) // MICROSECONDS_PER_DAY
    bounds = [plan.figures[name] or 0.0 for plan in plans for name in ("gain_low", "gain_high", "promised")]

    def drawn(plan: PlanShown) -> object:
        low, high = plan.figures["gain_low"], plan.figures["gain_high"]
        level = None if plan.verdict is None else plan.verdict.params["level"]
        told = visit.between(low, high, level if isinstance(level, float) else None)
        return interval(plan.figures["gain"], low, high, least=min(bounds), most=max(bounds), told=told)

    return render(
        visit, "trust.html", current=current, summary=summary, model=model, age=age,
        watched=None if watched is None else _watched(watched),
        report=_report(visit, model), plans=plans, drawn=drawn, bar=bar,
        accepted={one.plan_id for one in accepted}, waiting=[one for one in accepted if one.plan_id not in known],
        overruled=overruled, owner=owner, owners=owners, differences=differences,
        aside=None if summary is None else [(name, *counts) for name, counts in sorted(summary.set_aside.items())],
        entered=lambda row: _entered(model, row), standing=partial(standing_words, visit),
        factors=[] if model is None else [
            (who, worth) for who, worth in sorted(model.forecast_factors.items()) if visit.shows_record_of(who)
        ],
    )  # fmt: skip


def _for_visitor(visit: Visit, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those about a single manager's record that the visitor may not see."""
    told = ((finding, finding.params.get("manager")) for finding in findings)
    return [finding for finding, who in told if who is None or visit.shows_record_of(str(who))]


def _entered(model: ModelSummary | None, row: Mapping[Any, Any]) -> float | None:
    """Return a forecast as the manager entered it; None where nobody knows what it was corrected by."""
    factor = None if model is None else model.forecast_factors.get(row["forecast_by"] or "")
    return row["manager_forecast"] / factor if factor else None


def _watched(verdict: Verdict) -> WatchShown:
    """Return the latest word about the model in use; one that an earlier program wrote has no findings."""
    figures = verdict.figures
    reasons, realised = (from_json(figures.get(name, [])) for name in ("findings", "realised"))
    return WatchShown(verdict.judged_as_of, figures["advice"], reasons, figures["labels_due"], realised)


def _owners() -> sa.Select[Any]:
    """Return the managers of accounts with forecasts."""
    joined = SCORES.join(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    told = SCORES.c.manager_forecast.is_not(None) & ACCOUNTS.c.owner.is_not(None)
    return sa.select(ACCOUNTS.c.owner).distinct().select_from(joined).where(told).order_by(
        ACCOUNTS.c.owner).limit(MOST_OWNERS)  # fmt: skip


def _differences(owner: str | None) -> sa.Select[Any]:
    """Return the accounts about which model and manager differ most, the largest difference first."""
    score = SCORES.c
    apart = sa.func.coalesce(score.forecast_disagreement, 0.0)
    gap = score.manager_forecast - score.history_estimate
    query = (
        sa.select(
            score.account_id, ACCOUNTS.c.name, ACCOUNTS.c.owner, score.rung, score.former, score.manager_forecast,
            score.forecast_by, score.history_estimate, score.forecast_disagreement,
        )
        .select_from(SCORES.outerjoin(ACCOUNTS, score.account_id == ACCOUNTS.c.account_id))
        .where(score.manager_forecast.is_not(None))
        .order_by(sa.func.abs(apart).desc(), sa.func.abs(sa.func.coalesce(gap, 0.0)).desc(), score.account_id)
        .limit(MOST_DIFFERENCES)
    )  # fmt: skip
    return query if owner is None else query.where(ACCOUNTS.c.owner == owner)


def _plan(visit: Visit, verdict: Verdict) -> PlanShown:
    figures, made_for = verdict.figures, str(verdict.figures.get("made_for", ""))
    with suppress(ValueError):  # else it stays as an earlier program wrote it
        made_for = visit.formats.date(made_for)
    found = from_json(figures.get("findings", []))
    return PlanShown(verdict.name, made_for, figures, found[0] if found else None)


def _report(visit: Visit, model: ModelSummary | None) -> ReportShown | None:
    """Return what the model reports of itself, in its parts."""
    if model is None or model.report is None:
        return None
    chances: dict[str, list[Finding]] = {}
    report = _for_visitor(visit, model.report)
    for finding in report:
        if finding.code in CHANCES:
            chances.setdefault(str(finding.params["outcome"]), []).append(finding)
    return ReportShown(
        [finding for finding in report if finding.code.startswith("grade_")], chances,
        [finding for finding in report if finding.code in COVERED], report,
    )  # fmt: skip
