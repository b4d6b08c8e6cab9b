"""Every change by a person or a program: when, by whom, what, before and after. Written in the change's transaction.

The log is only ever added to. Each row is sealed (`audit_chain`), and the latest seal stands in `audit_head` as well,
so that a row which was changed, put in or taken out by other hands is noticed (`verify`). Who may write into the
database can also seal anew: the number and seal that `ladder audit --verify` prints, kept elsewhere, show that too.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from serving.store.audit_chain import START, content_digest, seal_of
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
    sa.Column("was", sa.Text),
    sa.Column("became", sa.Text),
    sa.Column("salt", sa.String(32)),
    sa.Column("digest", sa.String(64)),
    sa.Column("seal", sa.String(64)),
    sa.Index("audit_log_about", "about"),
)  # fmt: skip
HEAD = sa.Table(
    "audit_head", METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("seal", sa.String(64), nullable=False),
    sa.Column("dropped_seq", sa.Integer, nullable=False),
    sa.Column("dropped_seal", sa.String(64), nullable=False),
)  # fmt: skip
"""One row: number and seal of the last row, and of the last one that retention took away."""
ERASED, SHORTENED = "audit pseudonymised", "audit shortened"
"""What the log says of itself: rows from which personal fields were taken, and old rows that were removed."""
RETENTION = "retention applied"
RETRAINED = "retrain finished"
"""What the nightly job writes when it is done: its heartbeat."""
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Author:
    """Who makes a change.  name : of the person or the key; empty where nobody had to sign in.  key_id : of the key."""

    name: str = ""
    key_id: str | None = None


@dataclass(frozen=True)
class Entry:
    """One change.  what : a fixed word, such as `plan accepted`.  about : the id of the account, plan or key.

    before, after : what stood there and what stands there now; None where the change has no such thing.
    """

    what: str
    about: str
    detail: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Change:
    """An entry as it was written down.  who, key_id : of its author.  seal : None of a row that was not sealed."""

    at: datetime
    who: str
    what: str
    about: str
    detail: Mapping[str, Any]
    key_id: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    seq: int = 0
    seal: str | None = None


@dataclass(frozen=True)
class Anchor:
    """A row's number and its seal: what is kept elsewhere, to be held against the log later."""

    seq: int
    seal: str


@dataclass(frozen=True)
class Fault:
    """Where the log is not what was written.  kind : one of `altered` (a row says something else), `broken` (a row
    does not follow the one before it), `unsealed`, `cut` (rows at the end are gone) or `anchor`."""

    seq: int
    kind: str


@dataclass(frozen=True)
class Verified:
    """What a look over the whole log found.  last : None of an empty log."""

    rows: int
    last: Anchor | None
    faults: Sequence[Fault]


def record(connection: sa.Connection, now: int, author: Author, entries: Sequence[Entry]) -> None:
    """Write changes down, in the transaction that makes them: both are kept, or neither.  now : microseconds."""
    if not entries:
        return
    in_turn(connection, "audit_log")
    head = _head(connection)
    last = max(connection.execute(sa.select(sa.func.max(CHANGES.c.seq))).scalar() or 0, head.seq)
    made = {"at": moment(now), "who": author.name, "key_id": author.key_id}
    rows, seal = list[dict[str, Any]](), head.seal
    for seq, entry in enumerate(entries, last + 1):
        told = {"detail": _json(entry.detail), "was": _json(entry.before), "became": _json(entry.after)}
        row: dict[str, Any] = {
            "seq": seq,
            **made,
            "what": entry.what,
            "about": entry.about,
            **told,
            "salt": secrets.token_hex(16),
        }
        digest = content_digest(row["salt"], row)
        seal = seal_of(seal, row, digest)
        rows.append(row | {"digest": digest, "seal": seal})
    connection.execute(CHANGES.insert(), rows)
    _put_head(connection, replace(head, seq=rows[-1]["seq"], seal=seal))


def changes(
    connection: sa.Connection, about: str | None = None, most: int = 50, below: int | None = None
) -> Sequence[Change]:
    """Return the latest changes, latest first.  about : only those of this account, plan or key.  below : only those
    with a lower number."""
    query = CHANGES.select().order_by(CHANGES.c.seq.desc()).limit(most)
    if about is not None:
        query = query.where(CHANGES.c.about == about)
    if below is not None:
        query = query.where(CHANGES.c.seq < below)
    return [_change(row) for row in connection.execute(query)]


def last_of(connection: sa.Connection, what: str) -> Change | None:
    """Return the latest change of a kind; None where there is none."""
    row = connection.execute(CHANGES.select().where(CHANGES.c.what == what).order_by(CHANGES.c.seq.desc()).limit(1))
    found = row.one_or_none()
    return None if found is None else _change(found)


def changes_since(connection: sa.Connection, since: int | None) -> Iterator[Change]:
    """Yield all changes in their order.  since : only those made then or later, microseconds; None = all."""
    query = CHANGES.select().order_by(CHANGES.c.seq)
    if since is not None:
        query = query.where(CHANGES.c.at >= moment(since))
    for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
        yield _change(row)


def verify(connection: sa.Connection, anchors: Sequence[Anchor] = ()) -> Verified:
    """Hold every row against its seal and the row before it.

    anchors : what earlier looks printed; a log that was sealed anew from there on does not have them any more.
    """
    head = _head(connection)
    faults, erased, now_says = list[Fault](), dict[int, str](), dict[int, str]()
    wanted, shortened = {one.seq: one.seal for one in anchors if one.seq > head.dropped_seq}, START
    before, number, last = head.dropped_seal, 0, None
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(CHANGES.select().order_by(CHANGES.c.seq))
    for row in map(dict, rows.mappings()):
        number += 1
        seq = row["seq"]
        if row["seal"] is None or row["digest"] is None:
            faults.append(Fault(seq, "unsealed"))
            continue
        digest = content_digest(row["salt"], row)
        if row["salt"] is None:
            now_says[seq] = digest
        elif digest != row["digest"]:
            faults.append(Fault(seq, "altered"))
        if seal_of(before, row, row["digest"]) != row["seal"]:
            faults.append(Fault(seq, "broken"))
        if row["what"] == ERASED:
            erased.update({int(one): told for one, told in json.loads(row["detail"])["rows"].items()})
        if row["what"] == SHORTENED:
            shortened = json.loads(row["detail"])["seal"]
        if wanted.pop(seq, row["seal"]) != row["seal"]:
            faults.append(Fault(seq, "anchor"))
        before, last = row["seal"], Anchor(seq, row["seal"])
    faults += [Fault(seq, "altered") for seq, digest in now_says.items() if erased.get(seq) != digest]
    faults += [Fault(seq, "anchor") for seq in wanted]
    if head.dropped_seal != shortened:
        faults.append(Fault(head.dropped_seq, "broken"))
    if (head.seq, head.seal) != ((last.seq, last.seal) if last else (head.dropped_seq, head.dropped_seal)):
        faults.append(Fault(head.seq, "cut"))
    return Verified(number, last, sorted(set(faults), key=lambda one: (one.seq, one.kind)))


def pseudonymise(
    connection: sa.Connection, now: int, author: Author, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
) -> int:
    """Take personal data out of rows and return of how many. The chain stays whole: a row says what they say now.

    change : what becomes of a row: new values of personal columns, None where it stays.
    """
    in_turn(connection, "audit_log")
    told: dict[str, str] = {}
    for row in map(dict, connection.execute(CHANGES.select().order_by(CHANGES.c.seq)).mappings().all()):
        changed = change(row)
        if changed is not None:
            values = {**changed, "salt": None}
            told[str(row["seq"])] = content_digest(None, {**row, **values})
            connection.execute(CHANGES.update().where(CHANGES.c.seq == row["seq"]).values(values))
    if told:
        record(connection, now, author, [Entry(ERASED, "audit_log", {"rows": told})])
    return len(told)


def drop_before(connection: sa.Connection, until: int, now: int, author: Author) -> int:
    """Remove the rows from before that instant (microseconds) and return how many; the log says that it was done."""
    in_turn(connection, "audit_log")
    kept = connection.execute(sa.select(sa.func.min(CHANGES.c.seq)).where(CHANGES.c.at >= moment(until))).scalar()
    old = CHANGES.select().order_by(CHANGES.c.seq.desc()).where(CHANGES.c.seal.is_not(None))
    if kept is not None:
        old = old.where(CHANGES.c.seq < kept)
    last = connection.execute(old.limit(1)).one_or_none()
    if last is None:
        return 0
    gone = connection.execute(CHANGES.delete().where(CHANGES.c.seq <= last.seq)).rowcount
    _put_head(connection, replace(_head(connection), dropped_seq=last.seq, dropped_seal=last.seal))
    record(
        connection, now, author, [Entry(SHORTENED, "audit_log", {"rows": gone, "until": last.seq, "seal": last.seal})]
    )
    return gone


@dataclass(frozen=True)
class _Head:
    """The row of `audit_head`; before the first change there is none."""

    seq: int = 0
    seal: str = START
    dropped_seq: int = 0
    dropped_seal: str = START


def _head(connection: sa.Connection) -> _Head:
    columns = (HEAD.c.seq, HEAD.c.seal, HEAD.c.dropped_seq, HEAD.c.dropped_seal)
    row = connection.execute(sa.select(*columns)).one_or_none()
    return _Head() if row is None else _Head(*row)


def _put_head(connection: sa.Connection, head: _Head) -> None:
    connection.execute(HEAD.delete())
    connection.execute(HEAD.insert().values(id=1, **asdict(head)))


def _json(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else json.dumps(dict(told))


def _change(row: Any) -> Change:
    def read(text: str | None) -> Mapping[str, Any] | None:
        return None if text is None else json.loads(text)

    return Change(
        at=row.at, who=row.who, what=row.what, about=row.about, detail=json.loads(row.detail), key_id=row.key_id,
        before=read(row.was), after=read(row.became), seq=row.seq, seal=row.seal,
    )  # fmt: skip
