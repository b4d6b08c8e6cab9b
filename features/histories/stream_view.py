"""One stream as it was known at every snapshot: segments of flat arrays, and questions to them.

Most snapshots see a prefix of their account's own events. Where something was recorded late, across the snapshot's
as_of, that snapshot gets a private segment without the rows that were not known yet. After that every question is the
same for all: where an instant falls in a segment, and a difference of running sums.
"""

from functools import cached_property

import numpy as np

from features.histories.snapshots import BACK, WINDOWS, SnapshotSpan
from features.histories.streams import FIXED_POINT, Column, Stream, expand, ratio, running_sum
from features.histories.time_search import Search, counting_is_faster, positions_by_day
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray

_EMPTY = np.empty(0, np.int64)


class StreamView:
    """One stream at every snapshot.

    time : shape (n_rows,), the events of the accounts in view, followed by the private copies.
    start : shape (n,), where each snapshot's segment begins.
    segment : shape (n,), the segment of each snapshot.
    bounds : shape (n_segments + 1,), segment k has the rows from bounds[k] to bounds[k + 1].
    """

    def __init__(self, stream: Stream, span: SnapshotSpan) -> None:
        self.as_of = span.as_of
        self._stream, self._span = stream, span
        own = stream.bounds[span.first : span.stop + 1]
        self._rows = slice(int(own[0]), int(own[-1]))
        self._own = own - own[0]
        late, self._copied, sizes = _private_segments(stream, span)
        self.time = self._extend(stream.time)
        self.segment, self.bounds = span.account, self._own
        if len(late):
            self.segment = span.account.copy()
            self.segment[late] = len(own) - 1 + np.arange(len(late))
            self.bounds = np.concatenate([self._own, self._own[-1] + np.cumsum(sizes)])
        self.start = self.bounds[self.segment]
        self._edges: dict[float, IntArray] = {}
        self._sums: dict[str, IntArray] = {}
        self._sums_at: dict[tuple[str, float], IntArray] = {}

    def _extend(self, column: Column) -> Column:
        """Return a column of the stream's rows in view, followed by that of the private copies."""
        own = column[self._rows]
        return own if self._copied is None else np.concatenate([own, own[self._copied]])

    @cached_property
    def row_segment(self) -> IntArray:
        """Return the segment of every row, shape (n_rows,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def _search(self) -> Search:
        return Search.over(self.row_segment, self.time, len(self.bounds) - 1)

    def position(self, at: IntArray, snapshots: IntArray | slice = slice(None)) -> IntArray:
        """Return the first row of each snapshot's segment that is not before an instant (microseconds).

        at : shape (n,), or (k, n) for k instants of every snapshot; the result has its shape.
        snapshots : the n snapshots concerned; all by default.
        """
        if len(self.bounds) == 2:  # one segment: its times are sorted as they stand
            return self.time.searchsorted(at)
        return self._search.position(self.segment[snapshots], at)

    def edge(self, days: float) -> IntArray:
        """Return the position of the instant `days` before as_of (after it if negative), shape (n,).

        The edge of 0 days is the end of what is known.
        """
        result = self._edges.get(days)
        if result is None:
            if days in WINDOWS:
                self._edges.update(zip(WINDOWS, self._find(BACK, self._span.windows), strict=True))
            else:
                self._edges[days] = self.edges(np.array([days]))[0]
            result = self._edges[days]
        return result

    def edges(self, days: FloatArray) -> IntArray:
        """Return the edges of several days, shape (len(days), n)."""
        back = (days * MICROSECONDS_PER_DAY).astype(np.int64)[:, None]
        return self._find(back, self.as_of - back)

    def _find(self, back: IntArray, at: IntArray) -> IntArray:
        if not counting_is_faster(len(self.time), 0, at.size):
            return self.position(at)
        midnights, column = self._span.window_midnights if back is BACK else self._span.midnights(back)
        n_segments = len(self.bounds) - 1
        if np.any(midnights % MICROSECONDS_PER_DAY) or not counting_is_faster(
            len(self.time), n_segments * len(midnights), at.size
        ):
            return self.position(at)
        table = positions_by_day(self.row_segment, self.time, n_segments, midnights)
        result: IntArray = table.ravel().take(self.segment * table.shape[1] + column)
        return result

    def has(self, name: str) -> bool:
        """Return whether any event has such a value."""
        return name in self._stream.values

    def value(self, name: str) -> Column:
        """Return a value of every row, shape (n_rows,); zeros where the stream has no such value."""
        column = self._stream.values.get(name)
        return np.zeros(len(self.time), np.int8) if column is None else self._extend(column)

    def running(self, name: str) -> IntArray:
        """Return the running sum of a value, shape (n_rows + 1,), exact."""
        result = self._sums.get(name)
        if result is None:
            result = self._sums[name] = running_sum(self.value(name))
        return result

    def count(self, days: float | None = None, until: float = 0) -> IntArray:
        """Count the events in [as_of - days, as_of - until), shape (n,); since the beginning if days is None."""
        return self.edge(until) - (self.start if days is None else self.edge(days))

    def total(self, name: str, days: float | None = None, until: float = 0) -> IntArray:
        """Sum a value over the same window as `count`, in the stored whole units, shape (n,), exact."""
        before = self.running(name)[self.start] if days is None else self._running_at(name, days)
        total: IntArray = self._running_at(name, until) - before
        return total

    def _running_at(self, name: str, days: float) -> IntArray:
        """Return the running sum of a value up to an edge; several windows share an end."""
        result = self._sums_at.get((name, days))
        if result is None:
            result = self._sums_at[name, days] = self.running(name)[self.edge(days)]
        return result

    def amount(self, name: str, days: float | None = None, until: float = 0) -> FloatArray:
        """Sum a fixed-point value over the same window as `count`, in its own unit, shape (n,)."""
        return self.total(name, days, until) / FIXED_POINT

    def days_since_last(self) -> FloatArray:
        """Return the days from the last known event to as_of, shape (n,); NaN where there is none."""
        last = self.edge(0) - 1
        return self._days_since(last, last >= self.start)

    def days_since_first(self) -> FloatArray:
        """Return the days from the first known event to as_of, shape (n,); NaN where there is none."""
        return self._days_since(self.start, self.start < self.edge(0))

    def days_since_last_marked(self, name: str) -> FloatArray:
        """Return the days since the last known event whose 0/1 value is 1, shape (n,); NaN where there is none."""
        sums = self.running(name)
        nth = self._running_at(name, 0)
        marked = nth > sums[self.start]
        return self._days_since(sums.searchsorted(nth) - 1, marked)

    def _days_since(self, row: IntArray, exists: BoolArray) -> FloatArray:
        if not len(self.time):
            return np.full(len(row), np.nan)
        elapsed = (self.as_of - self.time[np.where(exists, row, 0)]) / MICROSECONDS_PER_DAY
        return np.where(exists, elapsed, np.nan)

    def last_mean(self, name: str) -> FloatArray:
        """Average a fixed-point value over the events of the last instant, shape (n,); NaN where there is none."""
        end = self.edge(0)
        exists = end > self.start
        if not len(self.time):
            return np.full(len(end), np.nan)
        first = self.position(np.where(exists, self.time[np.maximum(end - 1, 0)], 0))
        sums = self.running(name)
        return np.where(exists, ratio((sums[end] - sums[first]) / FIXED_POINT, end - first), np.nan)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return every (snapshot, row) of a row recorded before as_of, even if its own time lies ahead.

        For tables of states with few rows an account (contracts, contacts); too large for long histories.
        """
        account = self._span.account
        snapshot, row = expand(self._own[account], self._own[account + 1])
        known = self._stream.recorded[self._rows][row] < self.as_of[snapshot]
        return snapshot[known], row[known]

    def raw(self, name: str) -> Column:
        """Return a value or the time of the stream's own rows in view, to be indexed by the rows of `pairs`."""
        return (self._stream.time if name == "time" else self._stream.values[name])[self._rows]


def _private_segments(stream: Stream, span: SnapshotSpan) -> tuple[IntArray, IntArray | None, IntArray]:
    """Return the snapshots that must not see some earlier row of their account, the rows each may see, and how many.

    The rows are counted from the first one in view.
    """
    own = stream.bounds[span.first : span.stop + 1]
    late = stream.late
    if not len(late) and not len(span.midday):
        return _EMPTY, None, _EMPTY
    if len(late):
        late = late[slice(*np.searchsorted(late, own[[0, -1]]))]
        late = late[(stream.recorded[late] >= span.earliest) & (stream.time[late] < span.latest)]
    affected = _snapshots_between(stream, late, span) if len(late) else _EMPTY
    if len(span.midday):  # a day that as_of cuts in two is counted in a private copy
        affected = np.union1d(affected, span.midday)
    if not len(affected):
        return affected, None, _EMPTY
    account, as_of = span.account[affected], span.as_of[affected]
    owner, row = expand(own[account], own[account + 1])
    known = (stream.recorded[row] < as_of[owner]) & (stream.time[row] < as_of[owner])
    return affected, row[known] - own[0], np.bincount(owner[known], minlength=len(affected))


def _snapshots_between(stream: Stream, late: IntArray, span: SnapshotSpan) -> IntArray:
    """Return the snapshots at which a late row had happened but was not known: time < as_of <= recorded."""
    instants, rank = span.instants
    width = len(instants) + 1
    keys = span.account * width + rank
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    account = (np.searchsorted(stream.bounds, late, side="right") - 1 - span.first) * width
    first = np.searchsorted(keys, account + np.searchsorted(instants, stream.time[late], side="right"))
    last = np.searchsorted(keys, account + np.searchsorted(instants, stream.recorded[late], side="right"))
    _, hit = expand(first, last)
    return np.unique(order[hit])
