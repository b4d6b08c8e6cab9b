"""Answers from the store: POST /lookup, /plan and /feedback, from a request's body to the answer's.

The store is opened at the first request that needs it, and tried again at the next where that failed: a database that
was away for a while does not take the service with it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TypeVar

import sqlalchemy as sa

from features.errors import StoreError
from serving.api.observability.logging import tell
from serving.api.store_endpoints.feedback_parsing import read_event
from serving.api.store_endpoints.store_answers import changes_json, feedback_json, lookup_json, plan_json
from serving.api.store_endpoints.store_queries import changes_query, feedback_items, lookup_query, plan_query
from serving.planning.planner import Planner
from serving.store.database import open_store, reading
from serving.store.feedback.feedback import Receipt, keep_feedback, known_options, seen_only
from serving.store.lookups import look_up
from serving.store.people.keys import author_of
from serving.store.people.viewers import seen_now
from serving.store.people.visibility import is_limited, limited
from serving.store.score_changes import changes_since

T = TypeVar("T")
STATEMENT_SECONDS = 10.0
"""For each statement: less than a request may take."""


class StoreService:
    """The store behind a URL; every method may be called from several threads.

    now : the time in microseconds since 1970, UTC.
    """

    def __init__(self, url: str, now: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._url, self._now = url, now
        self._lock = Lock()
        self._opened: dict[bool, sa.Engine] = {}
        self.planner = Planner()

    def lookup(self, body: bytes) -> bytes:
        """Answer POST /lookup.  Raises HttpError for a body that asks nothing, and LadderErrors."""
        return lookup_json(self.ask(lambda engine, now: look_up(engine, lookup_query(body), now)))

    def changes(self, given: Sequence[tuple[str, str]]) -> bytes:
        """Answer GET /changes.  given : names and values of the query string.  Raises LadderErrors."""
        return changes_json(self.ask(lambda engine, now: changes_since(engine, changes_query(given), now)))

    def plan(self, body: bytes) -> bytes:
        """Answer POST /plan.  Raises HttpError for a body that asks nothing, and LadderErrors."""
        return plan_json(self.ask(lambda engine, now: self.planner.make(engine, plan_query(body), now)))

    def feedback(self, body: bytes, key_id: str | None = None) -> bytes:
        """Answer POST /feedback; what it acknowledges is on the disk.  Raises HttpError and LadderErrors likewise.

        key_id : of the key that was shown; None where none was asked for.
        """

        def keep(engine: sa.Engine, now: int) -> list[Receipt]:
            items, options = feedback_items(body), known_options(engine)
            events = [read_event(item, now, options) for item in items]
            with reading(engine) as connection:
                events = seen_only(connection, events) if is_limited(engine) else events
            with reading(self._engine(writes=False)) as connection:
                author = author_of(connection, key_id)
            return keep_feedback(engine, events, author, now)

        return feedback_json(self.change(keep))

    def close(self) -> None:
        """Let go of the store."""
        for engine in self._opened.values():
            engine.dispose()

    def ask(self, work: Callable[[sa.Engine, int], T]) -> T:
        """Return what `work` makes of the store and the time; where the store fails, the log says why.

        What it reads is what the request's key may see (`serving.store.people.visibility`).

        Raises
        ------
        LadderError
            What `work` raises; StoreError where the store cannot be used.
        """
        return self._tried(work, writes=False)

    def change(self, work: Callable[[sa.Engine, int], T]) -> T:
        """Do the same for work that writes: with connections of its own, so that nobody who reads waits for one."""
        return self._tried(work, writes=True)

    def _tried(self, work: Callable[[sa.Engine, int], T], writes: bool) -> T:
        try:
            return work(limited(self._engine(writes), seen_now()), self._now())
        except StoreError as error:
            tell("store", logging.ERROR, why=str(error))
            raise

    def _engine(self, writes: bool) -> sa.Engine:
        found = self._opened.get(writes)
        if found is not None:
            return found
        with self._lock:
            if writes not in self._opened:
                self._opened[writes] = open_store(self._url, patience=STATEMENT_SECONDS)
            return self._opened[writes]
