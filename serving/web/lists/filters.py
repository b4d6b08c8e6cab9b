"""The filters of a visitor: read from the query, and written as SQL. Every list of accounts is asked for here.

`visible` is the one place that says which accounts a visitor may see at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from features.accounts.loyalty import LOYALTIES
from features.tables import BONDS, RUNGS, TRIGGER_FAMILIES
from serving.scoring.score_columns import ADVICE
from serving.store.bulk_insert import among
from serving.store.feedback.work_list import DOING, SNOOZED, STATUSES, TO_DO, WORK_ITEMS
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, RUNS, SCORES
from serving.store.views.list_totals import STATES, state_is
from serving.store.views.news import WIN_BACK
from serving.store.views.run_figures import IS_FORMER, LEAVING, MARGIN_AT_RISK, OVERDUE_DAYS, RISK_MARK, dimensions
from serving.web.visit import Visit
from serving.web.words.contact_roles import accounts_with, roles_in

SORTS = (
    "gain", "roi", "leaving", "margin", "revenue", "climbing", "contract", "next", "act_by", "lifetime", "win_back",
    "cost", "name", "owner", "rung",
)  # fmt: skip
YES = "yes"
MOVES = ("up", "down")
OPEN_WORK = "open"
TEXTS = ("q", "owner", "country", "industry", "segment", "group")
CHOICES: dict[str, Sequence[str]] = {
    "rung": RUNGS, "bond": BONDS, "trigger": TRIGGER_FAMILIES, "state": STATES, "advice": ADVICE, "risk": (YES,),
    "overdue": (YES,), "moved": MOVES, "former": (YES,), "loyalty": LOYALTIES, "work": (OPEN_WORK, *STATUSES),
}  # fmt: skip
LONGEST, LONGEST_FUZZY = 200, 20
Joined = sa.FromClause | sa.Join


@dataclass(frozen=True)
class Filters:
    """Each None where nothing was asked.  q : words of a name or an id.  renewal : days until a contract ends.

    risk, overdue, former : YES.  moved : since the run before.  work : status on the work list, or OPEN_WORK.
    nothing : names of those that ask for an account of which the field is not known.
    slack : how q is taken: 0 = as it stands, 1 = its words in any order, 2 = with one slip of the finger.
    holders : accounts that q may mean by the role of somebody there, rest : the words of q besides; see `forgiving`.
    """

    q: str | None = None
    owner: str | None = None
    rung: str | None = None
    bond: str | None = None
    trigger: str | None = None
    country: str | None = None
    industry: str | None = None
    segment: str | None = None
    group: str | None = None
    state: str | None = None
    advice: str | None = None
    renewal: int | None = None
    risk: str | None = None
    overdue: str | None = None
    moved: str | None = None
    former: str | None = None
    loyalty: str | None = None
    work: str | None = None
    nothing: tuple[str, ...] = ()
    slack: int = 0
    holders: frozenset[str] | None = field(default=None, compare=False, repr=False)
    rest: str = field(default="", compare=False, repr=False)

    @property
    def asked(self) -> dict[str, str]:
        """Return what was asked, as it stands in a query."""
        names = [one.name for one in fields(self) if one.name not in ("nothing", "slack", "holders", "rest")]
        found = {name: str(value) for name in names if (value := getattr(self, name)) is not None}
        return found | {"nothing": ",".join(self.nothing)} if self.nothing else found

    @property
    def active(self) -> bool:
        """Return whether anything was asked."""
        return bool(self.asked)

    def query(self, **more: str) -> str:
        """Return the filters as a query, with its question mark; empty where nothing is asked."""
        asked = {**self.asked, **more}
        return f"?{urlencode(asked)}" if asked else ""


@dataclass(frozen=True)
class Order:
    """by : one of SORTS.  down : largest first.  page : 1 = the first."""

    by: str = "gain"
    down: bool = True
    page: int = 1


def filters_of(query: QueryParams) -> Filters:
    """Return the filters in a query; what is none of the choices asks nothing."""
    found: dict[str, Any] = {}
    for name in TEXTS:
        text = query.get(name, "").strip().replace("\x00", "")[:LONGEST]
        found[name] = text or None
    for name, allowed in CHOICES.items():
        found[name] = query[name] if query.get(name) in allowed else None
    days = query.get("renewal", "")
    found["renewal"] = int(days) if days.isascii() and days.isdecimal() and len(days) <= 4 else None
    found["nothing"] = tuple(one for one in dict.fromkeys(query.get("nothing", "").split(",")) if one in dimensions())
    return Filters(**found)


def order_of(query: QueryParams) -> Order:
    """Return the order in a query, else by expected gain."""
    by = query.get("sort", "")
    by = by if by in SORTS else "gain"
    usual_down = by not in ("name", "owner", "contract", "next", "act_by")
    down = {"up": False, "down": True}.get(query.get("direction", ""), usual_down)
    return Order(by, down, page_of(query))


def page_of(query: QueryParams) -> int:
    """Return the page in a query, 1 = the first."""
    page = query.get("page", "1")
    return max(int(page), 1) if page.isascii() and page.isdecimal() and len(page) <= 6 else 1


def conditions(visit: Visit, asked: Filters) -> "list[sa.ColumnElement[bool]]":
    """Return what has to hold of the tables of `source`."""
    score, found = SCORES.c, list["sa.ColumnElement[bool]"]()
    if asked.q is not None:
        found.append(_called(visit, asked.q, asked))
    known = dimensions()
    for name in ("owner", "country", "segment", "group", "loyalty", "rung", "trigger"):
        wanted = getattr(asked, name)
        if wanted is not None and name in known:
            found.append(known[name] == wanted)
    found += [sa.func.coalesce(known[name], "") == "" for name in asked.nothing]
    if asked.industry is not None:
        found.append(ACCOUNTS.c.industry == asked.industry)
    if asked.renewal is not None:
        soon = sa.select(STANDINGS.c.account_id).where(STANDINGS.c.days_to_contract_end.between(0, asked.renewal))
        found.append(score.account_id.in_(soon))
    if asked.advice is not None:
        found.append(score.advice == asked.advice)
    if asked.bond is not None:
        found.append(INVESTMENT_SCORES.c.bond == asked.bond)
    if asked.state is not None:
        found.append(state_is(asked.state))
    if asked.risk is not None:
        found.append(LEAVING >= RISK_MARK)
    if asked.overdue is not None:
        found.append(OVERDUE_DAYS > 0)
    if asked.former is not None:
        found.append(IS_FORMER)
    if asked.moved is not None:
        found.append(_moved(asked.moved))
    if asked.work is not None:
        found.append(_at_work(asked.work, visit.now))
    return found


def _moved(way: str) -> "sa.ColumnElement[bool]":
    level = {rung: number for number, rung in enumerate(RUNGS)}
    now, then = sa.case(level, value=SCORES.c.rung), sa.case(level, value=PREVIOUS.c.rung)
    last = sa.select(sa.func.max(RUNS.c.run_id) - 1).scalar_subquery()
    since = sa.select(PREVIOUS.c.account_id).where(
        PREVIOUS.c.account_id == SCORES.c.account_id,
        PREVIOUS.c.run_id == last,
        now > then if way == "up" else now < then,
    )
    return since.correlate(SCORES).exists()


def _at_work(status: str, now: int) -> "sa.ColumnElement[bool]":
    item = WORK_ITEMS.c
    wanted = item.status == status if status != OPEN_WORK else work_is_open(now)
    return SCORES.c.account_id.in_(sa.select(item.account_id).where(wanted))


def work_is_open(now: int) -> "sa.ColumnElement[bool]":
    """Return whether an entry of the work list waits for somebody.  now : microseconds."""
    item, today = WORK_ITEMS.c, day_of(now)
    return item.status.in_((TO_DO, DOING)) | ((item.status == SNOOZED) & (item.snoozed_until <= today))


def day_of(now: int) -> str:
    """Return the day as the store writes it.  now : microseconds."""
    return datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y-%m-%d")


def _called(visit: Visit, q: str, asked: Filters) -> "sa.ColumnElement[bool]":
    """Return whether an account is called so, or has somebody in the role that the search names."""
    if asked.holders is None:
        return _named(q, asked.slack)
    held = among(visit.engine, SCORES.c.account_id, sorted(asked.holders))
    return sa.or_(_named(q, asked.slack), sa.and_(held, _named(asked.rest, 1)) if asked.rest else held)


def _named(q: str, slack: int) -> "sa.ColumnElement[bool]":
    """Return whether name, id or manager are called so, whatever the case.  slack : as in Filters."""
    fields_of = [sa.func.lower(sa.func.coalesce(one, "")) for one in (ACCOUNTS.c.name, SCORES.c.account_id)]
    if slack > 1:
        shapes = _slips(q.lower()[:LONGEST_FUZZY])
        return sa.or_(*(field.like(shape, escape="\\") for field in fields_of for shape in shapes))
    whole = sa.func.lower(sa.func.coalesce(ACCOUNTS.c.owner, ""))
    words = (q.lower().split() if slack else [q.lower()]) or [""]
    return sa.and_(
        *(sa.or_(*(one.contains(word, autoescape=True) for one in fields_of), whole == q.lower()) for word in words)
    )


def _slips(text: str) -> list[str]:
    """Return patterns for all texts that differ from this one in a single letter, or in two that changed places."""
    letters = [f"\\{letter}" if letter in "%_\\" else letter for letter in text]
    if len(letters) < 3:
        return [f"%{''.join(letters)}%"]
    found = []
    for at in range(len(letters)):
        before, after = letters[:at], letters[at + 1 :]
        found += [[*before, "_", *after], [*before, *after], [*before, "_", letters[at], *after]]
        if after:
            found.append([*before, after[0], letters[at], *after[1:]])
    return list(dict.fromkeys(f"%{''.join(one)}%" for one in found))


def source(asked: Filters, *, account: bool = False, option: bool = False, standing: bool = False) -> Joined:
    """Return the tables that the filters need, one row an account.

    account, option, standing : whether something else needs the profile, the recommended option's row, the lookback.
    """
    found: Joined = SCORES
    of_account = ("q", "owner", "country", "industry", "segment", "group")
    by_account = any(getattr(asked, name) is not None for name in of_account) or asked.nothing
    if account or by_account:
        found = found.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    if option or asked.bond is not None:
        row = INVESTMENT_SCORES.c
        same = (row.account_id == SCORES.c.account_id) & (row.investment == SCORES.c.recommended_investment)
        found = found.outerjoin(INVESTMENT_SCORES, same)
    if standing:
        found = found.outerjoin(STANDINGS, SCORES.c.account_id == STANDINGS.c.account_id)
    return found


_LEVEL = sa.case({rung: level for level, rung in enumerate(RUNGS)}, value=SCORES.c.rung)
_SORTED: dict[str, tuple["sa.ColumnElement[Any]", str | None]] = {
    "gain": (SCORES.c.expected_gain, None),
    "roi": (SCORES.c.roi, None),
    "leaving": (LEAVING, None),
    "climbing": (SCORES.c.p_upgrade, None),
    "margin": (MARGIN_AT_RISK, None),
    "revenue": (SCORES.c.expected_revenue, None),
    "next": (SCORES.c.next_order_on, None),
    "act_by": (SCORES.c.act_by, None),
    "lifetime": (SCORES.c.lifetime_value, None),
    "win_back": (WIN_BACK, None),
    "rung": (_LEVEL, None),
    "cost": (INVESTMENT_SCORES.c.cost, "option"),
    "name": (ACCOUNTS.c.name, "account"),
    "owner": (ACCOUNTS.c.owner, "account"),
    "contract": (STANDINGS.c.contract_ends, "standing"),
}
"""What each order sorts by, and which further table it needs."""


def chosen(
    visit: Visit, asked: Filters, order: Order, columns: "Sequence[sa.ColumnElement[Any]] | None" = None
) -> "sa.Select[Any]":
    """Return the ids of the accounts asked for, in that order; what is unknown comes last.

    columns : of scores, profile and recommended option, in place of the ids.
    """
    column, needs = _SORTED[order.by]
    sorted_by = sa.nulls_last(column.desc() if order.down else column.asc())
    more = {} if columns is None else {"account": True, "option": True}
    tables = source(asked, **more, **({needs: True} if needs and needs not in more else {}))
    query = sa.select(*(columns or [SCORES.c.account_id])).select_from(tables).where(*conditions(visit, asked))
    return query.order_by(sorted_by, SCORES.c.account_id)


def forgiving(connection: sa.Connection, visit: Visit, asked: Filters) -> Filters:
    """Return the filters, taking the search less and less by the letter until something is called so."""
    tables = source(asked)
    if asked.q is not None:
        roles, rest = roles_in(asked.q)
        if roles:
            run = connection.execute(sa.select(sa.func.max(RUNS.c.run_id))).scalar_one()
            asked = replace(asked, holders=accounts_with(connection, visit, run, roles), rest=rest)
    for slack in (0, 1) if asked.q is not None else ():
        tried = replace(asked, slack=slack)
        found = sa.select(SCORES.c.account_id).select_from(tables).where(*conditions(visit, tried)).limit(1)
        if connection.execute(found).first() is not None:
            return tried
    return asked if asked.q is None else replace(asked, slack=2)
