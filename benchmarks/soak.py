"""Half an hour of everything at once: flat memory, no failed answer.

python -m benchmarks.soak --bundle FOLDER [--minutes 30] [--workers 2]

Clients ask for scores of one account and of twenty, and send what is no JSON, while the champion changes every twenty
seconds. Every minute: requests, statuses, median and p99, and the memory of every worker.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from threading import Event, Thread

import psutil

from benchmarks.load import ask
from benchmarks.serving import EVENTS, bodies, free_port, payloads
from serving.runtime.server import Terms, running
from training.model.bundle import read_bundle, write_bundle
from training.model.champion import publish
from training.model.findings import NOTE, Finding
from training.simulator.simulation import simulate

SWAP_SECONDS = 20.0


def other_bundle(bundle: Path, into: Path) -> Path:
    """The same models under another version."""
    content, _ = read_bundle(bundle)
    another = Finding.of("not_judged", NOTE, message="another one")
    write_bundle(replace(content, facts=replace(content.facts, report=(another,))), into)
    return into


def workers() -> list[psutil.Process]:
    """The processes that answer."""
    family = psutil.Process().children(recursive=True)
    return [one for one in family if any("_bentoml_impl" in word for word in one.cmdline())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    accounts = payloads(simulate("default", accounts=300, months=48, seed=0).tables, EVENTS, 64)
    asked = bodies(accounts, 1, True) + bodies(accounts, 1, False) + bodies(accounts, 20, False)[:16]
    asked += [b'{"accounts": [NaN]}', b"{", json.dumps({"accounts": [{}]}).encode()]
    with tempfile.TemporaryDirectory() as scratch:
        folders = cycle([other_bundle(options.bundle, Path(scratch) / "other"), options.bundle])
        home, port, over = Path(scratch) / "champion", free_port(), Event()
        publish(options.bundle, home)

        def alternate() -> None:
            while not over.wait(SWAP_SECONDS):
                publish(next(folders), home)

        with running(home, port, Terms(workers=options.workers)):
            swapping = Thread(target=alternate)
            swapping.start()
            print("| minute | requests | statuses | median ms | p99 ms | MB of each worker |\n" + "| --- " * 6 + "|")
            for minute in range(1, options.minutes + 1):
                load = ask(port, "/score", asked, 4, 60.0)
                memory = " ".join(f"{one.memory_info().rss / 1e6:.0f}" for one in workers())
                times = f"{load.quantile(0.5):.1f} | {load.quantile(0.99):.1f}"
                statuses = " ".join(f"{status}: {count:,}" for status, count in sorted(load.statuses.items()))
                print(f"| {minute} | {len(load.seconds):,} | {statuses} | {times} | {memory} |", flush=True)
            over.set()
            swapping.join()
            time.sleep(1)


if __name__ == "__main__":
    main()
