"""A budget goes to the best returns first."""

import numpy as np

from training.model.greedy_budget import bought_within

GAIN = np.array([10.0, 30.0, 0.0, 20.0, 5.0])
COST = np.array([10.0, 10.0, 0.0, 10.0, 0.0])


def test_a_budget_goes_to_the_best_returns_first_and_what_gains_nothing_gets_none() -> None:
    assert bought_within(20.0, GAIN, COST).tolist() == [False, True, False, True, True]
    assert bought_within(0.0, GAIN, COST).tolist() == [False, False, False, False, True]
    assert bought_within(1e9, GAIN, COST).tolist() == [True, True, False, True, True]


def test_nothing_is_bought_after_the_first_that_does_not_fit() -> None:
    assert bought_within(25.0, np.array([30.0, 20.0, 1.0]), np.array([10.0, 20.0, 5.0])).tolist() == [
        True,
        False,
        False,
    ]
    assert bought_within(5.0, np.empty(0), np.empty(0)).tolist() == []
