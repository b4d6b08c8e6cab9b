"""Spans: on what a request spends its time, for whoever collects that; nothing at all where nobody does.

`serving.runtime.tracing` makes them with OpenTelemetry. Like the log they tell paths of ours, statuses and counts, and
never a body, an id, a name or a key.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from serving.api.observability.request_context import RequestContext

Headers = Sequence[tuple[bytes, bytes]]
Answered = Callable[[str, int, RequestContext], None]
"""Told the path, the status of the answer, and what is known of the request."""


class Spans:
    """Makes none."""

    @contextmanager
    def request(self, _method: str, _headers: Headers) -> Iterator[Answered]:
        """Measure a request for the length of the block."""
        yield lambda _path, _status, _context: None

    @contextmanager
    def step(self, _name: str) -> Iterator[None]:
        """Measure a part of the request that is being answered."""
        yield


NONE = Spans()
