"""One stream per kind of event: a table seen through one of its times, as flat sorted arrays.

Amounts are held as whole ten-thousandths, so that sums over any window are exact and do not depend on which
other accounts are in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.snapshots import IntArray
from features.tables import NEVER

FIXED_POINT = 10_000
"""Amounts, shares, minutes and scores are stored as whole multiples of 1/10,000."""

LATER_MOMENTS = frozenset({"until", "cancelled"})
"""Values that are moments filled in later: when a contact left, when a contract was cancelled."""

Column = NDArray[Any]


@dataclass(frozen=True)
class Stream:
    """Events of one kind, sorted by account and then time.

    account, time, recorded : shape (n_events,); position of the account, microseconds, microseconds.
    values : name -> shape (n_events,), whole numbers: fixed-point amounts, 0/1 marks, or codes.
    """

    account: IntArray
    time: IntArray
    recorded: IntArray
    values: Mapping[str, IntArray]

    def __len__(self) -> int:
        return len(self.time)

    def recorded_before(self, end: int) -> "Stream":
        """The rows recorded before that instant, without what happened to them later."""
        known = self.recorded < end
        values = {name: column[known] for name, column in self.values.items()}
        for name in LATER_MOMENTS & values.keys():
            values[name] = np.where(values[name] < end, values[name], NEVER)
        return Stream(self.account[known], self.time[known], self.recorded[known], values)

    @cached_property
    def late(self) -> IntArray:
        """Rows that were recorded after they happened."""
        return np.flatnonzero(self.recorded > self.time)

    @cached_property
    def axis(self) -> "TimeAxis":
        """How the stream's times are counted in a search."""
        if not len(self.time):
            return TimeAxis(0, 1, 2)
        first = int(self.time.min())
        unit = max(int(np.gcd.reduce(self.time - first)), 1)
        return TimeAxis(first, unit, (int(self.time.max()) - first) // unit + 2)

    @cached_property
    def _sums(self) -> dict[str, IntArray]:
        return {}

    def running(self, name: str) -> IntArray:
        """0 and the running sum of a value, shape (n_events + 1,), exact; zeros if the stream has no such value."""
        if name not in self._sums:
            self._sums[name] = running_sum(self.values.get(name, np.zeros(len(self), np.int64)))
        return self._sums[name]


@dataclass(frozen=True)
class TimeAxis:
    """Times as whole steps of `unit` microseconds after `first`; all of a stream's times lie on a step, span of them.

    The unit is the largest that all times share (a second, a day), so that (segment, step) fits into one
    whole number that a binary search can look for.
    """

    first: int
    unit: int
    span: int

    def step(self, at: IntArray) -> IntArray:
        """The first step that is not before each instant, within 0 .. span - 1."""
        steps: IntArray = np.clip(-((self.first - at) // self.unit), 0, self.span - 1)
        return steps


def running_sum(values: IntArray) -> IntArray:
    """0 and then the sum of the first 1, 2, ... values, shape (n + 1,)."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def fixed(values: Column) -> IntArray:
    """Amounts as whole ten-thousandths; a missing amount counts as zero (mark it beside, if it matters)."""
    scaled = np.rint(np.nan_to_num(np.asarray(values, np.float64)) * FIXED_POINT)
    result: IntArray = scaled.astype(np.int64)
    return result
