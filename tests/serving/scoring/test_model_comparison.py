"""What replacing one model by another changes for whom, and what a model weighs."""

from dataclasses import replace

from serving.scoring.model_comparison import compare_models, weigh
from serving.scoring.scoring import Scorer
from tests.trained import tiny_bundle, tiny_histories


def test_the_same_model_changes_nothing() -> None:
    known = tiny_histories()
    found = compare_models(tiny_bundle(), tiny_bundle(), known, known.end)
    assert sum(one.accounts for one in found.rungs) == len(known.known_at(known.end))
    assert {one.changed for one in found.rungs} == {0}
    assert found.share == 1.0
    assert found.example is not None
    assert found.example.ours == found.example.theirs == found.example.both > 0
    assert found.example.promised > 0


def test_a_model_that_recommends_nothing_drops_everybody() -> None:
    known = tiny_histories()
    mute = replace(tiny_bundle(), investments=())
    scores = Scorer(tiny_bundle(), "v").score(known, known.known_at(known.end), explain=False).scores
    recommended = int((scores["recommended_investment"] != "none").sum())
    new = compare_models(tiny_bundle(), mute, known, known.end)
    old = compare_models(mute, tiny_bundle(), known, known.end)
    assert sum(one.newly for one in new.rungs) == sum(one.dropped for one in old.rungs) == recommended > 0
    assert sum(one.changed for one in new.rungs) == recommended
    assert old.example is None
    assert new.example is not None
    assert new.example.theirs == 0


def test_a_model_weighs_what_its_files_weigh() -> None:
    known = tiny_histories()
    found = weigh(tiny_bundle(), known, known.end)
    assert found.megabytes == sum(len(content) for content in tiny_bundle().files().values()) / 1e6
    assert 100 < found.accounts <= 200
    assert found.milliseconds > 0
