"""How long the managers' page takes on the server: the first view, filters, sorting, paging, files, a plan.

python -m benchmarks.page [--accounts 100000] [--options 5] [--url sqlite:////tmp/store.db]
"""

import argparse
import resource
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.store import AS_OF, made_up
from features.histories.histories import build_histories
from features.instants import instant
from features.sources.source import source_from_rows
from features.tables import NO_INVESTMENT
from serving.store.background import Background, background_of, write_background
from serving.store.database import open_store
from serving.store.scoring_runs import Frames, RunFacts, write_run
from tests.serving import builders
from tests.serving.sites import Browser
from training.simulator.simulation import simulate

ASKED = {
    "the first view, of a new process": "/",
    "the first view again": "/",
    "the first list": "/accounts",
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
LOOKED_BACK_AT = 1_000
"""Simulated accounts whose timelines and standings are given to all accounts in turn."""


def filled(url: str, accounts: int, options: int) -> None:
    """A store with such a run: three of ten accounts that something pays for, one of ten of which nothing is known."""
    frames = dict(made_up(accounts, options))
    random = np.random.default_rng(1)
    kind = random.uniform(size=accounts)
    pays, unknown = kind < 0.3, kind > 0.9
    gain = random.gamma(1.0, 900.0, accounts)
    scores = frames["scores"]
    frames["scores"] = scores.assign(
        recommended_investment=np.where(pays, "option 1", NO_INVESTMENT), expected_gain=np.where(pays, gain, 0.0),
        roi=np.where(pays, gain / 1225.0, np.nan), p_upgrade=random.uniform(size=accounts) / 2,
        p_downgrade=random.uniform(size=accounts) / 2,
        **dict.fromkeys(("act_by", "next_order_from", "next_order_on", "next_order_until"), "2026-02-01"),
        advice=np.select([pays, unknown], ["invest", "not_enough_data"], "leave_alone"), switch_trigger="reactional",
        act_by_cause="playbook", playbook="member_privileges", former=False, loyalty="true", phase="rational",
        behaviours="[]", customer_type="partner",
    )  # fmt: skip
    told = frames["investment_scores"]
    best = told["investment"] == "option 1"
    own = np.repeat(np.where(pays, gain, -gain), options)
    frames["investment_scores"] = told.assign(
        basis=np.where(np.repeat(unknown, options), "insufficient", "randomised"),
        gain=np.where(best, own, -np.abs(told["gain"])), gain_low=own - 800.0, gain_high=own + 900.0,
    )  # fmt: skip
    engine = open_store(url)
    written = write_run(engine, RunFacts(instant(AS_OF), 180, "0" * 12), [frames], [_profiles(frames, accounts)])
    histories = build_histories(source_from_rows(simulate("default", accounts=LOOKED_BACK_AT, seed=0).tables))
    facts = builders.bundle(histories).facts
    seen = background_of(histories, None, histories.end, facts)
    write_background(engine, written.run_id, facts, [_repeated(seen, frames["scores"]["account_id"].tolist())])
    engine.dispose()


def _repeated(seen: Background, ids: list[str]) -> Background:
    """The same for as many accounts as there are."""
    row = np.arange(len(ids)) % len(seen.ids)
    standings = seen.standings.iloc[row].reset_index(drop=True).assign(account_id=ids)
    summary = seen.summary
    for _ in range(len(ids) // len(seen.ids) - 1):
        summary = summary.plus(seen.summary)
    return Background(ids, [seen.timelines[k] for k in row], standings, summary, groups=seen.groups.iloc[row])


def _profiles(frames: Frames, accounts: int) -> pd.DataFrame:
    number = np.arange(accounts)
    return pd.DataFrame({
        "account_id": frames["scores"]["account_id"],
        "name": [f"Account {k:06d} BV" for k in number],
        "owner": [f"M{k % 40:02d}" for k in number],
        "industry": np.array(["food", "steel", "chemicals", "logistics"], object)[number % 4],
        "country": np.array(["NL", "BE", "DE"], object)[number % 3],
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--options", type=int, default=5)
    parser.add_argument("--url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        url = options.url or f"sqlite:///{Path(scratch) / 'store.db'}"
        began = perf_counter()
        filled(url, options.accounts, options.options)
        print(f"{'a run written':<34} {perf_counter() - began:8.1f} s")
        with Browser(url) as browser:
            browser.open("/sign-in")  # opens the store and reads the templates
            for what, path in ASKED.items():
                began = perf_counter()
                answer = browser.open(path)
                seconds = perf_counter() - began
                print(f"{what:<34} {1e3 * seconds:8.0f} ms  {answer.status_code}  {len(answer.content) / 1e3:,.0f} kB")
    print(f"{'peak memory':<34} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:8.0f} MB")


if __name__ == "__main__":
    main()
