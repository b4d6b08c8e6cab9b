"""The alias decides which model is used; the folder is its copy; where they differ it is said, and can be mended."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import ladder
from commands.champions import champion_bundle, check_rules, find_bundle, refresh_copy
from features.errors import BundleError, RegistryError, SettingsError
from tests.trained import tiny_bundle
from tests.training.tracking.tracking import empty_registry, put
from training.model.bundle import Bundle, read_bundle
from training.model.champion import publish, published
from training.settings import RegistrySettings, parse_settings
from training.tracking.registry import Registry
from training.tracking.tracker import connected, is_reachable

OURS = RegistrySettings()


def other() -> Bundle:
    return replace(tiny_bundle(), switching=None)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return empty_registry(tmp_path)


def move_alias(registry: Registry, version: int, alias: str = "champion") -> None:
    """As anybody does with MLflow's own client."""
    with connected(registry.uri) as (_, client):
        client.set_registered_model_alias(registry.model, alias, str(version))


def test_the_alias_decides_and_the_folder_follows(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(registry, tmp_path)
    put(registry, tmp_path, other())
    registry.promote(1, OURS.champions)
    assert champion_bundle(OURS, tmp_path) == published(OURS.champions)
    assert capsys.readouterr().err == ""

    move_alias(registry, 2)
    (tmp_path / "into").mkdir()
    assert read_bundle(champion_bundle(OURS, tmp_path / "into"))[0] == other()
    said = capsys.readouterr().err
    assert "version 2" in said
    assert f"champion holds {tiny_bundle().version}" in said
    assert "`ladder promote champion` publishes it there" in said
    assert ladder.main(["promote", "champion", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"champion": 2}
    assert read_bundle(published(OURS.champions))[0] == other()

    move_alias(registry, 1)
    refresh_copy(OURS)  # as `ladder serve` does
    assert read_bundle(published(OURS.champions))[0] == tiny_bundle()
    assert "is now the copy of version 1" in capsys.readouterr().err

    assert find_bundle(str(OURS.champions), OURS, tmp_path) == published(OURS.champions)  # the copy, as it was named
    move_alias(registry, 2, "challenger")
    (tmp_path / "named").mkdir()
    named = find_bundle("models:/loyalty-ladder@challenger", OURS, tmp_path / "named")
    assert read_bundle(named)[0] == other()


def test_every_name_that_mlflow_has_for_a_model_finds_it(registry: Registry, tmp_path: Path) -> None:
    for one in (tiny_bundle(), other()):
        put(registry, tmp_path, one)
    with connected(registry.uri) as (_, client):
        first, second = (client.get_model_version(registry.model, version) for version in ("1", "2"))
    move_alias(registry, 1)
    names = {
        "models:/loyalty-ladder/1": tiny_bundle(), "models:/loyalty-ladder@champion": tiny_bundle(),
        first.source: tiny_bundle(), "models:/loyalty-ladder/latest": other(), "models:/loyalty-ladder/2": other(),
        f"runs:/{second.run_id}/loyalty-ladder": other(),
    }  # fmt: skip
    for name, bundle in names.items():
        assert ladder.load(name).bundle == bundle, name
    for name in ("models:/loyalty-ladder", "models:/loyalty-ladder/newest", "runs:/", "nowhere"):
        with pytest.raises(RegistryError, match="is no model: give models:/loyalty-ladder/VERSION"):
            ladder.load(name)
    with pytest.raises(RegistryError, match="There is no version of another yet"):
        ladder.load("models:/another/latest")
    with pytest.raises(RegistryError, match="answers"):
        ladder.load("runs:/0123456789abcdef0123456789abcdef/model")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:///nowhere/mlflow.db", "postgresql://127.0.0.1:9/x"])
def test_where_no_registry_answers_the_copy_serves_and_it_is_said(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert not is_reachable(uri)
    with pytest.raises(BundleError, match="No champion is in champion"):
        champion_bundle(OURS, tmp_path)
    monkeypatch.setattr("training.model.champion.read_proven_bundle", read_bundle)
    write(tmp_path)
    assert champion_bundle(OURS, tmp_path) == published(OURS.champions)
    assert "no registry answers" in capsys.readouterr().err
    refresh_copy(OURS)
    assert read_bundle(published(OURS.champions))[0] == tiny_bundle()
    assert not (tmp_path / "nowhere").exists()


def write(folder: Path) -> None:
    from training.model.bundle import write_bundle

    write_bundle(tiny_bundle(), folder / "bundle")
    publish(folder / "bundle", OURS.champions)


def test_every_model_has_versions_aliases_a_folder_and_a_way_back_of_its_own(
    registry: Registry, tmp_path: Path
) -> None:
    dutch = parse_settings({"registry": {"model": "ladder-nl"}}).registry
    assert dutch.champions == Path("champion/ladder-nl")
    assert replace(dutch, champion_folder="/srv/nl").champions == Path("/srv/nl")
    theirs = Registry(registry.uri, dutch.model)
    put(registry, tmp_path)
    put(theirs, tmp_path, other())
    put(theirs, tmp_path)
    registry.promote(1, OURS.champions)
    theirs.promote(1, dutch.champions)
    theirs.promote(2, dutch.champions)
    assert theirs.rollback(dutch.champions) == 1
    assert (registry.champion(), theirs.champion()) == (1, 1)
    assert read_bundle(published(OURS.champions))[0] == tiny_bundle()
    assert read_bundle(published(dutch.champions))[0] == other()
    with pytest.raises(RegistryError, match="holds the champion of 'loyalty-ladder', and this is 'ladder-nl'"):
        theirs.promote(2, OURS.champions)
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(OURS.champions)
    with pytest.raises(SettingsError, match=r"registry\.model = '\.\./up' should be made of letters"):
        parse_settings({"registry": {"model": "../up"}})


def test_settings_with_other_rules_than_the_models_are_refused_by_name() -> None:
    facts = tiny_bundle().facts
    check_rules(parse_settings({}), facts)
    check_rules(parse_settings({"ladder": {"customer_order_days": facts.rules.customer_order_days}}), facts)
    said = {"ladder": {"customer_order_days": 4, "referral_days": 90}, "outcome": {"horizon_days": 30}}
    with pytest.raises(SettingsError) as refusal:
        check_rules(parse_settings(said), facts)
    for words in ("ladder.customer_order_days = 4 (the model: 2)", "referral_days = 90", "horizon_days = 30"):
        assert words in str(refusal.value)
    learnt_so = replace(facts, rules=replace(facts.rules, customer_order_days=4))
    check_rules(parse_settings({}), learnt_so)  # nothing is said: the model's own rules count
