"""Which different things the events of a window name: product lines bought, people spoken to."""

import numpy as np

from features.histories.events import NAME_BITS
from features.histories.streams import expand, run_starts, running_sum
from features.histories.views import StreamView, View
from features.instants import BoolArray, FloatArray, IntArray


class DistinctThings:
    """The different names of every snapshot's events in the last `days`, one group for each, by snapshot.

    snapshot : shape (n_groups,), ascending.  key : shape (n_groups,), ascending, one number for (snapshot, name).
    first, last : shape (n_groups,), the first and the last row of the stream that names it in the window.
    """

    def __init__(self, events: StreamView, name: str, days: float) -> None:
        begins = events.edge(days) if events.has(name) else events.edge(0)
        snapshot, row = expand(begins, events.edge(0))
        code = events.value(name)[row]
        key = keys(snapshot, code)[code > 0]
        row = row[code > 0]
        order = np.argsort(key, kind="stable")  # rows ascend in time, and stay so within a group
        key = key[order]
        edges = run_starts(key)
        self.rows, self.edges = row[order], edges
        self.key, self.first, self.last = key[edges[:-1]], self.rows[edges[:-1]], self.rows[edges[1:] - 1]
        self.snapshot = self.key >> NAME_BITS
        self._size = len(events.as_of)

    def count(self, which: BoolArray | None = None) -> IntArray:
        """Groups of every snapshot (or those for which `which` holds), shape (n,)."""
        return np.bincount(self.snapshot if which is None else self.snapshot[which], minlength=self._size)

    def present(self) -> BoolArray:
        """Whether a snapshot has any group, shape (n,)."""
        return self.count() > 0

    def known(self, counted: IntArray) -> FloatArray:
        """The count, NaN where nothing at all is named."""
        return np.where(self.present(), counted, np.nan)

    def extreme(self, values: IntArray, pick: np.ufunc) -> tuple[IntArray, IntArray]:
        """The snapshots that have groups, and the highest (np.maximum) or lowest (np.minimum) value among them."""
        begins = run_starts(self.snapshot)[:-1]
        chosen: IntArray = pick.reduceat(values, begins) if len(begins) else values
        return self.snapshot[begins], chosen

    def total(self, values: IntArray) -> IntArray:
        """The sum over each group's rows of a value of the stream's rows, shape (n_groups,), exact."""
        sums = running_sum(values[self.rows])[self.edges]
        return sums[1:] - sums[:-1]

    def holds(self, key: IntArray) -> BoolArray:
        """Whether each of those (snapshot, name) keys is a group."""
        if not len(self.key):
            return np.zeros(len(key), bool)
        found = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        same: BoolArray = self.key[found] == key
        return same


def keys(snapshot: IntArray, code: IntArray) -> IntArray:
    """One number for (snapshot, name)."""
    return (snapshot << NAME_BITS) + code


def distinct_things(view: View, stream: str, name: str, days: float) -> DistinctThings:
    """The view's groups, found once."""
    return view.keep(("groups", stream, name, days), lambda: DistinctThings(view.stream(stream), name, days))
