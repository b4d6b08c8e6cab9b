"""Feedback that is kept aside or was withdrawn, accounts that are gone, and what was exported when.

Programs of the version before read and write their own columns only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and the tables; who was gone before is not known."""
    op.add_column("feedback", sa.Column("aside", sa.Text))
    op.add_column("feedback", sa.Column("withdrawn_at", sa.DateTime))
    op.create_index("scores_changed", "scores", ["changed_run", "account_id"])
    op.create_table(
        "gone_accounts",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("gone_run", sa.Integer, nullable=False),
        sa.Column("gone_at", sa.DateTime, nullable=False),
    )
    op.create_index("gone_accounts_run", "gone_accounts", ["gone_run", "account_id"])
    op.create_table(
        "exports",
        sa.Column("target", sa.String(40), primary_key=True),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("exported_at", sa.DateTime, nullable=False),
    )
