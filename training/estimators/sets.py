"""Sets of classes of any classifier that hold the stated share of outcomes, as a scikit-learn meta-estimator."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, assert_all_finite, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names, check_is_fitted, column_or_1d, indexable

from features.instants import BoolArray, FloatArray, IntArray
from training.data.splits import account_draw
from training.estimators.boosted import accounts_of
from training.estimators.rungs import Classes, on_the_ladder, several_classes
from training.model.prediction_sets import least_threshold, mass_before, rung_sets


class SetCalibrator(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Runs of classes, in order, that hold the true one for the stated share of rows like those calibrated on.

    The rule of the service's sets of rungs (`training.model.prediction_sets`) for any classifier with `predict_proba`.
    A classifier
    that is learnt already goes in as `FrozenEstimator(model)`: all rows are then calibrated on, and must not be rows
    that it learnt from. Any other one learns on three quarters of the accounts, and the rest calibrate.

    *Dangerous* where later rows are not like earlier ones: the share is promised for rows like those of `fit`.

    Parameters
    ----------
    estimator : a classifier with `predict_proba`.  coverage : the share of rows whose class lies in its set.

    Attributes
    ----------
    estimator_ : the classifier.  classes_ : its classes.  threshold_ : the mass at which a set stops growing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 1))
    >>> y = np.digitize(X[:, 0] + rng.normal(size=2000), [-1, 0, 1])
    >>> sets = SetCalibrator(LogisticRegression(), coverage=0.8).fit(X[:1000], y[:1000]).predict_set(X[1000:])
    >>> round(float(sets[np.arange(1000), y[1000:]].mean()), 1)
    0.8
    """

    def __init__(self, estimator: Any, *, coverage: float = 0.9) -> None:
        self.estimator = estimator
        self.coverage = coverage

    def fit(self, X: Any, y: Any, account: Any = None) -> "SetCalibrator":
        """Learn on some accounts, calibrate on the others.  account : shape (n,), else each row is one of its own."""
        _check_feature_names(self, X, reset=True)
        X, y = indexable(X, y)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        several_classes(y)
        apart = self._apart(accounts_of(account, len(y)))
        self.estimator_ = self.estimator
        if not isinstance(self.estimator, FrozenEstimator):
            learn = np.flatnonzero(~apart)
            self.estimator_ = clone(self.estimator).fit(_safe_indexing(X, learn), y[learn])
        self.classes_ = self.estimator_.classes_
        self._places, _ = on_the_ladder(self.classes_, {})
        last = np.flatnonzero(apart)
        self.threshold_ = self.coverage
        if len(last):
            self.threshold_ = least_threshold(self._mass_before(_safe_indexing(X, last), y[last]), self.coverage)
        return self

    def _apart(self, accounts: list[str]) -> BoolArray:
        """The rows that calibrate: all where the classifier is learnt already."""
        if isinstance(self.estimator, FrozenEstimator):
            return np.ones(len(accounts), bool)
        apart: BoolArray = account_draw(accounts, "sets") < CALIBRATES
        return apart if not apart.all() else ~apart

    def _mass_before(self, X: Any, y: Classes) -> FloatArray:
        """As `training.model.prediction_sets.mass_before`; a class that the classifier never saw lies in no set."""
        known = np.isin(y, self.classes_)
        place = self._sorted()[np.searchsorted(self.classes_, np.where(known, y, self.classes_[0]))]
        return np.where(known, mass_before(self._chances(X), place), 1.0)

    def _sorted(self) -> IntArray:
        """The place of each class among those that there are, lowest first."""
        return np.argsort(np.argsort(self._places))

    def _chances(self, X: Any) -> FloatArray:
        """Of the classes in their order."""
        chances: FloatArray = self.estimator_.predict_proba(X)[:, np.argsort(self._places)]
        return chances

    def predict_set(self, X: Any) -> BoolArray:
        """Which classes each row may well have, shape (n, n_classes): an unbroken run around the most probable one."""
        check_is_fitted(self)
        low, high = rung_sets(self._chances(X), self.threshold_)
        return (low[:, None] <= self._sorted()) & (self._sorted() <= high[:, None])

    def predict_proba(self, X: Any) -> FloatArray:
        """The classifier's own chances, shape (n, n_classes)."""
        check_is_fitted(self)
        found: FloatArray = self.estimator_.predict_proba(X)
        return found

    def predict(self, X: Any) -> Classes:
        """The classifier's own prediction, shape (n,)."""
        check_is_fitted(self)
        found: Classes = self.estimator_.predict(X)
        return found

    @property
    def n_features_in_(self) -> int:
        """As the classifier saw them."""
        check_is_fitted(self)
        return int(self.estimator_.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        return tags


CALIBRATES = 0.25
"""Share of the accounts that calibrate."""
