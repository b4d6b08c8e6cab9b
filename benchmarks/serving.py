"""What an answer costs: ours beside a bare application, its parts, and what others serve the same models with.

python -m benchmarks.serving [--bundle FOLDER] [--seconds 10] [--peers constant,predict,features,mlflow,litserve,ours]

Every peer runs in a process of its own, one worker, all on this machine; bodies vary. Read ratios, not seconds: the
client takes its share of the same cores. Explains nothing (`"explain": false`) unless the row says so.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from benchmarks.load import Load, ask
from benchmarks.serving_peers import stored_rows
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from serving.api.app import answer_score
from serving.runtime.server import running
from serving.scoring.scoring_service import ScoringService
from training.model.bundle import read_bundle, write_bundle
from training.pipeline import train
from training.settings import Settings
from training.simulator.simulation import simulate

EVENTS = 200
PEERS = ("constant", "predict", "features", "mlflow", "litserve", "ours")


def payloads(tables: Mapping[str, pd.DataFrame], events: int, most: int) -> list[dict[str, Any]]:
    """Accounts of about so many events, the latest where there are more, as requests give them."""
    accounts: dict[str, dict[str, Any]] = {}
    for name, frame in tables.items():
        if "account_id" not in frame:
            continue
        times = [column for column in frame if pd.api.types.is_datetime64_any_dtype(frame[column])]
        frame = frame.assign(**{column: frame[column].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for column in times})
        for account, rows in frame.groupby("account_id"):
            cells = [
                {k: v for k, v in row.items() if k != "account_id" and pd.notna(v)} for row in rows.to_dict("records")
            ]
            given = accounts.setdefault(str(account), {"account_id": str(account)})
            given["account" if name == "accounts" else name] = cells[0] if name == "accounts" else cells
    sized = sorted(accounts.values(), key=lambda a: -sum(len(v) for v in a.values() if isinstance(v, list)))
    chosen = sized[:most]
    for account in chosen:
        lists = sorted((v for v in account.values() if isinstance(v, list)), key=len)
        while (excess := sum(map(len, lists)) - events) > 0:
            del lists[-1][: min(excess, max(1, len(lists[-1]) // 2))]
            lists.sort(key=len)
    return chosen


def bodies(accounts: Sequence[dict[str, Any]], each: int, explain: bool) -> list[bytes]:
    """Requests of so many accounts each, all different."""
    as_of = {"as_of": "2026-01-01", "explain": explain}
    rounds = [[accounts[(k + j) % len(accounts)] for j in range(each)] for k in range(min(len(accounts), 64))]
    unique = [[a | {"account_id": f"{a['account_id']}-{j}"} for j, a in enumerate(one)] for one in rounds]
    return [json.dumps(as_of | {"accounts": one}).encode() for one in unique]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(name: str, bundle: Path) -> Iterator[int]:
    """A peer that listens, and its port."""
    port = free_port()
    if name == "ours":
        with running(bundle, port):
            yield port
        return
    module = ["benchmarks.litserve_peer"] if name == "litserve" else ["benchmarks.serving_peers", name]
    command = [sys.executable, "-m", *module, str(port), str(bundle)]
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield port
    finally:
        with suppress(psutil.NoSuchProcess):  # what ended by itself
            for one in [*process.children(recursive=True), process]:
                one.terminate()
        process.wait(20)


def _wait(port: int, process: Any) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("It ended; is it installed?")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/ping")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("It never listened.")


def memory_of_worker(port: int) -> float:
    """MB of the largest process behind a port's listener that is a child of ours."""
    family = psutil.Process().children(recursive=True)
    return max((one.memory_info().rss for one in family), default=0) / 1e6 if port else 0.0


def row(name: str, what: str, load: Load) -> str:
    figures = f"{load.per_second:8.1f} | {load.quantile(0.5):7.2f} | {load.quantile(0.99):7.2f}"
    odd = {status: count for status, count in load.statuses.items() if status != 200}
    return f"| {name} | {what} | {figures} | {odd or ''} |"


def cost_of_features(bundle: Path, one: Sequence[bytes]) -> None:
    """Milliseconds of one thread, without any server."""
    scoring_service = ScoringService(*read_bundle(bundle))
    for body in one[:8]:
        answer_score(scoring_service, body)
    times = []
    for body in one * 3:
        at = time.perf_counter()
        answer_score(scoring_service, body)
        times.append(1000 * (time.perf_counter() - at))
    rows, parts = stored_rows(scoring_service.scorer.bundle), scoring_service.scorer.bundle.parts
    predicts = []
    for k in range(200):
        at = time.perf_counter()
        for part in parts.values():
            part.predict(rows[k % len(rows)][None, :])
        predicts.append(1000 * (time.perf_counter() - at))
    print(
        f"\nin one thread, no server: body to answer {np.median(times):.2f} ms, predictors {np.median(predicts):.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--peers", default=",".join(PEERS))
    options = parser.parse_args()
    world = simulate("default", accounts=options.accounts, months=48, seed=0)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = options.bundle
        if bundle is None:
            bundle, known = Path(scratch), build_histories(source_from_rows(world.tables))
            write_bundle(train(known, Settings(), known.end, folds=0).bundle, bundle)
        measure(bundle, payloads(world.tables, EVENTS, 64), options.peers.split(","), options.seconds)


def measure(bundle: Path, accounts: list[dict[str, Any]], peers: Sequence[str], seconds: float) -> None:
    plain, told, batch = bodies(accounts, 1, False), bodies(accounts, 1, True), bodies(accounts, 200, False)[:8]
    size = int(np.mean([len(body) for body in plain]))
    events = np.mean([sum(len(v) for v in a.values() if isinstance(v, list)) for a in accounts])
    print(f"one account: {events:.0f} events on average, {size:,} bytes\n")
    print("| served by | asked | requests/s | median ms | p99 ms | other than 200 |\n" + "| --- " * 6 + "|")
    for name in peers:
        began = time.monotonic()
        with started(name, bundle) as port:
            ready = time.monotonic() - began
            path, one, many, why = "/score", plain, batch, told
            if name == "mlflow":
                path, (one, many, why) = "/invocations", map(_invocations, (plain, batch, told))
            ask(port, path, one, 4, min(2.0, seconds))
            for clients in (1, 8, 32):
                print(row(name, f"one account, {clients} clients", ask(port, path, one, clients, seconds)), flush=True)
            if name in ("features", "mlflow", "ours"):
                print(row(name, "one account explained, 8 clients", ask(port, path, why, 8, seconds)), flush=True)
            print(row(name, "200 accounts, 2 clients", ask(port, path, many, 2, seconds)), flush=True)
            print(
                f"| {name} | ready after {ready:.1f} s, {memory_of_worker(port):.0f} MB the largest process | | | | |"
            )
    cost_of_features(bundle, plain)


def _invocations(requests: Sequence[bytes]) -> list[bytes]:
    """The same requests as MLflow's server takes them."""
    asked = [json.loads(request) for request in requests]
    return [json.dumps({"dataframe_records": one.pop("accounts"), "params": one}).encode() for one in asked]


if __name__ == "__main__":
    main()
