"""The range of the revenue given an order goes with the account's own pace, and holds what it states."""

from dataclasses import dataclass

import numpy as np

from features.catalog import catalog
from features.instants import FloatArray
from tests.trained import small_settings, tiny_dataset
from training.data.splits import held_out, rolling_origins
from training.model.revenue_if_order import FEATURES, RevenueIfOrder, pace_of
from training.models.conformal import Calibration
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue_if_order import STATED, fit_revenue_if_order, if_order_finding

COLUMNS = {name: place for place, name in enumerate(FEATURES)}


@dataclass(frozen=True)
class Constant:
    """Says the same of everybody."""

    value: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        return np.full((len(matrix), 1), self.value)


def test_the_pace_is_the_largest_that_is_known() -> None:
    rows = np.array(
        [[1800.0, 0.0, 0.0], [100.0, 7300.0, 0.0], [0.0, 365.0, 500.0], [0.0] * 3, [np.nan] * 3, [1e-9] * 3]
    )
    np.testing.assert_allclose(pace_of(rows, COLUMNS, 90, 200.0), [900.0, 1800.0, 500.0, 200.0, 200.0, 20.0])


def test_an_account_ten_times_as_large_has_a_range_ten_times_as_large() -> None:
    model = RevenueIfOrder(Constant(-0.5), Constant(0.5), COLUMNS, 180, 100.0, 0.25)
    small, large = model.predict(np.array([[500.0, 900.0, 50.0], [5e6, 9e6, 5e5]]))
    np.testing.assert_allclose(large, small * 1e4)
    np.testing.assert_allclose(small, 500 * np.exp([-0.75, 0.75]))


def test_ends_are_in_order_where_boosters_cross() -> None:
    crossed = RevenueIfOrder(Constant(0.5), Constant(-0.5), COLUMNS, 180, 100.0, 0.0)
    low, high = crossed.predict(np.array([[500.0, 900.0, 50.0]]))[0]
    assert low < high


@one_linear_algebra_thread()
def test_out_of_time_the_range_holds_about_what_it_states() -> None:
    data, settings = tiny_dataset(), small_settings()
    held, asked = [], 0
    for fold in rolling_origins(data.sample, held_out(data.histories, settings.slices.held_out_share), settings, 3):
        model, _ = fit_revenue_if_order(data, fold.train, settings)
        assert model is not None
        rows = fold.test & (data.labels.revenue > 0)
        low, high = model.predict(data.matrix[rows]).T
        held.append((low <= data.labels.revenue[rows]) & (data.labels.revenue[rows] <= high))
        asked += int(rows.sum())
    assert abs(np.concatenate(held).mean() - STATED) < 0.08
    assert asked > 300


def test_too_few_orders_teach_nothing_and_it_is_said() -> None:
    data = tiny_dataset()
    model, held = fit_revenue_if_order(data, np.arange(len(data.matrix)) < 20, small_settings())
    assert model is None
    assert if_order_finding(held, False).code == "if_order_left_out"
    assert if_order_finding(Calibration(STATED), True).code == "if_order_uncalibrated"


def test_the_pace_is_read_from_features_that_there_are() -> None:
    assert set(FEATURES) <= set(catalog.NAMES)
