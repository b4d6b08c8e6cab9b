"""Which accounts are news since the run before, in the order in which the page lists them; kept with the run.

Home asks for a handful of each kind: kept, nobody has to look through all accounts for them. Whose accounts are asked
for, who may see them and who was forgotten since counts when they are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.tables import RUNGS
from serving.store.database import METADATA
from serving.store.people.visibility import is_limited
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import SCORES
from serving.store.views.run_figures import IS_FORMER, LEAVING, MARGIN_AT_RISK, OVERDUE_DAYS

NEWS_POINTS = 0.05
"""Change in the chance of leaving below which it is no news."""
NEWS_GAIN = 0.25
"""Part of the gain by which another investment has to be worth more or less to be news."""
LATE_DAYS = 365
"""Days after which an order that did not come is no news any more."""
WIN_BACK = SCORES.c.p_win_back * SCORES.c.win_back_value
"""What it is worth to go after a former customer: the chance that it comes back, times what it then brings."""

NEAR = 1_000
"""Places among which the first news of whoever has many accounts are looked for first."""

RUN_NEWS = sa.Table(
    "run_news", METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Index("run_news_account", "account_id", "run_id", "kind", "place"),
)  # fmt: skip
"""place : 1 = listed first.  Of the current run only."""


@dataclass(frozen=True)
class _Kind:
    """which : whether an account is such news.  by : their order, largest first.  since : whether it is told from the
    run before."""

    which: "sa.ColumnElement[bool]"
    by: "sa.ColumnElement[Any]"
    since: bool = True


def _kinds() -> dict[str, _Kind]:
    score, former = SCORES.c, PREVIOUS.c
    levels = {rung: level for level, rung in enumerate(RUNGS)}
    now, then = (sa.case(levels, value=column) for column in (score.rung, former.rung))
    points = LEAVING - former.p_switch
    worth = sa.func.coalesce(MARGIN_AT_RISK, 0.0) + 0.01 * sa.func.coalesce(score.expected_revenue, 0.0)
    gain, was = sa.func.coalesce(score.expected_gain, 0.0), sa.func.coalesce(former.expected_gain, 0.0)
    changed = (score.advice != former.advice) | (
        (score.recommended_investment != former.recommended_investment)
        & (sa.func.abs(gain - was) >= NEWS_GAIN * sa.func.abs(was))
    )
    return {
        "worse": _Kind((points >= NEWS_POINTS) | (now < then), worth),
        "better": _Kind((points <= -NEWS_POINTS) | (now > then), worth),
        "advice": _Kind(former.advice.is_not(None) & changed, gain),
        "missed": _Kind(OVERDUE_DAYS.between(1, LATE_DAYS), score.expected_revenue, since=False),
        "win_back": _Kind(IS_FORMER, WIN_BACK, since=False),
    }


_KINDS = _kinds()


def news_of(
    connection: sa.Connection, run_id: int, *, most: int, tables: sa.FromClause = SCORES,
    where: Sequence["sa.ColumnElement[bool]"] = (),
) -> dict[str, list[str]]:  # fmt: skip
    """Return the accounts of each kind of news, the first ones: kept, or looked for where none are kept of the run.

    run_id : of the scores that stand now.  tables : SCORES and what where needs besides, one row an account.
    """

    def first(query: "sa.Select[Any]") -> list[str]:
        return list(connection.execute(query.where(*where).limit(most)).scalars())

    def kept(kind: str) -> list[str]:
        found = [] if own else first(_kept(kind, run_id, tables).where(RUN_NEWS.c.place <= NEAR))
        return found if len(found) >= most else first(_kept(kind, run_id, tables, by_account=bool(where)))

    own = is_limited(connection.engine)  # then the accounts that are seen are gone through anyhow
    found = {kind: kept(kind) for kind in _KINDS}
    if any(found.values()):
        return found
    return {kind: first(_looked_for(kind, run_id, tables)) for kind in _KINDS}


def keep_news(connection: sa.Connection, run_id: int) -> None:
    """Keep the news of the scores that stand now, those of the run with that number, in place of all that were kept."""
    connection.execute(RUN_NEWS.delete())
    for kind in _KINDS:
        found = _looked_for(kind, run_id, SCORES, placed=True).subquery()
        row = sa.select(sa.literal(run_id), sa.literal(kind), found.c.place, found.c.account_id)
        connection.execute(RUN_NEWS.insert().from_select(["run_id", "kind", "place", "account_id"], row))


def _looked_for(kind: str, run_id: int, tables: sa.FromClause, *, placed: bool = False) -> "sa.Select[Any]":
    """Return such news among all accounts, in order.  placed : with the place of each, instead of in order."""
    one, account, former = _KINDS[kind], SCORES.c.account_id, PREVIOUS.c
    if one.since:
        tables = tables.join(PREVIOUS, (former.account_id == account) & (former.run_id == run_id - 1))
    order = (sa.nulls_last(one.by.desc()), account)
    place = [sa.func.row_number().over(order_by=order).label("place")] if placed else []
    query = sa.select(account, *place).select_from(tables).where(one.which)
    return query if placed else query.order_by(*order)


def _kept(kind: str, run_id: int, tables: sa.FromClause, *, by_account: bool = False) -> "sa.Select[Any]":
    """Return such news as they are kept, in order.

    by_account : look at the few accounts that are asked for, one by one, instead of at all news in their order; SQLite
    would not choose so by itself.
    """
    news = RUN_NEWS.c
    of_run, of_kind = (sa.func.coalesce(one, None) if by_account else one for one in (news.run_id, news.kind))
    found = tables.join(RUN_NEWS, news.account_id == SCORES.c.account_id)
    query = sa.select(SCORES.c.account_id).select_from(found)
    return query.where(of_run == run_id, of_kind == kind).order_by(news.place)
