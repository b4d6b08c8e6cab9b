"""The position of instants among sorted events, by binary search or by counting the events between the instants.

Both give, for a segment of events and an instant, the first event of the segment that is not before it. A search suits
few questions. Where many accounts are asked about the same few dozen instants, counting every event once is several
times faster.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, IntArray


@dataclass(frozen=True)
class Search:
    """Ascending keys of (segment, time) for binary search.

    keys : shape (n_rows,).
    low, span : a time t counts as t - low, at least 0 and below span.
    distinct : the times themselves where so many segments and microseconds do not fit into one whole number; a time
        then counts as its position among them.
    """

    keys: IntArray
    low: int
    span: int
    distinct: IntArray | None

    @staticmethod
    def over(segment: IntArray, time: IntArray, n_segments: int) -> "Search":
        """Build a search over rows sorted by segment and time."""
        if not len(time):
            return Search(time, 0, 1, None)
        low = int(time.min())
        span = int(time.max()) - low + 2
        if n_segments * span < 2**62:
            return Search(segment * span + (time - low), low, span, None)
        distinct = np.unique(time)
        return Search(segment * (len(distinct) + 1) + np.searchsorted(distinct, time), 0, len(distinct) + 1, distinct)

    def position(self, segment: IntArray, at: IntArray) -> IntArray:
        """Return the first row of each segment that is not before `at`; the two shapes are broadcast."""
        if self.distinct is None:
            step = np.minimum(np.maximum(at, self.low) - self.low, self.span - 1)
        else:
            step = np.searchsorted(self.distinct, at)
        rows: IntArray = self.keys.searchsorted(segment * self.span + step)
        return rows


ROW_COST, CELL_COST, SEARCH_COST = 6, 3, 30
"""Nanoseconds, roughly, to count a row, to add up a cell of the table, to search once. They affect only speed."""


def counting_is_faster(n_rows: int, n_cells: int, n_searches: int) -> bool:
    """Return whether counting the rows once is faster than so many searches."""
    return n_searches > 10_000 and ROW_COST * n_rows + CELL_COST * n_cells < SEARCH_COST * n_searches


def positions_by_day(segment: IntArray, time: IntArray, n_segments: int, midnights: IntArray) -> IntArray:
    """Return the first row of every segment that is not before each midnight, and where the segment ends.

    The result has shape (n_segments, len(midnights) + 1).

    segment, time : shape (n_rows,), rows sorted by both.
    midnights : ascending, none twice, microseconds.
    """
    day = midnights // MICROSECONDS_PER_DAY
    first, width = int(day[0]), len(day) + 1
    passed = np.searchsorted(day, np.arange(first - 1, int(day[-1]) + 1), side="right")  # midnights up to each day
    place = np.clip(time // MICROSECONDS_PER_DAY - (first - 1), 0, len(passed) - 1)
    counts = np.bincount(segment * width + passed[place], minlength=n_segments * width)
    return np.cumsum(counts).reshape(n_segments, width)
