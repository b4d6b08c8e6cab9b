"""Known effects are recovered; and there is no number where nobody can be compared."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.doubly_robust import (
    Overlap,
    cross_fitted_outcomes,
    cross_fitted_propensity,
    fit_effect,
    overlap,
    scores,
)
from training.model.terms import Term
from training.settings import BoosterSettings, UpliftSettings

BOOSTER = BoosterSettings(rounds=60, learning_rate=0.1, least_in_leaf=30, threads=1)
EFFECT = 30.0


def mean_effect(psi: FloatArray, weight: FloatArray, account: IntArray) -> tuple[float, float]:
    """Weighted mean score and its standard error, clustered by account."""
    none = np.zeros((len(psi), 1))
    effect = fit_effect(none, psi, weight=weight, account=account, terms=(), penalty=0.0)
    return effect.coefficients[0], float(np.sqrt(effect.covariance[0][0]))


@dataclass(frozen=True)
class World:
    """Accounts with two observed causes; arm 1 adds `effect` on average, and the first cause may drive it."""

    matrix: FloatArray
    arm: IntArray
    outcome: FloatArray
    random: BoolArray
    known: FloatArray

    def naive(self) -> float:
        """The difference in means."""
        return float(self.outcome[self.arm == 1].mean() - self.outcome[self.arm == 0].mean())


def world(seed: int, *, n: int = 1500, steepness: float = 0.0, by_lot: bool = False, effect: float = EFFECT) -> World:
    """steepness : log odds of the arm per unit of the first cause, which also brings 100 a unit."""
    rng = np.random.default_rng(seed)
    cause, other = rng.normal(0, 1, n), rng.normal(0, 1, n)
    chance = np.full(n, 0.3) if by_lot else 1 / (1 + np.exp(1.0 - steepness * cause))
    arm = (rng.random(n) < chance).astype(np.int64)
    outcome = 200 + 100 * cause + 20 * other + arm * (effect + 10 * other) + rng.normal(0, 60, n)
    known = np.where(arm == 1, chance, 1 - chance) if by_lot else np.full(n, np.nan)
    return World(np.column_stack([cause, other]), arm, outcome, np.full(n, by_lot), known)


def estimate(given: World) -> tuple[float, float, Overlap]:
    """Return mean effect, its standard error and the overlap, as the uplift of an investment is estimated."""
    fold = np.arange(len(given.arm)) % 3
    chance = cross_fitted_propensity(
        given.matrix, given.arm, random=given.random, known=given.known, fold=fold, n_arms=2, booster=BOOSTER, clip=0.01
    )
    terms = [Term(0, "identity"), Term(1, "identity")]
    expected = cross_fitted_outcomes(
        given.matrix, given.arm, given.outcome, fold=fold, terms=terms, n_arms=2, booster=BOOSTER
    )
    found = scores(given.arm, given.outcome, expected, chance, np.ones(len(given.arm)))
    mean, error = mean_effect(found.psi[:, 0], found.weight[:, 0], np.arange(len(given.arm)))
    return mean, error, overlap(given.arm, chance, 1)


def coverage(effect: float, **how: float) -> tuple[float, float]:
    """Mean bias, and the share of 90 % intervals that hold the truth, over 25 worlds."""
    found = [estimate(world(seed, effect=effect, **how))[:2] for seed in range(25)]  # type: ignore[arg-type]
    means, errors = np.array(found).T
    return float(means.mean() - effect), float((np.abs(means - effect) <= 1.645 * errors).mean())


@pytest.mark.parametrize("effect", [EFFECT, 0.0])
def test_a_randomised_effect_is_recovered_and_its_interval_covers(effect: float) -> None:
    bias, covered = coverage(effect, by_lot=True)
    assert abs(bias) < 3.0
    assert covered >= 0.76


@pytest.mark.parametrize("effect", [EFFECT, 0.0])
def test_with_an_observed_cause_the_means_lie_and_the_scores_do_not(effect: float) -> None:
    naive = np.mean([world(seed, steepness=1.0, effect=effect).naive() for seed in range(10)])
    assert naive - effect > 60
    bias, covered = coverage(effect, steepness=1.0)
    assert abs(bias) < 8.0
    assert covered >= 0.72


def test_in_a_null_world_few_intervals_leave_out_zero() -> None:
    found = np.array([estimate(world(seed, effect=0.0, by_lot=True))[:2] for seed in range(25, 55)])
    assert (np.abs(found[:, 0]) > 1.645 * found[:, 1]).mean() <= 0.2


def test_without_overlap_the_gate_closes() -> None:
    settings = UpliftSettings()
    assert estimate(world(0, by_lot=True))[2].passes(settings)
    assert estimate(world(0, steepness=1.0))[2].passes(settings)
    shut = estimate(world(0, steepness=40.0))[2]
    assert not shut.passes(settings)
    assert shut.effective < 60 or shut.share < 0.5


@pytest.mark.parametrize(
    "gate", [Overlap(59, 500, 1), Overlap(500, 59.9, 1), Overlap(500, 500, 0.49), Overlap(500, 500, 1, 0.96)]
)
def test_each_part_of_the_gate_closes_it(gate: Overlap) -> None:
    assert not gate.passes(UpliftSettings())
    assert Overlap(60, 60, 0.5).passes(UpliftSettings())


def test_overlap_by_hand() -> None:
    """Two controls with odds 1 and 1/3: (4/3)^2 / (10/9) = 1.6 of them; one of two exposed has a fair chance."""
    arm = np.array([0, 0, 1, 1])
    chance = np.array([[0.5, 0.5], [0.75, 0.25], [0.5, 0.5], [0.01, 0.99]])
    found = overlap(arm, chance, 1)
    assert (found.treated, found.share, found.separation) == (2, 0.5, 0.875)
    assert found.effective == pytest.approx(1.6)
    assert overlap(np.zeros(4, np.int64), chance, 1) == Overlap(0, pytest.approx(found.effective, abs=9), 0.0)
    assert overlap(np.ones(4, np.int64), chance, 1).effective == 0.0


def test_scores_by_hand() -> None:
    arm, outcome = np.array([0, 1]), np.array([10.0, 30.0])
    expected, chance = np.array([[12.0, 20.0], [12.0, 20.0]]), np.array([[0.5, 0.5], [0.8, 0.2]])
    found = scores(arm, outcome, expected, chance, np.array([1.0, 2.0]))
    assert found.psi[:, 0].tolist() == [20 - 12 - (10 - 12) / 0.5, (20 - 12 + (30 - 20) / 0.2) / 2]
    assert found.weight[:, 0].tolist() == pytest.approx([0.25, 0.16])


def test_right_in_either_model_is_right() -> None:
    """With the true propensity the outcome model may be nonsense, and the other way round."""
    given = world(7, n=20_000, steepness=0.8)
    cause, other = given.matrix.T
    truth = 1 / (1 + np.exp(1.0 - 0.8 * cause))
    right = np.column_stack([1 - truth, truth])
    outcomes = np.column_stack([200 + 100 * cause + 20 * other, 230 + 100 * cause + 30 * other])
    nonsense, flat = np.full((20_000, 2), 200.0), np.full((20_000, 2), 0.5)
    for expected, chance in ((nonsense, right), (outcomes, flat)):
        found = scores(given.arm, given.outcome, expected, chance, np.ones(20_000))
        assert found.psi[:, 0].mean() == pytest.approx(EFFECT, abs=6)
    wrong = scores(given.arm, given.outcome, nonsense, flat, np.ones(20_000))
    assert abs(wrong.psi[:, 0].mean() - EFFECT) > 25


def test_known_propensities_are_used_where_the_arm_is_randomised() -> None:
    given = world(3, by_lot=True)
    fold = np.arange(len(given.arm)) % 3
    chance = cross_fitted_propensity(
        given.matrix, given.arm, random=given.random, known=given.known, fold=fold, n_arms=2, booster=BOOSTER, clip=0.01
    )
    np.testing.assert_allclose(chance, np.tile([0.7, 0.3], (len(given.arm), 1)))


def test_an_estimated_chance_is_out_of_fold_and_clipped() -> None:
    given = world(3, steepness=20.0)
    fold = np.arange(len(given.arm)) % 3
    chance = cross_fitted_propensity(
        given.matrix, given.arm, random=given.random, known=given.known, fold=fold, n_arms=2, booster=BOOSTER, clip=0.05
    )
    assert chance.min() == 0.05
    changed = replace(given, arm=np.where(fold == 1, 1 - given.arm, given.arm))
    again = cross_fitted_propensity(
        changed.matrix,
        changed.arm,
        random=given.random,
        known=given.known,
        fold=fold,
        n_arms=2,
        booster=BOOSTER,
        clip=0.05,
    )
    assert not np.array_equal(again[fold != 1], chance[fold != 1])
    assert np.array_equal(again[fold == 1], chance[fold == 1])


def test_a_clustered_error_counts_accounts_and_not_rows() -> None:
    rng = np.random.default_rng(0)
    psi = rng.normal(5, 10, 400)
    once = mean_effect(psi, np.ones(400), np.arange(400))
    assert once == (pytest.approx(psi.mean()), pytest.approx(psi.std() / np.sqrt(400), rel=0.01))
    tenfold = mean_effect(np.repeat(psi, 10), np.ones(4000), np.repeat(np.arange(400), 10))
    assert tenfold[1] == pytest.approx(once[1], rel=0.01)


def test_an_effect_is_least_squares_where_nothing_is_penalised() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(0, 1, (3000, 2))
    psi = 4 + 3 * matrix[:, 0] + rng.normal(0, 1, 3000)
    terms = [Term(0, "identity"), Term(1, "identity")]
    effect = fit_effect(matrix, psi, weight=np.ones(3000), account=np.arange(3000), terms=terms, penalty=0.0)
    oracle = np.linalg.lstsq(np.column_stack([np.ones(3000), matrix]), psi)[0]
    at = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(effect.predict(at)[:, 0], [oracle[0], oracle[0] + oracle[1], oracle[0] + oracle[2]])
    assert effect.average(matrix)[0] == pytest.approx(psi.mean())
    assert effect.average(matrix)[1] == pytest.approx(1 / np.sqrt(3000), rel=0.1)
    flat = fit_effect(matrix, psi, weight=np.ones(3000), account=np.arange(3000), terms=terms, penalty=1e9)
    assert np.ptp(flat.predict(at)[:, 0]) < 1e-3
