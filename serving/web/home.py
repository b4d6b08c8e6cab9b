"""Monday's page: what stands at stake, what changed since the last scores, and one thing to do about each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.instants import MICROSECONDS_PER_DAY, instant
from serving.store.database import reading, writing
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.verdicts import plan_verdicts
from serving.store.lookups import required_run
from serving.store.people.page_settings import MINE, keep_setting, settings_of
from serving.store.people.visibility import is_limited
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import SCORES, Current
from serving.store.views.news import NEWS_POINTS, news_of
from serving.store.views.run_figures import ALL, RunFigures, figures_query, kept_figures, kept_of_owners, read_figures
from serving.web.charts.charts import sparkline
from serving.web.lists.filters import Filters, conditions, source
from serving.web.lists.priorities import OLD_LINKS, Priority, owners_of, priorities_of
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, redirect, render

SHOWN = 5
KEPT_SECONDS = 600.0
"""How long it is kept which accounts are news; who is forgotten or changes hands meanwhile is left out at once."""
_news: TTLCache[dict[str, list[str]]] = TTLCache(KEPT_SECONDS)
FIGURES = ("margin_at_risk", "at_risk", "renewals", "climbed", "fell", "overdue")
LINKS: Mapping[str, Mapping[str, str]] = {
    "margin_at_risk": {"sort": "margin"}, "at_risk": {"risk": "yes"}, "renewals": {"renewal": "60"},
    "climbed": {"moved": "up"}, "fell": {"moved": "down"}, "overdue": {"overdue": "yes"},
}  # fmt: skip
GOOD_UP = frozenset(("climbed",))


@dataclass(frozen=True)
class Tile:
    """One figure.  change : against the last run, in words; empty where there was none.  tone : good, bad or empty."""

    name: str
    value: str
    change: str
    tone: str
    line: object
    link: str


@dataclass(frozen=True)
class News:
    """One account in a list.  what : what happened to it, in words."""

    row: Priority
    what: str


@dataclass(frozen=True)
class NewsList:
    """One list.  link : to all of them."""

    name: str
    news: Sequence[News]
    link: str


def show(visit: Visit) -> Response:
    """Answer GET /.  Links to the list, which stood here once, go on to it."""
    if OLD_LINKS & set(visit.query.keys()) - {"owner", "q"} or "q" in visit.query:
        return redirect(visit.at("/accounts"))
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        mine = settings_of(connection, visit.person, MINE).get("owner")
        owner = visit.query["owner"].replace("\x00", "")[:200] if "owner" in visit.query else mine
        asked = Filters(owner=owner or None)
        tiles = _tiles(connection, visit, current, asked)
        lists = [one for one in _lists(connection, visit, current, asked) if one.news]
        money = None if asked.owner else _money(connection)
        owners = owners_of(connection, current, visit.engine)
    return render(
        visit, "home.html", current=current, tiles=tiles, lists=lists, money=money, owner=owner, mine=mine,
        owners=owners, asked=asked, points=NEWS_POINTS,
    )  # fmt: skip


def remember(visit: Visit) -> Response:
    """Answer POST /mine: whose accounts are the visitor's own."""
    owner = visit.form.get("owner", "").replace("\x00", "")[:200]
    with writing(visit.engine) as connection:
        keep_setting(connection, visit.person, MINE, "owner", owner or None)
    return redirect("/")


def _tiles(connection: sa.Connection, visit: Visit, current: Current, asked: Filters) -> list[Tile]:
    if asked.owner is not None:
        before = kept_figures(connection, "owner", asked.owner)
    else:
        before = kept_of_owners(connection) if is_limited(visit.engine) else kept_figures(connection, ALL, "")
    tables, where = source(asked), conditions(visit, asked)
    now = _kept_now(connection, current, before, sa.select(sa.func.count()).select_from(tables).where(*where))
    if now is None:
        now = read_figures(connection.execute(figures_query(current.run_id, None, where)).mappings().one())
    if before and before[-1].as_of is not None and current.facts.as_of <= _microseconds(before[-1]):
        before = before[:-1]  # the run that stands now
    return [_tile(visit, name, now, before, asked) for name in FIGURES]


def _kept_now(
    connection: sa.Connection, current: Current, kept: Sequence[RunFigures], count: "sa.Select[Any]"
) -> RunFigures | None:
    """Return the kept figures of the scores that stand now; None where accounts went or came since.

    count : counts the accounts that they are about.
    """
    if not kept or kept[-1].run_id != current.run_id:
        return None
    return kept[-1] if kept[-1].counts["accounts"] == connection.execute(count).scalar_one() else None


def _microseconds(figures: RunFigures) -> int:
    return instant(figures.as_of) if figures.as_of is not None else 0


def _tile(visit: Visit, name: str, now: RunFigures, before: Sequence[RunFigures], asked: Filters) -> Tile:
    written: Callable[..., str] = visit.formats.money if name == "margin_at_risk" else visit.formats.number
    change, tone = "", ""
    if before:
        difference = now[name] - before[-1][name]
        shown = written(difference, signed=True)
        change = visit.say("home.same") if not difference else visit.say("home.change", change=shown)
        if difference:
            tone = "good" if (difference > 0) == (name in GOOD_UP) else "bad"
    values = [one[name] for one in (*before, now)]
    told = visit.say("home.line", first=written(values[0]), last=written(values[-1]), runs=len(values))
    return Tile(
        name=name,
        value=written(now[name]),
        change=change,
        tone=tone,
        line=sparkline(values, told),
        link=f"/accounts{asked.query(**LINKS[name])}",
    )


def _money(connection: sa.Connection) -> dict[str, float | None]:
    """Return what accepted plans promise, and what judged ones brought, beside what those had promised."""
    judged, accepted = plan_verdicts(connection), accepted_plans(connection)
    promised = sum(one.record.get("claimed_gain") or 0.0 for one in accepted)
    known = [one.figures for one in judged.values() if one.figures.get("gain") is not None]
    brought = sum(one["gain"] * (one.get("treated") or 0) for one in known) if known else None
    of_these = sum((one.get("promised") or 0.0) * (one.get("treated") or 0) for one in known)
    return {"plans": len(accepted), "promised": promised, "brought": brought, "of_these": of_these}


def _lists(connection: sa.Connection, visit: Visit, current: Current, asked: Filters) -> list[NewsList]:
    score, former = SCORES.c, PREVIOUS.c
    tables, where = source(asked), conditions(visit, asked)

    def news() -> dict[str, list[str]]:
        return news_of(connection, current.run_id, most=SHOWN, tables=tables, where=where)

    found = _news.get((str(visit.engine.url), current.run_id, asked), news)
    told = {one for some in found.values() for one in some}
    still = sa.select(score.account_id).select_from(tables).where(score.account_id.in_(told), *where)
    ids = list(connection.execute(still).scalars())
    rows = {row.account_id: row for row in priorities_of(connection, ids, visit)}
    before = {
        row["account_id"]: row
        for row in connection.execute(PREVIOUS.select().where(former.account_id.in_(ids))).mappings()
    }
    links = {"worse": {"moved": "down"}, "better": {"moved": "up"}, "advice": {"sort": "gain"},
             "missed": {"overdue": "yes"}, "win_back": {"former": "yes", "sort": "win_back"}}  # fmt: skip
    return [
        NewsList(
            name, [News(rows[one], _what(visit, name, rows[one], before.get(one))) for one in some if one in rows],
            f"/accounts{asked.query(**links[name])}",
        )
        for name, some in found.items()
    ]  # fmt: skip


def _what(visit: Visit, name: str, row: Priority, former: Mapping[Any, Any] | None) -> str:
    """Return what happened to an account, in words."""
    form, told = visit.formats, []
    if name in ("worse", "better") and former is not None:
        if former["rung"] != row.rung:
            told.append(
                visit.say("home.moved", then=visit.say(f"rung.{former['rung']}"), now=visit.say(f"rung.{row.rung}"))
            )
        then, now = form.percent(former["p_switch"]), form.percent(row.p_switch)
        if then != now and None not in (former["p_switch"], row.p_switch):
            told.append(visit.say("home.chance", then=then, now=now))
        if row.former:
            told.append(visit.say("home.gone") if row.past is None else row.past.words(visit))
        if name == "worse" and row.why:
            told.append(row.why)
    elif name == "advice" and former is not None:
        then = visit.say(f"advice.{former['advice']}")
        if former["advice"] == row.advice:
            then = visit.option(former["recommended_investment"] or "none")
        told.append(visit.say("home.was", then=then))
        if row.gain is not None:
            told.append(visit.say("home.gain", gain=form.money(row.gain)))
    elif name == "missed":
        due = visit.as_of - int(row.overdue_days or 0) * MICROSECONDS_PER_DAY
        told.append(visit.say("home.missed", date=form.date(due)))
    elif name == "win_back":
        if row.past is not None:
            told.append(row.past.words(visit))
        if row.p_win_back is not None and row.win_back_value is not None:
            worth = {"chance": form.percent(row.p_win_back), "value": form.money(row.win_back_value)}
            told.append(visit.say("home.win_back", **worth))
        elif row.past is None:
            told.append(visit.say("home.gone"))
    return "; ".join(told)
