"""What the estimators share: the boosters' parameters, checked inputs, and rows split by time."""

from collections.abc import Mapping
from numbers import Integral
from operator import index
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import _check_sample_weight, validate_data

from features.instants import BoolArray, FloatArray, IntArray
from training.data.splits import account_draw
from training.data.training_task import Split, TrainingTask, split_by_time, without_held_out
from training.settings import BoosterSettings, Settings

OURS = BoosterSettings()


class Boosted(BaseEstimator):  # type: ignore[misc]
    """An estimator whose boosters have the parameters of [booster] in the settings; see docs/settings.md."""

    rounds: int
    learning_rate: float
    leaves: int
    least_in_leaf: int
    l2: float
    row_share: float
    column_share: float
    n_jobs: int | None
    random_state: Any

    def _booster(self) -> BoosterSettings:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31 - 1)
        if self.n_jobs is not None:
            check_scalar(self.n_jobs, "n_jobs", Integral)
        return BoosterSettings(  # numbers of numpy's, as a grid of parameters may hold them, are made plain
            rounds=index(self.rounds), learning_rate=float(self.learning_rate), leaves=index(self.leaves),
            least_in_leaf=index(self.least_in_leaf), l2=float(self.l2), row_share=float(self.row_share),
            column_share=float(self.column_share), threads=effective_n_jobs(self.n_jobs), seed=int(seed),
        )  # fmt: skip

    def _checked(self, X: Any) -> FloatArray:
        matrix: FloatArray = validate_data(
            self, X, reset=False, dtype=np.float64, order="F", ensure_all_finite="allow-nan"
        )
        return matrix

    def _positions(self) -> Mapping[str, int]:
        """Return name -> position of the columns that fit saw; empty where they had no names."""
        return {name: place for place, name in enumerate(getattr(self, "feature_names_in_", ()))}

    def _training_task(
        self, matrix: FloatArray, target: IntArray | FloatArray, weight: Any, classes: int = 1
    ) -> TrainingTask:
        weights = _check_sample_weight(weight, matrix, dtype=np.float64, ensure_non_negative=True)
        return TrainingTask(
            matrix=matrix,
            target=target,
            weight=weights,
            columns=self._positions(),
            booster=self._booster(),
            classes=classes,
            span=float(getattr(self, "horizon_days", 180)),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def weighted_rows(task: TrainingTask) -> BoolArray:
    """Return the rows whose weight is not zero, as a mask.

    Raises
    ------
    ValueError
        If no row is left.
    """
    rows: BoolArray = task.weight > 0
    if not rows.any():
        raise ValueError("every sample_weight is zero: there is nothing to learn from")
    return rows


def split_by_date(as_of: Any, account: Any, rows: BoolArray, horizon_days: int) -> Split | None:
    """Split rows into those to learn from and later ones to choose weights on; None without dates or earlier rows.

    The earlier ones are without the accounts that the settings' default share holds out, as in `ladder train`.

    as_of : shape (n,), anything that pandas reads as times.
    account : shape (n,); by default each row is an account of its own.

    Raises
    ------
    ValueError
        If there are not as many dates as rows.
    """
    if as_of is None:
        return None
    at = instants(as_of)
    if at.shape != rows.shape:
        raise ValueError(f"as_of has {len(at)} values for {len(rows)} rows")
    names = accounts_of(account, len(rows))
    split = split_by_time(at, rows, horizon_days, lambda: account_draw(names, "weights"))
    return split and without_held_out(split, account_draw(names, "held out") < Settings().slices.held_out_share)


def instants(as_of: Any) -> IntArray:
    """Return times as microseconds since 1970-01-01 UTC, shape (n,); those without a zone are UTC.

    Raises
    ------
    ValueError
        If a row has no time, or one that cannot be read.
    """
    times = pd.DatetimeIndex(pd.to_datetime(np.asarray(as_of), utc=True))
    missing = int(np.isnat(times.to_numpy("datetime64[us]")).sum())
    if missing:
        raise ValueError(f"as_of is missing in {missing} of {len(times)} rows; say when each is looked at")
    return np.asarray(times.as_unit("us").asi8, np.int64)


def accounts_of(account: Any, n: int) -> list[str]:
    """Return the account of each row as text; each row has its own by default.

    Raises
    ------
    ValueError
        If there are not as many accounts as rows.
    """
    if account is None:
        return [str(row) for row in range(n)]
    names = [str(name) for name in np.asarray(account)]
    if len(names) != n:
        raise ValueError(f"account has {len(names)} values for {n} rows")
    return names
