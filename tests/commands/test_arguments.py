"""What a notebook hands to `import ladder`: odd days, numbers, languages, frames, places; taken or refused."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import ladder
from commands.arguments import instant_of, several
from commands.library import Model, Scores
from features.errors import BundleError, SettingsError
from features.instants import instant
from tests.commands.test_cli import Run, refused, run
from tests.trained import tiny, tiny_bundle

__all__ = ["run"]
JUNE = instant("2025-06-01")


@pytest.fixture(scope="module")
def source() -> ladder.Source:
    return ladder.read(dict(tiny().tables))


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(tiny_bundle(), "v")


@pytest.fixture(scope="module")
def scores(source: ladder.Source, model: Model) -> Scores:
    return model.score(source)


@pytest.mark.parametrize(
    "day", ["2025-06-01", pd.Timestamp("2025-06-01"), pd.Timestamp("2025-06-01").date(), np.datetime64("2025-06-01"),
            np.datetime64("2025-06-01", "ns"), pd.Timestamp("2025-06-01", tz="UTC").to_pydatetime()]
)  # fmt: skip
def test_a_day_is_a_text_or_a_date_of_python_pandas_or_numpy(day: object) -> None:
    assert instant_of(day) == JUNE


@pytest.mark.parametrize("day", [20250601, pd.NaT, np.datetime64("NaT"), 5.0, ["2025-06-01"], True])
def test_what_is_no_day_is_refused(day: Any, source: ladder.Source) -> None:
    with pytest.raises(SettingsError, match="is not a date or time"):
        ladder.check(source, as_of=day)


def test_one_value_or_several_of_any_kind() -> None:
    assert several("rung") == ["rung"]
    assert several(None) == [None]
    assert several(90) == [90]
    for many in ([1, 2], (1, 2), np.array([1, 2]), pd.Series([1, 2]), pd.Index([1, 2])):
        assert several(many) == [1, 2]


class Given(NamedTuple):
    """A source that was read, a model, and its scores."""

    source: Any
    model: Any
    scores: Any


REFUSED: Mapping[str, tuple[Callable[[Given], object], str]] = {
    "folds below zero": (lambda of: ladder.train(of.source, folds=-1), "folds is -1"),
    "half a fold": (lambda of: ladder.train(of.source, folds=2.5), "folds is 2.5"),
    "folds that are no number": (lambda of: ladder.train(of.source, folds=True), "folds is True"),
    "a horizon in words": (lambda of: ladder.train(of.source, folds=0, horizons=["90"]), "a horizon is '90'"),
    "one name that is none": (lambda of: ladder.train(of.source, folds=0, only="rungs"), "'rungs' is none of"),
    "a source to be read": (lambda _: ladder.train("source/"), "a str is no source that was read"),
    "frames to be read": (lambda of: of.model.score(dict(tiny().tables)), "a dict is no source that was read"),
    "a check of a path": (lambda _: ladder.check("source/"), "a str is no source that was read"),
    "a language there is not": (lambda of: of.model.score(of.source, language="fr"),
                                "no language 'fr'; there are en, nl, de"),
    "sentences in it": (lambda of: of.model.sentences("fr"), "no language 'fr'"),
    "a budget in words": (lambda of: ladder.plan(of.scores, "1000"), "the budget is '1000'; it should be a number"),
    "scores without rung": (lambda of: ladder.plan(of.scores._replace(scores=of.scores.scores.drop(columns="rung")), 5),
                            "scores lacks rung"),
    "a frame for scores": (lambda of: ladder.plan(of.scores.scores, 5), "a DataFrame holds no scores"),
    "nobody": (lambda of: ladder.rungs(of.source, accounts=["nobody"]), "no account 'nobody' in the source"),
    "a law of no scenario": (lambda _: ladder.simulate("tiny", accounts=60, months=12, luck=3.0),
                             "A scenario has no 'luck'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(
    name: str, source: ladder.Source, model: Model, scores: Scores
) -> None:
    ask, told = REFUSED[name]
    with pytest.raises(SettingsError, match=told):
        ask(Given(source, model, scores))


def test_a_model_scores_by_its_own_rules_or_says_so(model: Model) -> None:
    tables = {"orders": tiny().tables["orders"]}
    for settings in ({"outcome": {"horizon_days": 30}}, {"ladder": {"raving_fan_referrals": 5}}):
        with pytest.raises(SettingsError, match=r"The settings say .* \(the model: "):
            model.score(ladder.read(tables, settings))


def test_a_budget_of_any_kind_of_number_and_scores_by_account_give_the_same_plan(scores: Scores) -> None:
    plain = ladder.plan(scores, 5000)
    by_account = scores._replace(
        scores=scores.scores.set_index("account_id"),
        investment_scores=scores.investment_scores.set_index(["account_id", "investment"]),
    )
    for given, budget in ((scores, Decimal(5000)), (scores, np.float32(5000)), (by_account, 5000)):
        made = ladder.plan(given, budget)
        assert made.record["plan_id"] == plain.record["plan_id"]
        pd.testing.assert_frame_equal(made.rows, plain.rows)


def test_rungs_of_days_in_an_index_of_one_account_and_of_none(source: ladder.Source) -> None:
    days = pd.date_range("2025-01-01", periods=2)
    assert ladder.rungs(source, as_of=days)["as_of"].nunique() == 2
    assert len(ladder.rungs(source, accounts="A00001")) == 1
    assert ladder.rungs(source, as_of=[]).empty


def test_features_have_the_codes_of_a_model(source: ladder.Source, model: Model) -> None:
    codes = ladder.features(source, like=model)["country_code"]
    assert codes.nunique() > ladder.features(source)["country_code"].nunique() == 1


@pytest.mark.parametrize("name", ["a/b", "champion@x", "", "ä"])
def test_a_name_that_the_settings_could_not_say_registers_nothing(name: str, model: Model) -> None:
    with pytest.raises(SettingsError, match=r"registry.model = .* should be made of letters"):
        model.register(name)


def test_tags_are_a_mapping(model: Model) -> None:
    with pytest.raises(SettingsError, match="tags are a mapping from names to texts, and not a list"):
        model.register(tags=["a"])  # type: ignore[arg-type]


def test_a_bundle_is_not_saved_onto_a_file(model: Model, tmp_path: Any) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BundleError, match="is a file"):
        model.save(tmp_path / "taken")


def test_a_report_without_a_place_is_refused_before_anything_is_trained(run: Run) -> None:
    for command in (["train", "--data", "nothing"], ["check", "--data", "nothing"], ["promote", "1"]):
        assert "no folder nowhere" in refused(run(*command, "--report", "nowhere/page.html"))
        assert ". is a folder" in refused(run(*command, "--report", "."))
