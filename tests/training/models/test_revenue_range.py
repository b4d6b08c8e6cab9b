"""Revenue lies within its ranges as often as was stated, on slices that nobody learnt from."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instants import FloatArray
from tests.trained import small_settings, tiny_dataset, tiny_trained
from training.data.splits import held_out, rolling_origins
from training.model.revenue_range import RevenueRange
from training.models.conformal import Calibration
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_revenue, pace_of
from training.models.revenue_range import (
    IF_ORDER,
    LEAST_ROWS,
    distance_outside,
    fit_revenue_range,
    if_order_finding,
    inside_interval,
    learn_revenue_range,
)


@dataclass(frozen=True)
class Column:
    """Says what a column holds."""

    at: int

    def predict(self, matrix: FloatArray) -> FloatArray:
        return matrix[:, [self.at]]


LOGS = st.floats(-5.0, 12.0)
CHANCE = st.floats(0.0, 1.0)


def ranges(level: float = 0.9, margin: float = 0.0) -> RevenueRange:
    return RevenueRange(Column(0), Column(1), None, level, margin, margin)


@given(LOGS, LOGS, CHANCE, st.one_of(st.just(-np.inf), LOGS), st.floats(0.0, 3.0))
def test_an_interval_holds_a_revenue_from_the_margin_on_that_is_said(
    low: float, high: float, no_order: float, happened: float, margin: float
) -> None:
    matrix, none = np.array([[low, high]]), np.array([no_order])
    first, last = ranges().logs(matrix, none)
    outside = distance_outside(first, last, np.array([happened]))
    if np.isfinite(last[0]) and last[0] < 15 and abs(outside[0] - margin) > 1e-6:
        found = inside_interval(ranges(margin=margin).interval(matrix, none), np.exp([happened]))[0]
        assert found == (outside[0] <= margin) or np.exp(happened) < 1e-6  # so little is nothing


@given(LOGS, LOGS, CHANCE, st.floats(0.0, 3.0), st.floats(0.5, 0.98))
def test_ends_are_in_order_and_never_below_nothing(
    low: float, high: float, no_order: float, margin: float, level: float
) -> None:
    found = ranges(level, margin).interval(np.array([[low, high]]), np.array([no_order]))
    assert 0 <= found[0, 0] <= found[0, 1]


@given(LOGS, LOGS, st.floats(0.05, 0.9))
def test_an_interval_that_begins_at_nothing_leaves_all_out_above(low: float, high: float, no_order: float) -> None:
    """Oracle: the share of the logistic law beyond the upper end, times the chance of an order, is what is left out."""
    matrix = np.array([[min(low, high), max(low, high) + 0.1]])
    if no_order >= 0.89:  # the interval is nothing, or as good as that
        return
    top = np.log(ranges().interval(matrix, np.array([no_order]))[0, 1])
    spread = (matrix[0, 1] - matrix[0, 0]) / 2 / np.log(9)
    beyond = 1 / (1 + np.exp((top - matrix[0].mean()) / spread))
    if top < 24:
        assert (1 - no_order) * beyond == pytest.approx(0.1, rel=1e-6)


def test_where_an_order_is_sure_the_interval_leaves_as_much_out_below_as_above() -> None:
    first, last = (end[0] for end in ranges().logs(np.array([[2.0, 4.0]]), np.array([0.0])))
    assert first < 2.0 < 4.0 < last
    assert first + last == pytest.approx(6.0)


def test_where_nothing_is_likelier_than_the_stated_share_the_interval_is_nothing() -> None:
    np.testing.assert_array_equal(ranges(margin=2.0).interval(np.array([[2.0, 4.0]]), np.array([0.91])), [[0.0, 0.0]])


def test_a_credit_note_in_sum_is_nothing() -> None:
    interval = np.array([[0.0, 10.0], [1.0, 10.0], [0.0, 10.0], [0.0, 0.0]])
    assert inside_interval(interval, np.array([-5.0, -5.0, 10.0, 0.0])).tolist() == [True, False, True, True]


def test_an_account_a_thousand_times_as_large_has_ranges_a_thousand_times_as_large() -> None:
    data = tiny_dataset()
    task = data.task(data.labels.revenue, small_settings().booster)
    model = RevenueRange(Constant(-0.5), Constant(0.5), pace_of(task), 0.9, 0.25)
    money = [k for name, k in task.columns.items() if name.startswith("revenue")]
    rows = task.matrix[data.matrix[:, data.column("revenue_365d")] > 0]
    larger = rows.copy()
    larger[:, money] *= 1000
    none = np.full(len(rows), 0.2)
    np.testing.assert_allclose(model.predict(larger), model.predict(rows) * 1000)
    np.testing.assert_allclose(model.interval(larger, none), model.interval(rows, none) * 1000)


@dataclass(frozen=True)
class Constant:
    """Says the same of everybody."""

    value: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        return np.full((len(matrix), 1), self.value)


def test_ends_are_in_order_where_boosters_cross() -> None:
    low, high = RevenueRange(Constant(0.5), Constant(-0.5), None, 0.9).predict(np.zeros((1, 2)))[0]
    assert low < high


@pytest.mark.parametrize("stated", [0.6, 0.9])
def test_the_stated_share_is_held_on_the_slice_that_it_was_calibrated_on(stated: float) -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, interval=stated))
    found, (held, held_if_order) = fit_revenue_range(data, np.ones(len(data.matrix), bool), settings)
    assert found.margin >= 0
    assert found.margin_if_order >= 0
    assert held.covered >= stated - 0.01  # those for whom nothing is expected are not calibrated on
    assert held_if_order.covered >= IF_ORDER
    assert held.purged


def test_without_an_earlier_slice_quantiles_are_served_as_they_are() -> None:
    data = tiny_dataset()
    rows = data.snapshots.as_of == data.snapshots.as_of.min()
    found, (held, held_if_order) = fit_revenue_range(data, rows, small_settings())
    assert found.margin == found.margin_if_order == 0
    assert held.of_intervals().code == "intervals_uncalibrated"
    assert if_order_finding(held_if_order).code == "if_order_uncalibrated"
    assert if_order_finding(Calibration(0.8, 0.8, "2026-01-01", 10)).code == "if_order_calibrated"


@one_linear_algebra_thread()
def test_out_of_time_the_simulated_supplier_s_revenue_lies_within_as_often_as_stated() -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, booster=replace(settings.booster, rounds=60, learning_rate=0.1))
    covered, if_order = [], []
    for fold in rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 3):
        found, _ = fit_revenue_range(data, fold.train, settings)
        matrix, revenue = data.matrix[fold.test], data.labels.revenue[fold.test]
        no_order = 1 - fit_revenue(data, fold.train, settings).any_order.predict(matrix)[:, 0]
        covered.append(inside_interval(found.interval(matrix, no_order), revenue))
        if_order.append(inside_interval(found.predict(matrix), revenue)[revenue > 0])
    assert 0.86 <= np.concatenate(covered).mean() <= 0.96
    assert abs(np.concatenate(if_order).mean() - IF_ORDER) < 0.08


def test_wider_is_what_more_of_them_need() -> None:
    data, settings = tiny_dataset(), small_settings()
    every, none = np.ones(len(data.matrix), bool), np.full(len(data.matrix), 0.02)
    widths = []
    for stated in (0.5, 0.8, 0.95):
        one = replace(settings, outcome=replace(settings.outcome, interval=stated))
        found = fit_revenue_range(data, every, one)[0].interval(data.matrix, none)
        widths.append(float((found[:, 1] - found[:, 0]).mean()))
    assert widths == sorted(widths)


def test_of_too_few_orders_the_range_is_that_of_all_of_them() -> None:
    data = tiny_dataset()
    task = data.task(data.labels.revenue, small_settings().booster)
    rows = np.zeros(len(data.matrix), bool)
    rows[np.flatnonzero(data.labels.revenue > 0)[: LEAST_ROWS - 1]] = True
    model, *_ = learn_revenue_range(task, rows, None, 0.9)
    assert inside_interval(model.predict(data.matrix[rows]), data.labels.revenue[rows]).all()
    nobody, *_ = learn_revenue_range(task, rows & False, None, 0.9)
    assert np.isfinite(nobody.predict(data.matrix[:5])).all()


def test_the_bundle_s_range_is_readable() -> None:
    assert isinstance(tiny_trained().bundle.revenue_range, RevenueRange)
