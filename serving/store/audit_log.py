"""Every change by a person or a program: when, by whom, what. Written in the transaction of the change itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from serving.store.database import METADATA, in_turn, moment

CHANGES = sa.Table(
    "audit_log", METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(8)),
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("audit_log_about", "about"),
)  # fmt: skip


@dataclass(frozen=True)
class Author:
    """Who makes a change.  name : of the person or the key; empty where nobody had to sign in.  key_id : of the key."""

    name: str = ""
    key_id: str | None = None


@dataclass(frozen=True)
class Entry:
    """One change.  what : a fixed word, such as `plan accepted`.  about : the id of the account, plan or key."""

    what: str
    about: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """An entry as it was written down.  who, key_id : of its author."""

    at: datetime
    who: str
    what: str
    about: str
    detail: Mapping[str, Any]
    key_id: str | None = None


def record(connection: sa.Connection, now: int, author: Author, entries: Sequence[Entry]) -> None:
    """Write changes down, in the transaction that makes them: both are kept, or neither.  now : microseconds."""
    if not entries:
        return
    in_turn(connection, "audit_log")
    last = connection.execute(sa.select(sa.func.max(CHANGES.c.seq))).scalar() or 0
    made = {"at": moment(now), "who": author.name, "key_id": author.key_id}
    rows = [
        {"seq": seq, **made, "what": entry.what, "about": entry.about, "detail": json.dumps(dict(entry.detail))}
        for seq, entry in enumerate(entries, last + 1)
    ]
    connection.execute(CHANGES.insert(), rows)


def changes(connection: sa.Connection, about: str | None = None, most: int = 50) -> Sequence[Change]:
    """Return the latest changes, latest first.  about : only those of this account or plan."""
    query = CHANGES.select().order_by(CHANGES.c.seq.desc()).limit(most)
    if about is not None:
        query = query.where(CHANGES.c.about == about)
    return [
        Change(at=row.at, who=row.who, what=row.what, about=row.about, detail=json.loads(row.detail), key_id=row.key_id)
        for row in connection.execute(query)
    ]
