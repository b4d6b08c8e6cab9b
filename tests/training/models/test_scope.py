"""Quick first answers, and one prediction at a time: a bundle is whole all the same, and says what it did without."""

from dataclasses import replace

import pytest

from features.errors import SettingsError
from serving.scoring.scoring import Scorer
from tests.trained import small_settings, tiny_dataset, tiny_histories
from training.models.rule_that_serves import rule_of
from training.models.scope import FAST, QUICK_ROUNDS, Scope
from training.pipeline import train_on
from training.settings import Settings


@pytest.mark.parametrize(("name", "learnt"), [("switching", {"switching"}), ("rung", {"next_rung"})])
def test_only_one_prediction_is_learnt_and_the_rest_is_ruled(name: str, learnt: set[str]) -> None:
    trained = train_on(tiny_dataset(), small_settings(), scope=Scope(folds=0, only=(name,)))
    bundle = trained.bundle
    ruled = {task for task in ("next_rung", "switching", "revenue") if rule_of(getattr(bundle, task)) is not None}
    assert ruled == {"next_rung", "switching", "revenue"} - learnt
    assert not bundle.investments
    said = [finding.code for finding in trained.report]
    assert said.count("rule_by_wish") == len(ruled)
    assert "uplift_by_wish" in said
    known = tiny_histories().known_at(tiny_histories().end)
    assert len(Scorer(bundle, bundle.version).score(tiny_histories(), known, False, False).scores["account_id"]) == len(
        known
    )


def test_what_is_asked_for_alone_is_judged_alone() -> None:
    settings = replace(small_settings(), booster=replace(small_settings().booster, rounds=3))
    trained = train_on(tiny_dataset(), settings, scope=Scope(folds=1, only=("switching",)))
    assert [one.task for one in trained.comparisons] == ["switching"]


def test_a_fast_training_writes_down_what_it_did_without() -> None:
    settings = FAST.applied(Settings())
    assert settings.outcome.further == ()
    assert settings.booster.rounds == QUICK_ROUNDS
    assert settings.digest() != Settings().digest()
    few = FAST.applied(small_settings())
    assert few.booster.rounds == small_settings().booster.rounds
    assert [finding.code for finding in FAST.findings()] == ["quick_by_wish"]
    assert Scope().applied(Settings()) == Settings()


def test_what_nobody_can_train_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="'churn' is none of rung, switching, revenue, uplift"):
        Scope(only=("churn",))
