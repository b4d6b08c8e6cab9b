"""Work on several things at once: NumPy lets go of the interpreter while it sorts, gathers and adds up."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")

MOST = 4
"""More threads than this only wait for the memory."""


def side_by_side(work: Callable[[Given], Answer], things: Iterable[Given], pays: bool) -> Iterator[Answer]:
    """work(thing) for each thing, in their order; several at a time where it pays, one by one otherwise."""
    threads = min(os.cpu_count() or 1, MOST)
    if not pays or threads == 1:
        yield from map(work, things)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Answer]] = deque()
        for thing in things:  # no more than are wanted soon: an answer may be large
            waiting.append(pool.submit(work, thing))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
