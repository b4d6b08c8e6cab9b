"""Train, promote, monitor and score where the registry is a server that somebody else runs."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import test_cli
from tests.commands.test_cli import Run, refused

run, data = test_cli.run, test_cli.data
PATIENCE = 120.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an `mlflow server` with a store and artifacts of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path / 'theirs.db'}"]
    command += ["--artifacts-destination", str(tmp_path / "artifacts")]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while not _answers(address):
            alive = process.poll() is None and time.monotonic() < until
            assert alive, (tmp_path / "server.log").read_text()[-2000:]
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


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
