"""What happens to everybody at a date is not credited to what was invested then."""

import numpy as np
import pandas as pd
import pytest

from features.instants import FloatArray, IntArray
from training.effects.estimation.within_dates import at_their_dates, comparable
from training.effects.target_trials import dates_of
from training.estimators import UpliftRegressor

DAYS = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"])


def test_an_arm_is_compared_where_somebody_at_its_date_had_none_of_it() -> None:
    date = dates_of(np.array([10, 10, 20, 20, 30, 40]), np.array([False] * 5 + [True]))
    arm = np.array([0, 1, 1, 1, 0, 1])
    found = comparable(arm, date, 2)
    assert found[:, 1].tolist() == [True, True, False, False, False, True]


def test_probabilities_agree_with_the_shares_of_their_date() -> None:
    rng = np.random.default_rng(0)
    chance = rng.dirichlet((6, 1, 2), size=400)
    date = np.repeat([0, 1], 200)
    arm = np.concatenate([rng.integers(0, 3, 200), np.where(rng.random(200) < 0.9, 0, 2)])
    found = at_their_dates(chance, arm, date)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    for number in (0, 1):
        share = np.bincount(arm[date == number], minlength=3) / 200
        np.testing.assert_allclose(found[date == number].mean(axis=0), share, atol=2e-3)


def visits_beside_a_price_step(exposed_at_last: float) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    """Return 900 rows at each of three dates; at the last revenue is 1.5 times as much, and visits do nothing."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2700, 2))
    date = np.repeat([0, 1, 2], 900)
    visited = ((date == 2) & (rng.random(2700) < exposed_at_last)).astype(np.int64)
    y = np.exp(6 + 0.5 * X[:, 0] + 0.3 * rng.normal(size=2700)) * np.where(date == 2, 1.5, 1.0)
    return X, y, visited, date


def test_a_price_step_at_the_date_of_the_visits_is_no_effect_of_theirs() -> None:
    X, y, visited, date = visits_beside_a_price_step(0.5)
    pooled = UpliftRegressor(rounds=40).fit(X, y, treatment=visited)
    within = UpliftRegressor(rounds=40).fit(X, y, treatment=visited, as_of=DAYS[date])
    assert pooled.average_ > 5 * pooled.average_error_
    assert abs(within.average_) < 2 * within.average_error_
    assert np.abs(within.predict(X)).mean() < 0.1 * np.abs(pooled.predict(X)).mean()


def test_where_all_were_visited_at_once_nothing_is_said() -> None:
    X, y, visited, date = visits_beside_a_price_step(1.1)
    with pytest.raises(ValueError, match="nobody who was not exposed can be compared with those of arm 1"):
        UpliftRegressor(rounds=40).fit(X, y, treatment=visited, as_of=DAYS[date])
