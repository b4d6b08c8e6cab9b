"""A parallel map over threads, for NumPy work that releases the interpreter while it sorts, gathers and adds up."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_THREADS = 4
"""More threads than this only wait for memory."""


def parallel_map(work: Callable[[Item], Result], items: Iterable[Item], parallel: bool) -> Iterator[Result]:
    """Yield work(item) for each item, in order.

    parallel : work on several items at a time; else on one after the other, in this thread. No more results than
        threads wait to be taken, since one may be large.
    """
    threads = min(os.cpu_count() or 1, MAX_THREADS)
    if not parallel or threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(pool.submit(copy_context().run, work, item))  # with the deadline of this thread
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
