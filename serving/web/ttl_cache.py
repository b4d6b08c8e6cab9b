"""A cache for what is expensive to count and seldom changes: kept for a minute, in each process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
SECONDS = 60.0
MOST = 200
"""Entries: some hundred filters are looked at within a minute at most."""


class TTLCache(Generic[T]):
    """Values by key, the oldest forgotten first; may be asked from several threads.

    most : entries.  clock : seconds.
    """

    def __init__(self, seconds: float = SECONDS, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value kept for the key, or the result of `make`."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None and self._clock() - found[0] < self._seconds:
                return found[1]
        value = make()
        with self._lock:
            self._entries[key] = (self._clock(), value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return value
