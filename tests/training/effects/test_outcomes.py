"""What is expected of an account without an investment, out of fold."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.training.effects.test_uplift import dataset, settings, supplier
from training.data.dataset import Dataset
from training.data.splits import folds_of
from training.effects.estimation.effect_estimation import fit_effects, small_booster
from training.effects.estimation.r_learner import Case
from training.effects.outcomes import Outcome, measure, measure_outcome
from training.effects.target_trials import Trials, build_trials
from training.model.terms import Term
from training.models.fitting import one_linear_algebra_thread


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_linear_algebra_thread():
        yield


def measured(data: Dataset, trials: Trials, seed: int) -> Outcome:
    fold = folds_of(data.histories, trials.snapshots.account, 3)
    booster = replace(small_booster(settings().booster), seed=seed)
    return measure(trials, "revenue", fold, booster)


def test_a_seed_changes_little_of_what_is_expected() -> None:
    """By .7 % of an account's size; trees of a third of the features, and half as many, differed by 2.7 %."""
    data = dataset(supplier(0, lift=0.25, how="lot")[0])
    trials = build_trials(data, settings())
    assert trials is not None
    one, *others = (measured(data, trials, seed) for seed in range(1, 5))
    apart = [np.median(np.abs(other.beyond - one.beyond) / one.size) for other in others]
    assert np.mean(apart) < 0.015, apart


def test_what_halves_a_chance_keeps_most_of_those_who_would_have_gone() -> None:
    """As an effect of as many points for everybody it ordered accounts by noise alone."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(6_000, 3))
    chance, exposed = 0.6 / (1 + np.exp(2 - 1.5 * features[:, 0])), rng.random(6_000) < 0.5
    left = (rng.random(6_000) < chance * np.where(exposed, 0.5, 1.0)).astype(np.float64)
    account, booster = np.arange(6_000), small_booster(settings().booster)
    found = measure_outcome(features, left, free=~exposed, fold=account % 3, booster=booster, name="switched")
    case = Case(
        z=features[:, 1:2], beyond=found.beyond, exposed=exposed.astype(np.float64), chance=np.full(6_000, 0.5),
        size=found.size, chosen=np.zeros(6_000, bool), account=account, amounts=found.amount,
    )  # fmt: skip
    effect, _ = fit_effects({1: case}, (Term(1, "identity"),), found)[1]
    predicted, true = effect.predict(features)[:, 0], -0.5 * chance
    assert np.corrcoef(predicted, true)[0, 1] > 0.6
    assert predicted.mean() == pytest.approx(true.mean(), rel=0.2)
    assert predicted.max() < 0
