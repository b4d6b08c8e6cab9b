"""Scores hold the advice, runs what such sums of gains were worth, with its interval, and plans why they chose.

The rows that are there hold nothing in the new columns: of scores until the next run, of accepted plans for good.
Programs of the version before read and write their own columns only.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

COLUMNS: dict[str, dict[str, Any]] = {
    "scores": {"advice": sa.Text},
    "investment_scores": {
        "p_gain": sa.Double, "p_switch_change_low": sa.Double, "p_switch_change_high": sa.Double, "advice": sa.Text,
    },
    "runs": {"claim_low": sa.Double, "claim_high": sa.Double, "test_share": sa.Double},
    "plan_rows": {"advice": sa.Text, "instead_of": sa.Text, "why": sa.Text},
}  # fmt: skip


def upgrade() -> None:
    """Add the columns, and the index by which the page counts advice."""
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))
    op.create_index("scores_advised", "scores", ["advice", "account_id"])
