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
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil
import pytest

from features.errors import BundleError, SettingsError
from features.histories.histories import Histories
from serving.api.app import answer_score
from serving.api.openapi import EXAMPLE
from serving.api.security.key_store import create_key, revoke_key
from serving.runtime.server import Terms, running, serve
from serving.scoring.scoring_service import ScoringService
from serving.store.database import open_store
from tests.serving import builders
from tests.serving.runs import fill, scored
from training.model.bundle import read_bundle, write_bundle
from training.model.champion import publish, published

_SERVE = """
import pathlib, sys
from serving.runtime.server import Terms, serve
folder, port, workers = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
sys.exit(serve(folder, port, Terms(workers=workers), lambda url: print("ready at", url, flush=True)))
"""


@contextmanager
def _served(folder: Path, port: int, workers: int = 1) -> Iterator["subprocess.Popen[str]"]:
    """The service as a process of its own, ready; killed at the end if it has not ended."""
    command = [sys.executable, "-c", _SERVE, str(folder), str(port), str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        while process.stdout.readline() != f"ready at http://127.0.0.1:{port}\n":
            assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def _workers(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The processes that answer."""
    (supervisor,) = psutil.Process(process.pid).children()
    found = []
    for child in supervisor.children():
        with suppress(psutil.Error):  # it may be ending
            if any("_bentoml_impl" in word for word in child.cmdline()):
                found.append(child)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ask(
    port: int, method: str, path: str, body: Any = None, more: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, Any, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {**more} if body is None else {"Content-Type": "application/json", **more}
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


def test_a_running_service_scores_and_documents_itself(port: int, scoring_service: ScoringService) -> None:
    status, content, media = _ask(port, "POST", "/score", EXAMPLE)
    assert (status, media) == (200, "application/json")
    assert content.encode() == answer_score(scoring_service, json.dumps(EXAMPLE).encode())
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


def test_the_metrics_tell_of_scores_model_and_workers_together(
    folder: Path, histories: Histories, tmp_path: Path
) -> None:
    store, port = f"sqlite:///{tmp_path / 'ladder.db'}", _free_port()
    fill(store, scored(folder, histories))
    with running(folder, port, Terms(workers=2, store=store)):
        for _ in range(20):
            assert _ask(port, "POST", "/score", EXAMPLE)[0] == 200
        assert _ask(port, "POST", "/score", {"accounts": 1})[0] == 422
        _wait_until(lambda: _figure(port, r'ladder_model_workers\{version=".{12}"\}') == 2)
        _wait_until(lambda: _figure(port, "ladder_batch_scores_as_of_timestamp_seconds") * 1e6 == histories.end)
        assert _figure(port, r'ladder_requests_total\{path="/score",status="200"\}') == 20
        assert _figure(port, r'ladder_requests_total\{path="/score",status="422"\}') == 1
        assert _figure(port, r'ladder_accounts_scored_total\{rung="customer"\}') == 20
        assert _figure(port, r'ladder_accounts_scored_total\{rung="shopper"\}') == 20
        assert _figure(port, r'ladder_p_switch_count\{rung="customer"\}') == 20
        assert 0 < _figure(port, "ladder_missing_feature_shares_total") / 40 < 1
        assert _figure(port, "ladder_model_trained_until_timestamp_seconds") * 1e6 == histories.end
        assert _figure(port, "ladder_model_refusals_total") == 0


def _figure(port: int, name: str) -> float:
    """One series; zero where there is none."""
    found = re.search(rf"^{name} (\S+)$", _ask(port, "GET", "/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_in_order_and_without_a_traceback(folder: Path, number: signal.Signals) -> None:
    port = _free_port()
    with _served(folder, port) as process:
        _ask(port, "POST", "/score", {"accounts": [{"account_id": "secret", "orders": ["secret"]}]})
        _ask(port, "POST", "/score", "secret")
        began = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=15)
    assert process.returncode == 0, output
    assert time.monotonic() - began < 8
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["status"] for line in lines if line["event"] == "request" and line["path"] == "/score"] == [200, 422]
    assert "secret" not in output
    with pytest.raises(ConnectionRefusedError):
        _ask(port, "GET", "/healthz")


def test_what_was_accepted_is_finished_before_the_service_ends(folder: Path) -> None:
    port = _free_port()
    with _served(folder, port) as process:
        asking = _Crowd(port, 1, LARGE)
        asking.begin()
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        asking.end()
    assert asking.statuses[0] == 200
    assert process.returncode == 0


def test_nothing_outlives_a_service_that_was_killed(folder: Path) -> None:
    port = _free_port()
    with _served(folder, port, workers=2) as process:
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(_workers(process)) == 2
        process.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    with pytest.raises(ConnectionRefusedError):
        _ask(port, "GET", "/healthz")


def test_nothing_outlives_a_supervisor_that_was_killed(folder: Path) -> None:
    with _served(folder, _free_port()) as process:
        family = psutil.Process(process.pid).children(recursive=True)
        psutil.Process(process.pid).children()[0].kill()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive
        assert process.wait(30) == 1


def test_a_worker_that_is_killed_under_load_costs_what_it_held_and_is_replaced(folder: Path) -> None:
    port, asking = _free_port(), 4
    with _served(folder, port, workers=2) as process:
        crowd = _Crowd(port, asking, SMALL)
        crowd.begin()
        crowd.wait_for(50)
        victim = _workers(process)[0]
        victim.kill()
        _wait_until(lambda: len(_workers(process)) == 2 and victim not in _workers(process))
        crowd.wait_for(len(crowd.statuses) + 50)
        crowd.end()
        assert _ask(port, "GET", "/readyz")[0] == 200
    assert set(crowd.statuses) <= {200, 0}
    assert crowd.statuses.count(0) <= asking


@pytest.mark.slow
def test_champions_alternate_under_load_and_every_answer_is_whole_and_of_one_model(
    histories: Histories, tmp_path: Path
) -> None:
    """The proof that a swap is nothing that a client can see."""
    one = builders.bundle(histories)
    folders = [tmp_path / "one", tmp_path / "other"]
    write_bundle(one, folders[0])
    write_bundle(replace(one, facts=replace(one.facts, horizon_days=90, margin_rate=0.9)), folders[1])
    home, port = tmp_path / "champion", _free_port()
    expected = {}
    for folder in folders:
        scoring_service = ScoringService(*read_bundle(folder))
        expected[scoring_service.scorer.version] = answer_score(scoring_service, json.dumps(SMALL).encode())
    publish(folders[0], home)
    with _served(home, port, workers=2):
        crowd = _Crowd(port, 4, SMALL)
        crowd.begin()
        for turn in range(1, 5):
            publish(folders[turn % 2], home)
            version = published(home).name
            _ask(port, "POST", "/admin/reload")
            _wait_until(lambda version=version: _versions(crowd.answers[-20:]) == {version})  # type: ignore[misc]
        broken = publish(folders[1], home)
        (broken / "revenue.json").write_bytes(b"{}")
        crowd.wait_for(len(crowd.statuses) + 50)
        assert json.loads(_ask(port, "POST", "/admin/reload")[1])["refused"]
        crowd.wait_for(len(crowd.statuses) + 50)
        crowd.end()
        figures = _ask(port, "GET", "/metrics")[1]
    assert set(crowd.statuses) == {200}
    assert _versions(crowd.answers) == set(expected)
    assert set(crowd.answers) == set(expected.values())
    assert re.search(r"^ladder_model_swaps_total [4-9]", figures, re.MULTILINE)
    assert re.search(r"^ladder_model_refused [12]", figures, re.MULTILINE)
    assert re.search(rf'^ladder_model_workers{{version="{next(iter(expected))}"}} 2', figures, re.MULTILINE)


def test_a_key_that_was_revoked_opens_nothing_within_seconds(folder: Path, tmp_path: Path) -> None:
    store, port = f"sqlite:///{tmp_path / 'ladder.db'}", _free_port()
    with pytest.raises(SettingsError, match="ladder keys create"):
        serve(folder, port, Terms(host="0.0.0.0", store=store))
    with pytest.raises(SettingsError, match="ladder keys create"):
        serve(folder, port, Terms(host="0.0.0.0"))
    engine = open_store(store)
    secret = create_key(engine, "crm", {"score"})
    with running(folder, port, Terms(host="0.0.0.0", store=store)):
        assert _ask(port, "POST", "/score", SMALL)[0] == 401
        assert _ask(port, "POST", "/score", SMALL, {"Authorization": f"Bearer {secret}"})[0] == 200
        revoke_key(engine, "crm")
        _wait_until(lambda: _ask(port, "POST", "/score", SMALL, {"Authorization": f"Bearer {secret}"})[0] == 401)
        other = create_key(engine, "other", {"score"})
        _wait_until(lambda: _ask(port, "POST", "/score", SMALL, {"X-API-Key": other})[0] == 200)
        assert _ask(port, "GET", "/metrics")[0] == 401
        assert _ask(port, "GET", "/readyz")[0] == 200
    engine.dispose()


SMALL = {"accounts": [{"account_id": "A", "orders": [{"ordered_at": "2025-06-01", "revenue": 10}]}]}
LARGE = {
    "accounts": [
        {"account_id": f"A{k}", "orders": [{"ordered_at": f"2025-{m:02}-01", "revenue": k} for m in range(1, 13)] * 5}
        for k in range(200)
    ]
}


class _Crowd:
    """Clients that ask the same again and again, each in a thread and on connections of its own.

    statuses : of all requests, 0 where the connection broke.  answers : of those that were answered.
    """

    def __init__(self, port: int, size: int, body: Any) -> None:
        self.statuses: list[int] = []
        self.answers: list[bytes] = []
        self._port, self._body, self._over = port, body, threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(size)]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, requests: int) -> None:
        _wait_until(lambda: len(self.statuses) >= requests)

    def _ask_on(self) -> None:
        while not self._over.is_set():
            try:
                status, content, _ = _ask(self._port, "POST", "/score", self._body)
            except (OSError, http.client.HTTPException):
                self.statuses.append(0)
                return
            self.answers.append(content.encode())
            self.statuses.append(status)


def _versions(answers: list[bytes]) -> set[str]:
    return {json.loads(answer)["model"]["version"] for answer in answers}


def _wait_until(so: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def test_a_damaged_or_missing_bundle_is_refused_before_anything_starts(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    with (damaged / "revenue.json").open("a") as file:
        file.write(" ")
    with pytest.raises(BundleError, match="changed after it was written"):
        serve(damaged, _free_port())
    with pytest.raises(BundleError, match="No champion"):
        serve(tmp_path / "nothing", _free_port())


def test_a_port_or_a_number_that_cannot_work_is_refused(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"Choose another --port"):
            serve(folder, taken.getsockname()[1])
    for port, host in ((-1, "127.0.0.1"), (70_000, "127.0.0.1"), (_free_port(), "nowhere.invalid")):
        with pytest.raises(SettingsError):
            serve(folder, port, Terms(host))
    with pytest.raises(SettingsError, match="workers"):
        serve(folder, _free_port(), Terms(workers=0))


def test_a_worker_imports_neither_tracker_nor_estimators_nor_databases(folder: Path) -> None:
    program = """
import sys
from serving.runtime import service
light = {"numpy", "pandas", "lightgbm", "pyarrow"} & set(sys.modules)
assert not light, f"the supervisor imports {light}"
service.Worker()
loaded = [name for name in ("mlflow", "sklearn", "duckdb", "sqlalchemy", "matplotlib", "training.data.labels",
    "training.models.fitting", "training.simulator.simulation") if sys.modules.get(name)]
assert not loaded, loaded
assert "lightgbm" in sys.modules
"""
    environment = {**os.environ, "LADDER_BUNDLE": str(folder), "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_worker_whose_bundle_has_gone_says_so_and_lives(tmp_path: Path) -> None:
    program = """
import asyncio, httpx
from serving.runtime import service
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
    (line,) = [json.loads(line) for line in done.stderr.splitlines() if "refused" in line]
    assert (line["event"], "No champion" in line["why"]) == ("model refused", True)


def test_without_a_champion_the_page_says_what_to_do_and_the_first_one_is_taken_over(
    folder: Path, tmp_path: Path
) -> None:
    champions, port = tmp_path / "champions", _free_port()
    with running(champions, port, Terms(store=f"sqlite:///{tmp_path / 'empty.db'}", data="exports")) as url:
        assert httpx.get(f"{url}/readyz").status_code == 503
        page = httpx.get(url, headers={"Accept": "text/html"})
        assert (page.status_code, "ladder init --data exports" in page.text) == (503, True)
        publish(folder, champions)
        _wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
        assert 'class="step-next"' in httpx.get(url, headers={"Accept": "text/html"}).text
