"""The rate limit of a key: a token bucket each, in every worker for itself.

A bucket is made only for a key that exists, so there are never more of them than keys.
"""

import math
import time
from collections.abc import Callable

PER_SECOND = 100.0
"""Requests of one key, in each worker: a CRM that looks at a page at a time needs one, a nightly run sends 200
accounts in each."""
BURST = 200
"""Requests at once after a rest."""


class Rates:
    """Token buckets.  clock : seconds, never set back."""

    def __init__(
        self, per_second: float = PER_SECOND, burst: int = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._clock = per_second, float(burst), clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key_id: str) -> int:
        """Return zero where the request may pass, else the seconds until one may."""
        now = self._clock()
        left, at = self._buckets.get(key_id, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if left < 1.0:
            self._buckets[key_id] = (left, now)
            return max(1, math.ceil((1.0 - left) / self._per_second))
        self._buckets[key_id] = (left - 1.0, now)
        return 0
