"""The audit log holds changes by programs too, so `page_changes` is called `audit_log`, and is found by account.

A service of the program before, as long as it still runs, goes on writing to `page_changes`, which is a view now; when
it is started again, the layout's number makes it refuse the store.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COLUMNS = "seq, at, who, key_id, what, about, detail"
VIEW = f"CREATE VIEW page_changes AS SELECT {COLUMNS} FROM audit_log"
TRIGGER = f"""
CREATE TRIGGER page_changes_insert INSTEAD OF INSERT ON page_changes BEGIN
    INSERT INTO audit_log ({COLUMNS})
    VALUES (NEW.seq, NEW.at, NEW.who, NEW.key_id, NEW.what, NEW.about, NEW.detail);
END
"""


def upgrade() -> None:
    """Rename the table, leave a view in its place, and mark the store as one that older programs must not open."""
    op.rename_table("page_changes", "audit_log")
    op.create_index("audit_log_about", "audit_log", ["about"])
    op.execute(VIEW)
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL writes through such a view by itself
        op.execute(TRIGGER)
    op.execute(sa.text("UPDATE ladder_store SET version = 2"))
