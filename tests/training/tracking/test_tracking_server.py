"""Train, promote, monitor and score where the registry is a server that somebody else runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import test_cli
from tests.commands.test_cli import Run, refused
from tests.training.tracking.servers import mlflow_server

run, data = test_cli.run, test_cli.data


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an `mlflow server` with a store and artifacts of its own."""
    with mlflow_server(tmp_path) as address:
        yield address


@pytest.mark.slow
def test_the_registry_may_be_a_server(
    run: Run, data: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    asked = ("--data", data, "--config", "few.toml")
    assert run("train", *asked, "--json").figures["champion"] is True
    assert run("train", *asked, "--promote", "--json").figures["version"] == 2
    assert run("monitor", *asked, "--json").figures["advice"] == "keep"
    scored = run("score", *asked, "--model", "models:/loyalty-ladder@champion", "--out", "out", "--json")
    assert scored.status == 0, scored.err
    assert run("rollback").status == 0
    assert not (tmp_path / "mlflow.db").exists()
    assert list((tmp_path / "artifacts").rglob("manifest.json"))


def test_a_server_that_is_not_there_is_named(run: Run, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    said = refused(run("monitor", "--data", data, "--model", "models:/loyalty-ladder@champion"))
    assert "The registry at http://127.0.0.1:9" in said
