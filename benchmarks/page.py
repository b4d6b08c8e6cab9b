"""How long the managers' page takes on the server: the first view, filters, sorting, paging, files, a plan.

python -m benchmarks.page [--accounts 100000] [--url sqlite:////tmp/store.db] [--filled]

Of each view the time, the processor time of it, and the bytes of the answer as it travels (compressed). The first views
are each of a process of its own. --filled : the store is there already.
"""

import argparse
import gzip
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from features.histories.histories import build_histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from serving.api.security.keyring import Keyring
from serving.store.audit_log import Author
from serving.store.background import Background, background_of, write_background
from serving.store.database import open_store, writing
from serving.store.people.people import MANAGER, Person, put_person
from serving.store.scores.result_files import facts_of
from serving.store.scores.scoring_runs import write_run
from tests.serving.runs import run_of
from tests.serving.sites import Browser
from training.data.dataset import build_dataset
from training.models.scope import FAST
from training.pipeline import train_on
from training.settings import Settings
from training.simulator.simulation import simulate

FIRST = {
    "the first view, of a new process": "/",
    "the first view of one owner's": "/?owner=M07",
    "another owner's, without former": "/?owner=M08",
    "a first view of who sees only that": "/ as M07",
    "the first list, of a new process": "/accounts",
    "one owner's, of a new process": "/accounts?owner=M07",
}
"""path, and as whom: an owner who sees no other accounts."""
ASKED = {
    "the first view": "/",
    "the first view again": "/",
    "the list": "/accounts",
    "the list again": "/accounts",
    "one owner": "/accounts?owner=M07",
    "a rung, by return": "/accounts?rung=member&sort=roi",
    "a bond": "/accounts?bond=social",
    "a trigger, in one country": "/accounts?trigger=reactional&country=NL",
    "part of a name": "/accounts?q=Account+0012",
    "somebody's role": "/accounts?q=decider",
    "somebody's role again": "/accounts?q=decider",
    "sorted by name": "/accounts?sort=name",
    "sorted by chance of leaving": "/accounts?sort=leaving",
    "sorted by cost": "/accounts?sort=cost",
    "left alone": "/accounts?state=alone",
    "cannot tell": "/accounts?state=unknown",
    "page 1,000": "/accounts?page=1000",
    "the last page": "/accounts?page=2000",
    "the list as a file": "/accounts.csv",
    "one owner's as a file": "/accounts.csv?owner=M07",
    "a plan": "/plan?budget=100000",
    "its second page": "/plan?budget=100000&page=2",
    "an account": "/accounts/A0012345",
    "another account": "/accounts/A0067890",
    "a renewal within 90 days": "/accounts?renewal=90",
    "the ladder": "/ladder",
    "the ladder again": "/ladder",
    "trust": "/trust",
    "trust, one manager": "/trust?owner=M07",
}
RUN_DAYS = 7 * MICROSECONDS_PER_DAY
SCORED = 1_000
"""Simulated accounts whose scores, timelines and standings are given to all accounts in turn."""


def filled(url: str, accounts: int) -> None:
    """A store with two runs of so many accounts, scored by a quick model: chances of leaving moved in between."""
    source = source_from_rows(simulate("default", accounts=SCORED, seed=0).tables)
    histories = build_histories(source)
    settings = FAST.applied(Settings())
    data = build_dataset(histories, settings, histories.end)
    bundle = train_on(data, settings, scope=FAST).bundle
    frames = {name: _repeated(frame, accounts) for name, frame in run_of(bundle, bundle.version, histories).items()}
    engine = open_store(url)
    scores = frames["scores"]
    risk = (scores["p_switch"] * np.random.default_rng(0).uniform(0.7, 1.3, len(scores))).clip(upper=1.0)
    before = {**frames, "scores": scores.assign(p_switch=risk)}
    write_run(
        engine, replace(facts_of(scores, bundle), as_of=histories.end - RUN_DAYS), [before], [_profiles(accounts)]
    )
    written = write_run(engine, facts_of(scores, bundle), [frames], [_profiles(accounts)])
    seen = background_of(histories, source, histories.end, bundle.facts)
    write_background(engine, written.run_id, bundle.facts, [_background(seen, accounts)])
    with writing(engine) as connection:
        put_person(connection, Person("M07", MANAGER, "M07"), Author(), histories.end)
    engine.dispose()


def _ids(accounts: int) -> list[str]:
    return [f"A{k:07d}" for k in range(accounts)]


def _repeated(frame: pd.DataFrame, accounts: int) -> pd.DataFrame:
    """Return the rows of the scored accounts again and again, under the ids of so many."""
    place = {account: k for k, account in enumerate(dict.fromkeys(frame["account_id"]))}
    number = frame["account_id"].map(place).to_numpy()
    parts = []
    for first in range(0, accounts, SCORED):
        part = frame.assign(account_id=[f"A{first + k:07d}" for k in number])
        if "rank" in part:
            part["rank"] += first
        parts.append(part[first + number < accounts])
    return pd.concat(parts, ignore_index=True)


def _background(seen: Background, accounts: int) -> Background:
    """Return the same for as many accounts as there are."""
    ids = _ids(accounts)
    row = np.arange(accounts) % len(seen.ids)
    standings = seen.standings.iloc[row].reset_index(drop=True).assign(account_id=ids)
    summary = seen.summary
    for _ in range(accounts // len(seen.ids) - 1):
        summary = summary.plus(seen.summary)
    return Background(ids, [seen.timelines[k] for k in row], standings, summary, groups=seen.groups.iloc[row])


def _profiles(accounts: int) -> pd.DataFrame:
    """Return what is known of the accounts: a third of them stand in groups of four."""
    number, of_group = np.arange(accounts), np.arange(accounts) % 12
    parent = np.where((of_group > 0) & (of_group < 4), number - of_group, -1)
    return pd.DataFrame({
        "account_id": _ids(accounts),
        "name": [f"Account {k:06d} BV" for k in number],
        "owner": [f"M{k % 40:02d}" for k in number],
        "industry": np.array(["food", "steel", "chemicals", "logistics"], object)[number % 4],
        "country": np.array(["NL", "BE", "DE"], object)[number % 3],
        "parent_account_id": [None if k < 0 else f"A{k:07d}" for k in parent],
    })  # fmt: skip


def _ask(browser: Browser, what: str, path: str, **headers: str) -> None:
    """Open a page and print what it took.  The first time the store is opened before."""
    browser.open("/sign-in", **headers)
    began, busy = perf_counter(), process_time()
    answer = browser.open(path, **headers)
    took, busy = 1e3 * (perf_counter() - began), 1e3 * (process_time() - busy)
    size = len(gzip.compress(answer.content)) / 1e3
    print(f"{what:<34} {took:8.0f} ms {busy:8.0f} ms of a core  {answer.status_code}  {size:,.0f} kB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--url")
    parser.add_argument("--filled", action="store_true")
    parser.add_argument("--first", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first is not None:
        path, _, who = FIRST[options.first].partition(" as ")
        with Browser(options.url, Keyring if who else None, "X-Forwarded-User" if who else None) as browser:
            _ask(browser, options.first, path, **({"X-Forwarded-User": who} if who else {}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        url = options.url or f"sqlite:///{Path(scratch) / 'store.db'}"
        began = perf_counter()
        if not options.filled:
            filled(url, options.accounts)
            print(f"{'a run written':<34} {perf_counter() - began:8.1f} s")
        for what in FIRST:
            subprocess.run([sys.executable, "-m", "benchmarks.page", "--url", url, "--first", what], check=True)
        with Browser(url) as browser:
            for what, path in ASKED.items():
                _ask(browser, what, path)
    print(f"{'peak memory':<34} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:8.0f} MB")


if __name__ == "__main__":
    main()
