"""A training begins where its registration will succeed, and what was trained is kept until it does."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ladder
from commands.registration import NotRegistered
from commands.training import TrainingRequest, TrainingRun, conclude, tracked
from features.errors import NotEnoughData, RegistryError
from tests.proxies import proxied
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_trained
from tests.training.tracking.servers import mlflow_server
from tests.training.tracking.tracking import empty_registry
from training.model.bundle import read_bundle, write_bundle
from training.settings import Settings
from training.tracking import tracker
from training.tracking.registry import Registry
from training.tracking.tracker import connected

CHAMPIONS = Path("champion")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return empty_registry(tmp_path)


def request(registry: Registry) -> TrainingRequest:
    return TrainingRequest(registry.uri, CHAMPIONS, "exports/nl.parquet")


def finished(settings: Settings | None = None) -> TrainingRun:
    """What training leaves, before anything is registered."""
    return TrainingRun(tiny_trained(), tiny_dataset(), settings or small_settings())


def train(registry: Registry, fault: Exception | None = None, meanwhile: Callable[[], None] = lambda: None) -> None:
    """What `ladder train` does, but for the training itself."""
    with tracked(small_settings(), request(registry), tiny_dataset().end) as begun:
        if fault is not None:
            raise fault
        meanwhile()
        conclude(finished(), request(registry), begun)


def runs(registry: Registry) -> list[Any]:
    with connected(registry.uri) as (_, client):
        found = client.search_runs([client.get_experiment_by_name("loyalty-ladder").experiment_id])
        return [run for run in found if run.data.tags["kind"] == "training"]


@pytest.mark.parametrize("call", ["log_batch", "create_model_version"])
def test_a_tracker_that_dies_after_the_training_costs_one_command(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    import mlflow

    def dead(*_: Any, **__: Any) -> None:
        raise OSError("the tracker is gone")

    with monkeypatch.context() as broken:
        broken.setattr(mlflow.MlflowClient, call, dead)
        with pytest.raises(NotRegistered, match="the tracker is gone") as refusal:
            train(registry)
    kept = CHAMPIONS / "unregistered" / tiny_bundle().version
    assert f"`ladder register {kept}` finishes the work" in str(refusal.value)
    assert read_bundle(kept / "bundle")[0] == tiny_bundle()
    assert registry.champion() is None

    assert ladder.main(["register", str(kept)]) == 0
    assert registry.champion() == 1  # the first, and it had passed its checks
    assert not kept.parent.exists()
    (run,) = runs(registry)
    assert (run.info.status, run.info.run_name[:4]) == ("FINISHED", "v1, ")
    assert registry.text(1, "checks.json") is not None
    assert ladder.main(["register", str(kept)]) == 1
    assert "holds no model" in capsys.readouterr().err


def test_a_server_that_falls_silent_while_a_model_is_trained_costs_one_command(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "PATIENCE_SECONDS", 2.0)
    with mlflow_server(tmp_path, store=registry.uri) as address, proxied(address) as (through, proxy):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", through)
        with pytest.raises(NotRegistered, match="nothing came within 2 seconds"):
            train(Registry(through), meanwhile=proxy.silent.set)
        proxy.silent.clear()
        assert ladder.main(["register", str(CHAMPIONS / "unregistered" / tiny_bundle().version)]) == 0
        assert Registry(through).champion() == 1


def test_a_mistake_while_registering_is_called_what_it_is_and_costs_no_training(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A KeyError was told as the name of its key, as if the tracker had said so."""

    def mistaken(*_: Any, **__: Any) -> None:
        raise KeyError("metrics")

    monkeypatch.setattr(Registry, "record", mistaken)
    with pytest.raises(
        NotRegistered, match=r"was not registered: KeyError: 'metrics'\. When that is mended"
    ) as refusal:
        train(registry)
    assert isinstance(refusal.value.__cause__, KeyError)
    assert read_bundle(CHAMPIONS / "unregistered" / tiny_bundle().version / "bundle")[0] == tiny_bundle()


def test_a_champion_that_cannot_be_asked_any_more_is_compared_as_it_was(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train(registry)

    def gone(_: Registry) -> int:
        raise RegistryError("gone")

    with tracked(small_settings(), request(registry), tiny_dataset().end) as begun:
        monkeypatch.setattr(Registry, "champion", gone)
        registered = conclude(finished(), request(registry), begun)
    assert (registered.version, registered.champion) == (2, False)
    assert "version 1 stays champion" in capsys.readouterr().out


def test_what_registering_needs_is_tried_before_the_training(registry: Registry) -> None:
    with connected(registry.uri) as (_, client):
        made = client.create_experiment("loyalty-ladder")
        client.delete_experiment(made)
    with pytest.raises(RegistryError, match=f"was deleted.*restore -x {made}"):
        train(registry, AssertionError("it was trained all the same"))
    CHAMPIONS.parent.joinpath("file").write_text("")
    with (
        pytest.raises(RegistryError, match="Nothing can be written in file/champion"),
        tracked(small_settings(), replace(request(registry), champions=Path("file/champion")), 0),
    ):
        raise AssertionError


def test_artifacts_that_cannot_be_kept_are_found_out_before_the_training(registry: Registry) -> None:
    with connected(registry.uri) as (_, client):
        client.create_experiment("loyalty-ladder", (Path.cwd() / "mlflow.db" / "inside").as_uri())
    with pytest.raises((RegistryError, OSError)):
        train(registry, AssertionError("it was trained all the same"))
    assert [run.info.status for run in runs(registry)] == ["FAILED"]


def test_the_run_of_a_training_that_failed_is_marked(registry: Registry) -> None:
    with pytest.raises(NotEnoughData):
        train(registry, NotEnoughData("too short"))
    with pytest.raises(KeyboardInterrupt), tracked(small_settings(), request(registry), 0):
        raise KeyboardInterrupt
    assert sorted(run.info.status for run in runs(registry)) == ["FAILED", "KILLED"]


def test_a_run_lasts_as_long_as_its_training_and_is_called_what_people_know(registry: Registry) -> None:
    wished = request(registry)
    with tracked(small_settings(), wished, tiny_dataset().end) as begun:
        (run,) = runs(registry)
        assert (run.info.status, run.info.run_name) == ("RUNNING", begun.name)
        assert begun.name.startswith("nl, 20")
        conclude(finished(), wished, begun)
    (run,) = runs(registry)
    assert run.info.run_name == f"v1, {begun.name}"
    assert run.data.params["source"] == "nl"


def test_a_bundle_of_which_nothing_else_is_left_becomes_a_version_and_is_not_promoted_unjudged(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bundle(tiny_bundle(), tmp_path / "saved")
    assert ladder.main(["register", "saved", "--promote"]) == 1
    assert "never put to the promotion checks" in capsys.readouterr().err
    assert ladder.main(["register", "saved"]) == 0
    assert registry.champion() is None
    assert read_bundle(registry.fetch(1, tmp_path))[0] == tiny_bundle()
    (run,) = runs(registry)
    assert run.data.tags["bundle"] == tiny_bundle().version
    shutil.rmtree("saved")


def test_a_model_of_python_is_registered_within_the_users_own_run_and_experiment(registry: Registry) -> None:
    from commands.library import Made

    made = Made(small_settings(), "exports/", 1_000, 61_000)
    model = ladder.Model(tiny_bundle(), tiny_bundle().version, tiny_trained(), made)
    with connected(registry.uri) as (mlflow, client):
        theirs = client.create_experiment("theirs")
        with mlflow.start_run(experiment_id=theirs) as own:
            assert model.register("ladder-nl", run_name="my second try", tags={"why": "more trees"}) == 1
            assert mlflow.active_run().info.run_id == own.info.run_id
        assert client.get_run(own.info.run_id).info.status == "FINISHED"
        run = client.get_run(client.get_model_version("ladder-nl", "1").run_id)
        logged = client.search_logged_models([theirs])
    assert run.data.tags["mlflow.parentRunId"] == own.info.run_id
    assert run.info.experiment_id == theirs
    assert (run.info.run_name, run.data.tags["why"]) == ("my second try", "more trees")
    assert run.info.end_time - run.info.start_time == 60_000
    assert [one.name for one in logged] == ["ladder-nl"]
    assert logged[0].params["bundle"] == tiny_bundle().version
    assert {metric.dataset_digest for metric in logged[0].metrics} == {tiny_bundle().facts.data_digest}


def test_the_experiment_that_was_chosen_in_mlflow_is_used_and_stays_chosen(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(registry.uri) as (_, client):
        theirs = client.create_experiment("theirs")
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", theirs)  # what `mlflow.set_experiment` does
        run = registry.begin("loyalty-ladder", "a name", tags={"team": "nl"})
        assert client.get_run(run).info.experiment_id == theirs
        assert client.get_experiment_by_name("loyalty-ladder") is None
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "by name")
        by_name = client.get_run(registry.begin("loyalty-ladder", "a name")).info.experiment_id
        assert client.get_experiment(by_name).name == "by name"
        monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
        monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
        ours = client.get_experiment(client.get_run(registry.begin("loyalty-ladder", "a name")).info.experiment_id)
    assert ours.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "tags.kind = 'training'" in ours.tags["mlflow.sharedViewState.trainings"]
