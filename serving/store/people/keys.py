"""API keys in the store, as digests. A key is never deleted, only marked as revoked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from serving.store.audit_log import Author
from serving.store.database import METADATA
from serving.store.people.viewers import Visibility

LONGEST_NAME = 100
KEYS = sa.Table(
    "keys", METADATA,
    sa.Column("id", sa.String(8), primary_key=True),
    sa.Column("name", sa.String(LONGEST_NAME), nullable=False),
    sa.Column("scopes", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("revoked_at", sa.String(32)),
    sa.Column("owners", sa.Text),
    sa.Column("expires_at", sa.String(32)),
    sa.Column("replaced_by", sa.String(8)),
    sa.Column("last_used_at", sa.String(32)),
)  # fmt: skip


@dataclass(frozen=True)
class StoredKey:
    """A row of the table.  scopes : separated by blanks.  digest : SHA-256, hexadecimal.  Times are UTC.

    owners : JSON, a list of those whose accounts it may see; None = of everybody.
    replaced_by : id of the key that a rotation put in its place; it is good until it expires.
    """

    key_id: str
    name: str
    scopes: str
    digest: str
    created_at: str
    revoked_at: str | None = None
    owners: str | None = None
    expires_at: str | None = None
    replaced_by: str | None = None
    last_used_at: str | None = None

    @property
    def visibility(self) -> Visibility:
        """Return whose accounts are seen with it."""
        return Visibility(None if self.owners is None else tuple(json.loads(self.owners)))


def stored_keys(connection: sa.Connection) -> Sequence[StoredKey]:
    """Return all keys there ever were, oldest first."""
    rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id))
    return [StoredKey(*row) for row in rows]


def add_key(connection: sa.Connection, key: StoredKey) -> bool:
    """Keep a new key; False where one that is in use has its name, and nothing is kept."""
    if connection.execute(sa.select(KEYS.c.id).where(KEYS.c.name == key.name, _in_use(key.created_at))).first():
        return False
    row = asdict(key)
    connection.execute(KEYS.insert().values(id=row.pop("key_id"), **row))
    return True


def key_in_use(connection: sa.Connection, wanted: str, at: str) -> StoredKey | None:
    """Return the key of this id or name; None where not exactly one is in use.  at : the time, UTC."""
    named = (KEYS.c.id == wanted) | (KEYS.c.name == wanted)
    found = connection.execute(sa.select(KEYS).where(named, _in_use(at))).all()
    return StoredKey(*found[0]) if len(found) == 1 else None


def mark_replaced(connection: sa.Connection, key_id: str, by: str, until: str) -> None:
    """Let a key end then, UTC, or when it would have anyhow.  by : id of the key in its place."""
    ends = sa.case((KEYS.c.expires_at < until, KEYS.c.expires_at), else_=until)
    connection.execute(KEYS.update().where(KEYS.c.id == key_id).values(expires_at=ends, replaced_by=by))


def mark_used(connection: sa.Connection, used: Mapping[str, str]) -> None:
    """Keep when keys were last used.  used : id -> UTC."""
    for key_id, at in used.items():
        later = (KEYS.c.id == key_id) & (KEYS.c.last_used_at.is_(None) | (KEYS.c.last_used_at < at))
        connection.execute(KEYS.update().where(later).values(last_used_at=at))


def mark_revoked(connection: sa.Connection, wanted: str, at: str) -> StoredKey | None:
    """Revoke the key of this id or name and return it; None where not exactly one is in use.  at : UTC."""
    named = KEYS.c.revoked_at.is_(None) & ((KEYS.c.id == wanted) | (KEYS.c.name == wanted))
    rows = [StoredKey(*row) for row in connection.execute(sa.select(KEYS).where(named))]
    found = [key for key in rows if key.replaced_by is None or key.key_id == wanted] or rows
    if len(found) != 1:
        return None
    connection.execute(KEYS.update().where(KEYS.c.id == found[0].key_id).values(revoked_at=at))
    return replace(found[0], revoked_at=at)


def _in_use(at: str) -> "sa.ColumnElement[bool]":
    """Return whether a key is good, and no other stands in its place.  at : the time, UTC."""
    lives = KEYS.c.expires_at.is_(None) | (KEYS.c.expires_at > at)
    return KEYS.c.revoked_at.is_(None) & KEYS.c.replaced_by.is_(None) & lives


def author_of(connection: sa.Connection, key_id: str | None) -> Author:
    """Return the author of what is done with that key.  key_id : None where none was asked for."""
    if key_id is None:
        return Author()
    name = connection.execute(sa.select(KEYS.c.name).where(KEYS.c.id == key_id)).scalar()
    return Author(name or "", key_id)
