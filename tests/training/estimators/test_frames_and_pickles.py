"""The estimators take frames of any library, and are pickled, cloned and searched in several processes."""

import pickle
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from features.catalog import catalog
from features.catalog.catalog import BY_NAME, FEATURES, feature_named
from features.catalog.declarations import Family
from features.errors import SettingsError
from tests.trained import tiny_dataset, tiny_histories
from training.estimators import (
    HistoryFeatures,
    RevenueRegressor,
    RungClassifier,
    SetCalibrator,
    SwitchingClassifier,
    UpliftRegressor,
)


def rows(every: int = 15) -> tuple[pd.DataFrame, Any]:
    """Some snapshots of the tiny dataset, and what came of them."""
    data = tiny_dataset()
    ids = tiny_histories().account_ids[data.snapshots.account].astype(str)
    frame = pd.DataFrame({"account_id": ids, "as_of": pd.to_datetime(data.snapshots.as_of, unit="us")})
    return frame[::every].reset_index(drop=True), data.labels.next_rung[::every]


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def test_features_of_an_arrow_frame_are_those_of_pandas() -> None:
    """Polars hands its columns over by the same protocol."""
    frame, _ = rows(60)
    expected = HistoryFeatures(tiny_histories()).fit(frame)
    got = HistoryFeatures(tiny_histories()).fit(arrow(frame))
    assert list(got.feature_names_in_) == ["account_id", "as_of"]
    np.testing.assert_array_equal(got.transform(arrow(frame)), expected.transform(frame))


@pytest.mark.parametrize(
    "estimator",
    [
        RungClassifier(rounds=2),
        SwitchingClassifier(rounds=2),
        RevenueRegressor(rounds=2),
        UpliftRegressor(),
        SetCalibrator(RungClassifier(rounds=2)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_arrow_frame_gives_the_model_of_pandas_and_comes_back_from_its_pickle(estimator: Any) -> None:
    y, names = rows()[1] > 2, list(catalog.NAMES)[:12]
    frame = pd.DataFrame(tiny_dataset().matrix[::15, :12], columns=names)
    given = {"treatment": np.arange(len(y)) % 2} if isinstance(estimator, UpliftRegressor) else {}
    target = y.astype(float) if given else y
    own, ours = clone(estimator).fit(arrow(frame), target, **given), clone(estimator).fit(frame, target, **given)
    again = pickle.loads(pickle.dumps(own))  # noqa: S301
    np.testing.assert_array_equal(own.predict(arrow(frame)), ours.predict(frame))
    np.testing.assert_array_equal(again.predict(arrow(frame)), ours.predict(frame))


def test_a_dumped_pipeline_predicts_alike(tmp_path: Path) -> None:
    frame, y = rows(60)
    steps = make_pipeline(
        HistoryFeatures(tiny_histories()).set_output(transform="pandas"), RungClassifier(rounds=2)
    ).fit(frame, y)
    joblib.dump(steps, tmp_path / "steps.joblib")
    again = joblib.load(tmp_path / "steps.joblib")
    np.testing.assert_array_equal(again.predict_proba(frame), steps.predict_proba(frame))


@pytest.mark.slow
def test_a_grid_is_searched_in_two_processes() -> None:
    frame, y = rows()
    steps = make_pipeline(HistoryFeatures(tiny_histories()).set_output(transform="pandas"), RungClassifier(rounds=2))
    grid = {"rungclassifier__leaves": [2, 4]}
    search = GridSearchCV(steps, grid, cv=2, scoring="accuracy", error_score="raise", n_jobs=2).fit(frame, y)
    assert search.best_params_["rungclassifier__leaves"] in (2, 4)


def test_features_are_pickled_by_name() -> None:
    """No function of the catalogue is in the pickle; a row of one's own takes its function along."""
    assert b"lambda" not in pickle.dumps(FEATURES)
    assert all(one is BY_NAME[one.name] for one in pickle.loads(pickle.dumps(FEATURES)))  # noqa: S301
    assert clone(HistoryFeatures(tiny_histories())).features[0] is FEATURES[0]
    mine = Family("mine", "orders").count("orders", 7, "orders")
    copied = pickle.loads(pickle.dumps(mine))  # noqa: S301
    frame, _ = rows(60)
    values = [HistoryFeatures(tiny_histories(), features=[one]).fit_transform(frame) for one in (mine, copied)]
    np.testing.assert_array_equal(*values)
    with pytest.raises(SettingsError, match=r"gone_7d is not in the catalogue"):
        feature_named("gone_7d")
