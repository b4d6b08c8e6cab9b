"""An `mlflow server` as somebody else runs it, on this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 300.0


@contextmanager
def mlflow_server(
    folder: Path, store: str | None = None, artifacts: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield the address of a server.

    folder : for its log, and for store and artifacts where none are given.
    """
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", store or f"sqlite:///{folder / 'theirs.db'}"]
    command += ["--artifacts-destination", artifacts or str(folder / "artifacts")]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(environment or {})})
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/health", process, folder / "server.log")
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers there; that it does not is told with the end of its log."""
    until = time.monotonic() + PATIENCE
    while not _answers(url):
        alive = process.poll() is None and time.monotonic() < until
        assert alive, log.read_text()[-2000:]
        time.sleep(0.2)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
