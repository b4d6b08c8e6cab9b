"""The audit log is chained and tells before and after; people have roles, sessions end, keys expire.

The rows of the log that are there are sealed as they stand. The secret that signed the page's sessions goes: sessions
stand in a table now, so everybody signs in once more. A service of the version before goes on until it is restarted;
what it writes to the log meanwhile is kept, and shown as not sealed.
"""

import secrets

import sqlalchemy as sa
from alembic import op

from serving.store.audit_chain import START, content_digest, seal_of

revision = "0008"
down_revision = "0007"

LOG = sa.table(
    "audit_log", sa.column("seq", sa.Integer), sa.column("at", sa.DateTime), sa.column("who", sa.Text),
    sa.column("key_id", sa.Text), sa.column("what", sa.Text), sa.column("about", sa.Text), sa.column("detail", sa.Text),
    sa.column("was", sa.Text), sa.column("became", sa.Text), sa.column("salt", sa.Text), sa.column("digest", sa.Text),
    sa.column("seal", sa.Text),
)  # fmt: skip
COLUMNS = {
    "audit_log": {
        "was": sa.Text(), "became": sa.Text(), "salt": sa.String(32), "digest": sa.String(64), "seal": sa.String(64),
    },
    "keys": {
        "owners": sa.Text(), "expires_at": sa.String(32), "replaced_by": sa.String(8), "last_used_at": sa.String(32),
    },
}  # fmt: skip


def upgrade() -> None:
    """Add the columns and the tables, seal the log, and empty the table of the secret."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete = ON")
    op.execute("DELETE FROM page_secrets")
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("dropped_seq", sa.Integer, nullable=False),
        sa.Column("dropped_seal", sa.String(64), nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("team", sa.Text),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(8)),
        sa.Column("claims", sa.Text),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False),
    )
    seq, seal = 0, START
    for row in map(dict, connection.execute(sa.select(LOG).order_by(LOG.c.seq)).mappings().all()):
        salt = secrets.token_hex(16)
        digest = content_digest(salt, row)
        seq, seal = row["seq"], seal_of(seal, row, digest)
        values = {"salt": salt, "digest": digest, "seal": seal}
        connection.execute(LOG.update().where(LOG.c.seq == seq).values(values))
    if seq:
        op.execute(f"INSERT INTO audit_head VALUES (1, {seq}, '{seal}', 0, '{START}')")
