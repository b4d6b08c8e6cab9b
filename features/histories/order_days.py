"""Order days, which are the days whose orders have positive revenue in sum, and the gaps between them."""

import numpy as np

from features.histories.stream_view import StreamView
from features.histories.streams import expand, ratio, running_sum
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray


class OrderDays:
    """The order days of every snapshot, counted over any span of time.

    day : shape (n_days,), the midnight that begins each, microseconds, within the segments of the orders.
    """

    def __init__(self, view: View) -> None:
        self.as_of = view.as_of  # not the view itself, which holds this object: a reference cycle is freed late
        self._midnights = view.midnights
        self.orders: StreamView = view.stream("orders")
        self._windows: dict[tuple[float, float], IntArray] = {}
        segment, midnight = self.orders.row_segment, _midnight(self.orders.time)
        first = np.ones(len(midnight) + 1, bool)
        first[1:-1] = (midnight[1:] != midnight[:-1]) | (segment[1:] != segment[:-1])
        begins = np.flatnonzero(first)
        billed = self.orders.running("revenue")[begins]
        begins = begins[:-1][billed[1:] > billed[:-1]]
        self.day, segment = midnight[begins], segment[begins]
        gap = np.zeros(len(begins), np.int64)
        same = segment[1:] == segment[:-1]
        gap[1:] = same * (self.day[1:] - self.day[:-1]) // MICROSECONDS_PER_DAY
        self._gaps = running_sum(gap)
        self._squares = running_sum(gap * gap)
        starts = np.zeros(len(midnight), bool)
        starts[begins] = True
        self._begun = running_sum(starts)  # how many order days begin before each row of the orders

    def count(self, start: IntArray, stop: IntArray, snapshots: IntArray | slice = slice(None)) -> IntArray:
        """Count the order days of some snapshots in [start, stop), microseconds.

        A day that start or stop cuts in two counts by the part inside.

        start, stop : shape (m,).
        snapshots : the m snapshots concerned; all by default.
        """

        def position(at: IntArray) -> IntArray:
            return self.orders.position(at, snapshots)

        def positive(begins: IntArray, ends: IntArray) -> IntArray:
            """1 where the revenue between two instants of one day is above zero."""
            if not np.any(ends > begins):
                return np.zeros(len(begins), np.int64)
            sums = self.orders.running("revenue")
            inside: BoolArray = sums[position(np.maximum(ends, begins))] > sums[position(begins)]
            return inside.astype(np.int64)

        whole_from, whole_to = _midnight(start + MICROSECONDS_PER_DAY - 1), _midnight(stop)
        whole = np.maximum(self._begun[position(whole_to)] - self._begun[position(whole_from)], 0)
        head = positive(start, np.minimum(whole_from, stop))
        tail = positive(np.maximum(whole_to, start), stop) & (whole_to >= whole_from)
        counted: IntArray = whole + head + tail
        return counted

    def in_window(self, days: float, until: float = 0) -> IntArray:
        """Count the order days in [as_of - days, as_of - until), shape (n,)."""
        if (days, until) not in self._windows:
            if self._midnights and days == int(days) and until == int(until):
                counted = self._begun[self.orders.edge(until)] - self._begun[self.orders.edge(days)]
            else:
                counted = self.count(*(self.as_of - int(edge * MICROSECONDS_PER_DAY) for edge in (days, until)))
            self._windows[days, until] = counted
        return self._windows[days, until]

    def in_windows(self, days: FloatArray, until: FloatArray) -> IntArray:
        """Count the order days in [as_of - days, as_of - until) for several windows, shape (len(days), n)."""
        if not self._midnights or np.any(days % 1) or np.any(until % 1):
            return np.stack([self.in_window(d, u) for d, u in zip(days.tolist(), until.tolist(), strict=True)])
        begun = self._begun[self.orders.edges(np.concatenate([days, until]))]
        counted: IntArray = begun[len(days) :] - begun[: len(days)]
        return counted

    def ever_within(self, number: int, days: float) -> BoolArray:
        """Return whether so many order days ever lay within some days of each other, shape (n,)."""
        if number < 1:
            return np.ones(len(self.as_of), bool)
        close = np.zeros(len(self.day), np.int64)
        apart = self.day[number - 1 :] - self.day[: len(self.day) - number + 1]
        close[number - 1 :] = apart < days * MICROSECONDS_PER_DAY
        sums, last = running_sum(close), self._begun[self.orders.edge(0)]
        first = np.minimum(self._begun[self.orders.start] + number - 1, last)
        found: BoolArray = sums[last] > sums[first]
        return found

    def total(self) -> IntArray:
        """Count the order days since the data begin, shape (n,)."""
        counted: IntArray = self._begun[self.orders.edge(0)] - self._begun[self.orders.start]
        return counted

    def gaps(self, days: float) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return number, mean and deviation (days) of the gaps between successive order days.

        Only gaps that end in the last `days` count.
        """
        last = self._begun[self.orders.edge(0)]
        first = np.minimum(np.maximum(self._begun[self.orders.edge(days)], self._begun[self.orders.start] + 1), last)
        number = last - first
        mean = ratio(self._gaps[last] - self._gaps[first], number)
        square = ratio(self._squares[last] - self._squares[first], number)
        return number, mean, np.sqrt(np.maximum(square - mean * mean, 0))

    def long_gaps(self, days: float, least: float) -> tuple[IntArray, IntArray, IntArray]:
        """Return the gaps of at least so many days that ended in the last `days`: snapshot, day it began, its days.

        Shape (m,) each; the day is the midnight that begins it, microseconds.
        """
        gap = np.diff(self._gaps)
        long = gap >= least
        last = self._begun[self.orders.edge(0)]
        first = np.minimum(np.maximum(self._begun[self.orders.edge(days)], self._begun[self.orders.start] + 1), last)
        counted = running_sum(long)
        snapshot, which = expand(counted[first], counted[last])
        row = np.flatnonzero(long)[which]
        return snapshot, self.day[row] - gap[row] * MICROSECONDS_PER_DAY, gap[row]

    def days_since(self, nth: int) -> FloatArray:
        """Return the days from the nth last order day (0 = the last) to as_of, shape (n,); NaN without one."""
        index = self._begun[self.orders.edge(0)] - 1 - nth
        exists = index >= self._begun[self.orders.start]
        if not len(self.day):
            return np.full(len(index), np.nan)
        elapsed = (self.as_of - self.day[np.where(exists, index, 0)]) / MICROSECONDS_PER_DAY
        return np.where(exists, elapsed, np.nan)

    def days_until_first(self, days: float) -> FloatArray:
        """Return the days from as_of - days to the first order day that begins after it, shape (n,); NaN without one.

        Of views that look back at an earlier snapshot from the end of its horizon.
        """
        index = self._begun[self.orders.edge(days)]
        exists = index < self._begun[self.orders.edge(0)]
        if not len(self.day):
            return np.full(len(index), np.nan)
        begin = self.as_of - int(days * MICROSECONDS_PER_DAY)
        return np.where(exists, (self.day[np.where(exists, index, 0)] - begin) / MICROSECONDS_PER_DAY, np.nan)


def order_days(view: View) -> OrderDays:
    """Return the order days of a view, computed once."""
    return view.cached("order days", lambda: OrderDays(view))


def _midnight(time: IntArray) -> IntArray:
    return time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
