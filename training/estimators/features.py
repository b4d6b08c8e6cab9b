"""A scikit-learn transformer from histories to the features of the catalogue."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from features.catalog.catalog import FEATURES, check_added, learn_vocabulary
from features.catalog.declarations import Context, Feature, measure
from features.errors import ColumnMissing, NotEnoughData, SettingsError
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray
from features.ladder.rules import LadderRules
from training.estimators.boosted import instants

COLUMNS = ("account_id", "as_of")


class HistoryFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The features of accounts at instants, from what was recorded before: one row in, one row out.

    X is a frame of pandas, Polars or Arrow with the columns `account_id` and `as_of`, so that it goes through
    pipelines, splitters and searches beside a y of as many rows. The histories are a parameter: nothing in them that
    was recorded at or after a row's as_of is used. `set_output(transform="pandas")`, or "polars", returns the features
    by name, by which the estimators of this package recognise them.

    scikit-learn's `check_estimator` gives every estimator a table of numbers, and so does not apply here.

    Parameters
    ----------
    histories : from `features.histories.histories.build_histories(read_source(...))`; never copied.
    horizon_days : the horizon of the predictions, for the few features that depend on it.
    rules : of the ladder.
    features : rows of the catalogue, and of your own (docs/extend.md).

    Attributes
    ----------
    context_ : what features depend on; the vocabulary of texts is that of the accounts of `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from features.histories.histories import build_histories
    >>> from features.sources.source import source_from_rows
    >>> orders = {"account_id": ["A", "A"], "ordered_at": ["2024-01-01", "2024-03-01"], "revenue": [10.0, 20.0]}
    >>> known = build_histories(source_from_rows({"orders": pd.DataFrame(orders)}))
    >>> rows = pd.DataFrame({"account_id": ["A", "A"], "as_of": ["2024-02-01", "2024-04-01"]})
    >>> features = HistoryFeatures(known).set_output(transform="pandas").fit_transform(rows)
    >>> features[["revenue_365d", "days_since_order_day"]].to_numpy().tolist()
    [[10.0, 31.0], [30.0, 31.0]]
    """

    def __init__(
        self, histories: Histories, *, horizon_days: int = 180, rules: LadderRules | None = None,
        features: Sequence[Feature] = FEATURES,
    ) -> None:  # fmt: skip
        self.histories = histories
        self.horizon_days = horizon_days
        self.rules = rules
        self.features = features

    def fit(self, X: Any, y: Any = None) -> "HistoryFeatures":  # noqa: ARG002
        """Learn the vocabulary of texts; y is ignored."""
        if not isinstance(self.histories, Histories):
            raise SettingsError(
                f"histories is a {type(self.histories).__name__}: give what build_histories(read_source(...)) returns, "
                "or `ladder.read(...).histories`."
            )
        check_scalar(self.horizon_days, "horizon_days", Integral, min_val=1)
        if not isinstance(self.rules, LadderRules | None):
            raise SettingsError(
                f"rules is a {type(self.rules).__name__}: give LadderRules(...), or None for the usual."
            )
        if not isinstance(self.features, Iterable):
            raise SettingsError(f"features is a {type(self.features).__name__}: give a list of them.")
        strange = [one for one in self.features if not isinstance(one, Feature)]
        if strange:
            raise SettingsError(f"features holds {strange[0]!r}, which is no Feature (docs/extend.md).")
        frame = _in_pandas(X)
        snapshots = self._snapshots(frame)
        self.n_features_in_, self.feature_names_in_ = frame.shape[1], np.asarray(frame.columns, object)
        rules = LadderRules() if self.rules is None else self.rules
        self.context_ = Context(rules, self.horizon_days, learn_vocabulary(self.histories, snapshots))
        check_added(View(self.histories, snapshots), self.context_, self.features)
        return self

    def transform(self, X: Any) -> FloatArray:
        """Compute the features, shape (n, n_features); NaN = missing."""
        check_is_fitted(self)
        return measure(View(self.histories, self._snapshots(_in_pandas(X))), self.context_, self.features)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Return the features' names, in order."""
        return np.array([feature.name for feature in self.features], object)

    def _snapshots(self, X: pd.DataFrame) -> Snapshots:
        missing = [name for name in COLUMNS if name not in getattr(X, "columns", ())]
        if missing:
            raise ColumnMissing(f"X lacks {', '.join(missing)}; give a DataFrame with the columns {', '.join(COLUMNS)}")
        names = X["account_id"].astype(str).to_numpy(object)
        account = np.searchsorted(self.histories.account_ids.astype(str), names.astype(str))
        account = np.minimum(account, len(self.histories.account_ids) - 1)
        unknown = int((self.histories.account_ids[account] != names).sum())
        if unknown:
            raise NotEnoughData(
                f"{unknown} of {len(X)} rows are of accounts that the histories do not hold; leave them out"
            )
        return Snapshots(account, instants(X["as_of"]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _in_pandas(frame: Any) -> Any:
    """Return a frame of a library that hands its columns over as Arrow does as one of pandas; others as they are."""
    foreign = not isinstance(frame, pd.DataFrame) and hasattr(frame, "__arrow_c_stream__")
    return pa.table(frame).to_pandas() if foreign else frame
