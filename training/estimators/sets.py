"""A scikit-learn meta-estimator of sets of classes that hold the stated share of outcomes, for any classifier."""

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
from training.estimators.rungs import Classes, ladder_positions, sorted_classes
from training.model.prediction_sets import least_threshold, mass_before, rung_sets


class SetCalibrator(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Runs of classes, in order, that hold the true one for the stated share of rows like those calibrated on.

    It applies the rule of the service's sets of rungs (`training.model.prediction_sets`) to any classifier with
    `predict_proba`. A fitted classifier goes in as `FrozenEstimator(model)`: all rows are then used to calibrate, and
    must not be rows that it learnt from. Any other classifier learns from three quarters of the accounts, and the rest
    calibrate.

    *Dangerous* where later rows are not like earlier ones: the share is promised for rows like those of `fit`.

    Parameters
    ----------
    estimator : a classifier with `predict_proba`.
    coverage : the share of rows whose class lies in its set.

    Attributes
    ----------
    estimator_ : the classifier.
    classes_ : its classes.
    threshold_ : the mass at which a set stops growing.

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
        """Learn from some accounts, calibrate on the others.

        account : shape (n,); by default each row is an account of its own.
        """
        if not hasattr(self.estimator, "fit") or not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"estimator is {self.estimator!r}: give a classifier with predict_proba, such as RungClassifier()"
            )
        _check_feature_names(self, X, reset=True)
        X, y = indexable(X, y)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        sorted_classes(y)
        calibration = self._calibration_rows(accounts_of(account, len(y)))
        self.estimator_ = self.estimator
        if not isinstance(self.estimator, FrozenEstimator):
            learn = np.flatnonzero(~calibration)
            self.estimator_ = clone(self.estimator).fit(_safe_indexing(X, learn), y[learn])
        self.classes_ = self.estimator_.classes_
        self._positions, _ = ladder_positions(self.classes_, {})
        last = np.flatnonzero(calibration)
        self.threshold_ = self.coverage
        if len(last):
            self.threshold_ = least_threshold(self._mass_before(_safe_indexing(X, last), y[last]), self.coverage)
        return self

    def _calibration_rows(self, accounts: list[str]) -> BoolArray:
        """Return the rows that calibrate: all where the classifier is fitted already."""
        if isinstance(self.estimator, FrozenEstimator):
            return np.ones(len(accounts), bool)
        calibration: BoolArray = account_draw(accounts, "sets") < CALIBRATION_SHARE
        return calibration if not calibration.all() else ~calibration

    def _mass_before(self, X: Any, y: Classes) -> FloatArray:
        """Return the mass before each row's class; a class that the classifier never saw is in no set.

        See `training.model.prediction_sets.mass_before`.
        """
        known = np.isin(y, self.classes_)
        place = self._sorted()[np.searchsorted(self.classes_, np.where(known, y, self.classes_[0]))]
        return np.where(known, mass_before(self._chances(X), place), 1.0)

    def _sorted(self) -> IntArray:
        """Return the position of each class among those that there are, lowest first."""
        return np.argsort(np.argsort(self._positions))

    def _chances(self, X: Any) -> FloatArray:
        """Return the probabilities of the classes in their order."""
        chances: FloatArray = self.estimator_.predict_proba(X)[:, np.argsort(self._positions)]
        return chances

    def predict_set(self, X: Any) -> BoolArray:
        """Return the set of each row, shape (n, n_classes): an unbroken run of classes around the most probable one."""
        check_is_fitted(self)
        low, high = rung_sets(self._chances(X), self.threshold_)
        return (low[:, None] <= self._sorted()) & (self._sorted() <= high[:, None])

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the classifier's own probabilities, shape (n, n_classes)."""
        check_is_fitted(self)
        predicted: FloatArray = self.estimator_.predict_proba(X)
        return predicted

    def predict(self, X: Any) -> Classes:
        """Return the classifier's own prediction, shape (n,)."""
        check_is_fitted(self)
        predicted: Classes = self.estimator_.predict(X)
        return predicted

    @property
    def n_features_in_(self) -> int:
        """Return the number of features that the classifier saw."""
        check_is_fitted(self)
        return int(self.estimator_.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        return tags


CALIBRATION_SHARE = 0.25
"""The share of the accounts that calibrate."""
