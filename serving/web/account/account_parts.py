"""Parts of an account's page as plain values: contacts, steps up, similar accounts, changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.accounts.account_timeline import AccountTimeline, counted_events_in
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.next_steps import Step, falls_on, rung_on, steps_up
from features.ladder.rules import LadderRules
from features.tables import NO_INVESTMENT, RUNGS
from serving.store.scores.previous_scores import PreviousScores
from serving.store.scores.scoring_runs import ACCOUNTS, Current
from serving.web.lists.former_customers import reasons_shown, standing_words
from serving.web.visit import Visit
from serving.web.words.reason_words import reason_words
from serving.web.words.timeline_events import TimelineEvent, day_text
from training.model.next_order import FARTHEST_DAYS
from training.model.reasons import Reason, Stored, read_reasons

MOST_EVENTS = 12
"""Of what happened in between that is listed; the timeline has the rest."""


def steps_in_words(visit: Visit, timeline: AccountTimeline, as_of: int, rules: LadderRules) -> Mapping[str, Any]:
    """Return what blocks the next rung: `next` = its name or None, `ways` and `falls` in words."""
    counted, day = counted_events_in(timeline), as_of // MICROSECONDS_PER_DAY
    rung = rung_on(counted, day, rules)
    ways = [_way(visit, step, bool(counted.order_days)) for step in steps_up(counted, day, rules)]
    falls = falls_on(counted, day, rules)
    above = visit.say(f"rung.{RUNGS[rung + 1]}") if rung + 1 < len(RUNGS) else None
    if rung == 0:
        doing_nothing = ""
    elif falls is None:
        doing_nothing = visit.say("account.steps.stays")
    else:
        lower = visit.say(f"rung.{RUNGS[falls[1]]}")
        doing_nothing = visit.say("account.steps.falls", rung=lower, date=day_text(visit, falls[0]))
    return {"next": above, "ways": ways, "falls": doing_nothing}


def _way(visit: Visit, step: Step, bought: bool) -> str:
    if step.kind == "orders" and step.count == 1:
        told = visit.say("step.orders.one" if bought else "step.orders.first")
    elif step.kind == "orders" and step.every_days:
        told = visit.say("step.orders.many", count=step.count, days=step.every_days)
    elif step.kind == "orders":
        told = visit.say("step.orders.days", count=step.count)
    elif step.kind == "referrals":
        told = visit.say("step.referrals.one" if step.count == 1 else "step.referrals.many", count=step.count)
    else:
        told = visit.say(f"step.{step.kind}")
    parts = [told]
    if step.since is not None:
        parts.append(visit.say("step.since", date=day_text(visit, step.since)))
    if step.before is not None:
        key = "step.begin_before" if step.every_days else "step.before"
        parts.append(visit.say(key, date=day_text(visit, step.before)))
    return (", " if len(parts) > 2 or step.every_days else " ").join(parts)


@dataclass(frozen=True)
class NextOrder:
    """When the next order comes, in words.  overdue : by how many days it is, where it is."""

    around: str
    window: str
    overdue: str | None


def next_order_of(visit: Visit, score: Mapping[Any, Any], as_of: int) -> NextOrder | None:
    """The window of the next order; None where there is none.  as_of : microseconds."""
    low, around, high = (score[f"next_order_{name}"] for name in ("from", "on", "until"))
    if low is None:
        return None
    farthest, form, late = as_of + FARTHEST_DAYS * MICROSECONDS_PER_DAY, visit.formats, score["overdue_days"]
    ends = {"low": form.date(low), "high": form.date(high)}
    return NextOrder(
        visit.say("account.next_order.by", date=form.date(around)) if instant(around) < farthest
        else visit.say("account.next_order.never"),
        visit.say("account.next_order.between", **ends) if instant(high) < farthest
        else visit.say("account.next_order.from", low=ends["low"]),
        visit.say("account.overdue", days=form.number(late)) if late else None,
    )  # fmt: skip


@dataclass(frozen=True)
class Near:
    """A similar account a year ago, and what became of it."""

    account_id: str
    name: str | None
    rung: str
    left: bool
    before: float
    after: float


def near_of(connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> list[Near]:
    """Return the similar accounts as `standings` keeps them, with their names."""
    ids = [row[0] for row in rows]
    query = sa.select(ACCOUNTS.c.account_id, ACCOUNTS.c.name).where(ACCOUNTS.c.account_id.in_(ids))
    names = {row.account_id: row.name for row in connection.execute(query)}
    return [
        Near(account_id=one, name=names.get(one), rung=RUNGS[rung], left=left, before=before, after=after)
        for one, rung, left, before, after in rows
    ]


@dataclass(frozen=True)
class Changed:
    """since : when the former scores looked, microseconds.  rows : figure, then, now.  new, gone : reasons.
    models : the versions, where they differ."""

    since: int
    rows: Sequence[tuple[str, str, str]]
    new: Sequence[str]
    gone: Sequence[str]
    events: Sequence[TimelineEvent]
    models: tuple[str, str] | None


def changed_since(
    visit: Visit, former: PreviousScores, run: Mapping[Any, Any], *, score: Mapping[Any, Any], current: Current,
    events: Sequence[TimelineEvent],
) -> Changed:  # fmt: skip
    """Return what the previous run said beside today's scores."""
    form, since = visit.formats, instant(run["as_of"])
    rows = []
    for name in ("rung", "p_switch", "expected_revenue", "expected_gain", "recommended_investment"):
        then, now = getattr(former, name), score[name]
        if name == "p_switch" and score["former"]:
            continue
        if name == "rung":
            shown = (visit.say(f"rung.{then}"), standing_words(visit, now, score["former"]))
        elif name == "p_switch":
            shown = (form.percent(then, 1), form.percent(now, 1))
        elif name == "recommended_investment":
            none = visit.say("account.override.none")
            shown = tuple(none if one in (None, NO_INVESTMENT) else visit.option(one) for one in (then, now))  # type: ignore[assignment]
        else:
            shown = (form.money(then), form.money(now))
        if shown[0] != shown[1]:
            rows.append((visit.say(f"changed.{name}"), *shown))
    new, gone = changed_reasons(
        read_reasons(reasons_shown(former.reasons, score["former"])), read_reasons(score["reasons"])
    )
    version = current.facts.model_version
    return Changed(
        since=since, rows=rows, new=[reason_words(visit, reason) for reason in new],
        gone=[reason_words(visit, reason) for reason in gone],
        events=[one for one in events if one.day >= since // MICROSECONDS_PER_DAY][:MOST_EVENTS],
        models=None if run["model_version"] == version else (run["model_version"], version),
    )  # fmt: skip


def changed_reasons(was: Sequence[Stored], are: Sequence[Stored]) -> tuple[list[Reason], list[Reason]]:
    """Return the reasons that are new and those that are gone, whatever their figures.

    Nothing is new or gone where some are sentences, which release 0.1 stored: those cannot be compared.
    """
    before = [reason for reason in was if isinstance(reason, Reason)]
    now = [reason for reason in are if isinstance(reason, Reason)]
    if len(before) < len(was) or len(now) < len(are):
        return [], []
    return _without(now, before), _without(before, now)


def _without(reasons: Sequence[Reason], others: Sequence[Reason]) -> list[Reason]:
    known = set(map(_identity, others))
    return [reason for reason in reasons if _identity(reason) not in known]


def _identity(reason: Reason) -> tuple[str, str, int, str | bool]:
    """Return what makes two reasons the same: all but their figures; of a category its name, and whether one is there.

    54 days now and 33 before are the same reason.
    """
    what = reason.value if isinstance(reason.value, str) else reason.value is None
    return reason.outcome, reason.feature, reason.direction, what
