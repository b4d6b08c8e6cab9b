"""The different things that the events of a window name: product lines bought, people spoken to."""

import numpy as np

from features.histories.stream_view import StreamView
from features.histories.streams import expand, run_starts, running_sum
from features.histories.table_rows import NAME_BITS
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray


class DistinctThings:
    """The different names in each snapshot's events of the last `days`: one group for each (snapshot, name).

    snapshot : shape (n_groups,), ascending.
    key : shape (n_groups,), ascending, one number for (snapshot, name).
    first, last : shape (n_groups,), the first and the last row of the stream with that name in the window.
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
        """Count the groups of every snapshot, or those for which `which` holds, shape (n,)."""
        return np.bincount(self.snapshot if which is None else self.snapshot[which], minlength=self._size)

    def present(self) -> BoolArray:
        """Return whether a snapshot has any group, shape (n,)."""
        return self.count() > 0

    def or_missing(self, counts: IntArray) -> FloatArray:
        """Return the counts, NaN for a snapshot without any group."""
        return np.where(self.present(), counts, np.nan)

    def extreme(self, values: IntArray, pick: np.ufunc) -> tuple[IntArray, IntArray]:
        """Return the snapshots that have groups, and the highest or lowest value of their groups.

        values : shape (n_groups,).
        pick : np.maximum or np.minimum.
        """
        begins = run_starts(self.snapshot)[:-1]
        chosen: IntArray = pick.reduceat(values, begins) if len(begins) else values
        return self.snapshot[begins], chosen

    def total(self, values: IntArray) -> IntArray:
        """Sum a value of the stream's rows over each group, shape (n_groups,), exact."""
        sums = running_sum(values[self.rows])[self.edges]
        return sums[1:] - sums[:-1]

    def holds(self, key: IntArray) -> BoolArray:
        """Return whether each of some (snapshot, name) keys is a group."""
        if not len(self.key):
            return np.zeros(len(key), bool)
        nearest = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        same: BoolArray = self.key[nearest] == key
        return same


def keys(snapshot: IntArray, code: IntArray) -> IntArray:
    """Pack (snapshot, name) into one number."""
    return (snapshot << NAME_BITS) + code


def distinct_things(view: View, stream: str, name: str, days: float) -> DistinctThings:
    """Return the groups of a view, computed once."""
    return view.cached(("groups", stream, name, days), lambda: DistinctThings(view.stream(stream), name, days))
