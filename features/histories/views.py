"""Histories as they stood at every snapshot: segments of flat arrays that hold only what was known then.

Most snapshots see a prefix of their account's own events. Where something was recorded late, across the
snapshot's as_of, that snapshot gets a private segment without the rows that were not known yet. After
that every question is the same for all: where an instant falls in a segment, and a difference of running sums.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT, Column, Stream, expand, running_sum
from features.histories.time_search import Search, counting_pays, positions_by_day
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray

T = TypeVar("T")

WINDOWS = (0, 30, 90, 180, 365, 730)
"""Days before as_of that most features ask for: found together, since one look costs about as much as six."""

FAR_APART = 4
"""Of the accounts it spans a view must hold at least one in so many; else their events are taken out of the rest."""

BLOCK = 20_000
"""Snapshots that are worked on together: few enough for the processor's cache, enough to forget the fixed costs."""


class View:
    """All streams of `histories` as they stood at each of `snapshots`; everything is computed once and kept.

    Arrays that it gives have one row per snapshot, in the order of `snapshots`. What it keeps grows with the
    snapshots and their accounts' events: for many, `blocks`.
    """

    def __init__(self, histories: Histories, snapshots: Snapshots) -> None:
        self.histories = histories
        self.snapshots = snapshots
        self._place = Place.of(snapshots)
        self._streams: dict[str, StreamView] = {}
        self._kept: dict[object, object] = {}

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def as_of(self) -> IntArray:
        """Shape (n,), microseconds."""
        return self.snapshots.as_of

    @property
    def midnights(self) -> bool:
        """Whether every as_of is a midnight, so that no day is cut in two."""
        return not len(self._place.midday)

    def blocks(self) -> Iterator[tuple[IntArray | slice, "View"]]:
        """Views of some neighbouring accounts each, and which rows of this one they are; itself if it is small."""
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
        """The stream as known at each snapshot; without events where the source has no such stream."""
        found = self._streams.get(name)
        if found is None:
            stream = self.histories.streams.get(name)
            if stream is None:
                stream = Stream(np.zeros(self._place.stop + 1, np.int64), _NOTHING, _NOTHING, {})
            elif self._place.only is not None:
                stream = stream.of_accounts(self._place.only)
            found = self._streams[name] = StreamView(stream, self._place)
        return found

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


@dataclass(frozen=True)
class Place:
    """Where the snapshots of a view lie.

    first, stop : their accounts are among those from `first` up to `stop`.
    only : their accounts, ascending, where they lie far apart: first and stop then count these; None where they do not.
    account : shape (n,), position of each snapshot's account after `first`.
    midday : rows whose as_of is no midnight.  earliest, latest : the first and the last as_of, microseconds.
    """

    first: int
    stop: int
    account: IntArray
    as_of: IntArray
    midday: IntArray
    earliest: int
    latest: int
    only: IntArray | None = None

    @staticmethod
    def of(snapshots: Snapshots) -> "Place":
        """The place of those snapshots."""
        account, as_of = snapshots.account, snapshots.as_of
        midday = np.flatnonzero(as_of % MICROSECONDS_PER_DAY)
        if not len(account):
            return Place(first=0, stop=0, account=account, as_of=as_of, midday=midday, earliest=0, latest=0)
        first, stop = int(account.min()), int(account.max()) + 1
        account, ends = account - first, (int(as_of.min()), int(as_of.max()))
        seen = np.zeros(stop - first, bool)
        seen[account] = True
        only = np.flatnonzero(seen)
        if len(only) * FAR_APART > len(seen):
            return Place(
                first=first, stop=stop, account=account, as_of=as_of, midday=midday, earliest=ends[0], latest=ends[1]
            )
        return Place(
            first=0, stop=len(only), account=np.searchsorted(only, account), as_of=as_of, midday=midday,
            earliest=ends[0], latest=ends[1], only=only + first,
        )  # fmt: skip

    @cached_property
    def windows(self) -> IntArray:
        """The instants at which the usual windows begin, shape (len(WINDOWS), n)."""
        return self.as_of - _BACK

    def midnights(self, back: IntArray) -> tuple[IntArray, IntArray]:
        """The different instants so long before an as_of, and which is each snapshot's, shape (len(back), n)."""
        instants, which = self.instants
        asked = instants - back
        distinct, column = np.unique(asked, return_inverse=True)
        return distinct, column.reshape(asked.shape)[:, which]

    @cached_property
    def window_midnights(self) -> tuple[IntArray, IntArray]:
        """The same for the usual windows."""
        return self.midnights(_BACK)

    @cached_property
    def instants(self) -> tuple[IntArray, IntArray]:
        """The different as_of, ascending, and which of them is each snapshot's."""
        instants, which = np.unique(self.as_of, return_inverse=True)
        return instants, which


_BACK = np.array(WINDOWS, np.int64)[:, None] * MICROSECONDS_PER_DAY


class StreamView:
    """One stream at every snapshot.

    time, values : shape (n_rows,), the events of the accounts in view, followed by the private copies.
    start : shape (n,), where each snapshot's segment begins.
    """

    def __init__(self, stream: Stream, place: Place) -> None:
        self.as_of = place.as_of
        self._stream, self._place = stream, place
        own = stream.bounds[place.first : place.stop + 1]
        self._rows = slice(int(own[0]), int(own[-1]))
        self._own = own - own[0]
        late, self._copied, sizes = _private_segments(stream, place)
        self.time = self._extend(stream.time)
        self.segment, self.bounds = place.account, self._own
        if len(late):
            self.segment = place.account.copy()
            self.segment[late] = len(own) - 1 + np.arange(len(late))
            self.bounds = np.concatenate([self._own, self._own[-1] + np.cumsum(sizes)])
        self.start = self.bounds[self.segment]
        self._edges: dict[float, IntArray] = {}
        self._sums: dict[str, IntArray] = {}
        self._sums_at: dict[tuple[str, float], IntArray] = {}

    def _extend(self, column: Column) -> Column:
        """A column of the stream's rows in view, followed by that of the private copies."""
        own = column[self._rows]
        return own if self._copied is None else np.concatenate([own, own[self._copied]])

    @cached_property
    def row_segment(self) -> IntArray:
        """The segment of every row, shape (n_rows,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def _search(self) -> Search:
        return Search.over(self.row_segment, self.time, len(self.bounds) - 1)

    def position(self, at: IntArray, snapshots: IntArray | slice = slice(None)) -> IntArray:
        """The first row of each snapshot's segment that is not before `at` (microseconds).

        at : shape (n,), or (k, n) for k instants of every snapshot; the answer has its shape.
        snapshots : which n of them are asked about; all by default.
        """
        if len(self.bounds) == 2:  # one segment: its times are sorted as they stand
            return self.time.searchsorted(at)
        return self._search.position(self.segment[snapshots], at)

    def edge(self, days: float) -> IntArray:
        """Position of the instant `days` before as_of, after it if negative; 0 gives the end of what is known."""
        found = self._edges.get(days)
        if found is None:
            if days in WINDOWS:
                self._edges.update(zip(WINDOWS, self._find(_BACK, self._place.windows), strict=True))
            else:
                self._edges[days] = self.edges(np.array([days]))[0]
            found = self._edges[days]
        return found

    def edges(self, days: FloatArray) -> IntArray:
        """The edges of several days, shape (len(days), n)."""
        back = (days * MICROSECONDS_PER_DAY).astype(np.int64)[:, None]
        return self._find(back, self.as_of - back)

    def _find(self, back: IntArray, at: IntArray) -> IntArray:
        if not counting_pays(len(self.time), 0, at.size):
            return self.position(at)
        midnights, column = self._place.window_midnights if back is _BACK else self._place.midnights(back)
        n_segments = len(self.bounds) - 1
        if np.any(midnights % MICROSECONDS_PER_DAY) or not counting_pays(
            len(self.time), n_segments * len(midnights), at.size
        ):
            return self.position(at)
        table = positions_by_day(self.row_segment, self.time, n_segments, midnights)
        found: IntArray = table.ravel().take(self.segment * table.shape[1] + column)
        return found

    def has(self, name: str) -> bool:
        """Whether any event has such a value."""
        return name in self._stream.values

    def value(self, name: str) -> Column:
        """A value of every row, shape (n_rows,); zeros where the stream has no such value."""
        column = self._stream.values.get(name)
        return np.zeros(len(self.time), np.int8) if column is None else self._extend(column)

    def running(self, name: str) -> IntArray:
        """Running sum of a value, shape (n_rows + 1,), exact."""
        found = self._sums.get(name)
        if found is None:
            found = self._sums[name] = running_sum(self.value(name))
        return found

    def count(self, days: float | None = None, until: float = 0) -> IntArray:
        """Events in [as_of - days, as_of - until); since the beginning if days is None."""
        return self.edge(until) - (self.start if days is None else self.edge(days))

    def total(self, name: str, days: float | None = None, until: float = 0) -> IntArray:
        """Sum of a value over that window, in the stored whole units."""
        before = self.running(name)[self.start] if days is None else self._summed(name, days)
        total: IntArray = self._summed(name, until) - before
        return total

    def _summed(self, name: str, days: float) -> IntArray:
        """The running sum up to an edge: several windows share an end."""
        found = self._sums_at.get((name, days))
        if found is None:
            found = self._sums_at[name, days] = self.running(name)[self.edge(days)]
        return found

    def amount(self, name: str, days: float | None = None, until: float = 0) -> FloatArray:
        """Sum of a fixed-point value over that window, in its own unit."""
        return self.total(name, days, until) / FIXED_POINT

    def days_since_last(self) -> FloatArray:
        """Days from the last known event to as_of; NaN where there is none."""
        last = self.edge(0) - 1
        return self._days_since(last, last >= self.start)

    def days_since_first(self) -> FloatArray:
        """Days from the first known event to as_of; NaN where there is none."""
        return self._days_since(self.start, self.start < self.edge(0))

    def days_since_last_marked(self, name: str) -> FloatArray:
        """Days since the last known event whose 0/1 value is 1; NaN where there is none."""
        sums = self.running(name)
        nth = self._summed(name, 0)
        marked = nth > sums[self.start]
        return self._days_since(sums.searchsorted(nth) - 1, marked)

    def _days_since(self, row: IntArray, exists: BoolArray) -> FloatArray:
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
        account = self._place.account
        snapshot, row = expand(self._own[account], self._own[account + 1])
        known = self._stream.recorded[self._rows][row] < self.as_of[snapshot]
        return snapshot[known], row[known]

    def raw(self, name: str) -> Column:
        """A value or the time of the stream's own rows in view, to go with `pairs`."""
        return (self._stream.time if name == "time" else self._stream.values[name])[self._rows]


def ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    """part / whole, NaN where the whole is not above zero."""
    share: FloatArray = part / np.where(whole > 0, whole, np.nan)
    return share


def _private_segments(stream: Stream, place: Place) -> tuple[IntArray, IntArray | None, IntArray]:
    """Snapshots that must not see some earlier row of their account, the rows each may see, and how many.

    The rows are counted from the first one in view.
    """
    own = stream.bounds[place.first : place.stop + 1]
    late = stream.late
    if not len(late) and not len(place.midday):
        return _NOTHING, None, _NOTHING
    if len(late):
        late = late[slice(*np.searchsorted(late, own[[0, -1]]))]
        late = late[(stream.recorded[late] >= place.earliest) & (stream.time[late] < place.latest)]
    affected = _snapshots_between(stream, late, place) if len(late) else _NOTHING
    if len(place.midday):  # days cut in two are counted in a copy
        affected = np.union1d(affected, place.midday)
    if not len(affected):
        return affected, None, _NOTHING
    account, as_of = place.account[affected], place.as_of[affected]
    owner, row = expand(own[account], own[account + 1])
    known = (stream.recorded[row] < as_of[owner]) & (stream.time[row] < as_of[owner])
    return affected, row[known] - own[0], np.bincount(owner[known], minlength=len(affected))


def _snapshots_between(stream: Stream, late: IntArray, place: Place) -> IntArray:
    """Snapshots at which one of the late rows had happened but was not known: time < as_of <= recorded."""
    instants, rank = place.instants
    width = len(instants) + 1
    keys = place.account * width + rank
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    account = (np.searchsorted(stream.bounds, late, side="right") - 1 - place.first) * width
    first = np.searchsorted(keys, account + np.searchsorted(instants, stream.time[late], side="right"))
    last = np.searchsorted(keys, account + np.searchsorted(instants, stream.recorded[late], side="right"))
    _, hit = expand(first, last)
    return np.unique(order[hit])
