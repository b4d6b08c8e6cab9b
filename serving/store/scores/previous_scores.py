"""The previous run's scores of an account, kept where a run changes them: for "what changed since last time"."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from serving.store.bulk_insert import among, delete_rows
from serving.store.database import METADATA

KEPT = (
    "rung", "p_switch", "expected_revenue", "expected_gain", "recommended_investment", "reasons", "advice",
    "value_at_risk", "overdue_days",
)  # fmt: skip
"""Columns of `scores` that are remembered."""

PREVIOUS = sa.Table(
    "previous", METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("rung", sa.Text),
    sa.Column("p_switch", sa.Double),
    sa.Column("expected_revenue", sa.Double),
    sa.Column("expected_gain", sa.Double),
    sa.Column("recommended_investment", sa.Text),
    sa.Column("reasons", sa.Text),
    sa.Column("advice", sa.Text),
    sa.Column("value_at_risk", sa.Double),
    sa.Column("overdue_days", sa.Integer),
)  # fmt: skip


@dataclass(frozen=True)
class PreviousScores:
    """A former row of an account, of the run with that number."""

    run_id: int
    rung: str
    p_switch: float | None
    expected_revenue: float | None
    expected_gain: float | None
    recommended_investment: str | None
    reasons: str
    advice: str | None = None
    value_at_risk: float | None = None
    overdue_days: int | None = None


def remember(connection: sa.Connection, scores: sa.Table, run_id: int, ids: Sequence[str]) -> None:
    """Keep these accounts' rows of `scores` as those of that run, before they are written over."""
    delete_rows(connection, PREVIOUS, ids)
    if ids:
        columns = (scores.c.account_id, sa.literal(run_id), *(scores.c[name] for name in KEPT))
        query = sa.select(*columns).where(among(connection, scores.c.account_id, ids))
        connection.execute(PREVIOUS.insert().from_select(["account_id", "run_id", *KEPT], query))


def former_of(connection: sa.Connection, account: str) -> PreviousScores | None:
    """Return what was said before; None where nothing else ever was."""
    row = connection.execute(PREVIOUS.select().where(PREVIOUS.c.account_id == account)).one_or_none()
    return None if row is None else PreviousScores(row.run_id, *(getattr(row, name) for name in KEPT))
