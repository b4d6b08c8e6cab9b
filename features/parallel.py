"""Work on several threads, for NumPy and LightGBM, which release the interpreter while they sort, add up and fit."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_THREADS = 4
"""More threads than this only wait for memory."""
MAX_FITS = 8
"""The most models that are fitted at a time: each holds its rows in memory once more."""


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


@contextmanager
def side_by_side(parallel: bool, most: int = MAX_FITS) -> Iterator[ThreadPoolExecutor]:
    """Lend an executor for different pieces of work; what nobody has begun when one of them fails is not begun.

    parallel : work on several at a time; else on one after the other, in the order in which they are submitted.
    most : threads.
    """
    with ThreadPoolExecutor(min(os.cpu_count() or 1, most) if parallel else 1) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
