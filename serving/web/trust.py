"""Can the scores be trusted: predictions beside what happened, plans beside their promises, model beside managers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.instants import MICROSECONDS_PER_DAY, instant
from serving.store.accepted_plans import accepted_plans
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.scoring_runs import ACCOUNTS, SCORES
from serving.store.summaries import summary_of
from serving.store.verdicts import MODEL, OVERRIDES, PLAN, Verdict, verdicts
from serving.web.charts import bar, interval
from serving.web.findings import read_report
from serving.web.text.catalogue import TEXTS
from serving.web.visit import Visit, render

OLD_DAYS = 31
MOST_DIFFERENCES = 15
MOST_OWNERS = 500


@dataclass(frozen=True)
class PlanShown:
    """verdict : earned, lost or open.  kept : less, more or as promised."""

    name: str
    made_for: str
    figures: Mapping[str, Any]
    verdict: str
    kept: str


@dataclass(frozen=True)
class Happened:
    """Shares of the accounts, 0..1, over so many days.  outcome : switching, climbing or falling."""

    outcome: str
    days: int
    expected: float
    observed: float


@dataclass(frozen=True)
class WatchShown:
    """What `ladder monitor` found of the model: advice (keep, watch, retrain), codes of its reasons, what came true."""

    at: datetime
    advice: str
    codes: Sequence[str]
    due: str
    happened: Sequence[Happened]


def show(visit: Visit) -> Response:
    """GET /trust.  `?owner=` narrows the differences to one manager's accounts."""
    owner = visit.query.get("owner", "").replace("\x00", "")[:200] or None
    with reading(visit.engine) as connection:
        current = required_run(connection)
        found = summary_of(connection, current.run_id)
        judged, accepted = verdicts(connection), accepted_plans(connection)
        owners = list(connection.execute(_owners()).scalars())
        differences = connection.execute(_differences(owner)).mappings().all()
    summary, model = (None, None) if found is None else found
    plans = [_plan(one) for one in judged if one.kind == PLAN]
    known = {plan.name for plan in plans}
    overruled = next((one.figures for one in judged if one.kind == OVERRIDES), None)
    watched = next((one for one in judged if (one.kind, one.name) == (MODEL, current.facts.model_version)), None)
    age = (visit.now - current.facts.as_of) // MICROSECONDS_PER_DAY
    bounds = [plan.figures[name] or 0.0 for plan in plans for name in ("gain_low", "gain_high", "promised")]

    def drawn(plan: PlanShown) -> object:
        low, high = plan.figures["gain_low"], plan.figures["gain_high"]
        told = visit.say("gain.between", low=visit.formats.money(low), high=visit.formats.money(high))
        return interval(plan.figures["gain"], low, high, min(bounds), max(bounds), told)

    return render(
        visit, "trust.html", current=current, summary=summary, model=model, age=age, old=age > OLD_DAYS,
        watched=None if watched is None else _watched(watched),
        report=None if model is None else read_report(model["report"]), plans=plans, drawn=drawn, bar=bar,
        accepted={one.plan_id for one in accepted}, waiting=[one for one in accepted if one.plan_id not in known],
        overruled=overruled, winner=None if overruled is None else _winner(overruled), owner=owner, owners=owners,
        differences=differences, instant=instant,
        aside=None if summary is None else [(name, *counts) for name, counts in sorted(summary.set_aside.items())],
        factors=[] if model is None else sorted(model["forecast_factors"].items()),
    )  # fmt: skip


def _watched(one: Verdict) -> WatchShown:
    """The latest word about the model in use."""
    happened = []
    for key, expected in one.figures.items():
        found = _EXPECTED.fullmatch(key)
        observed = one.figures.get(key.replace("_expected", "_observed"))
        if found and expected is not None and observed is not None:
            happened.append(Happened(found["outcome"], int(found["days"]), expected, observed))
    codes = [code for code in one.figures.get("codes", ()) if f"trust.watch.why.{code}" in TEXTS]
    return WatchShown(one.judged_as_of, one.figures["advice"], codes, one.figures["labels_due"], happened)


_EXPECTED = re.compile(r"(?P<outcome>switching|climbing|falling)_(?P<days>\d+)d_expected")


def _owners() -> sa.Select[Any]:
    """Managers of whose accounts there are forecasts."""
    joined = SCORES.join(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    told = SCORES.c.manager_forecast.is_not(None) & ACCOUNTS.c.owner.is_not(None)
    return sa.select(ACCOUNTS.c.owner).distinct().select_from(joined).where(told).order_by(
        ACCOUNTS.c.owner).limit(MOST_OWNERS)  # fmt: skip


def _differences(owner: str | None) -> sa.Select[Any]:
    """The accounts of which model and manager say the most different, strongest first."""
    score = SCORES.c
    apart = sa.func.coalesce(score.forecast_disagreement, 0.0)
    gap = score.manager_forecast - score.history_estimate
    query = (
        sa.select(
            score.account_id, ACCOUNTS.c.name, ACCOUNTS.c.owner, score.rung, score.manager_forecast, score.forecast_by,
            score.history_estimate, score.forecast_disagreement,
        )
        .select_from(SCORES.outerjoin(ACCOUNTS, score.account_id == ACCOUNTS.c.account_id))
        .where(score.manager_forecast.is_not(None))
        .order_by(sa.func.abs(apart).desc(), sa.func.abs(sa.func.coalesce(gap, 0.0)).desc(), score.account_id)
        .limit(MOST_DIFFERENCES)
    )  # fmt: skip
    return query if owner is None else query.where(ACCOUNTS.c.owner == owner)


def _plan(one: Verdict) -> PlanShown:
    figures = one.figures
    low, high, promised = figures.get("gain_low"), figures.get("gain_high"), figures.get("promised")
    verdict = "open" if low is None or high is None else "earned" if low > 0 else "lost" if high < 0 else "open"
    if low is None or high is None or promised is None:
        kept = ""
    else:
        kept = "less" if high < promised else "more" if low > promised else "as"
    return PlanShown(one.name, str(figures.get("made_for", "")), figures, verdict, kept)


def _winner(figures: Mapping[str, Any]) -> str | None:
    """Who was nearer to what happened; None where nothing can be compared."""
    low, high = figures.get("brier_difference_low"), figures.get("brier_difference_high")
    if not figures.get("overrides_judged"):
        return None
    if low is None or high is None:
        return "open"
    return "managers" if high < 0 else "model" if low > 0 else "open"
