"""Scores tell the next order: its window, the days overdue, the chance of none, and the revenue if there is one.

The rows of the run that is there hold nothing in them until the next run. Programs of the version before read and write
their own columns only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = {
    "p_no_order": sa.Double,
    "revenue_if_order_low": sa.Double,
    "revenue_if_order_high": sa.Double,
    "next_order_on": sa.Text,
    "next_order_from": sa.Text,
    "next_order_until": sa.Text,
    "overdue_days": sa.Integer,
}


def upgrade() -> None:
    """Add the columns."""
    for name, kind in COLUMNS.items():
        op.add_column("scores", sa.Column(name, kind))
