"""A scikit-learn regressor of an account's revenue."""

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from features.instants import FloatArray
from training.estimators.boosted import OURS, Boosted, instants, split_by_date, weighted_rows
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import learn_revenue
from training.models.revenue_range import learn_revenue_range


class RevenueRegressor(RegressorMixin, Boosted):  # type: ignore[misc]
    """An amount with many zeros and a heavy tail: the probability of any, times the amount of one; with an interval.

    It is what `ladder train` learns of revenue, with the same bits for the same rows (those that no investment
    followed). Amounts below zero count as zero.

    Parameters
    ----------
    interval : share of rows whose amount lies in `predict_interval`.
    horizon_days : how far ahead the amount reaches, as for `RungClassifier`; so are the other parameters.

    Attributes
    ----------
    model_ : the two parts, as a bundle would hold them.
    range_ : the quantiles given any, and the margin that moves them apart.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> revenue = np.where(rng.random(400) < 0.5, 0.0, np.exp(5 + X[:, 0]))
    >>> model = RevenueRegressor(rounds=30).fit(X, revenue)
    >>> low, high = model.predict_interval([[1.0, 0.0]])[0]
    >>> bool(low <= model.predict([[1.0, 0.0]])[0] <= high)
    True
    """

    def __init__(
        self, *, interval: float = 0.9, horizon_days: int = 180, rounds: int = OURS.rounds,
        learning_rate: float = OURS.learning_rate, leaves: int = OURS.leaves, least_in_leaf: int = OURS.least_in_leaf,
        l2: float = OURS.l2, row_share: float = OURS.row_share, column_share: float = OURS.column_share,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.interval = interval
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
    ) -> "RevenueRegressor":
        """Learn both parts and the interval.

        as_of : shape (n,); the interval is then calibrated on the latest rows, predicted by what learnt before them.
            Without it the quantiles are used as they are.
        account : shape (n,), the account of each row.
        """
        matrix, y = validate_data(
            self, X, y, dtype=np.float64, order="F", ensure_all_finite="allow-nan", y_numeric=True
        )
        task = self._training_task(matrix, y, sample_weight)
        rows = weighted_rows(task)
        self.model_ = learn_revenue(task.take(rows), None if as_of is None else instants(as_of)[rows])
        split = split_by_date(as_of, account, rows, self.horizon_days)
        self.range_ = learn_revenue_range(task, rows, split, self.interval)[0]
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the expected amount, shape (n,)."""
        check_is_fitted(self)
        return self.model_.predict(self._checked(X))[:, 0]

    def predict_interval(self, X: Any) -> FloatArray:
        """Return low and high, shape (n, 2); the expected amount always lies between them."""
        expected = self.predict(X)
        matrix = self._checked(X)
        interval = self.range_.interval(matrix, 1.0 - self.model_.any_order.predict(matrix)[:, 0])
        return np.column_stack([np.minimum(interval[:, 0], expected), np.maximum(interval[:, 1], expected)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags
