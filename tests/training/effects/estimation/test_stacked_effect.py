"""Several final stages, weighed by what they foretell."""

import numpy as np
import pytest

from features.instants import FloatArray
from training.effects.estimation.stacked_effect import StackedEffect, stage_weights
from training.estimators import UpliftRegressor

RNG = np.random.default_rng(7)


def steps(n: int = 1500) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """An effect that no line follows: three where two features have the same sign, else minus one."""
    X = RNG.normal(size=(n, 3))
    exposed = RNG.random(n) < 0.5
    effect = np.where(X[:, 0] * X[:, 1] > 0, 3.0, -1.0)
    return X, X[:, 2] + exposed * effect + RNG.normal(size=n), exposed.astype(float), effect


def test_an_effect_that_no_line_follows_is_found() -> None:
    X, y, exposed, _ = steps()
    model = UpliftRegressor(amounts=False, rounds=60).fit(X, y, treatment=exposed)
    found = model.stacks_[1.0]
    assert isinstance(found, StackedEffect)
    assert sum(found.weights[1:]) > 0.5
    asked, _, _, true = steps()
    ours, line = model.predict(asked), model.effect_.predict(asked)[:, 0]
    assert np.sqrt(np.mean((ours - true) ** 2)) < 0.6 * np.sqrt(np.mean((line - true) ** 2))
    low, high = model.predict_interval(asked).T
    assert 0.7 < ((low <= true) & (true <= high)).mean() <= 1


def test_an_effect_on_amounts_is_the_linear_one_unless_more_is_asked_for() -> None:
    X, y, exposed, _ = steps(400)
    alone = UpliftRegressor(rounds=20).fit(X, np.exp(y), treatment=exposed)
    assert alone.stacks_ == alone.effects_
    np.testing.assert_array_equal(alone.predict(X), alone.effect_.predict(X)[:, 0])


def test_with_few_rows_an_arm_the_linear_effect_stands_alone() -> None:
    X, y, exposed, _ = steps(60)
    model = UpliftRegressor(amounts=False, rounds=20).fit(X, y, treatment=exposed * (np.arange(60) < 20))
    assert model.stacks_ == model.effects_


def test_where_noise_is_all_there_is_the_linear_stage_keeps_its_weight() -> None:
    rows = np.column_stack([np.full(500, 0.1), RNG.normal(size=500) * 0.01])
    weights = stage_weights(rows, RNG.normal(size=500), RNG.choice([-0.5, 0.5], 500), np.ones(500))
    assert weights == pytest.approx((1.0, 0.0), abs=0.2)


def test_a_stage_that_foretells_takes_the_weight() -> None:
    effect, apart = RNG.normal(size=2000), RNG.choice([-0.5, 0.5], 2000)
    stages = np.column_stack([np.zeros(2000), RNG.normal(size=2000), effect])
    weights = stage_weights(stages, apart * effect + 0.1 * RNG.normal(size=2000), apart, np.ones(2000))
    assert weights == pytest.approx((1.0, 0.0, 1.0), abs=0.05)


def test_an_interval_holds_what_does_not_grow_with_the_account() -> None:
    """An effect is sought as a share of size; the smallest account may get half of the mean effect all the same."""
    X, _, exposed, _ = steps(2000)
    y = np.exp(X[:, 2]) * RNG.gamma(4, 25, 2000) + exposed * 50
    effect = UpliftRegressor(rounds=40).fit(X, y, treatment=exposed).effect_
    mean = effect.predict(X)[:, 0].mean()
    assert effect.typical == pytest.approx(0.5 * mean, rel=0.1)
    assert (effect.predict(X)[:, 1] >= effect.typical).all()
