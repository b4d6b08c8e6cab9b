"""The training task: the rows that one predictor learns from, wherever they come from.

`ladder train` and the scikit-learn estimators (`training.estimators`) both learn from training tasks, by the same
functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from features.catalog import catalog
from features.errors import SettingsError
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.boosting_backend import BoostingBackend, local_backend
from training.model.serialization import Predictor, check_served
from training.model.terms import Term
from training.settings import BoosterSettings

ABSENT = -1
"""The position of a feature that is absent."""


class Named(Protocol):
    """A matrix whose columns are known by name."""

    def column(self, name: str) -> int:
        """Return the position of a feature in the matrix."""
        ...


@dataclass(frozen=True)
class TrainingTask:
    """The rows that one predictor learns from.

    matrix : shape (n, n_features).
    target : shape (n,), classes 0 .. classes - 1, or values.
    weight : shape (n,).
    columns : feature -> its position; those of the catalogue are recognised by name.
    booster : settings of the boosters.
    classes : number of classes; 1 = a probability or a value.
    backend : where boosters are trained.
    without : members of the pool that are left out.
    span : days of the horizon.
    today : shape (m, n_features), the accounts as they stand when the model is learnt, whose outcomes nobody knows yet;
        None where that is not known.
    silence : whether the outcome is that no order comes.
    """

    matrix: FloatArray
    target: IntArray | FloatArray
    weight: FloatArray
    columns: Mapping[str, int]
    booster: BoosterSettings
    classes: int = 1
    backend: BoostingBackend = local_backend
    without: tuple[str, ...] = ()
    span: float = 180.0
    today: FloatArray | None = None
    silence: bool = False

    def column(self, name: str) -> int:
        """Return the position of a feature; ABSENT where it is not there."""
        return self.columns.get(name, ABSENT)

    def take(self, rows: BoolArray) -> "TrainingTask":
        """Return the task with some of the rows (mask, shape (n,))."""
        return replace(self, matrix=self.matrix[rows], target=self.target[rows], weight=self.weight[rows])

    @property
    def present(self) -> FloatArray:
        """Return the accounts as they stand when the model is learnt; the rows themselves where that is not known."""
        return self.matrix if self.today is None or not len(self.today) else self.today

    @property
    def class_target(self) -> IntArray:
        """Return the target of a classification task as whole numbers, shape (n,)."""
        return self.target.astype(np.int64, copy=False)

    @cached_property
    def usable(self) -> tuple[int, ...]:
        """Return the columns that hold at least two different values."""
        return usable_columns(self.matrix)


def usable_columns(matrix: FloatArray, leave_out: Sequence[int] = ()) -> tuple[int, ...]:
    """Return the columns that hold at least two different values; column 0 if none does.

    leave_out : columns that are never returned.
    """
    left = np.setdiff1d(np.arange(matrix.shape[1]), np.asarray(leave_out, np.int64))
    usable: list[int] = []
    for begin in range(0, len(matrix), ROWS_AT_ONCE):  # nearly all columns vary within the first rows
        first, rows = matrix[0, left], matrix[begin : begin + ROWS_AT_ONCE, left]
        varies = ((rows != first) & ~(np.isnan(rows) & np.isnan(first))).any(axis=0)
        usable += left[varies].tolist()
        left = left[~varies]
    return tuple(sorted(usable)) or (0,)


ROWS_AT_ONCE = 1024


Learn = Callable[[TrainingTask], Predictor | None]
"""A function that fits a member of a pool; None where the task lacks what the member needs."""

CATALOGUE: Mapping[str, int] = {name: position for position, name in enumerate(catalog.NAMES)}
"""Feature -> its column in a dataset's matrix."""


def present(terms: list[Term]) -> list[Term]:
    """Return the terms whose feature is there."""
    return [term for term in terms if term.column != ABSENT]


def learn_members(table: Mapping[str, Learn], task: TrainingTask) -> dict[str, Predictor]:
    """Fit all members of a pool, without those that the task lacks the columns for.

    table : name of a member -> the function that fits it.

    Raises
    ------
    SettingsError
        If the task is to leave out a member that does not exist, or all of them; if a bundle could not hold one.
    """
    for name in task.without:
        if name not in table:
            raise SettingsError(f"No member of that pool is called {name}: [pool] may leave out {', '.join(table)}.")
    learners = {name: learn for name, learn in table.items() if name not in task.without}
    if not learners:
        raise SettingsError(f"[pool] leaves out all members of a pool; keep one of {', '.join(table)}.")
    fitted = {name: learn(task) for name, learn in learners.items()}
    members = {name: member for name, member in fitted.items() if member is not None}
    for name, member in members.items():
        check_served(name, member, task.matrix, task.classes)
    return members


class Split(NamedTuple):
    """Rows to learn from, and later ones to choose weights or margins on.

    earlier, latest : masks, shape (n,).
    periods : how many horizons the earlier ones span, at least one.
    """

    earlier: BoolArray
    latest: BoolArray
    periods: float = 1.0


def split_by_time(as_of: IntArray, rows: BoolArray, horizon_days: int, draw: Callable[[], FloatArray]) -> Split | None:
    """Split rows into those to learn from and later ones to choose weights on; None if either would be empty.

    These are the slices complete before the latest one, and the latest one. Where too little was complete before it:
    the earliest half of the slices, and the latest one on accounts set apart, so that a member that fits this very
    period or these very accounts has no advantage.

    as_of : shape (n,), microseconds.
    rows : mask, shape (n,).
    draw : returns a number in [0, 1) for each row, the same for all rows of an account; called only where accounts must
        be set apart.
    """
    latest = as_of[rows].max()
    before = rows & (as_of + horizon_days * MICROSECONDS_PER_DAY <= latest)
    if before.sum() >= MIN_EARLIER_ROWS:
        horizon = horizon_days * MICROSECONDS_PER_DAY
        return Split(before, rows & (as_of == latest), max(float(np.ptp(as_of[before])) / horizon, 1.0))
    instants = np.unique(as_of[rows])
    if len(instants) < 2:
        return None
    apart = draw() < 0.5
    early = instants[: max(len(instants) // 2, 1)]
    earlier, last = rows & np.isin(as_of, early) & ~apart, rows & (as_of == latest) & apart
    return Split(earlier, last) if earlier.any() and last.any() else None


def without_held_out(split: Split, held_out: BoolArray) -> Split:
    """Leave the accounts that are held out of evaluation out of the earlier rows, as long as others are left.

    So the models that choose the weights of the served pool are those that the evaluation fits at its latest origin,
    and are fitted once.

    held_out : mask, shape (n,).
    """
    shown = split.earlier & ~held_out
    return split._replace(earlier=shown) if shown.any() else split


MIN_EARLIER_ROWS = 200
"""With fewer rows in the earlier slices, weights chosen from them would mean too little."""
