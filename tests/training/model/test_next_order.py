"""A window of the next order day is the quantiles of the gap that the silence so far leaves open."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instants import FloatArray
from training.model.next_order import FARTHEST_DAYS, FEATURES, LEVELS, NextOrder

COLUMNS = {name: place for place, name in enumerate(FEATURES)}
MEAN_ALONE = NextOrder(COLUMNS, (0.0, 1.0, 0.0, 0.0, 0.0, 0.0), (np.log(4.0), 0.0, 0.0, 0.0), 180)
"""The median gap is the account's mean gap, its spread the same for all: shape 4."""


def account(silence: float, mean: float, **other: float) -> FloatArray:
    """One row of a matrix: an account that ordered five times, every `mean` days."""
    values = {
        "days_since_order_day": silence, "order_days_total": 5.0, "order_days_730d": 5.0, "order_gap_last": mean,
        "order_gap_mean_730d": mean, "order_gap_deviation_730d": 0.2 * mean, "usual_pause_days": 0.0,
    }  # fmt: skip
    return np.array([[{**values, **other}[name] for name in FEATURES]])


def left(gap: FloatArray, median: float) -> FloatArray:
    """P(gap > t) at shape 4."""
    return 1 / (1 + (gap / median) ** 4)


@given(st.integers(1, 400), st.floats(1.0, 300.0))
def test_the_window_is_the_quantiles_of_the_gaps_that_are_left(silence: int, mean: float) -> None:
    window = MEAN_ALONE.window(account(silence, mean))[0]
    days = np.arange(0, FARTHEST_DAYS + 1)
    chance = 1 - left(silence + days + 0.5, mean) / left(np.array(silence - 0.5), mean)  # of an order by that day
    for level, day in zip(LEVELS, window, strict=True):
        first = np.flatnonzero(chance >= level - 1e-9)  # the first day by which it is as likely as that
        expected = first[0] if len(first) else FARTHEST_DAYS
        assert abs(day - expected) <= (abs(chance[expected] - level) < 1e-6)


def test_a_clock_ticks_again_after_its_gap() -> None:
    clock = replace(MEAN_ALONE, spread=(5.0, 0.0, 0.0, 0.0))
    assert clock.window(account(4, 10)).tolist() == [[6.0, 6.0, 6.0]]
    assert clock.overdue(account(10, 10)).tolist() == [0.0]
    assert clock.overdue(account(13, 10)).tolist() == [3.0]


def test_of_yearly_buyers_the_window_is_a_year_after_the_last_order() -> None:
    low, median, high = MEAN_ALONE.window(account(100, 365))[0]
    assert (low, median, high) == (114.0, 266.0, 533.0)


def test_nobody_is_overdue_in_the_pause_of_every_winter() -> None:
    ice_cream = account(150, 7, usual_pause_days=220.0)
    assert MEAN_ALONE.overdue(account(150, 7)).tolist() == [138.0]
    assert MEAN_ALONE.overdue(ice_cream).tolist() == [0.0]
    assert 40 < MEAN_ALONE.window(ice_cream)[0, 1] < 110  # 70 days until the pause before was over
    assert MEAN_ALONE.overdue(account(290, 7, usual_pause_days=220.0))[0] > 0


@given(st.integers(1, 900), st.floats(1.0, 300.0))
def test_overdue_counts_from_the_end_of_the_window_that_held_on_the_first_day(silence: int, mean: float) -> None:
    at_once = MEAN_ALONE.window(account(1, mean))[0, -1] + 1
    assert MEAN_ALONE.overdue(account(silence, mean))[0] == max(silence - at_once, 0)


@given(st.integers(1, 400), st.floats(1.0, 300.0), st.floats(0.01, 0.99))
def test_a_window_agrees_with_the_chance_of_no_order(silence: int, mean: float, no_order: float) -> None:
    """A quantile lies within the horizon where an order there is likelier than its level, and beyond it elsewhere."""
    window = MEAN_ALONE.window(account(silence, mean), np.array([no_order]))[0]
    assert (np.diff(window) >= 0).all()
    for level, day in zip(LEVELS, window, strict=True):
        if abs(1 - no_order - level) > 0.01:
            assert (day <= MEAN_ALONE.horizon_days) == (1 - no_order > level)


def test_the_chance_by_rhythm_itself_changes_nothing() -> None:
    row = account(20, 60)
    by_rhythm = left(np.array([19.5 + 180]), 60) / left(np.array([19.5]), 60)
    assert MEAN_ALONE.window(row, by_rhythm).tolist() == MEAN_ALONE.window(row).tolist()


@pytest.mark.parametrize("missing", [{"order_days_total": 1.0}, {"order_gap_last": np.nan}, {"order_days_total": 0.0}])
def test_without_two_order_days_there_is_no_window(missing: dict[str, float]) -> None:
    assert np.isnan(MEAN_ALONE.predict(account(10, 30, **missing))).all()


def test_a_gap_before_the_last_two_years_counts_where_there_is_no_other() -> None:
    old = account(800, 60, order_gap_mean_730d=np.nan, order_gap_deviation_730d=np.nan, order_days_730d=0.0)
    assert np.isfinite(MEAN_ALONE.predict(old)).all()


def test_within_a_day_the_window_leads_to_midnights() -> None:
    ahead = MEAN_ALONE.window(account(10.25, 30))[0]
    assert ((10.25 + ahead) % 1 == 0).all()
    assert MEAN_ALONE.window(account(0.25, 1))[0, 0] == 0.75  # it ordered today: tomorrow at the earliest


@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_no_value_is_too_strange(silence: float, last: float, mean: float, deviation: float) -> None:
    row = account(silence, mean, order_gap_last=last, order_gap_deviation_730d=deviation)
    with np.errstate(all="ignore"):
        found = MEAN_ALONE.window(row, np.array([0.3]))
    assert (np.isnan(found) | (found <= FARTHEST_DAYS + 1)).all()
