"""Champion against challenger: what is compared on which snapshots, and what cannot be."""

from dataclasses import replace

import numpy as np
import pytest

from tests.told import codes
from tests.trained import tiny_bundle, tiny_dataset
from tests.training.evaluation.comparisons import hasty_settings, tiny_comparisons
from training.evaluation.evaluation import OURS
from training.model.bundle import Bundle
from training.model.findings import OK, WARNING, Finding
from training.model.predictors import Pool
from training.models import next_rung
from training.promotion.paired_comparison import (
    AS_IT_STANDS,
    ITS_RECIPE,
    ComparisonResult,
    Incumbent,
    PairedComparison,
    compare_paired,
)
from training.settings import Settings

SCORES = {"next_rung": {"log_loss", "rps", "brier"}, "switching": {"log_loss", "brier"}, "revenue": {"deviance", "mae"}}


def origins() -> list[int]:
    judged = tiny_comparisons()[0].holdout
    assert judged is not None
    return np.unique(tiny_dataset().snapshots.as_of[judged.rows]).tolist()


def champion(trained_until: int, bundle: Bundle | None = None) -> Bundle:
    """A bundle that says that it has learnt nothing later."""
    bundle = tiny_bundle() if bundle is None else bundle
    return replace(bundle, facts=replace(bundle.facts, trained_until=trained_until))


def met(bundle: Bundle, settings: Settings | None) -> PairedComparison:
    return compare_paired(tiny_dataset(), tiny_comparisons(), Incumbent(1, bundle, settings), hasty_settings())


def of_task(results: tuple[ComparisonResult, ...], task: str) -> list[ComparisonResult]:
    return [result for result in results if result.task == task]


def test_with_the_same_recipe_and_no_later_origin_there_is_nothing_to_compare() -> None:
    found = met(tiny_bundle(), hasty_settings())
    assert found.results == ()
    assert found.same_recipe
    assert found.notes == (Finding.of("same_recipe", OK, days=0),)
    threads = replace(hasty_settings(), booster=replace(hasty_settings().booster, threads=2))
    assert met(tiny_bundle(), threads).same_recipe


def test_an_old_champion_is_asked_as_it_stands_where_the_outcomes_lie_after_its_training() -> None:
    first, last = origins()
    for trained_until, judged_at in ((first, [first, last]), (first + 1, [last]), (last, [last]), (last + 1, [])):
        results = met(champion(trained_until), hasty_settings()).results
        rows = int(np.isin(tiny_dataset().snapshots.as_of, judged_at).sum())
        assert {result.snapshots for result in of_task(results, "next_rung")} == ({rows} if judged_at else set())
        assert {result.how for result in results} <= {AS_IT_STANDS}
        for result in results:
            assert result.metric in SCORES[result.task]
            assert result.theirs - result.ours == pytest.approx(result.difference.value)
            assert result.difference.low <= result.difference.value <= result.difference.high


def test_a_champion_that_is_the_challenger_wins_and_loses_nothing() -> None:
    last = origins()[-1]
    own = {table.task: table.holdout.latest for table in tiny_comparisons() if table.holdout is not None}
    itself = champion(last, replace(tiny_bundle(), **own))  # type: ignore[arg-type]
    found = met(itself, hasty_settings())
    assert {result.task for result in found.results} == set(SCORES)
    for result in found.results:
        found_equal = (result.ours, result.difference.low, result.difference.high)
        assert found_equal == pytest.approx((result.theirs, 0.0, 0.0), rel=1e-5, abs=1e-5)  # a pool floors its rule


def test_another_recipe_is_fitted_anew_on_the_same_rows() -> None:
    """A setting that no predictor reads makes another recipe of the same predictions; fewer trees make others."""
    settings = hasty_settings()
    unread = replace(settings, outcome=replace(settings.outcome, set_coverage=0.8))
    found = met(tiny_bundle(), unread)
    assert not found.same_recipe
    assert {result.how for result in found.results} == {ITS_RECIPE}
    pooled = {table.task for table in tiny_comparisons() if table.serves == OURS}  # the bundle has learnt no rule
    assert {result.difference.value for result in found.results if result.task in pooled} == {0.0}
    fewer = replace(settings, booster=replace(settings.booster, rounds=1))
    assert all(result.difference.value != 0 for result in of_task(met(tiny_bundle(), fewer).results, "switching"))


def test_a_member_that_the_champion_never_had_makes_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the program has got the member since, or the settings left it out."""
    settings = hasty_settings()
    few = replace(tiny_bundle(), next_rung=Pool({"logit": tiny_bundle().next_rung.members["logit"]}, {"logit": 1.0}))
    found = met(few, settings)
    assert not found.same_recipe
    assert {result.how for result in found.results} == {ITS_RECIPE}
    assert all(result.difference.value != 0 for result in of_task(found.results, "next_rung"))
    pooled = {table.task for table in tiny_comparisons() if table.serves == OURS}  # the bundle has learnt no rule
    assert {r.difference.value for r in found.results if r.task != "next_rung" and r.task in pooled} <= {0.0}
    alone = ("table", "ordinal", "booster")
    as_the_champion = replace(settings, pool=replace(settings.pool, next_rung_without=alone))
    assert compare_paired(tiny_dataset(), tiny_comparisons(), Incumbent(1, few, settings), as_the_champion).same_recipe
    known = {name: learn for name, learn in next_rung.MEMBERS.items() if name != "logit"}
    monkeypatch.setattr(next_rung, "MEMBERS", known)  # an entry taken out of it would come back as its last
    unknown = met(few, settings)
    assert unknown.results == ()
    assert unknown.notes[0] == Finding.of("not_compared_members", WARNING, members=["logit"])


def test_what_predicts_something_else_is_not_compared_with() -> None:
    facts = tiny_bundle().facts
    other = replace(tiny_bundle(), facts=replace(facts, horizon_days=90, definition="silence", trained_until=0))
    found = met(other, None)
    assert found.results == ()
    assert found.notes == (Finding.of("not_compared_questions", WARNING, questions=["horizon", "definition"]),)


def test_without_its_settings_only_later_origins_are_compared() -> None:
    first, last = origins()
    found = met(champion(last), None)
    assert {result.origins for result in found.results if result.task == "next_rung"} == {
        of_task(found.results, "next_rung")[0].origins
    }
    assert len(of_task(found.results, "next_rung")[0].origins) == 1
    assert "not_compared_settings" in codes(found.notes)
    losses = found.losses["next_rung"]
    as_of = tiny_dataset().snapshots.as_of[tiny_comparisons()[0].holdout.rows]  # type: ignore[union-attr]
    assert np.isnan(losses[as_of == first]).all()
    assert not np.isnan(losses[as_of == last]).any()


def test_a_champion_without_switching_says_so() -> None:
    found = met(champion(origins()[0], replace(tiny_bundle(), switching=None)), hasty_settings())
    assert Finding.of("not_compared_task", WARNING, task="switching") in found.notes
    assert of_task(found.results, "switching") == []


def test_a_champion_of_another_vocabulary_sees_its_own_features() -> None:
    """Its codes of industries and countries are its own: asked with ours, it would answer about other accounts."""
    facts = tiny_bundle().facts
    turned = {column: tuple(reversed(names)) for column, names in facts.vocabulary.items()}
    other = champion(origins()[-1], replace(tiny_bundle(), facts=replace(facts, vocabulary=turned)))
    plain = champion(origins()[-1])
    ours, theirs = (met(bundle, hasty_settings()).results for bundle in (plain, other))
    assert any(one.theirs != two.theirs for one, two in zip(ours, theirs, strict=True))
    assert all(one.ours == two.ours for one, two in zip(ours, theirs, strict=True))
