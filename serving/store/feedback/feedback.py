"""Feedback: events kept before they are acknowledged, and read again by the next training.

An event whose receipt says `stored`, `kept_aside` or `already_there` is on the disk: the commit came first. One bad
event does not lose the others. A repeated id changes nothing; the same id with another content is refused. What is told
of an account or an option that nobody knows is kept aside: it counts once the source knows it (`features.sources.
feedback_rows`), and until then no run sees it. What was withdrawn stays on the disk and counts no more.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import InvalidRequest
from features.instants import instant
from features.tables import NO_INVESTMENT
from serving.scoring.request_parsing import Message
from serving.store.audit_log import Author, Entry, record
from serving.store.bulk_insert import among
from serving.store.database import METADATA, in_turn, moment, reading, writing
from serving.store.feedback.feedback_events import (
    INVESTMENT,
    TABLE_OF,
    UNKNOWN_ACCOUNT,
    UNKNOWN_OPTION,
    WITHDRAW,
    FeedbackEvent,
    OverrideEvent,
    RejectedEvent,
    RowEvent,
    WithdrawalEvent,
    checked_override,
)
from serving.store.feedback.overrides import OVERRIDES, Override, keep_overrides, overrides_of
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES, Current, current_run

FEEDBACK = sa.Table(
    "feedback", METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
    sa.Column("aside", sa.Text),
    sa.Column("withdrawn_at", sa.DateTime),
)  # fmt: skip
"""In the order of arrival, which `seq` tells whatever the clock does.  aside : why the event does not count yet, words
separated by blanks; NULL where it does.  withdrawn_at : NULL where it stands."""
STORED, ASIDE, THERE, FAILED = "stored", "kept_aside", "already_there", "error"


@dataclass(frozen=True)
class Receipt:
    """What became of an event.  status : STORED, ASIDE, THERE or FAILED, which `error` explains.

    event_id : the sender's, or ours; None where the sender's could not be read.
    warnings : why it does not count yet.
    """

    event_id: str | None
    status: str
    error: Message | None = None
    warnings: tuple[Message, ...] = ()


_NO_EVENT = Message("unknown_event", WITHDRAW, "no event has this id")


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
    told = [event for event in events if isinstance(event, FeedbackEvent)]
    withdrawn = [event.withdrawn for event in told if isinstance(event, WithdrawalEvent)]
    known = _known(connection, [*(event.event_id for event in told), *withdrawn])
    current = current_run(connection)
    strangers = _strangers(connection, {event.account_id for event in told if event.account_id}, current)
    seq = connection.execute(sa.select(sa.func.max(FEEDBACK.c.seq))).scalar() or 0
    fresh: list[_Kept] = []
    for event in events:
        if isinstance(event, RejectedEvent):
            receipts.append(Receipt(event.event_id, FAILED, event.error))
            continue
        before = known.get(event.event_id)
        refusal = _refusal(event, before, known)
        if refusal is not None:
            receipts.append(Receipt(event.event_id, FAILED, refusal))
        elif before is not None:
            receipts.append(Receipt(event.event_id, THERE, warnings=_warnings(before.aside)))
        else:
            seq += 1
            aside = _aside(event, strangers, current)
            kept = _Kept(seq, event.event_id, event.kind, event.text, aside, event=event)
            known[event.event_id] = kept
            fresh.append(kept)
            receipts.append(Receipt(event.event_id, ASIDE if kept.aside else STORED, None, _warnings(kept.aside)))
            if isinstance(event, WithdrawalEvent):
                kept.account_id = known[event.withdrawn].account_id
                known[event.withdrawn].withdrawn = True
            else:
                kept.account_id = event.account_id
    _keep(connection, fresh, now)
    standing = overrides_of(connection, [kept.account_id for kept in fresh], now)
    decided = [(kept.seq, kept.event) for kept in fresh if isinstance(kept.event, OverrideEvent)]
    keep_overrides(connection, decided, current, now)
    ended = [kept.event.withdrawn for kept in fresh if isinstance(kept.event, WithdrawalEvent)]
    _withdraw(connection, [known[event_id].seq for event_id in ended], now)
    record(connection, now, author, [_entry(kept, standing) for kept in fresh])
    return receipts


def seen_only(
    connection: sa.Connection, events: Sequence[FeedbackEvent | RejectedEvent]
) -> list[FeedbackEvent | RejectedEvent]:
    """Return the events, those refused whose account the connection does not see; so are withdrawals of its events, in
    the words that are said where there is no such event."""
    told = [event for event in events if isinstance(event, FeedbackEvent)]
    ids = sorted({event.account_id for event in told})
    among_accounts = sa.select(ACCOUNTS.c.account_id).where(among(connection, ACCOUNTS.c.account_id, ids))
    seen = set(connection.execute(among_accounts).scalars())
    withdrawn = sorted({event.withdrawn for event in told if isinstance(event, WithdrawalEvent)})
    among_events = sa.select(FEEDBACK.c.event_id).where(among(connection, FEEDBACK.c.event_id, withdrawn))
    own = set(connection.execute(among_events).scalars()) | {one.event_id for one in told if one.account_id in seen}
    strange = Message("not_known", "account_id", "there is no such account among those that this key may see")
    found: list[FeedbackEvent | RejectedEvent] = []
    for event in events:
        if isinstance(event, WithdrawalEvent):
            found.append(event if event.withdrawn in own else RejectedEvent(event.given_id, _NO_EVENT))
        elif isinstance(event, FeedbackEvent) and event.account_id not in seen:
            found.append(RejectedEvent(event.given_id, strange))
        else:
            found.append(event)
    return found


def feedback_rows(connection: sa.Connection, now: int) -> dict[str, dict[str, list[Any]]]:
    """Return the feedback that stands as raw columns of the source's tables; a table without rows is left out.

    A row is recorded when it was received: never before it happened, where the clock had been set back, and never
    after now (microseconds), where it had been ahead. Where some of a table are kept aside, its column `aside` says
    why: whether they count is for the source to say.
    """
    kinds = tuple(TABLE_OF)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    stands = FEEDBACK.c.kind.in_(kinds) & FEEDBACK.c.withdrawn_at.is_(None)
    for row in connection.execute(FEEDBACK.select().where(stands).order_by(FEEDBACK.c.seq)):
        table = TABLE_OF[row.kind]
        content = json.loads(row.content)
        happened = instant(content[str(table.time)])
        recorded = max(happened, min(instant(row.received_at), now))
        told = content | {"recorded_at": moment(recorded), "aside": row.aside}
        rows.setdefault(table.name, []).append(told)
    found: dict[str, dict[str, list[Any]]] = {}
    for table in (TABLE_OF[kind] for kind in kinds):
        told_rows = rows.get(table.name, [])
        names = [column.name for column in table.columns]
        names += ["aside"] if any(row["aside"] for row in told_rows) else []
        if told_rows:
            found[table.name] = {name: [row.get(name) for row in told_rows] for name in names}
    return found


@dataclass
class _Kept:
    """An event in the store.  event : None where it was there before."""

    seq: int
    event_id: str
    kind: str
    text: str
    aside: str | None
    event: FeedbackEvent | None = None
    account_id: str = ""
    withdrawn: bool = False


def _refusal(event: FeedbackEvent, before: _Kept | None, known: Mapping[str, _Kept]) -> Message | None:
    """Return why the event cannot be kept; None where it can, or is there."""
    if before is not None and before.text != event.text:
        return Message("event_id_taken", "event_id", "an earlier event has this id and another content")
    if before is not None and before.withdrawn:
        again = "this event was withdrawn; tell it under another event_id if it is meant after all"
        return Message("withdrawn", "event_id", again)
    if before is not None or not isinstance(event, WithdrawalEvent):
        return None
    wanted = known.get(event.withdrawn)
    if wanted is None:
        return _NO_EVENT
    if wanted.kind == WITHDRAW:
        return Message("unknown_event", WITHDRAW, "a withdrawal cannot be withdrawn; tell the event anew")
    if wanted.withdrawn:
        return Message("withdrawn", WITHDRAW, "this event was withdrawn before")
    return None


def _strangers(connection: sa.Connection, ids: Collection[str], current: Current | None) -> set[str]:
    """Return the accounts that nobody knows of; none before the first run, since nobody knows any then."""
    if current is None:
        return set()
    wanted, known = sorted(ids), set[str]()
    for table in (SCORES, ACCOUNTS):
        query = sa.select(table.c.account_id).where(among(connection, table.c.account_id, wanted))
        known.update(connection.execute(query).scalars())
    return {account for account in wanted if account not in known}


def _aside(event: FeedbackEvent, strangers: Collection[str], current: Current | None) -> str | None:
    """Return why the event is kept aside; None where it counts."""
    found = [UNKNOWN_ACCOUNT] if event.account_id in strangers else []
    if isinstance(event, RowEvent) and event.kind == INVESTMENT and current is not None and current.options:
        found += [] if event.row["investment"] in (*current.options, NO_INVESTMENT) else [UNKNOWN_OPTION]
    return " ".join(found) or None


_ASIDE = {
    UNKNOWN_ACCOUNT: Message(
        UNKNOWN_ACCOUNT, "account_id",
        "kept aside: no account of the last scoring run has this id; it counts as soon as the source knows the account",
    ),
    UNKNOWN_OPTION: Message(
        UNKNOWN_OPTION, "investment",
        "kept aside: the model weighs no such option; it counts as soon as the source declares it",
    ),
}  # fmt: skip


def _warnings(aside: str | None) -> tuple[Message, ...]:
    return tuple(_ASIDE[why] for why in (aside or "").split() if why in _ASIDE)


def _entry(kept: _Kept, standing: Mapping[str, Override]) -> Entry:
    """Return an event's entry in the audit log; the rest of the event is found by its id.

    standing : the decisions before it, which an override changes.
    """
    event, told = kept.event, dict[str, Any](event_id=kept.event_id)
    if isinstance(event, WithdrawalEvent):
        told["withdrawn"] = event.withdrawn
    if not isinstance(event, OverrideEvent):
        return Entry(kept.kind, kept.account_id, told)
    told |= {"override": dict(event.decisions), "reason": event.reason}
    was = standing[kept.account_id].decisions if kept.account_id in standing else {}
    before = {field: was[field].value if field in was else None for field in event.decisions}
    return Entry(kept.kind, kept.account_id, told, before=before, after=dict(event.decisions))


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, _Kept]:
    """Return the events of these ids that are kept already."""
    rows = connection.execute(FEEDBACK.select().where(among(connection, FEEDBACK.c.event_id, ids)))
    return {
        row.event_id: _Kept(
            row.seq, row.event_id, row.kind, row.content, row.aside,
            account_id=row.account_id, withdrawn=row.withdrawn_at is not None,
        )
        for row in rows
    }  # fmt: skip


def _keep(connection: sa.Connection, events: Sequence[_Kept], received: int) -> None:
    if not events:
        return
    at = moment(received)
    rows = [
        {"seq": kept.seq, "event_id": kept.event_id, "kind": kept.kind, "account_id": kept.account_id,
         "content": kept.text, "received_at": at, "aside": kept.aside}
        for kept in events
    ]  # fmt: skip
    connection.execute(FEEDBACK.insert(), rows)


def _withdraw(connection: sa.Connection, numbers: Sequence[int], now: int) -> None:
    """Mark events as withdrawn; a decision among them no longer stands, and the one before it does."""
    if numbers:
        connection.execute(FEEDBACK.update().where(FEEDBACK.c.seq.in_(numbers)).values(withdrawn_at=moment(now)))
        connection.execute(OVERRIDES.delete().where(OVERRIDES.c.seq.in_(numbers)))
