"""Every change that was made on the page: when, by whom, what. Written in the transaction of the change itself."""

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
class Change:
    """what : a fixed word, such as `plan accepted`.  about : the account's or the plan's id."""

    at: datetime
    who: str
    what: str
    about: str
    detail: Mapping[str, Any]


def record(
    connection: sa.Connection, now: int, who: str, key_id: str | None, what: str, about: str, detail: Mapping[str, Any]
) -> None:
    """Write a change down.  now : microseconds.  who : empty where nobody had to sign in."""
    in_turn(connection, "audit_log")
    seq = (connection.execute(sa.select(sa.func.max(CHANGES.c.seq))).scalar() or 0) + 1
    row = {"seq": seq, "at": moment(now), "who": who, "key_id": key_id, "what": what, "about": about}
    connection.execute(CHANGES.insert().values(**row, detail=json.dumps(dict(detail))))


def changes(connection: sa.Connection, about: str | None = None, most: int = 50) -> Sequence[Change]:
    """The latest changes, latest first.  about : only those of this account or plan."""
    query = CHANGES.select().order_by(CHANGES.c.seq.desc()).limit(most)
    if about is not None:
        query = query.where(CHANGES.c.about == about)
    return [Change(row.at, row.who, row.what, row.about, json.loads(row.detail)) for row in connection.execute(query)]
