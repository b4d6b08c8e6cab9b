"""Answers from the store: what /lookup, /plan and /feedback do with a request's body.

The store is opened at the first request that needs it, and tried again at the next where that failed: a database that
was away for a while does not take the service with it.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import sqlalchemy as sa

from features.errors import StoreError, StoreFull
from serving.api.errors import HttpError
from serving.api.logging import tell
from serving.planning.planner import Planner
from serving.store.database import open_store
from serving.store.feedback import take
from serving.store.lookups import look_up

T = TypeVar("T")


class StoreService:
    """The store behind a URL; every method may be called from several threads.

    now : the time in microseconds since 1970, UTC.
    """

    def __init__(self, url: str, now: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._url, self._now = url, now
        self._lock = Lock()
        self._opened: sa.Engine | None = None
        self.planner = Planner()

    def lookup(self, body: bytes) -> bytes:
        """The answer of POST /lookup.  Raises Refusal."""
        return self.ask(lambda engine, now: look_up(engine, body, now))

    def plan(self, body: bytes) -> bytes:
        """The answer of POST /plan.  Raises Refusal."""
        return self.ask(lambda engine, now: self.planner.plan(engine, body, now))

    def feedback(self, body: bytes) -> bytes:
        """The answer of POST /feedback; what it acknowledges is on the disk.  Raises Refusal."""
        return self.ask(lambda engine, now: take(engine, body, now))

    def close(self) -> None:
        """Let go of the store."""
        if self._opened is not None:
            self._opened.dispose()

    def ask(self, work: Callable[[sa.Engine, int], T]) -> T:
        """What `work` makes of the store and the time.  Raises Refusal where the store cannot be used."""
        try:
            return work(self._engine(), self._now())
        except StoreFull as error:
            tell("store", logging.ERROR, why=str(error))
            full = "There is no room left where the store stands; nothing of this request was kept. Try again later."
            raise HttpError(503, "storage_full", full) from None
        except StoreError as error:
            tell("store", logging.ERROR, why=str(error))
            away = "The store cannot be used at the moment; nothing of this request was kept. Try again later."
            raise HttpError(503, "store_unavailable", away) from None

    def _engine(self) -> sa.Engine:
        with self._lock:
            if self._opened is None:
                self._opened = open_store(self._url)
            return self._opened
