"""Order days: the days whose orders have positive revenue in sum, and the gaps between them."""

import numpy as np

from features.snapshots import MICROSECONDS_PER_DAY, FloatArray, IntArray
from features.streams import running_sum
from features.views import StreamView, View, ratio


class OrderDays:
    """Order days of every snapshot, counted over any span of time.

    day : shape (n_days,), the midnight that begins each, microseconds, within the segments of the orders.
    """

    def __init__(self, view: View) -> None:
        self.as_of = view.as_of  # not the view itself: it keeps this, and a circle of two is freed late
        self.orders: StreamView = view.stream("orders")
        self._windows: dict[tuple[float, float], IntArray] = {}
        segment, midnight = self.orders.row_segment, _midnight(self.orders.time)
        first = np.ones(len(midnight), bool)
        first[1:] = (np.diff(midnight) != 0) | (np.diff(segment) != 0)
        begins = np.flatnonzero(first)
        revenue = np.diff(self.orders.running("revenue")[np.append(begins, len(midnight))])
        begins = begins[revenue > 0]
        self.day = midnight[begins]
        self._begins = begins
        same = np.zeros(len(begins), bool)
        same[1:] = np.diff(segment[begins]) == 0
        gap = np.zeros(len(begins), np.int64)
        gap[1:] = np.diff(self.day) // MICROSECONDS_PER_DAY
        gap[~same] = 0
        self._gaps = running_sum(gap)
        self._squares = running_sum(gap * gap)

    def _index(self, row: IntArray) -> IntArray:
        """How many order days begin before that row of the orders."""
        found: IntArray = np.searchsorted(self._begins, row)
        return found

    def count(self, start: IntArray, stop: IntArray) -> IntArray:
        """Order days in [start, stop), microseconds; a day cut by either end counts by its part inside."""
        whole_from, whole_to = _midnight(start + MICROSECONDS_PER_DAY - 1), _midnight(stop)
        rows_from, rows_to = self.orders.position(whole_from), self.orders.position(whole_to)
        whole = np.maximum(self._index(rows_to) - self._index(rows_from), 0)
        head = self._positive(start, np.minimum(whole_from, stop))
        tail = self._positive(np.maximum(whole_to, start), stop) & (whole_to >= whole_from)
        counted: IntArray = whole + head + tail
        return counted

    def _positive(self, start: IntArray, stop: IntArray) -> IntArray:
        """1 where the revenue in [start, stop) is above zero."""
        if not np.any(stop > start):
            return np.zeros(len(start), np.int64)
        sums = self.orders.running("revenue")
        inside = sums[self.orders.position(np.maximum(stop, start))] - sums[self.orders.position(start)]
        return (inside > 0).astype(np.int64)

    def in_window(self, days: float, until: float = 0) -> IntArray:
        """Order days in [as_of - days, as_of - until)."""
        if (days, until) not in self._windows:
            start, stop = (self.as_of - int(edge * MICROSECONDS_PER_DAY) for edge in (days, until))
            self._windows[days, until] = self.count(start, stop)
        return self._windows[days, until]

    def total(self) -> IntArray:
        """Order days since the data begin."""
        return self._index(self.orders.edge(0)) - self._index(self.orders.start)

    def gaps(self, days: float) -> tuple[IntArray, FloatArray, FloatArray]:
        """Gaps between successive order days that end in the last `days`: how many, mean and deviation in days."""
        last = self._index(self.orders.edge(0))
        first = np.maximum(self._index(self.orders.edge(days)), self._index(self.orders.start) + 1)
        first = np.minimum(first, last)
        number = last - first
        mean = ratio(self._gaps[last] - self._gaps[first], number)
        square = ratio(self._squares[last] - self._squares[first], number)
        return number, mean, np.sqrt(np.maximum(square - mean * mean, 0))

    def days_since(self, nth: int) -> FloatArray:
        """Days from the nth last order day (0 = the last) to as_of; NaN where there are fewer."""
        index = self._index(self.orders.edge(0)) - 1 - nth
        exists = index >= self._index(self.orders.start)
        if not len(self.day):
            return np.full(len(index), np.nan)
        elapsed = (self.as_of - self.day[np.where(exists, index, 0)]) / MICROSECONDS_PER_DAY
        return np.where(exists, elapsed, np.nan)


def order_days(view: View) -> OrderDays:
    """The view's order days, computed once."""
    return view.keep("order_days", lambda: OrderDays(view))


def _midnight(time: IntArray) -> IntArray:
    return time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
