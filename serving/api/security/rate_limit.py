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
REFUSALS_PER_SECOND, REFUSALS_AT_ONCE, MOST_ADDRESSES = 1.0, 100, 10_000
"""Tries without a good key that are told so; a program with a wrong key makes
a few until somebody looks."""


class Rates:
    """Token buckets.  clock : seconds, never set back."""

    def __init__(
        self, per_second: float = PER_SECOND, burst: int = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._clock = per_second, float(burst), clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def headers(self, key_id: str) -> list[tuple[bytes, bytes]]:
        """Return what is told of the limit with every answer, as draft-ietf-httpapi-ratelimit-headers names it.

        RateLimit-Policy: q requests in w seconds.  RateLimit: r of them are left, all of them again in t seconds.
        """
        left, at = self._buckets.get(key_id, (self._burst, self._clock()))
        left = min(self._burst, left + (self._clock() - at) * self._per_second)
        window, again = (math.ceil(size / self._per_second) for size in (self._burst, self._burst - left))
        policy, state = f'"key";q={self._burst:.0f};w={max(1, window)}', f'"key";r={int(left)};t={again}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]

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


class Refusals:
    """Tries without a good key, of each address: whoever goes on trying waits.

    The addresses of one network of 2**64 count as one, and when there are too many all are forgotten: what is kept here
    must not grow either.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = Rates(REFUSALS_PER_SECOND, REFUSALS_AT_ONCE, clock)

    def take(self, client: tuple[str, int] | None) -> int:
        """Count a try, and return zero where it is answered as such, else the seconds until one may be made."""
        address = "" if client is None else client[0]
        if ":" in address:
            address = ":".join(address.split(":")[:4])
        if len(self._rates._buckets) >= MOST_ADDRESSES and address not in self._rates._buckets:
            self._rates._buckets.clear()
        return self._rates.take(address)
