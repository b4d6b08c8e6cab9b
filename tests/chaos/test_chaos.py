"""The running service while what it stands on fails: a silent database, a lock, a full disk, a jumping clock, kill -9,
slow and greedy clients.

All of it on this machine's loopback address, and bounded: the whole takes some minutes.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from features.histories.histories import Histories
from serving.api.openapi import EXAMPLE
from serving.api.security.key_store import create_key
from serving.runtime.server import Terms, running
from serving.store.audit_log import verify
from serving.store.database import open_store, reading
from serving.store.feedback.feedback import FEEDBACK
from serving.store.maintenance.integrity import check_store
from tests.databases import new_database
from tests.proxies import proxied
from tests.serving.runs import fill, scored

pytestmark = pytest.mark.chaos
EVENT = {"investment": "visit_programme", "made_at": "2025-01-14"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _workers() -> list[psutil.Process]:
    """The processes of this test's service that answer."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any("_bentoml_impl" in word for word in child.cmdline()):
                found.append(child)
    return found


def _until(so: Callable[[], bool], seconds: float) -> float:
    """Wait until it is so, and return how long it took."""
    began = time.monotonic()
    while not so():
        assert time.monotonic() - began < seconds, "it never was"
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def _served(folder: Path, store: str, workers: int = 1) -> Iterator[httpx.Client]:
    port = _free_port()
    with (
        running(folder, port, Terms(workers=workers, store=store, rate=1e6, burst=10**6)) as url,
        httpx.Client(base_url=url, timeout=40) as client,
    ):
        yield client


def _status(client: httpx.Client, method: str, path: str, body: Any = None) -> int:
    try:
        return client.request(method, path, json=body).status_code
    except httpx.HTTPError:
        return 0


def test_a_postgresql_that_goes_silent_stops_no_scoring_and_is_told_by_readyz(
    folder: Path, histories: Histories, postgres_server: str
) -> None:
    url = new_database(postgres_server)
    fill(url, scored(folder, histories))
    with proxied(url) as (through, proxy), _served(folder, through) as client:
        asked = {"account_ids": ["A00001"]}
        assert [_status(client, "POST", "/v1/lookup", asked), _status(client, "GET", "/readyz")] == [200, 200]
        proxy.silent.set()
        silent = threading.Thread(target=_status, args=(client, "POST", "/lookup", asked))
        silent.start()
        took = _until(lambda: _status(client, "GET", "/readyz") == 503, 20)
        assert took < 17  # eight seconds without an answer, and a machine that is busy
        assert _status(client, "POST", "/score", EXAMPLE) == 200  # with the keys of the last minute
        assert _status(client, "GET", "/healthz") == 200
        silent.join(20)
        assert not silent.is_alive()
        assert _status(client, "POST", "/lookup", asked) == 503
        proxy.silent.clear()
        _until(lambda: _status(client, "GET", "/readyz") == 200, 20)
        _until(lambda: _status(client, "POST", "/lookup", asked) == 200, 20)


@pytest.fixture
def store(folder: Path, histories: Histories, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, scored(folder, histories))
    return url


def test_readers_and_a_restarted_worker_wait_for_no_writer(folder: Path, store: str) -> None:
    with _served(folder, store) as client:
        assert _status(client, "POST", "/lookup", {"account_ids": ["A00001"]}) == 200
        lock = sqlite3.connect(store.removeprefix("sqlite:///"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            writers = [
                threading.Thread(
                    target=_status, args=(client, "POST", "/feedback", {"events": [{**EVENT, "account_id": f"A{k}"}]})
                )
                for k in range(4)
            ]
            for writer in writers:
                writer.start()
            began = time.monotonic()
            assert _status(client, "POST", "/lookup", {"account_ids": ["A00002"]}) == 200
            assert time.monotonic() - began < 5  # they wait ten seconds for the lock
            (worker,) = _workers()
            worker.kill()
            _until(lambda: _status(client, "GET", "/readyz") == 200, 40)
            assert _status(client, "POST", "/lookup", {"account_ids": ["A00003"]}) == 200
            assert _status(client, "POST", "/score", EXAMPLE) == 200
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        for writer in writers:
            writer.join(40)
        assert _status(client, "POST", "/feedback", {"events": [{**EVENT, "account_id": "A00001"}]}) == 200


def test_kill_9_of_workers_loses_nothing_that_was_acknowledged(folder: Path, store: str) -> None:
    acknowledged: list[str] = []
    done = threading.Event()

    def tell(url: str, sender: int) -> None:
        number = 0
        with httpx.Client(base_url=url, timeout=20) as own:
            while not done.is_set():
                number += 1
                event = {**EVENT, "account_id": "A00001", "event_id": f"{sender}-{number}"}
                with suppress(httpx.HTTPError):
                    if own.post("/v1/feedback", json={"events": [event]}).status_code == 200:
                        acknowledged.append(event["event_id"])

    with _served(folder, store, workers=2) as client:
        senders = [threading.Thread(target=tell, args=(str(client.base_url), k)) for k in range(3)]
        for sender in senders:
            sender.start()
        for _ in range(3):
            time.sleep(1.5)
            for worker in _workers():
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
            _until(lambda: _status(client, "GET", "/healthz") == 200, 40)
        done.set()
        for sender in senders:
            sender.join(30)
    assert len(acknowledged) > 10
    assert set(acknowledged) <= _kept(store)


def _kept(store: str) -> set[str]:
    """The ids of all events in the store."""
    engine = open_store(store)
    with reading(engine) as connection:
        kept = set(connection.execute(FEEDBACK.select().with_only_columns(FEEDBACK.c.event_id)).scalars())
    engine.dispose()
    return kept


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes, which only root may mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path) -> None:
    """Write until there is no room left."""
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def test_a_full_disk_acknowledges_nothing_and_goes_on_as_soon_as_there_is_room(
    folder: Path, store: str, small_disk: Path
) -> None:
    shutil.copy(store.removeprefix("sqlite:///"), small_disk / "ladder.db")
    url = f"sqlite:///{small_disk / 'ladder.db'}"
    acknowledged: list[str] = []

    def tell(client: httpx.Client, number: int) -> httpx.Response:
        events = [{**EVENT, "account_id": "A00001", "event_id": f"{number}-{k}"} for k in range(200)]
        answer = client.post("/v1/feedback", json={"events": events})
        if answer.status_code == 200:
            acknowledged.extend(event["event_id"] for event in events)
        return answer

    with _served(folder, url) as client:
        assert tell(client, 0).status_code == 200
        _fill(small_disk)
        refused = [answer for number in range(1, 30) if (answer := tell(client, number)).status_code != 200]
        assert len(refused) > 5
        assert {(one.status_code, one.json()["error"]["code"]) for one in refused} == {(503, "storage_full")}
        assert _status(client, "POST", "/score", EXAMPLE) == 200
        assert _status(client, "POST", "/lookup", {"account_ids": ["A00001"]}) == 200
        page = client.get("/accounts", headers={"Accept": "text/html"})  # which cannot keep the secret of its forms
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert not list(small_disk.glob(".*"))
        assert _status(client, "GET", "/readyz") == 200
        (small_disk / "filler").unlink()
        assert client.get("/accounts").status_code == 200
        assert tell(client, 100).status_code == 200
    assert set(acknowledged) == _kept(url)
    assert not check_store(url).findings
    engine = open_store(url)
    with reading(engine) as connection:
        assert verify(connection).faults == []
    engine.dispose()


_CLOCK = """
import os, time
real, real_ns = time.time, time.time_ns
def ahead():
    try:
        with open(os.environ["CHAOS_CLOCK"]) as file:
            return int(file.read() or 0)
    except (OSError, ValueError):
        return 0
time.time = lambda: real() + ahead()
time.time_ns = lambda: real_ns() + ahead() * 10**9
"""
"""Read by every Python that starts with it in its path: the clock is as far ahead as a file says, in seconds."""


def test_a_clock_that_jumps_loses_nothing_and_lets_nobody_in_for_longer(
    folder: Path, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(_CLOCK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.setenv("CHAOS_CLOCK", str(tmp_path / "clock"))
    engine = open_store(store)
    lasting = create_key(engine, "lasting", ["score", "feedback"])
    ending = create_key(engine, "ending", ["score", "feedback", "page"], days=30)
    engine.dispose()
    told: list[str] = []

    def ask(client: httpx.Client, path: str, body: Any, key: str) -> int:
        return client.post(path, json=body, headers={"Authorization": f"Bearer {key}"}).status_code

    def decide(client: httpx.Client, says: bool) -> None:
        event = {"event_id": f"d{len(told)}", "account_id": "A00001", "reason": "so they say"}
        told.append(event["event_id"])
        assert ask(client, "/feedback", {"events": [{**event, "override": {"will_switch": says}}]}, lasting) == 200

    def stands(client: httpx.Client) -> Any:
        answer = client.post(
            "/lookup", json={"account_ids": ["A00001"]}, headers={"Authorization": f"Bearer {lasting}"}
        ).json()
        return answer["results"][0]["override"]

    with _served(folder, store) as client:
        assert client.post("/sign-in", data={"key": ending}).status_code == 303
        assert client.get("/accounts").status_code == 200
        decide(client, says=True)
        for days in (-900, 40, 0, -1, 0):  # a battery that is empty, a wrong year, and back
            (tmp_path / "clock").write_text(str(days * 86_400))
            assert ask(client, "/score", EXAMPLE, lasting) == 200
            assert _status(client, "GET", "/readyz") == 200
            good = days < 30
            _until(lambda good=good: (ask(client, "/score", EXAMPLE, ending) == 200) == good, 20)  # type: ignore[misc]
            if not good:
                assert client.get("/accounts", follow_redirects=False).status_code == 303  # to the sign-in
            decide(client, says=days == 40)
        last = stands(client)
        assert last is not None
        assert last["will_switch"]["value"] is False  # the one that came last
    assert set(told) == _kept(store)
    engine = open_store(store)
    with reading(engine) as connection:
        assert verify(connection).faults == []
        seqs = connection.execute(FEEDBACK.select().order_by(FEEDBACK.c.seq)).all()
    engine.dispose()
    assert [row.event_id for row in seqs] == told


def test_slow_clients_keep_nobody_waiting_and_are_dropped(folder: Path, store: str) -> None:
    with _served(folder, store) as client:
        address = ("127.0.0.1", client.base_url.port)
        mute = [socket.create_connection(address, timeout=60) for _ in range(100)]
        head = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += b"Content-Length: 1000\r\n\r\n{"
        slow = [socket.create_connection(address, timeout=60) for _ in range(20)]
        for one in slow:
            one.sendall(head)
        began = time.monotonic()
        assert _status(client, "POST", "/score", EXAMPLE) == 200
        assert time.monotonic() - began < 10
        assert [one.recv(100) for one in mute] == [b""] * 100
        assert all(one.recv(100).startswith(b"HTTP/1.1 503 ") for one in slow)
        for one in (*mute, *slow):
            one.close()


def test_bodies_that_are_made_to_cost_end_in_time_and_keep_nobody_out(folder: Path, store: str) -> None:
    engine = open_store(store)
    key = create_key(engine, "greedy", ["score"])
    engine.dispose()
    names = ",".join(f'"n{number}":1' for number in range(300_000))
    options = ",".join(f'{{"made_at":"2025-01-01","investment":"v{k}"}}' for k in range(100_000))
    account = (
        '{{"as_of":"2026-01-01","accounts":[{{"account_id":"A","orders":[{{"ordered_at":"2025-01-01",{0}}}],{1}}}]}}'
    )
    bodies = [
        f'{{{names},"last":1,"last":1}}', account.format('"revenue":1', f'"investments":[{options}]'),
        account.format(names, '"tickets":[]'), account.format('"revenue":1', f'"tickets":[{"{}," * 2_000_000}{{}}]'),
    ]  # fmt: skip
    with _served(folder, store) as client:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

        def send(body: str) -> None:
            with suppress(httpx.HTTPError):
                client.post("/score", content=body.encode(), headers=headers)

        senders = [threading.Thread(target=send, args=(body,)) for body in bodies]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
            assert not sender.is_alive()
        time.sleep(2)
        (worker,) = _workers()
        before = sum(worker.cpu_times()[:2])
        time.sleep(3)
        assert sum(worker.cpu_times()[:2]) - before < 2  # nothing goes on behind the answers
        answer = client.post("/score", content=json.dumps(EXAMPLE).encode(), headers=headers)
        assert answer.status_code == 200
