"""Two policies on the same trials, worked by hand."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from features.histories.snapshots import Snapshots
from features.instants import FloatArray
from tests.trained import tiny_bundle, tiny_dataset, tiny_trained
from training.effects.plans.policy_evaluation import PolicyEvaluation
from training.model.bundle import Bundle
from training.model.findings import OK, Finding
from training.promotion.policy_value import ALL, LATER, compare_money


def policy_evaluation(n: int = 400) -> PolicyEvaluation:
    """Half of the trials got the option, by lot; it brings 100 to even accounts and nothing to odd ones, and costs 10.

    Ours knows that. Nothing is expected without it, and there is no noise.
    """
    account = np.arange(n)
    true = np.where(account % 2 == 0, 100.0, 0.0)
    arm = (account // 2) % 2
    return PolicyEvaluation(
        Snapshots(account, np.arange(n) * 1000), np.zeros((n, 1)), np.full(n, 3), True, true[:, None], arm,
        np.where(arm == 1, true, 0.0), np.full((n, 2), 0.5), np.ones((n, 1)), np.full((n, 1), 10.0),
    )  # fmt: skip


def champion(predicts: Any, trained_until: int, basis: str = "randomised") -> Bundle:
    """A champion with one option, whose effect is what `predicts` makes of the features."""
    effect = SimpleNamespace(predict=lambda matrix: np.column_stack([predicts(matrix), predicts(matrix)]))
    option = SimpleNamespace(name="visit", basis=basis, rungs=(3,), effects={"revenue": effect})
    facts = SimpleNamespace(trained_until=trained_until)
    return cast(Bundle, SimpleNamespace(investments=(option,), context="same", facts=facts))


def data() -> Any:
    options = SimpleNamespace(names=("visit",))
    return SimpleNamespace(context="same", histories=SimpleNamespace(options=options))


def everybody(matrix: FloatArray) -> FloatArray:
    return np.full(len(matrix), 50.0)


def nobody(matrix: FloatArray) -> FloatArray:
    return np.full(len(matrix), -50.0)


def test_whoever_pays_for_everybody_earns_less_than_whoever_knows_for_whom() -> None:
    free, budgeted = compare_money(policy_evaluation(), data(), champion(everybody, 0), 60).policies
    assert free.ours.value == pytest.approx(45.0)  # half of them bring 100 - 10
    assert free.theirs.value == pytest.approx(40.0)  # the others cost 10 for nothing
    assert free.difference.value == pytest.approx(5.0)
    assert 0 < free.difference.low < 5 < free.difference.high
    assert (free.picked, free.shared) == (0.5, 1.0)
    assert budgeted.budget == pytest.approx(2.5)
    assert budgeted.ours.value == pytest.approx(22.5)
    assert budgeted.picked == 0.25


def test_whoever_recommends_nothing_brings_nothing() -> None:
    free = compare_money(policy_evaluation(), data(), champion(nobody, 0), 60).policies[0]
    assert (free.theirs.value, free.shared) == (0.0, 0.0)
    assert free.difference.value == pytest.approx(45.0)


def test_trials_that_the_champion_has_learnt_from_count_only_where_later_ones_are_too_few() -> None:
    found = compare_money(policy_evaluation(), data(), champion(everybody, 200_000), 60)
    assert (found.on, found.trials, found.exposed) == (LATER, 200, 100)
    found = compare_money(policy_evaluation(), data(), champion(everybody, 200_000), 101)
    assert (found.on, found.trials, found.exposed) == (ALL, 400, 200)


def test_without_trials_or_effects_nobody_can_tell() -> None:
    for of_trials, of, code in (
        (None, champion(everybody, 0), "without_trials"),
        (policy_evaluation(), champion(everybody, 0, "insufficient"), "without_champion"),
    ):
        assert compare_money(of_trials, data(), of, 60).why_none == Finding.of(f"money_{code}", OK)


def test_a_real_champion_is_put_to_real_trials() -> None:
    """The bundle itself, which has learnt from all of them: to its favour, and said."""
    trials = tiny_trained().policy_evaluation
    assert trials is not None
    found = compare_money(trials, tiny_dataset(), tiny_bundle(), 20)
    assert found.on == ALL
    assert found.trials == len(trials)
    for policy in found.policies:
        assert np.isfinite([policy.ours.value, policy.theirs.value, policy.difference.low]).all()
        assert policy.ours.value - policy.theirs.value == pytest.approx(policy.difference.value)
    turned = {name: tuple(reversed(names)) for name, names in tiny_bundle().facts.vocabulary.items()}
    other = replace(tiny_bundle(), facts=replace(tiny_bundle().facts, vocabulary=turned))
    assert compare_money(trials, tiny_dataset(), other, 20).trials == found.trials
