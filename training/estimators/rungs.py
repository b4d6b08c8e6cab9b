"""A scikit-learn classifier of the rung on which an account will stand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from features.instants import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.estimators.boosted import OURS, Boosted, split_by_date, weighted_rows
from training.model.prediction_sets import least_threshold, mass_before, rung_sets
from training.model.predictors import normalise
from training.models.fitting import one_linear_algebra_thread
from training.models.next_rung import N_RUNGS, learn_next_rung

Classes = NDArray[Any]


class RungClassifier(ClassifierMixin, Boosted):  # type: ignore[misc]
    """Ordered classes (rungs of a ladder) by a pool of a softmax booster, an ordinal one, a logit and a table.

    It is what `ladder train` learns of the next rung, with the same bits for the same rows. Classes that are names of
    rungs, or their numbers where there is a column `rung`, have the ladder's order; others are sorted. The table, and
    the floor below which there is little mass, need the columns `rung` and `rung_if_nothing_happens`.

    Parameters
    ----------
    coverage : share of rows whose class lies in `predict_set`.
    horizon_days : how far ahead classes lie. Rows whose horizon was not over by the latest as_of are not learnt from
        where the weights of the pool are chosen.
    rounds, learning_rate, leaves, least_in_leaf, l2, row_share, column_share : of the boosters, as [booster] in the
        settings.
    n_jobs : threads while learning.
    random_state : an int gives the same model each time.

    Attributes
    ----------
    classes_ : shape (n_classes,), sorted.
    pool_ : what was learnt, as a bundle would hold it.
    weights_ : member -> weight.
    threshold_ : the mass at which a set stops growing.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3))
    >>> y = np.digitize(X[:, 0] + rng.normal(0, 0.3, 400), [-0.5, 0.5])
    >>> model = RungClassifier(rounds=20).fit(X, y)
    >>> model.predict([[-2, 0, 0], [0, 0, 0], [2, 0, 0]]).tolist()
    [0, 1, 2]
    >>> model.predict_set([[-2, 0, 0]]).shape
    (1, 3)
    """

    def __init__(
        self, *, coverage: float = 0.9, horizon_days: int = 180, rounds: int = OURS.rounds,
        learning_rate: float = OURS.learning_rate, leaves: int = OURS.leaves, least_in_leaf: int = OURS.least_in_leaf,
        l2: float = OURS.l2, row_share: float = OURS.row_share, column_share: float = OURS.column_share,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.coverage = coverage
        self.horizon_days = horizon_days
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.least_in_leaf = least_in_leaf
        self.l2 = l2
        self.row_share = row_share
        self.column_share = column_share
        self.n_jobs = n_jobs
        self.random_state = random_state

    @one_linear_algebra_thread()
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, as_of: Any = None, account: Any = None
    ) -> "RungClassifier":
        """Learn the pool.

        as_of : shape (n,), the instant of each row; the pool's weights and the sets are then chosen on the latest rows.
            Without it all members weigh the same, and sets grow to a mass of `coverage`.
        account : shape (n,), the account of each row.
        """
        matrix, y = validate_data(self, X, y, dtype=np.float64, order="F", ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, positions = sorted_classes(y)
        self._rungs, n_classes = ladder_positions(self.classes_, self._positions())
        task = self._training_task(matrix, self._rungs[positions], sample_weight, n_classes)
        rows = weighted_rows(task)
        split = split_by_date(as_of, account, rows, self.horizon_days)
        self.pool_, earlier = learn_next_rung(task, rows, split)
        self.weights_ = dict(self.pool_.weights)
        self.threshold_ = self.coverage
        if split is not None and earlier is not None:
            last = task.take(split.latest)
            self.threshold_ = least_threshold(
                mass_before(earlier.predict(last.matrix), last.class_target), self.coverage
            )
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Return class probabilities, shape (n, n_classes), in the order of `classes_`; rows sum to one."""
        every = self._chances(X)
        chances = every[:, self._rungs]
        return normalise(chances) if chances.shape[1] < every.shape[1] else chances

    def predict(self, X: Any) -> Classes:
        """Return the most probable class, shape (n,)."""
        check_is_fitted(self)
        predicted: Classes = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted

    def predict_set(self, X: Any) -> BoolArray:
        """Return the set of each row, shape (n, n_classes): an unbroken run of classes around the most probable one."""
        low, high = rung_sets(self._chances(X), self.threshold_)
        return (low[:, None] <= self._rungs) & (self._rungs <= high[:, None])

    def _chances(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return self.pool_.predict(self._checked(X))


def sorted_classes(y: Classes) -> tuple[Classes, IntArray]:
    """Return the classes, sorted, and which of them each row has.

    Raises
    ------
    ValueError
        If there is only one.
    """
    classes, positions = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y holds {len(classes)} classes; two or more are needed, or there is nothing to tell apart")
    return classes, positions


def ladder_positions(classes: Classes, columns: Mapping[str, int]) -> tuple[IntArray, int]:
    """Return the position of each class among all that there are, lowest first, and how many there are."""
    names = [str(name) for name in classes]
    if set(names) <= set(RUNGS):
        return np.array([RUNGS.index(name) for name in names], np.int64), N_RUNGS
    numbers = {str(form) for rung in range(N_RUNGS) for form in (rung, float(rung))}
    if "rung" in columns and set(names) <= numbers:
        return np.asarray(classes, np.float64).astype(np.int64), N_RUNGS
    return np.arange(len(classes)), len(classes)
