"""Scores tell who is a former customer, lifetime value, the play of the playbook, and by when to act.

The rows of the run that is there hold nothing in them until the next run. Programs of the version before read and write
their own columns only.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

COLUMNS: dict[str, Any] = {
    "former": sa.Boolean, "p_win_back": sa.Double, "win_back_value": sa.Double, "lifetime_value": sa.Double,
    "lifetime_value_low": sa.Double, "lifetime_value_high": sa.Double, "payback_years": sa.Double, "playbook": sa.Text,
    "act_by": sa.Text, "act_by_cause": sa.Text,
}  # fmt: skip


def upgrade() -> None:
    """Add the columns."""
    for name, kind in COLUMNS.items():
        op.add_column("scores", sa.Column(name, kind))
