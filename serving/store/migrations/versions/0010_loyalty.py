"""Scores tell of loyalty: attitude, phase, behaviours, support, and the rung in others' eyes; accounts name a parent.

The rows of the run that is there hold nothing in it until the next run. Programs of the version before read and write
their own columns only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NUMBERS = ("attitude", "support")
COLUMNS = "attitude loyalty phase rung_by_manager rung_by_surveys rung_by_service behaviours support".split()


def upgrade() -> None:
    """Add the columns, and the index by which a group's accounts are found."""
    for name in COLUMNS:
        op.add_column("scores", sa.Column(name, sa.Double if name in NUMBERS else sa.Text))
    op.add_column("accounts", sa.Column("parent_account_id", sa.Text))
    op.create_index("accounts_parent_account_id", "accounts", ["parent_account_id"])
