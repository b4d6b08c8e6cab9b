"""POST /feedback: events kept before they are acknowledged, and read again by the next training.

An event that was answered `stored` or `already_there` is on the disk: the commit came first. One bad event does not
lose the others. A repeated id changes nothing; the same id with another content is refused.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from features.instants import instant
from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.store_schemas import MOST_EVENTS, FeedbackRequest
from serving.scoring.request_parsing import Message
from serving.store.database import METADATA, in_turn, moment, reading, writing
from serving.store.feedback_events import INVESTMENT, OUTCOME, TABLE_OF, Event, Unfit, read_event
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


def take(engine: sa.Engine, body: bytes, now: int) -> bytes:
    """Keep a request's events and say what became of each, in the order given.  now : microseconds.

    Raises
    ------
    Refusal
        For a request that cannot be read as a whole.
    StoreError
        If nothing could be kept.
    """
    asked = read_as(FeedbackRequest, parse_json(body), '{"events": [...]}')
    if len(asked.events) > MOST_EVENTS:
        found = f"{len(asked.events)} events; a request holds at most {MOST_EVENTS}. Send several requests."
        raise HttpError(413, "too_many_events", found, "events")
    with reading(engine) as connection:
        current = current_run(connection)
    options = None if current is None else current.options
    events = [read_event(given, now, options) for given in asked.events]
    results: list[dict[str, Any]] = []
    with writing(engine) as connection:
        in_turn(connection, "feedback")
        known = _known(connection, [event.event_id for event in events if isinstance(event, Event)])
        seq = connection.execute(sa.select(sa.func.max(FEEDBACK.c.seq))).scalar() or 0
        fresh: list[tuple[int, Event]] = []
        for event in events:
            if isinstance(event, Unfit):
                results.append(_result(event.event_id, FAILED, event.error))
            elif event.event_id not in known:
                seq += 1
                known[event.event_id] = event.text
                fresh.append((seq, event))
                results.append(_result(event.event_id, STORED))
            elif known[event.event_id] == event.text:
                results.append(_result(event.event_id, THERE))
            else:
                taken = Message("event_id_taken", "event_id", "an earlier event has this id and another content")
                results.append(_result(event.event_id, FAILED, taken))
        _keep(connection, fresh, now)
        keep_overrides(connection, [(number, e) for number, e in fresh if "override" in e.content], current, now)
    counts = {status: sum(one["status"] == status for one in results) for status in (STORED, THERE, FAILED)}
    answer = {"stored": counts[STORED], "already_there": counts[THERE], "failed": counts[FAILED], "results": results}
    return json.dumps(answer, separators=(",", ":")).encode("ascii")


def feedback_rows(connection: sa.Connection, now: int) -> dict[str, dict[str, list[Any]]]:
    """Raw columns of `investments` and `switches`, as a source would hold them; a table without rows is left out.

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


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    """The content of the events that are kept already."""
    columns = (FEEDBACK.c.event_id, FEEDBACK.c.content)
    rows = connection.execute(sa.select(*columns).where(FEEDBACK.c.event_id.in_(ids)))
    return {row.event_id: row.content for row in rows}


def _keep(connection: sa.Connection, events: Sequence[tuple[int, Event]], received: int) -> None:
    if not events:
        return
    at = moment(received)
    rows = [
        {"seq": seq, "event_id": event.event_id, "kind": event.kind, "account_id": event.account_id,
         "content": event.text, "received_at": at}
        for seq, event in events
    ]  # fmt: skip
    connection.execute(FEEDBACK.insert(), rows)


def _result(event_id: str | None, status: str, error: Message | None = None) -> dict[str, Any]:
    errors = [] if error is None else [{"code": error.code, "field": error.field, "message": error.message}]
    return {"event_id": event_id, "status": status, "errors": errors}
