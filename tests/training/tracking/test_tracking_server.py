"""Train, promote, monitor and score where the registry is a server that somebody else runs."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import RegistryError
from tests.commands import test_cli
from tests.commands.test_cli import Run, refused
from tests.training.tracking.servers import mlflow_server
from training.tracking import tracker
from training.tracking.registry import Registry

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
    said = refused(run("monitor", "--data", data, "--model", "models:/loyalty-ladder@champion"))
    assert "No registry answers at http://127.0.0.1:9: [Errno 111] Connection refused" in said


@pytest.mark.parametrize("scheme", ["http://who:secret@", "postgresql://who:secret@"])
def test_a_server_that_takes_the_call_and_never_answers_is_named_within_seconds(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "PATIENCE_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began, uri = time.monotonic(), f"{scheme}127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(RegistryError, match=r"[Cc]heck MLFLOW_TRACKING_URI") as refusal:
            Registry(uri).champion()
    assert time.monotonic() - began < 20
    assert "secret" not in str(refusal.value)


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(RegistryError, match=r"No registry answers at http://no-such-host.invalid:5000"):
        Registry("http://no-such-host.invalid:5000").begin("experiment", "name")
