"""Scores tell the chance that the contracts which end within the horizon renew.

The rows of the run that is there hold nothing in it until the next run. Programs of the version before read and write
their own columns only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("scores", sa.Column("p_renew", sa.Double))
