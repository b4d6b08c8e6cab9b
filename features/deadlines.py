"""The instant until which work is wanted: whoever takes many steps looks at it, and stops when it is past.

A thread cannot be ended from outside, so work that nobody waits for any more has to end itself. Without a deadline, as
in every command, looking costs next to nothing and never stops anything.
"""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from features.errors import DeadlinePassed

T = TypeVar("T")
STEPS_AT_ONCE = 1_000
"""Small steps between two looks at the clock."""
_UNTIL: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(at: float) -> Iterator[None]:
    """Set the deadline of what this thread does within the block.  at : seconds of `time.monotonic`."""
    token = _UNTIL.set(at)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left() -> float:
    """Return the seconds until the deadline, below zero once it is past; infinity without one."""
    until = _UNTIL.get()
    return until if until == math.inf else until - time.monotonic()


def check_deadline() -> None:
    """Do nothing while there is time.  Raises DeadlinePassed afterwards."""
    if seconds_left() <= 0:
        raise DeadlinePassed("The work took longer than it may.")


def timed(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, with a look at the deadline every STEPS_AT_ONCE.  Raises DeadlinePassed."""
    for number, item in enumerate(items):
        if number % STEPS_AT_ONCE == 0:
            check_deadline()
        yield item
