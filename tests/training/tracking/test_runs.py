"""One run per training, model and origin; complete, searchable by tags, and without a row of anybody's data."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.databases import new_database
from tests.trained import tiny_bundle
from tests.training.tracking.tracking import empty_registry, form, put, record
from training.model.bundle import NAME
from training.tracking.model_card import LIMITS
from training.tracking.registry import MAX_DESCRIPTION, Registry, _shortened
from training.tracking.runs import end_killed
from training.tracking.tracker import connected, with_driver, without_secrets


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return empty_registry(tmp_path)


def runs(client: Any) -> dict[str, Any]:
    """What stands before the training's name -> run; nothing stands before that of the training itself."""
    experiment = client.get_experiment_by_name("loyalty-ladder")
    name = record().run.name
    return {run.info.run_name.removesuffix(name): run for run in client.search_runs([experiment.experiment_id])}


def test_a_training_is_a_tree_of_runs(registry: Registry, tmp_path: Path) -> None:
    version = put(registry, tmp_path)
    with connected(registry.uri) as (mlflow, client):
        found = runs(client)
        made = client.get_model_version(NAME, str(version))
        parent = client.get_run(made.run_id)
        files = {item.path for item in client.list_artifacts(parent.info.run_id)}
        source = mlflow.data.get_source(parent.inputs.dataset_inputs[0])
    assert set(found) == {
        "v1, ", "next_rung, ", "switching, ", "uplift visit, ", "upgrade, ",
        *(f"{task} {origin}, " for task in ("next_rung", "switching") for origin in ("2025-01-01", "2025-03-02")),
    }  # fmt: skip
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert found["switching, "].data.tags["mlflow.parentRunId"] == parent.info.run_id
    origin = found["switching 2025-03-02, "].data
    assert origin.tags["mlflow.parentRunId"] == found["switching, "].info.run_id
    assert (origin.tags["kind"], origin.tags["task"], origin.tags["origin"]) == ("origin", "switching", "2025-03-02")

    facts = tiny_bundle().facts
    assert parent.data.params["booster.rounds"] == "20"
    assert parent.data.tags["mlflow.source.git.commit"] == "c0ffee"
    assert {parent.data.tags[name] for name in ("data", "settings", "catalog")} == {
        facts.data_digest, facts.settings_digest, facts.catalog
    }  # fmt: skip
    assert parent.data.tags["version"] == str(version)
    assert files >= {"findings.json", "model_card.md", "environment.json", "plots"}
    dataset = parent.inputs.dataset_inputs[0].dataset
    assert dataset.digest == facts.data_digest
    assert json.loads(dataset.profile)["accounts"] == 300
    assert json.loads(source.to_json())["tags"]["mlflow.source.name"] == "exports/"
    assert made.description == _shortened(record().card)
    assert made.tags["bundle"] == tiny_bundle().version


def test_metrics_have_their_intervals_and_what_is_no_number_is_left_out(registry: Registry, tmp_path: Path) -> None:
    put(registry, tmp_path)
    with connected(registry.uri) as (_, client):
        found = runs(client)
    parent, model = found["v1, "].data.metrics, found["switching, "].data.metrics
    assert (parent["switching_log_loss_low"], parent["switching_log_loss_high"]) == (0.4, 0.6)
    assert (parent["accounts"], parent["snapshots"], parent["tuned"]) == (300, 960, 1.0)
    assert (model["ahead_of_recency"], model["ahead_of_recency_low"]) == (0.2, 0.1)
    assert (model["log_loss"], model["log_loss_of_recency"], model["auc"], model["unseen_log_loss"]) == (
        0.5, 0.7, 0.8, 0.55
    )  # fmt: skip
    assert found["switching 2025-01-01, "].data.metrics["ahead_of_recency_high"] == 0.3
    assert found["uplift visit, "].data.metrics["effect_low"] == 50
    assert found["uplift visit, "].data.metrics["autoc_high"] == 0.6


def test_a_run_whose_process_died_is_marked(registry: Registry, tmp_path: Path) -> None:
    put(registry, tmp_path)
    with connected(registry.uri) as (_, client):
        where = client.get_experiment_by_name("loyalty-ladder").experiment_id
        own = runs(client)["v1, "].data.tags["process"]
        host = own.rpartition(":")[0]
        begun = {
            process: client.create_run(where, tags={"process": process}, run_name=process).info.run_id
            for process in (own, f"{host}:{2**22 + 1}", "elsewhere:1")  # no Linux gives a process such a number
        }
        end_killed(client, "loyalty-ladder")
        end_killed(client, "an experiment that nobody began")
        found = {process: client.get_run(run).info.status for process, run in begun.items()}
    assert list(found.values()) == ["RUNNING", "KILLED", "RUNNING"]


def test_a_run_that_ended_before_its_process_did_keeps_its_end(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the search for running runs and the look at their processes, a process may end its run and itself."""
    put(registry, tmp_path)
    with connected(registry.uri) as (_, client):
        where = client.get_experiment_by_name("loyalty-ladder").experiment_id
        host = runs(client)["v1, "].data.tags["process"].rpartition(":")[0]
        begun = client.create_run(where, tags={"process": f"{host}:77"}).info.run_id

        def ended_meanwhile(process: int) -> bool:
            assert process == 77
            client.set_terminated(begun)
            return False

        monkeypatch.setattr("training.tracking.runs._alive", ended_meanwhile)
        end_killed(client, "loyalty-ladder")
        assert client.get_run(begun).info.status == "FINISHED"


def test_a_training_of_mlflow_run_is_logged_into_the_run_that_it_opened(registry: Registry, tmp_path: Path) -> None:
    with connected(registry.uri) as (_, client):
        opened = client.create_run(client.create_experiment("a project's")).info.run_id
    (tmp_path / "plots").mkdir()
    version = registry.record(
        tiny_bundle(), record(), plots=tmp_path / "plots", form=form(), experiment="loyalty-ladder", run_id=opened
    )
    with connected(registry.uri) as (_, client):
        assert client.get_model_version(NAME, str(version)).run_id == opened
        assert client.get_experiment_by_name("loyalty-ladder") is None


def test_the_card_says_what_it_learnt_from_what_it_is_worth_and_where_it_must_not_be_used() -> None:
    card = record().card
    assert f"# loyalty-ladder {tiny_bundle().version}" in card
    assert "300 accounts, 960 snapshots" in card
    assert "| recency | 0.7000 | +0.2000 [+0.1000, +0.3000] |" in card
    assert "| loyalty-ladder | 0.5000 [0.4000, 0.6000] |  |" in card
    assert "| visit | social | €700 | randomised | €90 [€50 to €130] |" in card
    assert "- cannot tell" not in card
    assert "- grade of leaving: none, not judged out of time" in card
    assert all(limit in card for limit in LIMITS)
    assert len(_shortened(card * 20)) < MAX_DESCRIPTION + 100
    assert _shortened(card * 20).endswith("model_card.md.")


def test_where_the_registry_is_is_said_without_the_password() -> None:
    assert without_secrets("postgresql://ann:s3cret@db.example/mlflow?sslkey=x") == "postgresql://db.example/mlflow"
    assert without_secrets("mlruns") == "mlruns"
    assert with_driver("postgresql://db/x") == "postgresql+psycopg://db/x"
    assert with_driver("postgresql+psycopg2://db/x") == "postgresql+psycopg2://db/x"


def test_postgresql_keeps_versions_and_the_champion_too(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = Registry(new_database(postgres_server))
    version = put(registry, tmp_path)
    registry.promote(version, tmp_path / "champion")
    assert registry.champion() == version
    with connected(registry.uri) as (_, client):
        assert len(runs(client)) == 9
