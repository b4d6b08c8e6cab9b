"""Where an account's manager and the rule see it on different rungs, in the store; for the page."""

from dataclasses import dataclass

import sqlalchemy as sa

from features.tables import RUNGS
from serving.store.scoring_runs import ACCOUNTS, SCORES


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
    place = {rung: k for k, rung in enumerate(RUNGS)}
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    names = "rung rung_by_manager rung_by_surveys rung_by_service expected_revenue".split()
    query = (
        sa.select(SCORES.c.account_id, ACCOUNTS.c.name, ACCOUNTS.c.owner, *(SCORES.c[name] for name in names))
        .select_from(joined)
        .where(SCORES.c.rung_by_manager.is_not(None), SCORES.c.rung_by_manager != SCORES.c.rung)
    )
    if owner is not None:
        query = query.where(ACCOUNTS.c.owner == owner)
    found = [
        Disagreement(
            account_id=row.account_id, name=row.name, owner=row.owner, rung=row.rung,
            rung_by_manager=row.rung_by_manager, rung_by_surveys=row.rung_by_surveys,
            rung_by_service=row.rung_by_service, apart=place[row.rung_by_manager] - place[row.rung],
            expected_revenue=float(row.expected_revenue or 0.0),
        ) for row in connection.execute(query)
    ]  # fmt: skip
    found.sort(key=lambda one: (-abs(one.apart), -one.expected_revenue, one.account_id))
    return found[:most]
