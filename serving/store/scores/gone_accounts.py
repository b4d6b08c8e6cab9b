"""Accounts whose scores were there and are no more: for whoever keeps a copy of them, such as a CRM."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from serving.store.bulk_insert import delete_rows
from serving.store.database import METADATA

GONE = sa.Table(
    "gone_accounts", METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("gone_run", sa.Integer, nullable=False),
    sa.Column("gone_at", sa.DateTime, nullable=False),
    sa.Index("gone_accounts_run", "gone_run", "account_id"),
)  # fmt: skip
"""gone_run : the first run without them."""


def put_gone(connection: sa.Connection, gone: Sequence[str], back: Sequence[str], run_id: int, now: datetime) -> None:
    """Write down who is gone since that run, and who has come back."""
    delete_rows(connection, GONE, [*gone, *back])
    if gone:
        rows = [{"account_id": account, "gone_run": run_id, "gone_at": now} for account in gone]
        connection.execute(GONE.insert(), rows)


def gone_since(connection: sa.Connection, run_id: int) -> list[str]:
    """Return the accounts that are gone since that run, in the order of their ids."""
    query = sa.select(GONE.c.account_id).where(GONE.c.gone_run > run_id).order_by(GONE.c.account_id)
    return list(connection.execute(query).scalars())
