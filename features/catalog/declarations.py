"""The declaration of a feature: its name, unit and meaning, what its absence means, and how it is computed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from features.catalog.directions import direction_of, missing_direction_of, told_direction_of
from features.deadlines import check_deadline
from features.histories.streams import FIXED_POINT, ratio
from features.histories.views import BLOCK, View
from features.instants import FloatArray, IntArray
from features.ladder.rules import LadderRules
from features.parallel import parallel_map


@dataclass(frozen=True)
class Context:
    """What features depend on besides the histories; it is stored with the model.

    vocabulary : column of `accounts` -> its frequent values, most frequent first; a feature holds the position.
    """

    rules: LadderRules = field(default_factory=LadderRules)
    horizon_days: int = 180
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Compute = Callable[[View, Context], FloatArray | IntArray]


@dataclass(frozen=True)
class Feature:
    """The declaration of one column of the feature matrix.

    name : carries unit and window.
    unit : of the value.
    meaning : one phrase for a manager.
    missing : what NaN means.
    tables : the tables needed; if any is absent the feature is missing.
    trigger : the family of switching triggers that it speaks for, if any.  Source: Roos (1999).
    lever : whether somebody of ours can act on it.

    A feature of something that did not happen is either 0 and never missing, or missing. The reason: a booster reads a
    value that it never saw missing as zero, so a table that a source lacks and one without rows get the same scores.
    """

    name: str
    unit: str
    meaning: str
    missing: str
    family: str
    tables: tuple[str, ...]
    compute: Compute
    trigger: str | None = None
    lever: bool = False

    @property
    def direction(self) -> int:
        """Return 1 where more of it speaks for the tie with the account, -1 where against it, 0 where either way."""
        return direction_of(self.name)

    @property
    def told_direction(self) -> int:
        """Return the direction that a reason must have, where it must have one."""
        return told_direction_of(self.name)

    @property
    def missing_direction(self) -> int:
        """Return what a missing value speaks for; 0 where it says nothing of the account."""
        return missing_direction_of(self.name)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Return how it is pickled and copied: of the catalogue by its name, since functions of a row have none."""
        from features.catalog.catalog import BY_NAME, feature_named

        return (feature_named, (self.name,)) if BY_NAME.get(self.name) is self else super().__reduce__()


def measure(view: View, context: Context, features: Sequence[Feature]) -> FloatArray:
    """Compute some features of every snapshot, shape (n_snapshots, n_features), float64, NaN = missing."""
    matrix = np.empty((len(view), len(features)), order="F")
    for rows, part in measure_blocks(view, context, features):
        if len(part) == len(matrix):
            return part
        matrix[rows] = part
    return matrix


def measure_blocks(
    view: View, context: Context, features: Sequence[Feature]
) -> Iterator[tuple[IntArray | slice, FloatArray]]:
    """Yield the features a block of accounts at a time, as the rows of a block and their matrix.

    For callers that never need the whole matrix.
    """
    held = view.histories.tables
    possible = [(column, feature) for column, feature in enumerate(features) if held.issuperset(feature.tables)]

    def work(part: tuple[IntArray | slice, View]) -> tuple[IntArray | slice, FloatArray]:
        rows, block = part
        matrix = np.full((len(block), len(features)), np.nan, order="F")
        for column, feature in possible:
            check_deadline()
            matrix[:, column] = feature.compute(block, context)
        return rows, matrix

    yield from parallel_map(work, view.blocks(), len(view) > BLOCK)


NEVER_MISSING = "cannot be missing"
NO_EVENT = "no such event is known"
YES_OR_NO = "yes or no"
"""The unit of a feature that is 1 or 0."""


@dataclass(frozen=True)
class Family:
    """A family of features, most of which need the same table; its methods declare them."""

    name: str
    table: str

    def feature(
        self, name: str, unit: str, meaning: str, missing: str, compute: Compute, *,
        tables: tuple[str, ...] | None = None, trigger: str | None = None, lever: bool = False,
    ) -> Feature:  # fmt: skip
        """Declare a feature with a computation of its own."""
        needed = (self.table,) if tables is None else tables
        return Feature(
            name=name,
            unit=unit,
            meaning=meaning,
            missing=missing,
            family=self.name,
            tables=needed,
            compute=compute,
            trigger=trigger,
            lever=lever,
        )

    def count(
        self, stream: str, days: int, phrase: str, *, mark: str = "", name: str = "",
        tables: tuple[str, ...] | None = None, trigger: str | None = None, lever: bool = False,
    ) -> Feature:  # fmt: skip
        """Declare a count of the events (or marked events) of a stream in the last `days`."""
        compute = partial(_count, stream=stream, mark=mark, days=days)
        title, meaning = f"{name or mark or stream}_{days}d", f"{phrase} in the last {days} days"
        return self.feature(
            title, "number", meaning, NEVER_MISSING, compute, tables=tables, trigger=trigger, lever=lever
        )

    def recency(
        self, stream: str, name: str, phrase: str, *, mark: str = "",
        tables: tuple[str, ...] | None = None, trigger: str | None = None, lever: bool = False,
    ) -> Feature:  # fmt: skip
        """Declare the days since the last event (or marked event) of a stream."""
        compute, meaning = partial(_recency, stream=stream, mark=mark), f"days since {phrase}"
        return self.feature(name, "days", meaning, NO_EVENT, compute, tables=tables, trigger=trigger, lever=lever)

    def mean(
        self, stream: str, value: str, days: int, *, name: str, unit: str, phrase: str, scale: float = FIXED_POINT,
        over: str = "", tables: tuple[str, ...] | None = None, trigger: str | None = None, lever: bool = False,
    ) -> Feature:  # fmt: skip
        """Declare the mean of a value over the events of a window (or over the sum of another value)."""
        compute = partial(_mean, stream=stream, value=value, days=days, scale=scale, over=over)
        meaning = f"{phrase} in the last {days} days"
        return self.feature(name, unit, meaning, NO_EVENT, compute, tables=tables, trigger=trigger, lever=lever)


def _count(view: View, _: Context, *, stream: str, mark: str, days: int) -> IntArray:
    events = view.stream(stream)
    return events.total(mark, days) if mark else events.count(days)


def _recency(view: View, _: Context, *, stream: str, mark: str) -> FloatArray:
    events = view.stream(stream)
    return events.days_since_last_marked(mark) if mark else events.days_since_last()


def _mean(view: View, _: Context, *, stream: str, value: str, days: int, scale: float, over: str) -> FloatArray:
    events = view.stream(stream)
    whole = events.total(over, days) if over else events.count(days)
    return ratio(events.total(value, days) / scale, whole)


def trend(now: FloatArray | IntArray, before: FloatArray | IntArray) -> FloatArray:
    """Return (now - before) / (now + before), from -1 = all lost to 1 = all new; NaN where both are zero."""
    return ratio(now - before, now + before)
