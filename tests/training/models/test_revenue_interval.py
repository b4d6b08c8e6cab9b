"""Revenue lies between the two amounts as often as was stated, on slices that nobody learnt from."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instants import FloatArray
from tests.trained import small_settings, tiny_dataset, tiny_trained
from training.data.splits import held_out, rolling_origins
from training.model.predictors import LOG_OF_ONE, RevenueRange
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue_interval import distance_outside, fit_revenue_range, inside_interval


@dataclass(frozen=True)
class Column:
    """Says what a column holds."""

    at: int

    def predict(self, matrix: FloatArray) -> FloatArray:
        return matrix[:, [self.at]]


LOGS = st.floats(0.0, 15.0)


@given(LOGS, LOGS, LOGS, st.one_of(st.just(0.0), LOGS), st.floats(0.0, 3.0))
def test_a_range_holds_a_revenue_from_the_margin_on_that_is_said(
    low: float, high: float, from_nothing: float, happened: float, margin: float
) -> None:
    matrix = np.array([[low, high, from_nothing]])
    found = RevenueRange(Column(0), Column(1), Column(2), margin)
    first, last = found.quantiles(matrix)
    outside = distance_outside(first, last, np.array([happened]))
    if last[0] > 0 and abs(outside[0] - margin) > 1e-9:
        assert inside_interval(found.predict(matrix), np.expm1([happened]))[0] == (outside[0] <= margin)


@given(LOGS, LOGS, LOGS, st.floats(0.0, 3.0))
def test_ends_are_in_order_and_never_below_nothing(low: float, high: float, nothing: float, margin: float) -> None:
    found = RevenueRange(Column(0), Column(1), Column(2), margin).predict(np.array([[low, high, nothing]]))
    assert 0 <= found[0, 0] <= found[0, 1]


def test_where_nothing_is_likely_the_range_begins_there_and_leaves_all_out_above() -> None:
    matrix = np.array([[0.9 * LOG_OF_ONE, 8.0, 5.0], [2.0, 8.0, 5.0], [0.0, 3.0, 0.1]])
    found = RevenueRange(Column(0), Column(1), Column(2), 0.0).predict(matrix)
    np.testing.assert_allclose(found, np.expm1([[0.0, 5.0], [2.0, 8.0], [0.0, 0.0]]))
    wider = RevenueRange(Column(0), Column(1), Column(2), 0.5).predict(matrix)
    np.testing.assert_allclose(wider, np.expm1([[0.0, 5.5], [1.5, 8.5], [0.0, 0.0]]))


def test_a_credit_note_in_sum_is_nothing() -> None:
    interval = np.array([[0.0, 10.0], [1.0, 10.0], [0.0, 10.0], [0.0, 0.0]])
    assert inside_interval(interval, np.array([-5.0, -5.0, 10.0, 0.0])).tolist() == [True, False, True, True]


@pytest.mark.parametrize("stated", [0.6, 0.9])
def test_the_stated_share_is_held_on_the_slice_that_it_was_calibrated_on(stated: float) -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, interval=stated))
    found, held = fit_revenue_range(data, np.ones(len(data.matrix), bool), settings)
    assert found.margin >= 0
    assert held.covered >= stated - 0.01  # those for whom nothing is expected are not calibrated on
    assert held.purged


def test_without_an_earlier_slice_quantiles_are_served_as_they_are() -> None:
    data = tiny_dataset()
    rows = data.snapshots.as_of == data.snapshots.as_of.min()
    found, held = fit_revenue_range(data, rows, small_settings())
    assert found.margin == 0
    assert held.of_intervals().code == "intervals_uncalibrated"


def test_out_of_time_the_simulated_supplier_s_revenue_lies_within_as_often_as_stated() -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, booster=replace(settings.booster, rounds=60, learning_rate=0.1))
    covered = []
    with one_linear_algebra_thread():
        for fold in rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 3):
            found, _ = fit_revenue_range(data, fold.train, settings)
            covered.append(inside_interval(found.predict(data.matrix[fold.test]), data.labels.revenue[fold.test]))
    assert 0.86 <= np.concatenate(covered).mean() <= 0.96


def test_wider_is_what_more_of_them_need() -> None:
    data, settings = tiny_dataset(), small_settings()
    every = np.ones(len(data.matrix), bool)
    widths = []
    for stated in (0.5, 0.8, 0.95):
        one = replace(settings, outcome=replace(settings.outcome, interval=stated))
        found = fit_revenue_range(data, every, one)[0].predict(data.matrix)
        widths.append(float((found[:, 1] - found[:, 0]).mean()))
    assert widths == sorted(widths)


def test_the_bundle_s_range_is_readable() -> None:
    assert isinstance(tiny_trained().bundle.revenue_range, RevenueRange)
