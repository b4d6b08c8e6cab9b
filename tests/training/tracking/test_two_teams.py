"""Two teams on one `mlflow server`: each has its versions, its champion and its way back, whatever the other does."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from commands.champions import champion_bundle, find_bundle, refresh_copy
from features.errors import RegistryError
from tests import databases
from tests.trained import tiny_bundle
from tests.training.tracking.servers import free_port, mlflow_server, wait_for
from tests.training.tracking.tracking import empty_registry, form, record
from training.model.bundle import Bundle, read_bundle
from training.model.champion import published
from training.settings import RegistrySettings, parse_settings
from training.tracking.registry import Registry

postgres_server = databases.postgres_server
BUCKET = "models"


def other() -> Bundle:
    return replace(tiny_bundle(), switching=None)


def team(name: str) -> RegistrySettings:
    return parse_settings({"registry": {"model": f"ladder-{name}", "experiment": f"{name} trainings"}}).registry


def trained(registry: Registry, team: RegistrySettings, bundle: Bundle) -> int:
    return registry.record(bundle, record(bundle), plots=Path("none"), form=form(), experiment=team.experiment)


def two_teams_work(address: str, folder: Path) -> None:
    """Train, promote, go back, rename and delete as two teams do, and look at what each is left with."""
    dutch, belgian = team("nl"), team("be")
    ours, theirs = Registry(address, dutch.model), Registry(address, belgian.model)
    assert [trained(ours, dutch, tiny_bundle()), trained(theirs, belgian, other())] == [1, 1]
    assert [trained(ours, dutch, other()), trained(theirs, belgian, tiny_bundle())] == [2, 2]
    for registry, settings in ((ours, dutch), (theirs, belgian)):
        registry.promote(1, settings.champions)
        registry.promote(2, settings.champions)
    assert ours.rollback(dutch.champions) == 1
    assert (ours.champion(), theirs.champion()) == (1, 2)
    for settings in (dutch, belgian):
        assert read_bundle(published(settings.champions))[0] == tiny_bundle()
    with pytest.raises(RegistryError, match="holds the champion of"):
        theirs.promote(1, dutch.champions)

    client = mlflow.MlflowClient(address)
    experiments = {one.name: one.experiment_id for one in client.search_experiments()}
    for settings in (dutch, belgian):
        found = client.search_runs([experiments[settings.experiment]], "tags.kind = 'training'")
        assert len(found) == 2
    client.set_registered_model_alias(dutch.model, "champion", "2")
    scratch = folder / "scratch"
    scratch.mkdir()
    assert read_bundle(champion_bundle(dutch, scratch))[0] == other()
    refresh_copy(dutch)
    assert read_bundle(published(dutch.champions))[0] == other()
    named = find_bundle(f"models:/{belgian.model}@champion", dutch, scratch)
    assert read_bundle(named)[0] == tiny_bundle()
    loaded = mlflow.pyfunc.load_model(f"models:/{belgian.model}@champion")
    assert loaded.metadata.run_id

    client.delete_registered_model_alias(dutch.model, "champion")
    assert ours.champion() is None
    assert theirs.champion() == 2
    client.rename_registered_model(dutch.model, "ladder-nl-2026")
    client.delete_experiment(experiments[dutch.experiment])
    with pytest.raises(MlflowException):
        client.get_model_version(dutch.model, "1")
    renamed = replace(dutch, model="ladder-nl-2026", experiment="nl again")
    again = Registry(address, renamed.model)
    assert trained(again, renamed, tiny_bundle()) == 3
    again.promote(3, renamed.champions)
    assert (again.champion(), theirs.champion()) == (3, 2)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_two_teams_share_a_server_and_nothing_else(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_registry(here)
    shutil.move(here / "mlflow.db", here / "theirs.db")
    with mlflow_server(here) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        two_teams_work(address, here)
    assert not (here / "mlflow.db").exists()
    assert list((here / "artifacts").rglob("manifest.json"))


@contextmanager
def objects_like_s3(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of whoever uses an object store on this machine."""
    port = free_port()
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    environment = {
        "MLFLOW_S3_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    try:
        wait_for(f"{url}/moto-api/", process, folder / "s3.log")
        yield environment
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.parametrize("artifacts", ["folder", "s3"])
def test_two_teams_on_postgresql(
    artifacts: str, postgres_server: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = databases.new_database(postgres_server).replace("postgresql://", "postgresql+psycopg://")
    if artifacts == "folder":
        with mlflow_server(here, store) as address:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            two_teams_work(address, here)
        return
    import boto3

    with objects_like_s3(here) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        objects = boto3.client("s3", endpoint_url=environment["MLFLOW_S3_ENDPOINT_URL"])
        objects.create_bucket(Bucket=BUCKET)
        with mlflow_server(here, store, f"s3://{BUCKET}", environment) as address:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            two_teams_work(address, here)
        kept = [one["Key"] for one in objects.list_objects_v2(Bucket=BUCKET)["Contents"]]
        assert [name for name in kept if name.endswith("manifest.json")]
