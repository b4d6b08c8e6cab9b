"""Whose scores changed since somebody last looked, and who is gone: page by page, in the order of the runs.

A cursor is a place in that order: a run and an account. An account that changes again while somebody reads comes again
further on, so that nothing is missed whatever is written meanwhile. A cursor also knows when its run was written: one
of a run that is not in this store (any more) is refused, since what happened since cannot be told.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from features.errors import InvalidRequest
from features.instants import instant
from serving.scoring.results import ServedModel, check_language
from serving.store.database import reading
from serving.store.lookups import LookupQuery, LookupResult, required_run, results_of
from serving.store.scores.gone_accounts import GONE
from serving.store.scores.scoring_runs import RUNS, SCORES
from training.model.text.words import DEFAULT_LANGUAGE

_LONGEST_CURSOR = 1_000


@dataclass(frozen=True)
class ChangesQuery:
    """since : a cursor; None = from the beginning.  limit : accounts in the page.  language : of the reasons.

    Raises
    ------
    InvalidRequest
        If nobody writes reasons in the language.
    """

    since: str | None = None
    limit: int = 200
    language: str = DEFAULT_LANGUAGE

    def __post_init__(self) -> None:
        check_language(self.language)


@dataclass(frozen=True)
class GoneAccount:
    """gone_at : microseconds, when the first run without it was written."""

    account_id: str
    gone_at: int


@dataclass(frozen=True)
class ChangesAnswer:
    """changed : as a lookup tells them.  next_cursor : where the next page begins.  more : whether it has anything."""

    model: ServedModel
    changed: Sequence[LookupResult]
    gone: Sequence[GoneAccount]
    next_cursor: str
    more: bool


def changes_since(engine: sa.Engine, query: ChangesQuery, now: int) -> ChangesAnswer:
    """Return a page of what changed.  now : microseconds; decisions that ended before it are over.

    Raises
    ------
    InvalidRequest
        If the cursor is none, or not one of this store.
    NotReady
        If there are no batch scores.
    """
    with reading(engine) as connection:
        current = required_run(connection)
        run, account = _place(connection, query.since)
        changed = sa.select(SCORES.c.account_id, SCORES.c.changed_run.label("run"), sa.null().label("gone_at"))
        gone = sa.select(GONE.c.account_id, GONE.c.gone_run.label("run"), GONE.c.gone_at)
        pages = [
            part.where((number > run) | ((number == run) & (account_id > account)))
            for part, number, account_id in (
                (changed, SCORES.c.changed_run, SCORES.c.account_id), (gone, GONE.c.gone_run, GONE.c.account_id)
            )
        ]  # fmt: skip
        both = sa.union_all(*pages).subquery()
        rows = connection.execute(sa.select(both).order_by(both.c.run, both.c.account_id).limit(query.limit + 1)).all()
        page, more = rows[: query.limit], len(rows) > query.limit
        ids = [row.account_id for row in page if row.gone_at is None]
        found = results_of(connection, current, ids, LookupQuery(ids, language=query.language), now)
        place = (page[-1].run, page[-1].account_id) if page else (run, account)
        cursor = _cursor(place, _written(connection, place[0]))
    left = [GoneAccount(row.account_id, instant(row.gone_at)) for row in page if row.gone_at is not None]
    return ChangesAnswer(current.model, [found[account] for account in ids], left, cursor, more)


def _place(connection: sa.Connection, cursor: str | None) -> tuple[int, str]:
    """Return the run and the account that a cursor stands for."""
    if cursor is None:
        return 0, ""
    unreadable = InvalidRequest("since must be the next_cursor of an earlier answer.", "cursor_unreadable", "since")
    if len(cursor) > _LONGEST_CURSOR:
        raise unreadable
    try:
        run, written, account = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (UnicodeError, binascii.Error, ValueError, TypeError, RecursionError):
        raise unreadable from None
    if type(run) is not int or type(written) is not int or type(account) is not str or "\x00" in account:
        raise unreadable
    if not 0 <= run < 2**31 or any("\ud800" <= sign <= "\udfff" for sign in account):  # no database takes half a sign
        raise unreadable
    if _written(connection, run) != written:
        lost = "This cursor is of a run that is not in the store: read everything again, without since."
        raise InvalidRequest(lost, "cursor_gone", "since")
    return run, account


def _written(connection: sa.Connection, run: int) -> int:
    """Return when a run was written, microseconds; 0 for the beginning, -1 for one that is not there."""
    at = connection.execute(sa.select(RUNS.c.written_at).where(RUNS.c.run_id == run)).scalar()
    return (0 if run == 0 else -1) if at is None else instant(at)


def _cursor(place: tuple[int, str], written: int) -> str:
    run, account = place
    return base64.urlsafe_b64encode(json.dumps([run, written, account], separators=(",", ":")).encode()).decode()
