"""The page keeps a work list, people's own settings of it, and the figures of every run; `previous` says more.

What is there stays as it is: former scores hold nothing in the new columns until the next run, and the figures of runs
before this version are not known.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

FIGURES = ("accounts", "at_risk", "renewals", "climbed", "fell", "overdue")
SUMS = ("margin_at_risk", "expected_revenue", "expected_gain")


def _run_figures() -> "list[sa.Column[Any]]":
    return [
        sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dimension", sa.String(20), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in FIGURES),
        *(
            sa.Column(name, sa.Double, nullable=False)
            for name in ("margin_at_risk", "expected_revenue", "expected_gain")
        ),
    ]


def _work_items() -> "list[sa.Column[Any]]":
    return [
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("due", sa.String(10)),
        sa.Column("snoozed_until", sa.String(10)),
        sa.Column("action", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("outcome", sa.String(10)),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
    ]


def _page_settings() -> "list[sa.Column[Any]]":
    return [
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    """Make the tables and add the columns."""
    for name, columns in (
        ("run_figures", _run_figures),
        ("work_items", _work_items),
        ("page_settings", _page_settings),
    ):
        op.create_table(name, *columns())
    op.create_index("work_items_status", "work_items", ["status", "due"])
    for name, kind in (("advice", sa.Text), ("value_at_risk", sa.Double), ("overdue_days", sa.Integer)):
        op.add_column("previous", sa.Column(name, kind))
