"""Histories as they stood at every snapshot: for each stream a view that holds only what was known then."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots, SnapshotSpan
from features.histories.stream_view import StreamView
from features.histories.streams import Stream
from features.instants import FloatArray, IntArray

T = TypeVar("T")

BLOCK = 20_000
"""Snapshots that are worked on together: few enough for the processor's cache, enough to outweigh the fixed costs."""


class View:
    """All streams of `histories` as they stood at each of `snapshots`.

    Arrays have one row per snapshot, in the order of `snapshots`. Everything is computed once and kept, so memory grows
    with the snapshots and their accounts' events: for many, use `blocks`.
    """

    def __init__(self, histories: Histories, snapshots: Snapshots) -> None:
        self.histories = histories
        self.snapshots = snapshots
        self._span = SnapshotSpan.of(snapshots)
        self._streams: dict[str, StreamView] = {}
        self._cache: dict[object, object] = {}

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def as_of(self) -> IntArray:
        """Return the instant of each snapshot, shape (n,), microseconds."""
        return self.snapshots.as_of

    @property
    def midnights(self) -> bool:
        """Return whether every as_of is a midnight, so that no day is cut in two."""
        return not len(self._span.midday)

    def blocks(self) -> Iterator[tuple[IntArray | slice, "View"]]:
        """Yield views of some neighbouring accounts each, with the rows of this view that they cover.

        A small view yields itself.
        """
        if len(self) <= BLOCK:
            yield slice(None), self
            return
        account = self.snapshots.account
        order = np.argsort(account, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(account[order])) + 1, len(order))  # where each account's rows end
        start = 0
        while start < len(order):
            fits, least = np.searchsorted(ends, [start + BLOCK, start], side="right")
            stop = int(ends[max(int(fits) - 1, int(least))])  # at least one account
            yield order[start:stop], View(self.histories, self.snapshots.take(order[start:stop]))
            start = stop

    def stream(self, name: str) -> "StreamView":
        """Return a stream as known at each snapshot; without events where the source has no such stream."""
        view = self._streams.get(name)
        if view is None:
            stream = self.histories.streams.get(name)
            if stream is None:
                stream = Stream(
                    np.zeros(self._span.stop + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), {}
                )
            elif self._span.only is not None:
                stream = stream.of_accounts(self._span.only)
            view = self._streams[name] = StreamView(stream, self._span)
        return view

    def cached(self, key: object, compute: Callable[[], T]) -> T:
        """Return compute(), computed once for each `key`, since several features share one window."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]  # type: ignore[return-value]

    def profile(self, name: str) -> FloatArray:
        """Return a number of `accounts` at each snapshot, NaN where unknown, shape (n,)."""
        column = self.histories.profile.get(name)
        if column is None:
            return np.full(len(self), np.nan)
        known = self.histories.profile_known[self.snapshots.account] < self.as_of
        return np.where(known, column[self.snapshots.account].astype(np.float64), np.nan)
