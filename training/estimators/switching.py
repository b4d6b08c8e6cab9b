"""A scikit-learn classifier of whether an account is about to leave."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from features.instants import FloatArray
from training.estimators.boosted import OURS, Boosted, split_by_date, weighted_rows
from training.estimators.rungs import Classes, sorted_classes
from training.models.fitting import one_linear_algebra_thread
from training.models.switching import learn_switching


class SwitchingClassifier(ClassifierMixin, Boosted):  # type: ignore[misc]
    """One probability from a small booster, a logit on what matters and a log-RFM logit, weighted on the latest rows.

    It is what `ladder train` learns of switching, with the same bits for the same rows (those that can switch). The
    log-RFM logit needs the catalogue's names. The probability is of the second class in sorted order.

    Parameters
    ----------
    horizon_days : how far ahead the outcome lies, as for `RungClassifier`; so are the other parameters.

    Attributes
    ----------
    classes_ : shape (2,).
    pool_ : what was learnt, as a bundle would hold it.
    weights_ : member -> weight.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> left = X[:, 0] + rng.normal(0, 0.5, 300) > 1
    >>> model = SwitchingClassifier(rounds=20).fit(X, left)
    >>> model.predict_proba([[3.0, 0.0]])[0, 1] > model.predict_proba([[-3.0, 0.0]])[0, 1]
    np.True_
    """

    def __init__(
        self, *, horizon_days: int = 180, rounds: int = OURS.rounds, learning_rate: float = OURS.learning_rate,
        leaves: int = OURS.leaves, least_in_leaf: int = OURS.least_in_leaf, l2: float = OURS.l2,
        row_share: float = OURS.row_share, column_share: float = OURS.column_share, n_jobs: int | None = None,
        random_state: Any = 0,
    ) -> None:  # fmt: skip
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
    ) -> "SwitchingClassifier":
        """Learn the pool; as_of and account as for `RungClassifier.fit`."""
        matrix, y = validate_data(self, X, y, dtype=np.float64, order="F", ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, positions = sorted_classes(y)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}: "
                f"{len(self.classes_)} classes"
            )
        task = self._training_task(matrix, positions, sample_weight)
        rows = weighted_rows(task)
        self.pool_ = learn_switching(task, rows, split_by_date(as_of, account, rows, self.horizon_days))
        self.weights_ = dict(self.pool_.weights)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of staying and of leaving, shape (n, 2), in the order of `classes_`."""
        check_is_fitted(self)
        chance = self.pool_.predict(self._checked(X))[:, 0]
        return np.column_stack([1 - chance, chance])

    def predict(self, X: Any) -> Classes:
        """Return the more probable class, shape (n,)."""
        check_is_fitted(self)
        predicted: Classes = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
