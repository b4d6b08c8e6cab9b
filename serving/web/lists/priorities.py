"""The list of accounts: ranked, filtered, a page at a time, each with what to do and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.accounts.account_timeline import AccountTimeline
from features.instants import MICROSECONDS_PER_DAY
from features.tables import NO_INVESTMENT
from serving.scoring.score_columns import ADVICE
from serving.scoring.scoring import INSUFFICIENT
from serving.store.database import reading
from serving.store.feedback.overrides import overrides_of
from serving.store.feedback.work_list import WorkItem, work_of
from serving.store.lookups import required_run
from serving.store.people.page_settings import VIEW, settings_of
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current
from serving.store.scores.timelines import timelines_of
from serving.store.views.groups import group_roots
from serving.store.views.list_totals import ALONE, PAYS, UNKNOWN, Totals, count_totals, totals_of_all
from serving.store.views.run_figures import RISK_MARK
from serving.web.charts.charts import interval, sparkline
from serving.web.lists.filters import (
    CHOICES,
    SORTS,
    Filters,
    Order,
    chosen,
    conditions,
    filters_of,
    forgiving,
    order_of,
    source,
)
from serving.web.lists.former_customers import Past, as_customer, past_of
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, account_url, redirect, render
from serving.web.words.plays import act_by_words, kept_plays, play_of
from serving.web.words.reason_words import reasons_of
from serving.web.words.talk import Talk, monthly_revenue, talk_of, why_at_risk, why_this
from training.model.playbook import Play

ROWS = 50
"""Accounts on a page."""
MOST_CHOICES = 500
"""Owners, countries or industries in a list of choices."""
SOME_RISK = RISK_MARK / 2
COLUMNS = (
    "owner", "rung", "risk", "margin", "act", "gain", "contract", "next", "trend", "work", "revenue", "why", "evidence",
    "act_by", "lifetime", "loyalty", "win_back", "cost", "roi",
)  # fmt: skip
USUAL_COLUMNS = COLUMNS[:10]
OLD_LINKS = frozenset((*Filters.__dataclass_fields__, "sort", "direction", "page", "find"))
"""What a link to `/` asked when the list stood there."""
_totals: TTLCache[Totals] = TTLCache()
_choices: TTLCache["Choices"] = TTLCache()
_owners: TTLCache[Sequence[str]] = TTLCache()


@dataclass(frozen=True)
class Priority:
    """One account as the list shows it.

    state : one of STATES.  advice : None in scores that release 0.2 wrote.
    best_gain : where nothing pays, what the best option is expected to bring, below nought.
    wanted : what a manager wants instead of the recommendation, with who and why.
    leaves : whether a manager says that it will leave; None where nobody said.
    p_switch, trigger, value_at_risk, overdue_days : None of former customers.
    past : what a former customer was; None where nobody knows.
    contract_ends : days since 1970.  next_order : a date.  trend : revenue of the last months.
    """

    account_id: str
    name: str | None
    owner: str | None
    rung: str
    next_rung: str
    p_upgrade: float | None
    p_downgrade: float | None
    p_switch: float | None
    trigger: str | None
    value_at_risk: float | None
    revenue: float | None
    state: str
    advice: str | None
    investment: str | None
    bond: str | None
    cost: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    roi: float | None
    reasons: tuple[str, ...]
    why: str
    evidence: str
    best_option: str | None
    best_gain: float | None
    wanted: str | None
    wanted_by: str | None
    wanted_why: str | None
    leaves: bool | None
    leaves_by: str | None
    contract_ends: int | None
    next_order: str | None
    overdue_days: int | None
    act_by: str | None
    act_by_cause: str | None
    act_by_why: str | None
    former: bool
    past: Past | None
    p_win_back: float | None
    win_back_value: float | None
    lifetime_value: float | None
    loyalty: str | None
    talk: Talk
    trend: Sequence[float]
    work: WorkItem | None

    @property
    def risk(self) -> str | None:
        """Return the word for the chance of leaving: high, some or low; None where it cannot leave."""
        return None if self.p_switch is None else risk_word(self.p_switch)


def risk_word(chance: float) -> str:
    """Return `high` from the mark on, `some` from half of it, else `low`."""
    return "high" if chance >= RISK_MARK else "some" if chance >= SOME_RISK else "low"


@dataclass(frozen=True)
class Choices:
    """What there is to filter by.  groups : the account at the top -> its name."""

    owners: Sequence[str]
    countries: Sequence[str]
    industries: Sequence[str]
    segments: Sequence[str]
    groups: Mapping[str, str]


def show(visit: Visit) -> Response:
    """Answer GET /accounts with the list; a search for an id leads to the account itself."""
    asked, order = filters_of(visit.query), order_of(visit.query)
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        found = visit.query.get("find", "").strip().replace("\x00", "")
        if found:
            one = _account_called(connection, visit, found)
            return redirect(visit.here(find=None, q=found) if one is None else account_url(one))
        asked = forgiving(connection, visit, asked)
        query = chosen(visit, asked, order).limit(ROWS).offset(ROWS * (order.page - 1))
        ids = list(connection.execute(query).scalars())
        rows = priorities_of(connection, ids, visit)
        totals = totals_of(connection, visit, current, asked)
        choices = choices_of(connection, current, visit.engine)
        views = settings_of(connection, visit.person, VIEW)
    least = min((row.gain_low for row in rows if row.gain_low is not None), default=0.0)
    most = max((row.gain_high for row in rows if row.gain_high is not None), default=0.0)

    def drawn(row: Priority) -> object:
        told = visit.between(row.gain_low, row.gain_high, current.facts.level)
        return interval(row.gain, row.gain_low, row.gain_high, least=least, most=most, told=told)

    return render(
        visit, "priorities.html", rows=rows, totals=totals, asked=asked, order=order, choices=choices,
        current=current, pages=max(1, -(-totals.accounts // ROWS)), first=ROWS * (order.page - 1) + 1, drawn=drawn,
        trend=lambda row: trend_of(visit, row.trend), filters=_filters(visit, asked, choices), sorts=SORTS,
        chips=chips_of(visit, asked, choices.groups), advices=ADVICE, plan_url=f"/plan{asked.query()}", views=views,
        columns=_columns(visit), all_columns=COLUMNS, back=visit.here(), day=MICROSECONDS_PER_DAY,
    )  # fmt: skip


def _account_called(connection: sa.Connection, visit: Visit, found: str) -> str | None:
    """Return the account of that id, whatever its case."""
    query = chosen(visit, Filters(), Order()).where(sa.func.lower(SCORES.c.account_id) == found.lower()).limit(2)
    ids = list(connection.execute(query).scalars())
    return ids[0] if len(ids) == 1 else found if found in ids else None


def trend_of(visit: Visit, trend: Sequence[float]) -> object:
    """Return the line of an account's revenue."""
    if not any(trend):
        return ""
    money = visit.formats.money
    return sparkline(trend, visit.say("priorities.trend.told", first=money(trend[0]), last=money(trend[-1])))


def _columns(visit: Visit) -> Sequence[str]:
    """Return the columns asked for, in the list's own order."""
    asked = set(",".join(visit.query.getlist("columns")).split(","))
    found = [name for name in COLUMNS if name in asked]
    return found or USUAL_COLUMNS


@dataclass(frozen=True)
class Choice:
    """One filter to choose from.  values : each with its words.  usual : whether it stands in the row itself."""

    name: str
    label: str
    values: Sequence[tuple[str, str]]
    chosen: str | None
    usual: bool


def _filters(visit: Visit, asked: Filters, choices: Choices) -> list[Choice]:
    plain = {
        "owner": choices.owners, "country": choices.countries, "industry": choices.industries,
        "segment": choices.segments, "group": tuple(choices.groups),
    }  # fmt: skip
    found: list[Choice] = []
    for name in ("owner", "rung", "risk", "advice", "work", "trigger", "moved", "overdue", "former", "loyalty",
                 "country", "industry", "segment", "group", "bond"):  # fmt: skip
        values = plain[name] if name in plain else CHOICES[name]
        label = visit.say("priorities.by_evidence" if name == "advice" else f"priorities.{name}")
        words = [(one, value_words(visit, name, one, choices.groups)) for one in values]
        if words:
            found.append(Choice(name, label, words, getattr(asked, name), len(found) < 5))
    return found


def value_words(visit: Visit, name: str, value: str, groups: Mapping[str, str]) -> str:
    """Return the words for the value of a filter.  groups : as in Choices."""
    if name == "group":
        return groups.get(value, value)
    if name in ("rung", "bond", "trigger", "state", "advice", "loyalty"):
        return visit.say(f"{name}.{value}")
    if name == "work":
        return visit.say(f"work.status.{value}")
    if name == "country":
        return visit.country(value)
    if name in ("industry", "segment"):
        return visit.called(value, value)
    return visit.say(f"priorities.{name}.{value}") if name in CHOICES else value


@dataclass(frozen=True)
class Chip:
    """A filter that holds.  without : the address of the page without it."""

    words: str
    without: str


def chips_of(visit: Visit, asked: Filters, groups: Mapping[str, str]) -> list[Chip]:
    """Return the filters that hold, in words, each with the way to be rid of it.  groups : as in Choices."""
    found = []
    for name, value in asked.asked.items():
        label = visit.say("priorities.by_evidence" if name == "advice" else f"priorities.{name}", field="") \
            if name != "nothing" else ""  # fmt: skip
        if name == "nothing":
            fields = ", ".join(visit.say(f"priorities.{one}") for one in asked.nothing)
            words = visit.say("priorities.nothing", field=fields)
        else:
            words = f"{label}: {value_words(visit, name, value, groups)}"
        found.append(Chip(words, visit.here(**{name: None, "page": None})))
    return found


AS_STORED = (
    "name owner rung next_rung p_upgrade p_downgrade p_switch value_at_risk advice contract_ends overdue_days act_by "
    "act_by_cause p_win_back win_back_value lifetime_value loyalty"
).split()
"""What a `Priority` holds as the store has it."""


def _words(
    visit: Visit, plays: Sequence[Play], scored: Mapping[Any, Any], timeline: AccountTimeline | None
) -> Mapping[str, Any]:
    """Return what a `Priority` says in words.  scored : its row, as it was scored."""
    row, ends = as_customer(scored), scored["contract_ends"]
    play = play_of(visit, plays, scored, scored, ends)
    return {
        "why": "; ".join(why_at_risk(visit, row["reasons"])), "evidence": why_this(visit, row),
        "act_by_why": act_by_words(visit, row), "talk": talk_of(visit, row, timeline, ends, play),
        "trend": monthly_revenue(timeline, visit.as_of // MICROSECONDS_PER_DAY),
    }  # fmt: skip


def priorities_of(connection: sa.Connection, ids: Sequence[str], visit: Visit) -> list[Priority]:
    """Return these accounts, in this order, in the visitor's words."""
    score, option = SCORES.c, INVESTMENT_SCORES.c
    query = (
        sa.select(
            SCORES, ACCOUNTS.c.name, ACCOUNTS.c.owner, option.bond, option.cost, option.gain_low, option.gain_high,
            option.p_gain, option.basis, STANDINGS.c.contract_ends,
        )
        .select_from(source(Filters(), account=True, option=True, standing=True))
        .where(score.account_id.in_(ids))
    )  # fmt: skip
    found: dict[str, Mapping[Any, Any]] = {row["account_id"]: row for row in connection.execute(query).mappings()}
    idle = [a for a in ids if _pays_nothing(found[a]["recommended_investment"])]
    best = _best_options(connection, idle)
    decided, work = overrides_of(connection, ids, visit.now), work_of(connection, ids)
    timelines = timelines_of(connection, ids)
    plays, rows = kept_plays(connection, visit), []
    for one in ids:
        scored, timeline = found[one], timelines.get(one)
        row = as_customer(scored)
        words = _words(visit, plays, scored, timeline)
        pays = not _pays_nothing(row["recommended_investment"])
        decisions = decided[one].decisions if one in decided else {}
        wish, claim = decisions.get("recommended_investment"), decisions.get("will_switch")
        best_option, best_gain = best.get(one, (None, None))
        own: dict[str, Any] = {
            name: row[name] if pays else None for name in ("bond", "cost", "gain_low", "gain_high", "roi")
        }
        rows.append(
            Priority(
                account_id=one,
                **{name: row[name] for name in AS_STORED},
                **own,
                **words,
                trigger=row["switch_trigger"],
                revenue=row["expected_revenue"],
                state=PAYS if pays else UNKNOWN if best_option is None else ALONE,
                investment=row["recommended_investment"] if pays else None,
                gain=row["expected_gain"] if pays else None,
                reasons=tuple(reasons_of(visit, row["reasons"])),
                best_option=best_option,
                best_gain=best_gain,
                wanted=None if wish is None else str(wish.value),
                wanted_by=None if wish is None else wish.made_by,
                wanted_why=None if wish is None else wish.reason,
                leaves=None if claim is None else bool(claim.value),
                leaves_by=None if claim is None else claim.made_by,
                next_order=row["next_order_on"],
                former=bool(row["former"]),
                past=past_of(visit, timeline) if row["former"] else None,
                work=work.get(one),
            )
        )
    return rows


def totals_of(connection: sa.Connection, visit: Visit, current: Current, asked: Filters) -> Totals:
    """Return counts and sums of all accounts that pass the filter; kept for a minute, those of the work list not."""

    def counted() -> Totals:
        if not asked.active:
            return totals_of_all(connection, current.run_id)
        return count_totals(connection, source(asked), conditions(visit, asked), asked.state)

    if asked.work is not None:
        return counted()
    return _totals.get((str(visit.engine.url), current.run_id, asked), counted)


def _best_options(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Return each account's option of highest expected gain among those whose effect is known."""
    option = INVESTMENT_SCORES.c
    query = sa.select(option.account_id, option.investment, option.gain).where(
        option.account_id.in_(ids), option.basis != INSUFFICIENT, option.gain.is_not(None)
    )
    best: dict[str, tuple[str, float]] = {}
    for account, name, gain in connection.execute(query):
        if account not in best or gain > best[account][1]:
            best[account] = (name, gain)
    return best


def choices_of(connection: sa.Connection, current: Current, engine: sa.Engine) -> Choices:
    """Return what there is to filter by; kept for a minute."""
    return _choices.get((str(engine.url), current.run_id), lambda: _read_choices(connection))


def owners_of(connection: sa.Connection, current: Current, engine: sa.Engine) -> Sequence[str]:
    """Return the owners to choose from, where nothing else is to be chosen; kept for a minute."""
    return _owners.get((str(engine.url), current.run_id), lambda: _distinct(connection, ACCOUNTS.c.owner))


def _read_choices(connection: sa.Connection) -> Choices:
    profile = ACCOUNTS.c
    plain = {name: _distinct(connection, profile[name]) for name in ("owner", "country", "industry", "segment")}
    groups = _named_groups(connection, group_roots(connection, MOST_CHOICES))
    return Choices(plain["owner"], plain["country"], plain["industry"], plain["segment"], groups)


def _distinct(connection: sa.Connection, column: "sa.ColumnElement[Any]") -> list[str]:
    query = sa.select(column).where(column.is_not(None), column != "").distinct().order_by(column)
    return list(connection.execute(query.limit(MOST_CHOICES)).scalars())


def _named_groups(connection: sa.Connection, roots: Sequence[str]) -> dict[str, str]:
    """Return the name of every group, which is that of the account at its top, by name."""
    query = sa.select(ACCOUNTS.c.account_id, ACCOUNTS.c.name).where(ACCOUNTS.c.account_id.in_(roots))
    names = {row.account_id: row.name for row in connection.execute(query)}
    return dict(sorted(((one, names.get(one) or one) for one in roots), key=lambda pair: (pair[1].lower(), pair[0])))


def _pays_nothing(recommended: str | None) -> bool:
    return recommended is None or recommended == NO_INVESTMENT
