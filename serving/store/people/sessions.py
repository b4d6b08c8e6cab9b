"""Who is signed in on the page. Of what a browser shows only a digest is kept: a copy of the store signs nobody in."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.instants import instant
from serving.store.database import METADATA, moment

SESSIONS = sa.Table(
    "sessions", METADATA,
    sa.Column("id", sa.String(22), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(8)),
    sa.Column("claims", sa.Text),
    sa.Column("seen_at", sa.DateTime, nullable=False),
    sa.Column("ends_at", sa.DateTime, nullable=False),
)  # fmt: skip
LONGEST_NAME = 200


@dataclass(frozen=True)
class Session:
    """name : of the person, or of the key.  key_id : of the key, None where an identity provider vouched for them.

    claims : what that provider said: `role` and `owners`.  seen_at, ends_at : microseconds.
    """

    session_id: str
    name: str
    key_id: str | None
    claims: Mapping[str, Any] | None
    seen_at: int
    ends_at: int


def begin_session(
    connection: sa.Connection, name: str, key_id: str | None, claims: Mapping[str, Any] | None, *, now: int, ends: int
) -> str:
    """Make a session and return what the browser shows for it; sessions that are over go.  now, ends : microseconds."""
    connection.execute(SESSIONS.delete().where(SESSIONS.c.ends_at < moment(now)))
    session_id, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    row = {
        "id": session_id, "digest": _digest(secret), "name": name[:LONGEST_NAME], "key_id": key_id,
        "claims": None if claims is None else json.dumps(dict(claims)), "seen_at": moment(now), "ends_at": moment(ends),
    }  # fmt: skip
    connection.execute(SESSIONS.insert().values(row))
    return f"{session_id}.{secret}"


def session_of(connection: sa.Connection, shown: str) -> Session | None:
    """Return the session that a browser shows; None where there is none, though it may be over."""
    session_id, _, secret = shown.partition(".")
    if not session_id.isascii() or "\x00" in session_id:
        return None
    row = connection.execute(SESSIONS.select().where(SESSIONS.c.id == session_id)).one_or_none()
    if row is None or not hmac.compare_digest(_digest(secret), row.digest):
        return None
    claims = None if row.claims is None else json.loads(row.claims)
    return Session(row.id, row.name, row.key_id, claims, seen_at=instant(row.seen_at), ends_at=instant(row.ends_at))


def touch_session(connection: sa.Connection, session_id: str, now: int) -> None:
    """Keep that the session is in use.  now : microseconds."""
    connection.execute(SESSIONS.update().where(SESSIONS.c.id == session_id).values(seen_at=moment(now)))


def end_session(connection: sa.Connection, session_id: str) -> None:
    """End a session for every copy of its cookie."""
    connection.execute(SESSIONS.delete().where(SESSIONS.c.id == session_id))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
