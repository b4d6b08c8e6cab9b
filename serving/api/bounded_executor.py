"""Work on requests: few at a time, a bounded queue, and a time limit.

Beyond its bounds the answer is 503 with Retry-After at once: a queue without end only makes everybody wait until
nobody is there any more to read the answer. Work that is given up ends: it looks at its deadline at every step
(`features.deadlines`), and where a step should never come back, whoever watches over the process is told.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Lock
from typing import TypeVar

from starlette.requests import Request

from features.deadlines import deadline
from serving.api.errors import SMALLER, HttpError
from serving.api.request_bodies import MOST_BYTES, Hold, read_body

PATIENCE_SECONDS = 15.0
"""For a body to arrive, to wait and to be worked on; the scoring of 200 accounts takes a small part of it."""
STUCK_SECONDS = 30.0
"""After which work that was given up, and has not ended, never will: its process is no good any more."""
THREADS = 2
"""Requests worked on at once by a worker: more only take turns, each holding its own tables in memory."""
MOST_WAITING = 64
"""Requests beyond those, in each worker: at the few milliseconds that one account takes, a third of a second."""
MOST_HELD = 8 * MOST_BYTES
"""Bytes of bodies in memory at once in each worker; scoring takes several times as much again, of two of them."""
T = TypeVar("T")


class BoundedExecutor:
    """Where the bodies of a worker are read and worked on.

    most_waiting : requests; most_held : bytes.  stuck : called where work that was given up does not end.
    """

    def __init__(
        self,
        most_waiting: int = MOST_WAITING,
        most_held: int = MOST_HELD,
        stuck: Callable[[], None] | None = None,
    ) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "work")
        self._most, self._most_held, self._stuck = most_waiting + THREADS, most_held, stuck
        self._inside, self._held, self._lock = 0, 0, Lock()

    async def work(
        self,
        request: Request,
        do: Callable[[bytes], T],
        read: Callable[[Request, Hold], Awaitable[bytes]] = read_body,
    ) -> T:
        """Run `do` on the request's body in a thread, and return its result.

        read : how the body is read.

        Raises
        ------
        HttpError
            503 with Retry-After where too much is waiting or it took too long; what read refuses; what do refuses.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if self._held + size > self._most_held:
                raise _busy()
            self._held += size
            held += size

        until = time.monotonic() + PATIENCE_SECONDS
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if self._inside >= self._most:  # before a byte is read: it costs next to nothing to refuse
                    raise _busy()
                body = await read(request, hold)
                return await self._done(partial(do, body), until)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._held -= held

    async def run(self, do: Callable[[], T]) -> T:
        """Run `do` in a thread, for a request that has no body, and return its result.

        Raises
        ------
        HttpError
            503 with Retry-After where too much is waiting or it took too long; what do refuses.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._done(do, until)
        except TimeoutError:
            raise _too_slow() from None

    async def _done(self, do: Callable[[], T], until: float) -> T:
        future = self._enter(do, until)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.done():
                asyncio.get_running_loop().call_later(STUCK_SECONDS, self._check_ended, future)
            raise

    def _enter(self, do: Callable[[], T], until: float) -> "Future[T]":
        """Wait for a thread.  What was given up keeps its place until its thread is free again."""
        with self._lock:
            if self._inside >= self._most:
                raise _busy()
            self._inside += 1
        future = self._pool.submit(copy_context().run, _in_time, do, until)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object) -> None:
        with self._lock:
            self._inside -= 1

    def _check_ended(self, future: "Future[T]") -> None:
        if not future.done() and self._stuck is not None:
            self._stuck()


def _in_time(do: Callable[[], T], until: float) -> T:
    with deadline(until):
        return do()


def _too_slow() -> HttpError:
    slow = f"The request was not done in {PATIENCE_SECONDS:g} seconds. {SMALLER}"
    return HttpError(503, "too_slow", slow, retry_after=5)


def _busy() -> HttpError:
    return HttpError(503, "busy", "Too many requests are waiting already. Try again after a moment.", retry_after=1)
