"""Feedback: events kept before they are acknowledged, and read again by the next training.

An event whose receipt says `stored` or `already_there` is on the disk: the commit came first. One bad event does not
lose the others. A repeated id changes nothing; the same id with another content is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import InvalidRequest
from features.instants import instant
from serving.scoring.request_parsing import Message
from serving.store.audit_log import Author, Entry, record
from serving.store.database import METADATA, in_turn, moment, reading, writing
from serving.store.feedback_events import (
    INVESTMENT,
    OUTCOME,
    TABLE_OF,
    FeedbackEvent,
    OverrideEvent,
    RejectedEvent,
    checked_override,
)
from serving.store.overrides import keep_overrides
from serving.store.scoring_runs import current_run

FEEDBACK = sa.Table(
    "feedback", METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
)  # fmt: skip
"""In the order of arrival, which `seq` tells whatever the clock does."""
STORED, THERE, FAILED = "stored", "already_there", "error"


@dataclass(frozen=True)
class Receipt:
    """What became of an event.  status : STORED, THERE or FAILED, which `error` explains.

    event_id : the sender's, or ours; None where the sender's could not be read.
    """

    event_id: str | None
    status: str
    error: Message | None = None


def known_options(engine: sa.Engine) -> tuple[str, ...] | None:
    """Return the investments that a manager may recommend; None before the first scoring run."""
    with reading(engine) as connection:
        current = current_run(connection)
    return None if current is None else current.options


def keep_override(engine: sa.Engine, event: OverrideEvent, author: Author, now: int) -> None:
    """Keep a manager's decision and who made it.  now : microseconds.

    Raises
    ------
    InvalidRequest
        If it breaks a rule of `feedback_events`, or another event has its id.
    StoreError
        If nothing could be kept.
    """
    (receipt,) = keep_feedback(engine, [checked_override(event, now, known_options(engine))], author, now)
    if receipt.error is not None:
        raise InvalidRequest(receipt.error.message, receipt.error.code, receipt.error.field)


def keep_feedback(
    engine: sa.Engine, events: Sequence[FeedbackEvent | RejectedEvent], author: Author, now: int
) -> list[Receipt]:
    """Keep the events and who sent them, and return what became of each, in the order given.  now : microseconds.

    Raises
    ------
    StoreError
        If nothing could be kept.
    """
    with writing(engine) as connection:
        return file_feedback(connection, events, author, now)


def file_feedback(
    connection: sa.Connection, events: Sequence[FeedbackEvent | RejectedEvent], author: Author, now: int
) -> list[Receipt]:
    """Keep the events as `keep_feedback` does, in a transaction that holds more than them."""
    receipts: list[Receipt] = []
    in_turn(connection, "feedback")
    known = _known(connection, [event.event_id for event in events if isinstance(event, FeedbackEvent)])
    seq = connection.execute(sa.select(sa.func.max(FEEDBACK.c.seq))).scalar() or 0
    fresh: list[tuple[int, FeedbackEvent]] = []
    for event in events:
        if isinstance(event, RejectedEvent):
            receipts.append(Receipt(event.event_id, FAILED, event.error))
        elif event.event_id not in known:
            seq += 1
            known[event.event_id] = event.text
            fresh.append((seq, event))
            receipts.append(Receipt(event.event_id, STORED))
        elif known[event.event_id] == event.text:
            receipts.append(Receipt(event.event_id, THERE))
        else:
            taken = Message("event_id_taken", "event_id", "an earlier event has this id and another content")
            receipts.append(Receipt(event.event_id, FAILED, taken))
    _keep(connection, fresh, now)
    decided = [(number, event) for number, event in fresh if isinstance(event, OverrideEvent)]
    keep_overrides(connection, decided, current_run(connection), now)
    record(connection, now, author, [_entry(event) for _, event in fresh])
    return receipts


def feedback_rows(connection: sa.Connection, now: int) -> dict[str, dict[str, list[Any]]]:
    """Return the feedback as raw columns of `investments` and `switches`; a table without rows is left out.

    A row is recorded when it was received: never before it happened, where the clock had been set back, and never
    after now (microseconds), where it had been ahead.
    """
    rows: dict[str, list[Mapping[str, Any]]] = {}
    query = FEEDBACK.select().where(FEEDBACK.c.kind.in_((INVESTMENT, OUTCOME))).order_by(FEEDBACK.c.seq)
    for row in connection.execute(query):
        table = TABLE_OF[row.kind]
        content = json.loads(row.content)
        happened = instant(content[str(table.time)])
        recorded = max(happened, min(instant(row.received_at), now))
        rows.setdefault(table.name, []).append(content | {"recorded_at": moment(recorded)})
    return {
        name: {column.name: [row.get(column.name) for row in rows[name]] for column in table.columns}
        for name, table in ((table.name, table) for table in TABLE_OF.values())
        if name in rows
    }


def _entry(event: FeedbackEvent) -> Entry:
    """Return an event's entry in the audit log; the rest of the event is found by its id."""
    decided = {"override": dict(event.decisions), "reason": event.reason} if isinstance(event, OverrideEvent) else {}
    return Entry(event.kind, event.account_id, {**decided, "event_id": event.event_id})


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the content of the events that are kept already."""
    columns = (FEEDBACK.c.event_id, FEEDBACK.c.content)
    rows = connection.execute(sa.select(*columns).where(FEEDBACK.c.event_id.in_(ids)))
    return {row.event_id: row.content for row in rows}


def _keep(connection: sa.Connection, events: Sequence[tuple[int, FeedbackEvent]], received: int) -> None:
    if not events:
        return
    at = moment(received)
    rows = [
        {"seq": seq, "event_id": event.event_id, "kind": event.kind, "account_id": event.account_id,
         "content": event.text, "received_at": at}
        for seq, event in events
    ]  # fmt: skip
    connection.execute(FEEDBACK.insert(), rows)
