"""What one prediction is learnt from, wherever it comes from: the slices of a dataset, or arrays that somebody brings.

`ladder train` and the scikit-learn estimators (`training.estimators`) both learn from a Lesson, by the same functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from features.catalog import catalog
from features.errors import SettingsError
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.boosting_backend import Grow, local_backend
from training.model.serialization import Predictor
from training.model.terms import Term
from training.settings import BoosterSettings

ABSENT = -1
"""Where a feature stands that is not there."""


class Named(Protocol):
    """A matrix whose columns are known by name."""

    def column(self, name: str) -> int:
        """Where a feature stands in the matrix."""
        ...


@dataclass(frozen=True)
class TrainingTask:
    """Rows to learn from.

    matrix : shape (n, n_features).  target : shape (n,), classes 0 .. classes - 1, or values.
    weight : shape (n,).  columns : feature -> its position; those of the catalogue are recognised by name.
    classes : how many classes there are; 1 = a chance or a value.  grow : who grows boosters.
    without : members of the pool that do not learn.
    """

    matrix: FloatArray
    target: IntArray | FloatArray
    weight: FloatArray
    columns: Mapping[str, int]
    booster: BoosterSettings
    classes: int = 1
    grow: Grow = local_backend
    without: tuple[str, ...] = ()

    def column(self, name: str) -> int:
        """Where a feature stands; ABSENT where it is not there."""
        return self.columns.get(name, ABSENT)

    def take(self, rows: BoolArray) -> "TrainingTask":
        """Those of the rows (mask, shape (n,))."""
        return replace(self, matrix=self.matrix[rows], target=self.target[rows], weight=self.weight[rows])

    @property
    def classified(self) -> IntArray:
        """The target of a lesson about classes, shape (n,)."""
        return self.target.astype(np.int64, copy=False)

    @cached_property
    def usable(self) -> tuple[int, ...]:
        """The columns that hold at least two different values."""
        return usable_columns(self.matrix)


def usable_columns(matrix: FloatArray, leave_out: Sequence[int] = ()) -> tuple[int, ...]:
    """Columns that hold at least two different values; one constant column if none does."""
    usable = []
    for column in range(matrix.shape[1]):
        if column in leave_out:
            continue
        values = matrix[:, column]
        known = ~np.isnan(values)
        if known.any() and (not known.all() or values.min() < values.max()):
            usable.append(column)
    return tuple(usable) or (0,)


Learn = Callable[[TrainingTask], Predictor | None]
"""How a member of a pool learns; None where the lesson has nothing for it."""

CATALOGUE: Mapping[str, int] = {name: position for position, name in enumerate(catalog.NAMES)}
"""The columns of a dataset's matrix."""


def present(terms: list[Term]) -> list[Term]:
    """The terms whose feature is there."""
    return [term for term in terms if term.column != ABSENT]


def learn_members(table: Mapping[str, Learn], lesson: TrainingTask) -> dict[str, Predictor]:
    """What the rows of the table learn from that lesson; those that it has nothing for are left out.

    Raises
    ------
    SettingsError
        If the lesson is to leave out a member that is not there, or all of them.
    """
    for name in lesson.without:
        if name not in table:
            raise SettingsError(f"No member of that pool is called {name}: [pool] may leave out {', '.join(table)}.")
    learners = {name: learn for name, learn in table.items() if name not in lesson.without}
    if not learners:
        raise SettingsError(f"[pool] leaves out all members of a pool; keep one of {', '.join(table)}.")
    learnt = {name: learn(lesson) for name, learn in learners.items()}
    return {name: member for name, member in learnt.items() if member is not None}


Split = tuple[BoolArray, BoolArray]
"""Rows to learn on, and later ones to choose weights or margins on."""


def split_by_time(as_of: IntArray, rows: BoolArray, horizon_days: int, draw: Callable[[], FloatArray]) -> Split | None:
    """Split rows to choose weights on: the slices complete before the latest one, and the latest one.

    Where too little was complete before it: the earliest half of the slices, and the latest one on accounts set
    apart, so that what fits this very period or these very accounts is not favoured. None where that leaves
    either without a row.

    as_of : shape (n,), microseconds.  rows : mask, shape (n,).  draw : a number in [0, 1) for each row, the same for
        all rows of an account; asked for only where accounts must be set apart.
    """
    latest = as_of[rows].max()
    before = rows & (as_of + horizon_days * MICROSECONDS_PER_DAY <= latest)
    if before.sum() >= LEAST_ROWS:
        return before, rows & (as_of == latest)
    instants = np.unique(as_of[rows])
    if len(instants) < 2:
        return None
    apart = draw() < 0.5
    early = instants[: max(len(instants) // 2, 1)]
    earlier, last = rows & np.isin(as_of, early) & ~apart, rows & (as_of == latest) & apart
    return (earlier, last) if earlier.any() and last.any() else None


LEAST_ROWS = 200
"""Fewer rows than this in the earlier slices say too little to choose between models."""
