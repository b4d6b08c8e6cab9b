"""The off-policy value of recommending, and what can be said of an effect at all."""

from dataclasses import replace

import numpy as np
import pytest

from features.instants import FloatArray
from tests.told import told
from tests.training.effects.estimation.test_r_learner import case
from training.effects.findings import cost_differs, power, robustness, robustness_value, strongest_term
from training.effects.plans.off_policy_value import OffPolicyValue, off_policy_value
from training.evaluation.cluster_bootstrap import Interval


def value_of(seed: int, true: float, predicted: float, cost: float = 10.0) -> OffPolicyValue:
    """Randomise two thousand accounts; the option brings `true` on average, more to some; `predicted` picks."""
    rng = np.random.default_rng(seed)
    n = 2000
    arm = rng.integers(0, 2, n)
    effect: FloatArray = true + rng.normal(0, 20, n)
    beyond = arm * effect + rng.normal(0, 50, n)
    found = off_policy_value(
        np.full((n, 1), predicted), arm, beyond, chance=np.full((n, 2), 0.5), margin=np.full((n, 1), 0.5),
        costs=np.full((n, 1), cost), account=np.arange(n), level=0.9,
    )  # fmt: skip
    assert found is not None
    return found


def test_the_value_is_what_the_trials_say_and_not_what_was_promised() -> None:
    covered = 0
    for seed in range(40):
        found = value_of(seed, true=60.0, predicted=300.0)
        assert found.promised == pytest.approx(140.0)
        assert found.finding().code == "claim_too_high"
        covered += found.low < 20.0 < found.high
    assert 32 <= covered <= 40


def test_the_ratio_is_what_the_trials_say_with_its_interval_and_drawn_to_nothing() -> None:
    found = value_of(1, true=60.0, predicted=300.0)
    assert found.ratio is not None
    assert found.ratio.low < 20.0 / 140.0 < found.ratio.high
    assert found.ratio.value == pytest.approx(found.value / found.promised)
    assert OffPolicyValue(100.0, 20.0, -300.0, 340.0, 50).ratio == Interval(0.2, -3.0, 3.4, 0.9)
    nobody = OffPolicyValue(0.0, 0.0, 0.0, 0.0, 50)
    assert nobody.ratio is None
    assert "recommended_claim_ratio" not in nobody.figures()


def test_a_claim_is_drawn_to_the_estimates_as_far_as_few_trials_leave_it_open() -> None:
    """Judged by noise alone, half of the true promises would be taken back."""
    sharp, dull = (OffPolicyValue(100.0, 20.0, 20 - 1.645 * e, 20 + 1.645 * e, 50, error=e) for e in (5.0, 500.0))
    assert sharp.claim == pytest.approx(0.2, abs=0.01)
    assert dull.claim == pytest.approx(1.0, abs=0.01)
    assert dull.figures()["recommended_claim_ratio"] == pytest.approx(dull.claim or 0.0, abs=1e-4)
    far = OffPolicyValue(100.0, -200.0, -364.5, -35.5, 50, error=100.0)
    assert far.ratio is not None
    assert far.claim == far.ratio.high < 0


def test_nobody_is_picked_where_nothing_is_gained() -> None:
    found = value_of(0, true=60.0, predicted=15.0)
    assert (found.promised, found.value, found.low, found.high) == (0.0, 0.0, 0.0, 0.0)


def test_what_may_not_be_recommended_is_not() -> None:
    predicted = np.array([[np.nan, 100.0], [np.nan, np.nan]])
    found = off_policy_value(
        predicted, np.array([2, 0]), np.array([100.0, 0.0]), chance=np.full((2, 3), 1 / 3), margin=np.ones((2, 2)),
        costs=np.ones((2, 2)), account=np.arange(2), level=0.9,
    )  # fmt: skip
    assert found is not None
    assert found.promised == pytest.approx(49.5)
    assert found.value == pytest.approx(49.5)


def test_without_trials_there_is_no_value() -> None:
    empty = np.empty((0, 1))
    nobody = np.empty(0, np.int64)
    assert (
        off_policy_value(
            empty, nobody, nobody * 1.0, chance=np.empty((0, 2)), margin=empty, costs=empty, account=nobody, level=0.9
        )
        is None
    )


def test_a_strong_effect_is_harder_to_explain_away() -> None:
    assert robustness_value(0.0, 100) == 0.0
    assert robustness_value(2.0, 400) < robustness_value(8.0, 400) < 1.0


def test_costs_that_differ_from_the_plan_are_told() -> None:
    assert cost_differs("visit", np.array([95.0, 110.0]), 100.0) == []
    assert cost_differs("visit", np.empty(0), 100.0) == []
    found = told(cost_differs("visit", np.array([150.0, 130.0]), 100.0), "€")
    assert found.startswith("uplift of visit: it cost €140 on average where it was made (2 times)")


def test_findings_hold_their_figures() -> None:
    assert told(power("visit", 100.0, 1234)) == (
        "uplift of visit: with 1,234 exposed trials only average effects above 280 can be told from nothing"
    )
    one = case(6, chosen=1.0)
    assert [found.code for found in robustness("visit", 0.8, 0.05, one)] == ["uplift_holds", "uplift_sensitivity"]
    by_size = replace(one, z=np.column_stack([one.exposed + 0.1 * one.z[:, 0], one.z[:, 1:]]))
    assert robustness("visit", 0.001, 0.05, by_size)[0].code == "uplift_explained_away"


def test_the_strongest_term_is_the_one_that_drives_both_and_bounds_widen_with_it() -> None:
    rng, plain = np.random.default_rng(2), case(7, chosen=1.0, n=6000)
    driver = rng.normal(size=6000)
    exposed = (rng.random(6000) < 1 / (1 + np.exp(1.5 - driver))).astype(np.float64)
    beyond = plain.beyond + 0.8 * plain.size * driver
    driven = replace(plain, z=np.column_stack([plain.z[:, 0], driver]), exposed=exposed, beyond=beyond)
    weak = replace(driven, z=plain.z)
    chosen, outcome = strongest_term(driven)
    assert chosen > 5 * strongest_term(weak)[0]
    assert 0.01 < outcome < 1
    width = [f.params["high"] - f.params["low"] for f in (robustness("visit", 0.2, 0.05, c)[1] for c in (driven, weak))]
    assert width[0] > 1.5 * width[1]
