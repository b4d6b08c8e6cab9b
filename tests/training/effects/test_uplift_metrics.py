"""Rankings whose RATE is known by formula, and policies whose value is known by hand."""

import numpy as np
import pytest

from features.errors import ShapeMismatch
from features.instants import FloatArray
from training.effects.uplift_metrics import (
    autoc,
    best_arm,
    groups_by,
    highest_rows,
    paired_interval,
    qini,
    slope_of_truth,
    two_arm_scores,
    value_of_arms,
)


def noisy_scores(effect: FloatArray, seed: int) -> FloatArray:
    """Scores of a fair trial in which each row's effect is known."""
    rng = np.random.default_rng(seed)
    treated = rng.random(len(effect)) < 0.5
    return two_arm_scores(treated, rng.normal(10, 1, len(effect)) + treated * effect, 0.5)


def test_autoc_and_qini_of_four_rows_by_hand() -> None:
    score, priority = np.array([0.0, 4.0, 2.0, 6.0]), np.array([1.0, 3.0, 2.0, 4.0])
    toc = np.array([6 - 3, 5 - 3, 4 - 3, 0.0])
    assert autoc(score, priority).value == pytest.approx(toc.mean())
    assert qini(score, priority).value == pytest.approx((toc * np.array([0.25, 0.5, 0.75, 1.0])).mean())


def test_of_effects_uniform_on_zero_to_one_autoc_tends_to_a_quarter_and_qini_to_a_twelfth() -> None:
    # TOC(u) = (1 - u / 2) - 1 / 2, whose integral is 1/4, and that of u TOC(u) is 1/4 - 1/6.
    effect = np.random.default_rng(0).random(200_000)
    assert autoc(effect, effect).value == pytest.approx(1 / 4, abs=0.002)
    assert qini(effect, effect).value == pytest.approx(1 / 12, abs=0.002)


def test_a_reversed_ranking_is_worse_than_none() -> None:
    effect = np.linspace(0, 1, 1000)
    assert autoc(effect, -effect).value < 0 < autoc(effect, effect).value
    assert qini(effect, -effect).value == pytest.approx(-qini(effect, effect).value)


@pytest.mark.parametrize("measure", [autoc, qini])
def test_equal_priorities_rank_nobody(measure: object) -> None:
    assert callable(measure)
    found = measure(np.random.default_rng(0).normal(0, 1, 500), np.ones(500))
    assert found.value == pytest.approx(0.0, abs=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert found.statistic == pytest.approx(0.0, abs=3.0)


@pytest.mark.parametrize(("measure", "truth"), [(autoc, 1 / 4), (qini, 1 / 12)])
def test_the_standard_error_is_the_deviation_over_trials_and_its_interval_covers(measure: object, truth: float) -> None:
    assert callable(measure)
    effect = np.random.default_rng(1).random(2000)
    found = [measure(noisy_scores(effect, seed), effect) for seed in range(60)]
    values, errors = np.array([(rate.value, rate.error) for rate in found]).T
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.3)
    assert (np.abs(values - truth) <= 1.645 * errors).mean() >= 0.78


def test_scores_average_to_the_difference_in_means() -> None:
    treated, outcome = np.array([True, True, False, False]), np.array([3.0, 5.0, 1.0, 2.0])
    assert two_arm_scores(treated, outcome, 0.5).mean() == pytest.approx(2.5)


def test_an_empty_arm_is_refused() -> None:
    with pytest.raises(ShapeMismatch, match="both arms"):
        two_arm_scores(np.ones(4, bool), np.ones(4), 0.5)


def test_too_few_or_unequal_rows_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match="at least 4"):
        autoc(np.ones(3), np.ones(3))
    with pytest.raises(ShapeMismatch, match="5 priorities"):
        qini(np.ones(4), np.ones(5))


def test_the_slope_is_one_for_the_truth_below_one_for_promises_too_bold_and_nothing_for_a_constant() -> None:
    true = np.array([1.0, 2.0, 4.0])
    assert slope_of_truth(true, true) == pytest.approx(1.0)
    assert slope_of_truth(true, 2 * true) == pytest.approx(0.5)
    assert np.isnan(slope_of_truth(true, np.full(3, 7.0)))


def test_the_best_option_is_taken_where_any_pays_and_never_one_without_an_estimate() -> None:
    gains = np.array([[1.0, 2.0], [-1.0, -2.0], [np.nan, 3.0], [np.nan, np.nan], [0.0, -1.0]])
    assert best_arm(gains).tolist() == [2, 0, 2, 0, 0]
    assert best_arm(np.empty((2, 0))).tolist() == [0, 0]


def test_a_policy_earns_the_true_gain_of_what_it_chose() -> None:
    true = np.array([[10.0, -5.0], [3.0, 4.0], [1.0, 1.0]])
    assert value_of_arms(true, np.array([1, 2, 0])).tolist() == [10.0, 4.0, 0.0]
    with pytest.raises(ShapeMismatch, match="2 choices"):
        value_of_arms(true, np.array([1, 2]))


def test_no_policy_earns_more_than_the_oracle() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1, (200, 3))
    oracle = value_of_arms(true, best_arm(true)).mean()
    assert all(value_of_arms(true, rng.integers(0, 4, 200)).mean() <= oracle for _ in range(20))


def test_first_rows_are_those_of_highest_priority() -> None:
    assert highest_rows(np.array([1.0, 3.0, 2.0, 3.0]), 2).tolist() == [False, True, False, True]
    assert not highest_rows(np.array([1.0]), 0).any()


def test_groups_rise_and_hold_every_row_once() -> None:
    predicted = np.array([5.0, 1.0, 3.0, 2.0, 4.0])
    groups = groups_by(predicted, 2)
    assert [sorted(predicted[g].tolist()) for g in groups] == [[1.0, 2.0, 3.0], [4.0, 5.0]]
    assert sum(len(g) for g in groups_by(predicted, 10)) == 5


def test_the_paired_interval_weighs_worlds_alike_and_holds_the_mean() -> None:
    value, low, high = paired_interval([np.full(10, 1.0), np.full(1000, 3.0)])
    assert value == low == high == pytest.approx(2.0)
    noisy = np.random.default_rng(0).normal(0, 1, 400)
    value, low, high = paired_interval([noisy])
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.15)
