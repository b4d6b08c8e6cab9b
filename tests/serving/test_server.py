"""The service as people start it: a real BentoML process on a real port."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.errors import BundleError, SettingsError
from serving.openapi import EXAMPLE
from serving.requests import Desk
from serving.server import running, serve

_SERVE = """
import pathlib, sys
from serving.server import serve
folder, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
sys.exit(serve(folder, port, announce=lambda url: print("ready at", url, flush=True)))
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        return answer.status, content, answer.headers["content-type"]
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    port = _free_port()
    with running(folder, port):
        yield port


def test_a_running_service_scores_and_documents_itself(port: int, desk: Desk) -> None:
    status, content, media = _ask(port, "POST", "/score", EXAMPLE)
    assert (status, media) == (200, "application/json")
    assert content.encode() == desk.score(json.dumps(EXAMPLE).encode())
    assert _ask(port, "GET", "/readyz")[0] == 200
    assert "<h1>Loyalty ladder" in _ask(port, "GET", "/docs")[1]


def test_nothing_of_bentoml_itself_can_be_reached(port: int) -> None:
    for path in ("/livez", "/schema.json", "/docs.json", "/static_content/index.css", "/x"):
        assert _ask(port, "GET", path)[:2] == (404, '{"error":{"code":"not_found","message":"Not Found."}}')
    assert "documentation" in _ask(port, "GET", "/")[1]
    assert _ask(port, "GET", "/score")[0] == 405


def test_the_metrics_count_routes_and_not_what_somebody_tried(port: int) -> None:
    _ask(port, "POST", "/score", {"accounts": []})
    for k in range(3):
        _ask(port, "GET", f"/tried/{k}")
    figures = _ask(port, "GET", "/metrics")[1]
    assert re.search(r'^ladder_requests_total\{path="/score",status="200"\} [1-9]', figures, re.MULTILINE)
    assert re.search(r'^ladder_requests_total\{path="other",status="404"\} [3-9]', figures, re.MULTILINE)
    assert 'ladder_request_seconds_bucket{le="0.1",path="/score"}' in figures
    assert "tried" not in figures


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_in_order_and_without_a_traceback(folder: Path, number: signal.Signals) -> None:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready at http://127.0.0.1:{port}\n"
        _ask(port, "POST", "/score", {"accounts": [{"account_id": "secret", "orders": ["secret"]}]})
        _ask(port, "POST", "/score", "secret")
        began = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=15)
    finally:
        process.terminate()  # never kill: only a service that is asked to end takes BentoML with it
        process.wait(15)
    assert process.returncode == 0, output
    assert time.monotonic() - began < 8
    assert output == ""
    with pytest.raises(ConnectionRefusedError):
        _ask(port, "GET", "/healthz")


def test_a_damaged_or_missing_bundle_is_refused_before_anything_starts(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    with (damaged / "revenue.json").open("a") as file:
        file.write(" ")
    with pytest.raises(BundleError, match="changed after it was written"):
        serve(damaged, _free_port())
    with pytest.raises(BundleError, match="cannot be read"):
        serve(tmp_path / "nothing", _free_port())


def test_a_port_or_a_number_that_cannot_work_is_refused(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"Choose another --port"):
            serve(folder, taken.getsockname()[1])
    for port, host in ((-1, "127.0.0.1"), (70_000, "127.0.0.1"), (_free_port(), "nowhere.invalid")):
        with pytest.raises(SettingsError):
            serve(folder, port, host)
    with pytest.raises(SettingsError, match="workers"):
        serve(folder, _free_port(), workers=0)


def test_a_worker_imports_neither_tracker_nor_estimators_nor_databases(folder: Path) -> None:
    program = """
import sys
from serving import service
light = {"numpy", "pandas", "lightgbm", "pyarrow"} & set(sys.modules)
assert not light, f"the supervisor imports {light}"
service.Worker()
loaded = [name for name in ("mlflow", "sklearn", "duckdb", "sqlalchemy", "matplotlib", "training.labels",
    "training.fitting", "training.simulation") if sys.modules.get(name)]
assert not loaded, loaded
assert "lightgbm" in sys.modules
"""
    environment = {**os.environ, "LADDER_BUNDLE": str(folder), "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_worker_whose_bundle_has_gone_says_so_and_lives(tmp_path: Path) -> None:
    program = """
import asyncio, httpx
from serving import service
service.Worker()
async def ask():
    transport = httpx.ASGITransport(service.Front(None))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return [(await client.get(path)).status_code for path in ("/healthz", "/readyz")]
print(asyncio.run(ask()))
"""
    environment = {**os.environ, "LADDER_BUNDLE": str(tmp_path), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[200, 503]", done.stderr
    assert "Traceback" not in done.stderr
    assert "manifest.json cannot be read" in done.stderr
