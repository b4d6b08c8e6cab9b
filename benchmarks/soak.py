"""An hour of everything at once: nothing told is lost, no answer mixes two models, memory stays flat.

python -m benchmarks.soak [--minutes 60] [--workers 2]

A supplier is drawn, trained on, scored and served with a store. Then, at once: clients ask for scores of one account
and of twenty, and send what is no JSON; one tells feedback; one asks the same question again and again; the champion
changes every twenty seconds; the store is backed up every minute, and every backup looked over; every ten minutes
`ladder retrain` checks, trains, promotes and scores a month further on. Every minute: requests, statuses, median and
p99, the memory of every worker, what was acknowledged. In the end: how many acknowledged events are not in the store,
and how many answers differed from those of the same model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pandas as pd
import psutil
import sqlalchemy as sa

from benchmarks.load import ask
from benchmarks.serving import EVENTS, bodies, free_port, payloads
from serving.runtime.server import Terms, running
from serving.store.database import open_store
from serving.store.feedback.feedback import FEEDBACK
from training.model.bundle import read_bundle, write_bundle
from training.model.champion import publish, published
from training.model.findings import NOTE, Finding
from training.simulator.simulation import simulate

SWAP_SECONDS, BACKUP_SECONDS, RETRAIN_SECONDS = 20.0, 60.0, 600.0
ACCOUNTS, MONTHS = 300, 48
LADDER = Path(__file__).resolve().parent.parent / "ladder.py"


@dataclass
class Seen:
    """What the clients and the jobs beside them saw.

    told : ids of the events that were acknowledged.  answers : version of a model -> its answers to one question.
    mixed : answers that name more than one model.  done : of each job, how often it ended well, and badly.
    """

    told: list[str] = field(default_factory=list)
    answers: dict[str, set[str]] = field(default_factory=dict)
    asked: int = 0
    mixed: int = 0
    done: dict[str, list[int]] = field(default_factory=dict)

    def job(self, name: str, well: bool) -> None:
        """Count one job."""
        self.done.setdefault(name, [0, 0])[0 if well else 1] += 1


def other_bundle(bundle: Path, into: Path) -> Path:
    """The same models under another version."""
    content, _ = read_bundle(bundle)
    another = Finding.of("not_judged", NOTE, message="another one")
    write_bundle(replace(content, facts=replace(content.facts, report=(another,))), into)
    return into


def workers() -> list[psutil.Process]:
    """The processes that answer."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # a command that just ended
            if any("_bentoml_impl" in word for word in one.cmdline()):
                found.append(one)
    return found


@contextmanager
def going_on(*jobs: tuple[Callable[[], None], float]) -> Iterator[None]:
    """Do each job again and again beside what happens here, so many seconds after its last."""
    over = Event()

    def repeat(job: Callable[[], None], pause: float) -> None:
        while not over.wait(pause):
            job()

    threads = [Thread(target=repeat, args=one) for one in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def ladder(home: Path, *words: str) -> bool:
    """Run a command there, and return whether it ended well; a bad end is printed."""
    command = ["nice", "-n", "5", sys.executable, str(LADDER), *words]
    ended = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        print(f"ladder {' '.join(words)}: {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}", flush=True)
    return ended.returncode == 0


def tell(client: httpx.Client, seen: Seen, number: "count[int]", account: str) -> None:
    """Tell one event, and remember it where it is acknowledged."""
    event = {"account_id": account, "event_id": f"soak-{next(number)}"}
    event |= {"investment": "visit_programme", "made_at": "2026-01-14"}
    with suppress(httpx.HTTPError):
        if client.post("/v1/feedback", json={"events": [event]}).status_code == 200:
            seen.told.append(event["event_id"])


def ask_again(client: httpx.Client, seen: Seen, body: bytes) -> None:
    """Ask the same question, and keep what each model says."""
    with suppress(httpx.HTTPError):
        answer = client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
        if answer.status_code != 200:
            return
        scores: list[dict[str, Any]] = [one["scores"] for one in answer.json()["results"]]
        versions = {one["model_version"] for one in scores}
        seen.asked += 1
        seen.mixed += len(versions) > 1
        seen.answers.setdefault(versions.pop(), set()).add(json.dumps(scores, sort_keys=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    told = simulate("default", accounts=ACCOUNTS, months=MONTHS, seed=0)
    accounts = payloads(told.tables, EVENTS, 64)
    asked = bodies(accounts, 1, True) + bodies(accounts, 1, False) + bodies(accounts, 20, False)[:16]
    asked += [b'{"accounts": [NaN]}', b"{", json.dumps({"accounts": [{}]}).encode()]
    with tempfile.TemporaryDirectory() as scratch:
        home, seen, numbers = Path(scratch), Seen(), count()
        store, champion, backup = f"sqlite:///{home / 'ladder.db'}", home / "champion", str(home / "backup.db")
        drawn = ("--accounts", str(ACCOUNTS), "--months", str(MONTHS), "--seed", "0")
        assert ladder(home, "simulate", *drawn, "--out", "source")
        dates = (str((told.as_of - pd.DateOffset(months=k)).date()) for k in count(12, -1))
        assert ladder(home, "train", "--data", "source", "--as-of", next(dates), "--promote")
        assert ladder(home, "score", "--data", "source", "--out", "scores", "--to", store)
        models = cycle([other_bundle(published(champion), home / "other"), published(champion)])

        def retrain() -> None:
            words = ("--as-of", next(dates), "--out", "nightly", "--to", store, "--store", store)
            seen.job("retrain", ladder(home, "retrain", "--data", "source", *words))

        def back_up() -> None:
            Path(backup).unlink(missing_ok=True)
            copied = ladder(home, "store", "backup", "--store", store, "--out", backup)
            seen.job("backup", copied and ladder(home, "store", "check", "--store", f"sqlite:///{backup}"))

        def swap() -> None:
            publish(next(models), champion)
            seen.job("swap", True)

        port = free_port()
        terms = Terms(workers=options.workers, store=store, rate=1e6, burst=10**6)
        with running(champion, port, terms) as url, httpx.Client(base_url=url, timeout=60) as client:
            account = str(accounts[0]["account_id"])
            jobs = (
                (lambda: tell(client, seen, numbers, account), 0.05),
                (lambda: ask_again(client, seen, asked[-4]), 0.2),
                (swap, SWAP_SECONDS),
                (back_up, BACKUP_SECONDS),
                (retrain, RETRAIN_SECONDS),
            )
            print("| minute | requests | statuses | median ms | p99 ms | MB of each worker | acknowledged | jobs |")
            print("| --- " * 8 + "|", flush=True)
            with going_on(*jobs):
                for minute in range(1, options.minutes + 1):
                    load = ask(port, "/score", asked, 4, 60.0)
                    memory = " ".join(f"{one.memory_info().rss / 1e6:.0f}" for one in workers())
                    times = f"{load.quantile(0.5):.1f} | {load.quantile(0.99):.1f}"
                    statuses = " ".join(f"{status}: {number:,}" for status, number in sorted(load.statuses.items()))
                    jobs_done = " ".join(f"{name}: {well}+{badly}" for name, (well, badly) in seen.done.items())
                    row = f"| {minute} | {len(load.seconds):,} | {statuses} | {times} | {memory} | {len(seen.told):,}"
                    print(f"{row} | {jobs_done} |", flush=True)
        engine = open_store(store)
        with engine.connect() as connection:
            kept = set(connection.execute(sa.select(FEEDBACK.c.event_id)).scalars())
        engine.dispose()
        differing = sum(len(answers) - 1 for answers in seen.answers.values())
        print(f"\nacknowledged {len(seen.told):,}, of which lost {len(set(seen.told) - kept)}")
        print(f"the same question {seen.asked:,} times of {len(seen.answers)} models:", end=" ")
        print(f"{seen.mixed} answers of more than one model, {differing} that differ from the same model's")


if __name__ == "__main__":
    main()
