"""API keys in the store, as digests. A key is never deleted, only marked as revoked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from serving.store.audit_log import Author
from serving.store.database import METADATA

LONGEST_NAME = 100
KEYS = sa.Table(
    "keys", METADATA,
    sa.Column("id", sa.String(8), primary_key=True),
    sa.Column("name", sa.String(LONGEST_NAME), nullable=False),
    sa.Column("scopes", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("revoked_at", sa.String(32)),
)  # fmt: skip


@dataclass(frozen=True)
class StoredKey:
    """A row of the table.  scopes : separated by blanks.  digest : SHA-256, hexadecimal.  Times are UTC."""

    key_id: str
    name: str
    scopes: str
    digest: str
    created_at: str
    revoked_at: str | None = None


def stored_keys(connection: sa.Connection) -> Sequence[StoredKey]:
    """Return all keys there ever were, oldest first."""
    rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id))
    return [StoredKey(*row) for row in rows]


def add_key(connection: sa.Connection, key: StoredKey) -> bool:
    """Keep a new key; False where one that is in use has its name, and nothing is kept."""
    taken = sa.select(KEYS.c.id).where(KEYS.c.name == key.name, KEYS.c.revoked_at.is_(None))
    if connection.execute(taken).first() is not None:
        return False
    row = {"id": key.key_id, "name": key.name, "scopes": key.scopes, "digest": key.digest}
    connection.execute(KEYS.insert().values(**row, created_at=key.created_at, revoked_at=key.revoked_at))
    return True


def mark_revoked(connection: sa.Connection, wanted: str, at: str) -> StoredKey | None:
    """Revoke the key of this id or name and return it; None where not exactly one is in use.  at : UTC."""
    in_use = KEYS.c.revoked_at.is_(None) & ((KEYS.c.id == wanted) | (KEYS.c.name == wanted))
    found = [StoredKey(*row) for row in connection.execute(sa.select(KEYS).where(in_use))]
    if len(found) != 1:
        return None
    connection.execute(KEYS.update().where(KEYS.c.id == found[0].key_id).values(revoked_at=at))
    return replace(found[0], revoked_at=at)


def author_of(connection: sa.Connection, key_id: str | None) -> Author:
    """Return the author of what is done with that key.  key_id : None where none was asked for."""
    if key_id is None:
        return Author()
    name = connection.execute(sa.select(KEYS.c.name).where(KEYS.c.id == key_id)).scalar()
    return Author(name or "", key_id)
