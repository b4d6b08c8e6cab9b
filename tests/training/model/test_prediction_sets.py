"""A run of rungs grows around the most probable one, and holds what it should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from features.instants import FloatArray
from training.model.prediction_sets import least_threshold, mass_before, rung_sets


def by_hand(chances: FloatArray, threshold: float) -> tuple[int, int]:
    """One row, one step at a time."""
    low = high = int(np.argmax(chances))
    mass = chances[low]
    while mass < threshold and (low > 0 or high < len(chances) - 1):
        below = chances[low - 1] if low > 0 else -1.0
        above = chances[high + 1] if high < len(chances) - 1 else -1.0
        mass = mass + max(below, above)
        low, high = (low - 1, high) if below >= above else (low, high + 1)
    return low, high


WHOLE_PARTS = arrays.arrays(np.int64, st.tuples(st.integers(1, 30), st.just(7)), elements=st.integers(1, 9))
"""Few different values, so that neighbours are often equal."""
THRESHOLDS = st.floats(0.01, 1.0)


def normalised(parts: np.ndarray) -> FloatArray:
    return parts / parts.sum(axis=1, keepdims=True)


@given(WHOLE_PARTS, THRESHOLDS)
def test_sets_are_those_of_a_step_by_step_oracle(parts: np.ndarray, threshold: float) -> None:
    chances = normalised(parts)
    low, high = rung_sets(chances, threshold)
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [by_hand(row, threshold) for row in chances]


@given(WHOLE_PARTS, THRESHOLDS)
def test_a_run_holds_the_most_probable_rung_and_the_mass_or_everything(parts: np.ndarray, threshold: float) -> None:
    chances = normalised(parts)
    low, high = rung_sets(chances, threshold)
    top = chances.argmax(axis=1)
    assert ((low <= top) & (top <= high)).all()
    for row, first, last in zip(chances, low, high, strict=True):
        assert row[first : last + 1].sum() >= threshold - 1e-12 or (first, last) == (0, 6)


@given(WHOLE_PARTS, THRESHOLDS, st.integers(0, 6))
def test_a_run_holds_a_rung_where_the_mass_before_it_is_below_the_threshold(
    parts: np.ndarray, threshold: float, rung: int
) -> None:
    chances = normalised(parts)
    happened = np.full(len(chances), rung)
    low, high = rung_sets(chances, threshold)
    held = (low <= happened) & (happened <= high)
    np.testing.assert_array_equal(held, mass_before(chances, happened) < threshold)


@given(WHOLE_PARTS, THRESHOLDS)
def test_a_row_has_the_same_run_whatever_stands_beside_it(parts: np.ndarray, threshold: float) -> None:
    chances = normalised(parts)
    together = np.stack(rung_sets(chances, threshold))
    alone = [np.stack(rung_sets(chances[k : k + 1], threshold)) for k in range(len(chances))]
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))


def test_of_equal_neighbours_the_lower_is_taken_first() -> None:
    low, high = rung_sets(np.array([[0.1, 0.2, 0.4, 0.2, 0.1, 0.0, 0.0]]), 0.5)
    assert (low.tolist(), high.tolist()) == ([1], [2])
    low, high = rung_sets(np.full((1, 7), 1 / 7), 0.2)
    assert (low.tolist(), high.tolist()) == ([0], [1])


def test_of_no_rows_there_are_no_runs() -> None:
    assert [len(end) for end in rung_sets(np.empty((0, 7)), 0.9)] == [0, 0]
    assert len(mass_before(np.empty((0, 7)), np.empty(0, np.int64))) == 0


@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=200), st.floats(0.5, 0.99))
def test_the_least_threshold_holds_the_stated_share_and_a_lower_one_does_not(
    before: list[float], stated: float
) -> None:
    found = np.array(before)
    threshold = least_threshold(found, stated)
    assert (found < threshold).mean() >= stated or threshold == 1.0
    if threshold < 1.0:
        assert (found < threshold - 2e-6).sum() < (len(found) + 1) * stated


def test_nothing_to_calibrate_on_leaves_the_coverage_itself() -> None:
    assert least_threshold(np.empty(0), 0.9) == 0.9


@pytest.mark.parametrize("share", [0.95, 1.0])
def test_where_the_most_probable_rung_is_right_often_enough_sets_are_single_rungs(share: float) -> None:
    before = np.where(np.arange(1000) < 1000 * share, 0.0, 0.7)
    threshold = least_threshold(before, 0.9)
    assert 0 < threshold < 1e-5
    chances = normalised(np.random.default_rng(0).random((50, 7)) + 0.1)
    low, high = rung_sets(chances, threshold)
    assert (low == high).all()
