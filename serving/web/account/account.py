"""One account: where it stands and why, what blocks it, what an investment would bring, and what a manager decides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.responses import Response

from features.accounts.account_timeline import AccountTimeline
from features.errors import InvalidRequest
from features.instants import MICROSECONDS_PER_DAY, iso
from features.ladder.rules import LadderRules
from features.tables import NO_INVESTMENT
from serving.api.errors import HttpError
from serving.api.store_endpoints.feedback_parsing import read_event
from serving.scoring.advice.playbook import main_trigger
from serving.store.database import reading
from serving.store.feedback.feedback import keep_feedback, keep_override, known_options
from serving.store.feedback.feedback_events import LONGEST_TEXT, TABLE_OF, OverrideEvent
from serving.store.feedback.overrides import Override, default_end, overrides_of
from serving.store.feedback.work_list import WorkItem, work_of
from serving.store.lookups import required_run
from serving.store.people.visibility import is_limited
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.previous_scores import former_of
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, RUNS, SCORES, Current
from serving.store.scores.timelines import timeline_of
from serving.store.summaries import ModelSummary, summary_of
from serving.store.views.groups import Family, family_of
from serving.web.account import account_loyalty as loyal
from serving.web.account.account_parts import (
    Changed,
    Near,
    changed_since,
    near_of,
    next_order_of,
    steps_in_words,
)
from serving.web.account.timeline_chart import draw_timeline
from serving.web.amounts import read_number
from serving.web.charts.charts import bar, interval
from serving.web.lists.filters import Filters, Order, chosen
from serving.web.lists.former_customers import as_customer, past_of
from serving.web.lists.priorities import risk_word, trend_of
from serving.web.lists.work import WorkChange, history_of
from serving.web.sign_in.session import Visitor
from serving.web.visit import Visit, account_url, own_path, redirect, render
from serving.web.words.advice_words import advice_words, raises_leaving
from serving.web.words.plays import act_by_words, play_of
from serving.web.words.reason_words import reasons_of
from serving.web.words.talk import monthly_revenue, signals, talk_of, why_at_risk
from serving.web.words.timeline_events import TimelineEvent, timeline_events

FORECAST = "forecast"
JUDGEMENTS = (FORECAST, "assessment")
"""Kinds of feedback in which a manager judges an account."""
TRACES = frozenset(("triggers", "breaches", "tickets", "switches", "nps", "csat", "ces"))
YEAR_DAYS = 365


@dataclass(frozen=True)
class Shown:
    """What the page shows besides the scores.  None where it was not stored."""

    current: Current
    score: Mapping[Any, Any]
    profile: Mapping[Any, Any] | None
    options: Sequence[Mapping[Any, Any]]
    standing: Mapping[Any, Any] | None
    timeline: AccountTimeline | None
    override: Override | None
    changed: Changed | None
    similar: Sequence[Near]
    steps: Mapping[str, Any] | None
    events: Sequence[TimelineEvent]
    work: WorkItem | None
    history: Sequence[WorkChange]
    entered: float | None
    model: ModelSummary | None
    family: Family | None


def show(visit: Visit) -> Response:
    """Answer GET /accounts/ID."""
    return _page(visit, 200, None)


def decide(visit: Visit) -> Response:
    """Answer POST /accounts/ID: keep or withdraw a decision, keep a forecast or an assessment.

    Raises HttpError 403 without the scope.
    """
    account, visitor = visit.tail, visit.visitor
    if visitor is None or not visitor.may("feedback"):
        raise HttpError(403, "scope_missing", "This key may look but not decide: it lacks the scope feedback.")
    if is_limited(visit.engine) and _read(visit, account) is None:
        return _page(visit, 404, None)
    if visit.form.get("kind") in JUDGEMENTS:
        return _judge(visit, visit.form["kind"], visitor)
    decisions, reason = _decision(visit)
    if not decisions or not reason.strip():
        return _page(visit, 422, visit.say("account.override.empty"))
    event = OverrideEvent(
        account_id=account, given_id=f"page-{visit.now}-{visitor.token[:8]}", decisions=decisions,
        reason=reason.strip()[:LONGEST_TEXT], made_by=visitor.name or None,
    )  # fmt: skip
    try:
        keep_override(visit.engine, event, visitor.author, visit.now)
    except InvalidRequest as error:
        return _page(visit, 422, str(error))
    return _done(visit)


def _done(visit: Visit) -> Response:
    """Return to the page, which then says that it is done, and still knows the way back."""
    query = {"done": "1"} | ({"back": visit.form["back"]} if visit.form.get("back") else {})
    return redirect(f"{account_url(visit.tail)}?{urlencode(query)}")


def _judge(visit: Visit, kind: str, visitor: Visitor) -> Response:
    """Keep what the manager expects of the account, or where they think that it stands, as feedback."""
    typed: object = visit.form.get(kind, "").strip()
    if kind == FORECAST:
        typed = read_number(str(typed))
    if typed in (None, ""):
        return _page(visit, 422, visit.say(f"account.{kind}.wrong"))
    given = {
        "account_id": visit.tail, "event_id": f"page-{visit.now}-{visitor.token[:8]}-{kind}", kind: typed,
        str(TABLE_OF[kind].time): iso(visit.now),
    }  # fmt: skip
    if visitor.name:
        given["made_by"] = visitor.name
    event = read_event(given, visit.now, known_options(visit.engine))
    (receipt,) = keep_feedback(visit.engine, [event], visitor.author, visit.now)
    return _done(visit) if receipt.error is None else _page(visit, 422, receipt.error.message)


def _decision(visit: Visit) -> tuple[dict[str, str | bool | None], str]:
    """Return what the form says; taking back needs no reason of its own."""
    form = visit.form
    back = form.get("take_back")
    if back in ("recommended_investment", "will_switch"):
        return {back: None}, visit.say("account.override.taken_back")
    decided: dict[str, str | bool | None] = {}
    if form.get("option"):
        decided["recommended_investment"] = form["option"]
    if form.get("leaves") in ("yes", "no"):
        decided["will_switch"] = form["leaves"] == "yes"
    return decided, form.get("reason", "")


def _page(visit: Visit, status: int, refused: str | None) -> Response:
    shown = _read(visit, visit.tail)
    if shown is None:
        return render(visit, "no_account.html", 404, account=visit.tail[:200])
    score, current, visit = as_customer(shown.score), shown.current, visit.about(shown.current.facts)
    level = current.facts.level
    as_of = current.facts.as_of
    gains = [option for option in shown.options if option["gain"] is not None]
    least = min((option["gain_low"] for option in gains), default=0.0)
    most = max((option["gain_high"] for option in gains), default=0.0)

    def gain(option: Mapping[Any, Any]) -> object:
        told = visit.between(option["gain_low"], option["gain_high"], level)
        return interval(option["gain"], option["gain_low"], option["gain_high"], least=least, most=most, told=told)

    def uplift() -> object:
        low, high = score["upgrade_uplift_low"], score["upgrade_uplift_high"]
        told = visit.between(low, high, level)
        return interval(score["upgrade_uplift"], low, high, least=low or 0.0, most=high or 0.0, told=told)

    day = as_of // MICROSECONDS_PER_DAY
    timeline = shown.timeline
    ends = None if shown.standing is None else shown.standing["contract_ends"]
    model = shown.model
    plays = visit.playbooks.beside(() if model is None else model.playbook)
    play = play_of(visit, plays, shown.score, shown.profile, ends)
    people = loyal.people(visit, timeline, () if model is None else model.benefits, day)
    return render(
        visit, "account.html", status, current=current, account=score["account_id"], score=score, profile=shown.profile,
        reasons=reasons_of(visit, score["reasons"]), options=shown.options, gain=gain, uplift=uplift,
        risk=None if score["p_switch"] is None else risk_word(score["p_switch"]), trigger=main_trigger(score),
        why=why_at_risk(visit, score["reasons"], 3), talk=talk_of(visit, score, timeline, ends, play), play=play,
        benefit=customer_benefits(model), signals=signals(visit, score, timeline, ends, day),
        work=shown.work, history=shown.history,
        trend=trend_of(visit, monthly_revenue(timeline, day)), entered=shown.entered,
        judgements=JUDGEMENTS, form=visit.form if refused else {},
        back=own_path(visit.form.get("back") or visit.query.get("back", "/accounts")),
        worth=loyal.worth(visit, score, 5 if model is None else model.lifetime_years), family=shown.family,
        loyalty=loyal.loyalty(visit, score), behaviours=loyal.behaviours(visit, score, timeline),
        places=loyal.places(visit, score), act_by=act_by_words(visit, score),
        advice=advice_words(visit, score, shown.options), raises_leaving=raises_leaving,
        bar=bar, next_order=next_order_of(visit, score, as_of),
        standing=shown.standing, override=shown.override, changed=shown.changed, similar=shown.similar,
        steps=shown.steps, events=shown.events, people=people,
        traces=[one for one in shown.events if one.kind in TRACES and one.day >= day - YEAR_DAYS and
                (one.tone == "bad" or one.kind == "triggers")][:12],
        picture=None if timeline is None or not shown.events else draw_timeline(visit, timeline, shown.events, as_of),
        stored=timeline is not None, done=visit.query.get("done") == "1" and not refused, refused=refused,
        past=past_of(visit, timeline) if score["former"] else None,
        nothing=NO_INVESTMENT, day=MICROSECONDS_PER_DAY, until=default_end(visit.now, current),
    )  # fmt: skip


def _read(visit: Visit, account: str) -> Shown | None:
    """Return everything of one account, of one state of the store; None where there are no scores of it."""
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        seen = chosen(visit, Filters(), Order()).where(SCORES.c.account_id == account)
        if "\x00" in account or connection.execute(seen).first() is None:
            return None
        score = _row(connection, SCORES, account)
        if score is None:
            return None
        options = connection.execute(
            INVESTMENT_SCORES.select().where(INVESTMENT_SCORES.c.account_id == account)
            .order_by(sa.nulls_last(INVESTMENT_SCORES.c.gain.desc()), INVESTMENT_SCORES.c.investment)
        ).mappings().all()  # fmt: skip
        timeline = timeline_of(connection, account)
        former = former_of(connection, account)
        runs = (
            []
            if former is None
            else connection.execute(RUNS.select().where(RUNS.c.run_id == former.run_id)).mappings().all()
        )
        standing = _row(connection, STANDINGS, account)
        found = summary_of(connection, current.run_id)
        model = None if found is None else found[1]
        override = overrides_of(connection, [account], visit.now).get(account)
        similar = [] if standing is None else near_of(connection, json.loads(standing["similar"]))
        profile = _row(connection, ACCOUNTS, account)
        work, history = work_of(connection, [account]).get(account), history_of(connection, visit, account)
        entered = entered_forecast(model, score)
        family = family_of(connection, account)
    events = [] if timeline is None else timeline_events(visit, timeline)
    changed = (
        None
        if former is None or not runs
        else changed_since(visit, former, runs[0], score=as_customer(score), current=current, events=events)
    )
    steps = (
        None
        if timeline is None
        else steps_in_words(visit, timeline, current.facts.as_of, LadderRules() if model is None else model.rules)
    )
    return Shown(
        current=current,
        score=score,
        profile=profile,
        options=options,
        standing=standing,
        timeline=timeline,
        override=override,
        changed=changed,
        similar=similar,
        steps=steps,
        events=events,
        work=work,
        history=history,
        entered=entered,
        model=model,
        family=family,
    )


def customer_benefits(model: ModelSummary | None) -> Mapping[str, float]:
    """Return what the options are planned to bring the customer, money, of those of which somebody wrote it down."""
    words = {} if model is None else model.option_words
    found = {name: one.get("customer_benefit") for name, one in words.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def entered_forecast(model: ModelSummary | None, score: Mapping[Any, Any]) -> float | None:
    """Return the manager's forecast as it was entered; None where nobody knows what it was corrected by."""
    factor = None if model is None else model.forecast_factors.get(score["forecast_by"] or "")
    return score["manager_forecast"] / factor if factor and score["manager_forecast"] is not None else None


def _row(connection: sa.Connection, table: sa.Table, account: str) -> Mapping[Any, Any] | None:
    found = connection.execute(table.select().where(table.c.account_id == account)).mappings().one_or_none()
    return None if found is None else dict(found)
