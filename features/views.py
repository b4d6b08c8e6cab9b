"""Histories as they stood at every snapshot: segments of flat arrays that hold only what was known then.

Most snapshots see a prefix of their account's own events. Where something was recorded late, across the
snapshot's as_of, that snapshot gets a private segment without the rows that were not known yet. After
that every question is the same for all: a binary search in a segment, and a difference of running sums.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np

from features.errors import ShapeMismatch
from features.histories import Histories
from features.snapshots import MICROSECONDS_PER_DAY, FloatArray, IntArray, Snapshots
from features.streams import FIXED_POINT, Stream, running_sum

T = TypeVar("T")


class View:
    """All streams of `histories` as they stood at each of `snapshots`; everything is computed once and kept.

    Arrays that it gives have one row per snapshot, in the order of `snapshots`.
    """

    def __init__(self, histories: Histories, snapshots: Snapshots) -> None:
        self.histories = histories
        self.snapshots = snapshots
        self._kept: dict[object, object] = {}

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def as_of(self) -> IntArray:
        """Shape (n,), microseconds."""
        return self.snapshots.as_of

    def stream(self, name: str) -> "StreamView":
        """The stream as known at each snapshot; without events where the source has no such stream."""
        return self.keep(("stream", name), lambda: self._at(self.histories.streams.get(name, _EMPTY)))

    def _at(self, stream: Stream) -> "StreamView":
        return StreamView(stream, self.snapshots, len(self.histories.account_ids))

    def keep(self, key: object, compute: Callable[[], T]) -> T:
        """`compute()`, remembered under `key`: several features share one window."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]  # type: ignore[return-value]

    def profile(self, name: str) -> FloatArray:
        """A number of `accounts` at each snapshot, NaN where unknown, shape (n,)."""
        column = self.histories.profile.get(name)
        if column is None:
            return np.full(len(self), np.nan)
        known = self.histories.profile_known[self.snapshots.account] < self.as_of
        return np.where(known, column[self.snapshots.account].astype(np.float64), np.nan)


_NOTHING = np.empty(0, np.int64)
_EMPTY = Stream(_NOTHING, _NOTHING, _NOTHING, {})


class StreamView:
    """One stream at every snapshot.

    time, values : shape (n_rows,), the stream's rows followed by the private copies.
    start : shape (n,), where each snapshot's segment begins.
    """

    def __init__(self, stream: Stream, snapshots: Snapshots, n_accounts: int) -> None:
        self.as_of = snapshots.as_of
        self._account = snapshots.account
        self._stream = stream
        own = np.searchsorted(stream.account, np.arange(n_accounts + 1))
        late, self._copied, sizes = _private_segments(stream, snapshots, own)
        self.time = self._extend(stream.time)
        self.segment = snapshots.account.copy()
        self.segment[late] = n_accounts + np.arange(len(late))
        self.bounds = np.concatenate([own, len(stream) + np.cumsum(sizes)])
        self.start = self.bounds[self.segment]
        self._own = own
        self._positions: dict[float, IntArray] = {}
        self._sums: dict[str, IntArray] = {}

    def _extend(self, column: IntArray) -> IntArray:
        """A column of the stream's own rows, followed by that of the private copies."""
        return column if self._copied is None else np.concatenate([column, column[self._copied]])

    @cached_property
    def row_segment(self) -> IntArray:
        """The segment of every row, shape (n_rows,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def _search(self) -> tuple[IntArray, Callable[[IntArray], IntArray], int]:
        """Ascending keys of (segment, time), how an instant becomes a step of them, and the steps of a segment."""
        axis = self._stream.axis
        if len(self.bounds) * axis.span < 2**62:
            return self.row_segment * axis.span + axis.step(self.time), axis.step, axis.span
        distinct = np.unique(self.time)  # too many steps for so many segments: count distinct instants instead
        span = len(distinct) + 1
        keys = self.row_segment * span + np.searchsorted(distinct, self.time)
        return keys, lambda at: np.searchsorted(distinct, at), span

    def position(self, at: IntArray) -> IntArray:
        """The first row of each snapshot's segment that is not before `at` (microseconds), shape (n,)."""
        keys, step, span = self._search
        found: IntArray = np.searchsorted(keys, self.segment * span + step(at))
        return found

    def edge(self, days: float) -> IntArray:
        """Position of the instant `days` before as_of; 0 gives the end of what is known."""
        if days not in self._positions:
            self._positions[days] = self.position(self.as_of - int(days * MICROSECONDS_PER_DAY))
        return self._positions[days]

    def value(self, name: str) -> IntArray:
        """A value of every row, shape (n_rows,); zeros where the stream has no such value."""
        column = self._stream.values.get(name)
        return np.zeros(len(self.time), np.int64) if column is None else self._extend(column)

    def running(self, name: str) -> IntArray:
        """Running sum of a value, shape (n_rows + 1,), exact."""
        if self._copied is None:
            return self._stream.running(name)
        if name not in self._sums:
            self._sums[name] = running_sum(self.value(name))
        return self._sums[name]

    def count(self, days: float | None = None, until: float = 0) -> IntArray:
        """Events in [as_of - days, as_of - until); since the beginning if days is None."""
        return self.edge(until) - (self.start if days is None else self.edge(days))

    def total(self, name: str, days: float | None = None, until: float = 0) -> IntArray:
        """Sum of a value over that window, in the stored whole units."""
        sums = self.running(name)
        total: IntArray = sums[self.edge(until)] - sums[self.start if days is None else self.edge(days)]
        return total

    def amount(self, name: str, days: float | None = None, until: float = 0) -> FloatArray:
        """Sum of a fixed-point value over that window, in its own unit."""
        return self.total(name, days, until) / FIXED_POINT

    def days_since_last(self) -> FloatArray:
        """Days from the last known event to as_of; NaN where there is none."""
        return self._days_since(self.edge(0) - 1)

    def days_since_first(self) -> FloatArray:
        """Days from the first known event to as_of; NaN where there is none."""
        return self._days_since(self.start)

    def days_since_last_marked(self, name: str) -> FloatArray:
        """Days since the last known event whose 0/1 value is 1; NaN where there is none."""
        sums = self.running(name)
        nth = sums[self.edge(0)]
        return self._days_since(np.where(nth > sums[self.start], np.searchsorted(sums, nth) - 1, -1))

    def _days_since(self, row: IntArray) -> FloatArray:
        exists = (row >= self.start) & (row < self.edge(0))
        if not len(self.time):
            return np.full(len(row), np.nan)
        elapsed = (self.as_of - self.time[np.where(exists, row, 0)]) / MICROSECONDS_PER_DAY
        return np.where(exists, elapsed, np.nan)

    def last_mean(self, name: str) -> FloatArray:
        """Mean of a fixed-point value over the events of the last instant; NaN where there is none."""
        end = self.edge(0)
        exists = end > self.start
        if not len(self.time):
            return np.full(len(end), np.nan)
        first = self.position(np.where(exists, self.time[np.maximum(end - 1, 0)], 0))
        sums = self.running(name)
        return np.where(exists, ratio((sums[end] - sums[first]) / FIXED_POINT, end - first), np.nan)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Every (snapshot, row) of a row recorded before as_of, even if its own time lies ahead.

        For tables of states with few rows an account (contracts, contacts), never for long histories.
        """
        snapshot, row = expand(self._own[self._account], self._own[self._account + 1])
        known = self._stream.recorded[row] < self.as_of[snapshot]
        return snapshot[known], row[known]

    def raw(self, name: str) -> IntArray:
        """A value or the time of the stream's own rows, to go with `pairs`."""
        return self._stream.time if name == "time" else self._stream.values[name]


def ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    """part / whole, NaN where the whole is not above zero."""
    positive = whole > 0
    return np.where(positive, part / np.where(positive, whole, 1), np.nan)


def expand(start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """All (k, i) with start[k] <= i < stop[k], k ascending.

    >>> [a.tolist() for a in expand(np.array([0, 5]), np.array([2, 6]))]
    [[0, 0, 1], [0, 1, 5]]
    """
    if start.shape != stop.shape:
        raise ShapeMismatch(f"{start.shape} starts against {stop.shape} stops")
    lengths = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(start)), lengths)
    before = np.cumsum(lengths) - lengths
    return owner, np.arange(len(owner)) - before[owner] + start[owner]


def _private_segments(
    stream: Stream, snapshots: Snapshots, own: IntArray
) -> tuple[IntArray, IntArray | None, IntArray]:
    """Snapshots that must not see some earlier row of their account, the rows each may see, and how many.

    own : shape (n_accounts + 1,), where each account's rows begin.
    """
    affected = _snapshots_between(stream, stream.late, snapshots)
    midday = np.flatnonzero(snapshots.as_of % MICROSECONDS_PER_DAY)  # days cut in two are counted in a copy
    affected = np.union1d(affected, midday)
    if not len(affected):
        return affected, None, _NOTHING
    account, as_of = snapshots.account[affected], snapshots.as_of[affected]
    owner, row = expand(own[account], own[account + 1])
    known = (stream.recorded[row] < as_of[owner]) & (stream.time[row] < as_of[owner])
    return affected, row[known], np.bincount(owner[known], minlength=len(affected))


def _snapshots_between(stream: Stream, late: IntArray, snapshots: Snapshots) -> IntArray:
    """Snapshots at which one of the late rows had happened but was not known: time < as_of <= recorded."""
    if not len(late) or not len(snapshots):
        return _NOTHING
    instants, rank = np.unique(snapshots.as_of, return_inverse=True)
    width = len(instants) + 1
    order = np.argsort(snapshots.account * width + rank, kind="stable")
    keys = (snapshots.account * width + rank)[order]
    account = stream.account[late] * width
    first = np.searchsorted(keys, account + np.searchsorted(instants, stream.time[late], side="right"))
    last = np.searchsorted(keys, account + np.searchsorted(instants, stream.recorded[late], side="right"))
    _, hit = expand(first, last)
    return np.unique(order[hit])
