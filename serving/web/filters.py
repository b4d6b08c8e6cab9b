"""The filters of a visitor: read from the query, and written as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from features.tables import BONDS, NO_INVESTMENT, RUNGS, TRIGGER_FAMILIES
from serving.scoring.score_columns import ADVICE
from serving.scoring.scoring import INSUFFICIENT
from serving.store.account_lookback import STANDINGS
from serving.store.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES

PAYS, ALONE, UNKNOWN = "pays", "alone", "unknown"
STATES = (PAYS, ALONE, UNKNOWN)
"""Of an account: something pays; nothing is expected to pay; of no option the data can tell."""
SORTS = ("gain", "roi", "leaving", "cost", "name", "owner", "rung", "climbing")
LONGEST = 200
Joined = sa.FromClause | sa.Join


@dataclass(frozen=True)
class Filters:
    """Each None where nothing was asked.  q : part of a name or an id.  renewal : days until a contract ends."""

    q: str | None = None
    owner: str | None = None
    rung: str | None = None
    bond: str | None = None
    trigger: str | None = None
    country: str | None = None
    industry: str | None = None
    state: str | None = None
    advice: str | None = None
    renewal: int | None = None

    @property
    def active(self) -> bool:
        """Return whether anything was asked."""
        return any(getattr(self, one.name) is not None for one in fields(self))


@dataclass(frozen=True)
class Order:
    """by : one of SORTS.  down : largest first.  page : 1 = the first."""

    by: str = "gain"
    down: bool = True
    page: int = 1


def filters_of(query: QueryParams) -> Filters:
    """Return the filters in a query; what is none of the choices asks nothing."""
    choices = {"rung": RUNGS, "bond": BONDS, "trigger": TRIGGER_FAMILIES, "state": STATES, "advice": ADVICE}
    found: dict[str, Any] = {}
    for name in ("q", "owner", "country", "industry"):
        text = query.get(name, "").strip().replace("\x00", "")[:LONGEST]
        found[name] = text or None
    for name, allowed in choices.items():
        found[name] = query[name] if query.get(name) in allowed else None
    days = query.get("renewal", "")
    found["renewal"] = int(days) if days.isascii() and days.isdecimal() and len(days) <= 4 else None
    return Filters(**found)


def order_of(query: QueryParams) -> Order:
    """Return the order in a query, else by expected gain."""
    by = query.get("sort", "")
    by = by if by in SORTS else "gain"
    usual_down = by not in ("name", "owner")
    down = {"up": False, "down": True}.get(query.get("direction", ""), usual_down)
    page = query.get("page", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) <= 6 else 1
    return Order(by, down, max(number, 1))


def conditions(asked: Filters) -> tuple[Sequence[sa.ColumnElement[bool]], bool, bool]:
    """Return what holds of the accounts asked for, and whether it takes `accounts` and the recommended option's row."""
    score, account = SCORES.c, ACCOUNTS.c
    found: list[sa.ColumnElement[bool]] = []
    if asked.q is not None:
        found.append(
            score.account_id.icontains(asked.q, autoescape=True) | account.name.icontains(asked.q, autoescape=True)
        )
    for name in ("owner", "country", "industry"):
        wanted = getattr(asked, name)
        if wanted is not None:
            found.append(account[name] == wanted)
    if asked.renewal is not None:
        ends = STANDINGS.c
        soon = sa.select(ends.account_id).where(ends.days_to_contract_end.between(0, asked.renewal))
        found.append(score.account_id.in_(soon))
    if asked.rung is not None:
        found.append(score.rung == asked.rung)
    if asked.trigger is not None:
        found.append(score.switch_trigger == asked.trigger)
    if asked.advice is not None:
        found.append(score.advice == asked.advice)
    if asked.bond is not None:
        found.append(INVESTMENT_SCORES.c.bond == asked.bond)
    if asked.state is not None:
        found.append(state_is(asked.state))
    of_account = any(one is not None for one in (asked.q, asked.owner, asked.country, asked.industry))
    return found, of_account, asked.bond is not None


def state_is(state: str) -> sa.ColumnElement[bool]:
    """Return whether an account is in that state."""
    nothing = sa.func.coalesce(SCORES.c.recommended_investment, NO_INVESTMENT) == NO_INVESTMENT
    if state == PAYS:
        return sa.not_(nothing)
    told = (
        sa.select(sa.literal(1))
        .where(INVESTMENT_SCORES.c.account_id == SCORES.c.account_id, INVESTMENT_SCORES.c.basis != INSUFFICIENT)
        .correlate(SCORES)
        .exists()
    )
    return sa.and_(nothing, told if state == ALONE else sa.not_(told))


def source(of_account: bool, of_option: bool) -> Joined:
    """Return the tables that are needed, one row an account."""
    found: Joined = SCORES
    if of_account:
        found = found.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    if of_option:
        option = INVESTMENT_SCORES.c
        same = (option.account_id == SCORES.c.account_id) & (option.investment == SCORES.c.recommended_investment)
        found = found.outerjoin(INVESTMENT_SCORES, same)
    return found


_LEVEL = sa.case({rung: level for level, rung in enumerate(RUNGS)}, value=SCORES.c.rung)
_SORTED: dict[str, tuple[sa.ColumnElement[Any], bool, bool]] = {
    "gain": (SCORES.c.expected_gain, False, False),
    "roi": (SCORES.c.roi, False, False),
    "leaving": (SCORES.c.p_switch, False, False),
    "climbing": (SCORES.c.p_upgrade, False, False),
    "rung": (_LEVEL, False, False),
    "cost": (INVESTMENT_SCORES.c.cost, False, True),
    "name": (ACCOUNTS.c.name, True, False),
    "owner": (ACCOUNTS.c.owner, True, False),
}
"""What each order sorts by, and whether that takes `accounts` and the recommended option's row."""


def chosen(asked: Filters, order: Order) -> sa.Select[Any]:
    """Return the ids of the accounts asked for, in that order; what is unknown comes last."""
    where, of_account, of_option = conditions(asked)
    column, needs_account, needs_option = _SORTED[order.by]
    sorted_by = sa.nulls_last(column.desc() if order.down else column.asc())
    tables = source(of_account or needs_account, of_option or needs_option)
    return sa.select(SCORES.c.account_id).select_from(tables).where(*where).order_by(sorted_by, SCORES.c.account_id)
