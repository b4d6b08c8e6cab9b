"""Scores of predictions, against hand-written answers and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from features.errors import ShapeMismatch
from training.evaluation.metrics import (
    auc,
    calibration_error,
    reliability,
    row_brier,
    row_log_loss,
    row_rps,
    top_decile_lift,
)

THREE = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
HAPPENED = np.array([1, 2, 0])


def test_three_forecasts_by_hand() -> None:
    np.testing.assert_allclose(row_log_loss(THREE, HAPPENED), [-np.log(0.5), -np.log(0.8), 0.0])
    np.testing.assert_allclose(row_rps(THREE, HAPPENED), [(0.2**2 + 0.3**2) / 2, (0.1**2 + 0.2**2) / 2, 0.0])
    np.testing.assert_allclose(row_brier(THREE, HAPPENED), [0.04 + 0.25 + 0.09, 0.01 + 0.01 + 0.04, 0.0])


def test_being_one_rung_off_costs_less_than_being_six_off() -> None:
    near, far = np.zeros((1, 7)), np.zeros((1, 7))
    near[0, 1], far[0, 6] = 1.0, 1.0
    assert row_rps(near, np.array([0])).tolist() == [1 / 6]
    assert row_rps(far, np.array([0])).tolist() == [1.0]


def test_a_surprise_costs_much_but_never_infinitely() -> None:
    found = row_log_loss(np.array([[1.0, 0.0]]), np.array([1]))
    assert np.isfinite(found).all()
    assert found[0] > 10


@pytest.mark.parametrize("shape", [(500,), (500, 1)])
def test_scores_of_a_chance_are_scikit_learn_s(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.01, 0.99, 500)
    happened = (rng.random(500) < chance).astype(np.int64)
    given = chance.reshape(shape)
    assert row_log_loss(given, happened).mean() == pytest.approx(log_loss(happened, chance))
    assert row_brier(given, happened).mean() == pytest.approx(brier_score_loss(happened, chance))
    assert auc(chance, happened) == pytest.approx(roc_auc_score(happened, chance))


def test_scores_of_classes_are_scikit_learn_s() -> None:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(7), 400)
    happened = rng.integers(0, 7, 400)
    assert row_log_loss(chances, happened).mean() == pytest.approx(log_loss(happened, chances))


def test_predictions_and_outcomes_of_different_length_are_refused() -> None:
    for score in (row_log_loss, row_rps, row_brier):
        with pytest.raises(ShapeMismatch, match="3 predictions against 2 outcomes"):
            score(THREE, HAPPENED[:2])


@pytest.mark.parametrize("happened", [[0, 0, 0], [1, 1, 1], []])
def test_with_one_class_there_is_no_auc(happened: list[int]) -> None:
    assert np.isnan(auc(np.linspace(0, 1, len(happened)), np.array(happened, np.int64)))


def test_calibration_of_four_bins_by_hand() -> None:
    chance = np.array([0.1, 0.1, 0.2, 0.2, 0.6, 0.6, 0.9, 0.9])
    happened = np.array([0, 0, 0, 1, 1, 0, 1, 1])
    assert calibration_error(chance, happened, 4) == pytest.approx((0.1 + 0.3 + 0.1 + 0.1) / 4)
    assert reliability(chance, happened, 4) == [
        (pytest.approx(0.1), 0.0, 2), (pytest.approx(0.2), 0.5, 2), (pytest.approx(0.6), 0.5, 2),
        (pytest.approx(0.9), 1.0, 2),
    ]  # fmt: skip
    assert calibration_error(np.empty(0), np.empty(0)) == 0.0


def test_what_a_machine_rounds_otherwise_changes_no_ranking() -> None:
    rng = np.random.default_rng(5)
    chance, happened = rng.integers(1, 5, 400) / 5, rng.random(400) < 0.4
    elsewhere = chance * (1 + rng.choice([-2e-16, 0.0, 2e-16], 400))
    assert auc(elsewhere, happened) == auc(chance, happened)
    assert calibration_error(elsewhere, happened) == pytest.approx(calibration_error(chance, happened), abs=1e-12)
    assert top_decile_lift(elsewhere, happened) == top_decile_lift(chance, happened)


def test_lift_is_the_share_in_the_top_tenth_over_the_share_in_all() -> None:
    chance = np.linspace(1, 0, 40)
    happened = np.zeros(40, np.int64)
    happened[[0, 1, 2, 20]] = 1
    assert top_decile_lift(chance, happened) == pytest.approx(0.75 / 0.1)
    assert np.isnan(top_decile_lift(chance, np.zeros(40)))
