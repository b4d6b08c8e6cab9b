"""What the page shows first is kept with the run: its news, and the totals of the whole list.

The tables stay empty until the next run; until then the page looks through all accounts, as it did before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "run_news",
        sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Text, nullable=False),
    )
    op.create_index("run_news_account", "run_news", ["account_id", "run_id", "kind", "place"])
    op.create_table(
        "run_totals",
        sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("accounts", "pays", "alone", "unknown")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("cost", "gain", "margin")),
    )
