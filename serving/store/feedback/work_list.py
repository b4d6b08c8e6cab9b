"""The work list: what is to be done at an account, by whom, until when, and what came of it; one entry an account.

Every change is written into the audit log with who made it and when, so the history of an entry is read from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from features.errors import InvalidRequest
from serving.store.audit_log import Author, Entry, record
from serving.store.bulk_insert import among, delete_rows
from serving.store.database import METADATA, in_turn, moment
from serving.store.feedback.feedback_events import LONGEST_TEXT
from serving.store.scores.scoring_runs import SCORES

TO_DO, DOING, DONE, SNOOZED = STATUSES = ("todo", "doing", "done", "snoozed")
OUTCOMES = ("helped", "no_change", "lost")
"""What came of it; `lost` says that the account left us."""
WHAT = "work"
"""What the audit log calls a change of an entry."""
LONGEST_NAME = 200

WORK_ITEMS = sa.Table(
    "work_items", METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("due", sa.String(10)),
    sa.Column("snoozed_until", sa.String(10)),
    sa.Column("action", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("outcome", sa.String(10)),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Index("work_items_status", "status", "due"),
)  # fmt: skip


@dataclass(frozen=True)
class WorkItem:
    """One entry.  due, snoozed_until : dates such as 2026-03-14.  action : an investment's name."""

    account_id: str
    status: str = TO_DO
    owner: str | None = None
    due: str | None = None
    snoozed_until: str | None = None
    action: str | None = None
    note: str | None = None
    outcome: str | None = None
    changed_at: datetime | None = None
    changed_by: str = ""

    def is_open(self, today: str) -> bool:
        """Return whether it waits for somebody.  today : as dates are written."""
        return self.status in (TO_DO, DOING) or (self.status == SNOOZED and (self.snoozed_until or "") <= today)


CHANGEABLE = ("status", "owner", "due", "snoozed_until", "action", "note", "outcome")


def change_work(
    connection: sa.Connection, ids: Sequence[str], changes: Mapping[str, str | None], author: Author, now: int,
    *, begun: Mapping[str, Mapping[str, str | None]] | None = None,
) -> list[tuple[WorkItem, WorkItem]]:  # fmt: skip
    """Change or begin the entries of these accounts, and return each that changed, before and after.

    changes : field of CHANGEABLE -> value; what is not named stays.  now : microseconds.
    begun : account -> fields of an entry that begins, where the changes do not name them.

    Raises
    ------
    InvalidRequest
        If a value is none that the field may have, or an account has no scores.
    """
    for name, value in changes.items():
        _check(name, value)
    in_turn(connection, "work_items")
    scored = set(connection.execute(
        sa.select(SCORES.c.account_id).where(among(connection, SCORES.c.account_id, list(ids)))
    ).scalars())  # fmt: skip
    strange = sorted(set(ids) - scored)
    if strange:
        raise InvalidRequest(f"There is no account {strange[0][:60]!r}.", "not_known", "account_id")
    before = work_of(connection, ids)
    made: list[tuple[WorkItem, WorkItem]] = []
    for account in dict.fromkeys(ids):
        old = before.get(account, replace(WorkItem(account), **cast("dict[str, Any]", (begun or {}).get(account, {}))))
        new: WorkItem = replace(old, **cast("dict[str, Any]", changes), changed_at=moment(now), changed_by=author.name)
        if account not in before or any(getattr(old, name) != getattr(new, name) for name in CHANGEABLE):
            made.append((old, new))
    delete_rows(connection, WORK_ITEMS, [new.account_id for _, new in made])
    if made:
        connection.execute(WORK_ITEMS.insert(), [vars(new) for _, new in made])
    told = [
        Entry(WHAT, new.account_id, {
            name: getattr(new, name) for name in CHANGEABLE if getattr(old, name) != getattr(new, name)
        } or {"status": new.status})
        for old, new in made
    ]  # fmt: skip
    record(connection, now, author, told)
    return made


def work_of(connection: sa.Connection, ids: Sequence[str]) -> dict[str, WorkItem]:
    """Return the entries of these accounts."""
    query = WORK_ITEMS.select().where(among(connection, WORK_ITEMS.c.account_id, list(ids)))
    return {row.account_id: read_item(row) for row in connection.execute(query)}


def read_item(row: Any) -> WorkItem:
    """Return the entry in a row that has all columns of the table."""
    return WorkItem(**{field.name: getattr(row, field.name) for field in fields(WorkItem)})


def _check(name: str, value: str | None) -> None:
    allowed = {"status": STATUSES, "outcome": (*OUTCOMES, None)}
    if name not in CHANGEABLE or (name in allowed and value not in allowed[name]):
        raise InvalidRequest(f"{name} cannot be {str(value)[:40]!r}.", "unknown_value", name)
    if name in ("due", "snoozed_until") and value is not None:
        try:
            datetime.strptime(value, "%Y-%m-%d")
        except ValueError:
            raise InvalidRequest(f"{name} must be a date, as 2026-01-31.", "unreadable_time", name) from None
    longest = LONGEST_TEXT if name == "note" else LONGEST_NAME
    if value is not None and (len(value) > longest or "\x00" in value):
        raise InvalidRequest(f"{name} must have at most {longest} characters.", "unreadable_text", name)
