"""Where an account's manager and the rule see it on different rungs, in the store; for the page."""

from dataclasses import dataclass

import sqlalchemy as sa

from features.tables import RUNGS
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES


@dataclass(frozen=True)
class Disagreement:
    """One account.  apart : rungs by which the manager sees it above the rule, below where negative."""

    account_id: str
    name: str | None
    owner: str | None
    rung: str
    rung_by_manager: str
    rung_by_surveys: str | None
    rung_by_service: str | None
    apart: int
    expected_revenue: float


def rung_disagreements(connection: sa.Connection, owner: str | None = None, most: int = 50) -> list[Disagreement]:
    """Return the accounts whose manager and the rule disagree: farthest apart first, then those that bring most.

    owner : only this manager's accounts.
    """
    levels = {rung: level for level, rung in enumerate(RUNGS)}
    by_manager, by_rule = (sa.case(levels, value=SCORES.c[name]) for name in ("rung_by_manager", "rung"))
    apart, revenue = by_manager - by_rule, sa.func.coalesce(SCORES.c.expected_revenue, 0.0)
    names = "rung rung_by_manager rung_by_surveys rung_by_service".split()
    columns = (SCORES.c.account_id, ACCOUNTS.c.name, ACCOUNTS.c.owner, *(SCORES.c[name] for name in names))
    query = (
        sa.select(*columns, apart.label("apart"), revenue.label("expected_revenue"))
        .select_from(SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id))
        .where(SCORES.c.rung_by_manager != SCORES.c.rung)
        .order_by(sa.func.abs(apart).desc(), revenue.desc(), SCORES.c.account_id)
        .limit(most)
    )
    if owner is not None:
        query = query.where(ACCOUNTS.c.owner == owner)
    return [Disagreement(**row) for row in connection.execute(query).mappings()]
