"""How long the store takes: a run written, repeated, half changed; a lookup; a plan.

python -m benchmarks.store [--accounts 100000] [--options 5] [--url sqlite:////tmp/store.db]
"""

import argparse
import json
import resource
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from features.instants import instant
from features.tables import BONDS, RUNGS, TRIGGER_FAMILIES
from serving.api.store_endpoints.store_service import StoreService
from serving.scoring.advice.reason_table import reason_columns
from serving.scoring.score_columns import HORIZON_COLUMNS, INVESTMENT_COLUMNS, SCORE_COLUMNS
from serving.store.database import file_of, open_store
from serving.store.scores.scoring_runs import Frames, RunFacts, write_run
from training.model.reasons import Reason

AS_OF = "2026-01-01"
REASONS = (
    Reason("leaving", "days_since_last_order", 132.0, 41.0, direction=1, strength=0.8),
    Reason("leaving", "tickets_90d", 2.0, 0.0, direction=1, strength=0.3),
)


def made_up(accounts: int, options: int, seed: int = 0) -> Frames:
    """Tables of a run, in the shape of real ones: what is drawn is only the figures."""
    random = np.random.default_rng(seed)
    ids = np.array([f"A{k:07d}" for k in range(accounts)], object)
    texts = {
        "rung": RUNGS, "next_rung": RUNGS, "rung_low": RUNGS, "rung_high": RUNGS, "switch_trigger": TRIGGER_FAMILIES,
        "customer_type": ("partner", "most_valuable"), "upgrade_basis": ("adjusted", "insufficient"),
        "bond": BONDS, "basis": ("randomised", "adjusted"), "recommended_investment": ("option 0", "none"),
        "reasons": ('["No order for 132 days; accounts like this one order every 41.", "Two tickets wait."]',),
    }  # fmt: skip

    def frame(names: list[str], each: int) -> pd.DataFrame:
        n = accounts * each
        columns: dict[str, object] = {}
        for name in names:
            values = texts.get(name)
            columns[name] = (
                random.normal(300, 900, n)
                if values is None
                else np.array(values, object)[random.integers(len(values), size=n)]
            )
        found = pd.DataFrame(columns)
        found["account_id"] = np.repeat(ids, each)
        found["as_of"] = pd.Timestamp(AS_OF)
        return found.assign(
            **{name: value for name, value in (("horizon_days", 180), ("model_version", "0" * 12)) if name in names}
        )

    scores = frame(list(SCORE_COLUMNS), 1).assign(rank=np.arange(1, accounts + 1))
    scores["p_switch"] = random.uniform(size=accounts)
    investments = frame(list(INVESTMENT_COLUMNS), options)
    investments["investment"] = np.tile([f"option {k}" for k in range(options)], accounts)
    investments["bond"] = np.tile([BONDS[k % 3] for k in range(options)], accounts)
    investments["cost"] = np.tile(np.linspace(300, 4000, options), accounts)
    ahead = frame(list(HORIZON_COLUMNS), 3)
    ahead["horizon_days"] = np.tile([90, 180, 365], accounts)
    each = [[replace(reason, value=float(value)) for reason in REASONS] for value in random.integers(1, 400, accounts)]
    reasons = pd.DataFrame(reason_columns(ids, np.full(accounts, np.datetime64(AS_OF, "us")), each))
    return {"scores": scores, "investment_scores": investments, "horizons": ahead, "reasons": reasons}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--options", type=int, default=5)
    parser.add_argument("--url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        url = options.url or f"sqlite:///{Path(scratch) / 'store.db'}"
        measure(url, options.accounts, options.options)


def measure(url: str, accounts: int, options: int) -> None:
    frames = made_up(accounts, options)
    facts = RunFacts(instant(AS_OF), 180, "0" * 12)
    engine = open_store(url)

    def timed(what: str, frames: Frames) -> None:
        began = perf_counter()
        written = write_run(engine, facts, [frames])
        print(f"{what:<28} {perf_counter() - began:6.1f} s   {written.changed:,} changed")

    timed("first run", frames)
    timed("the same run again", frames)
    half = dict(frames)
    half["scores"] = frames["scores"].assign(
        p_switch=np.where(np.arange(accounts) % 2, 0.5, frames["scores"]["p_switch"])
    )
    timed("half of the accounts changed", half)
    store_service = StoreService(url)

    def asked(what: str, answer: Callable[[bytes], bytes], content: dict[str, Any], times: int = 20) -> None:
        body, seconds = json.dumps(content).encode(), []
        for _ in range(times):
            began = perf_counter()
            size = len(answer(body))
            seconds.append(perf_counter() - began)
        first, usual = seconds[0], sorted(seconds[1:])[len(seconds) // 2 - 1]
        print(f"{what:<28} {1e3 * usual:6.1f} ms  first {1e3 * first:,.0f} ms, {size / 1e3:,.0f} kB")

    ids = frames["scores"]["account_id"].tolist()
    asked("lookup of 1 account", store_service.lookup, {"account_ids": ids[5:6]})
    asked("lookup of 200 accounts", store_service.lookup, {"account_ids": ids[::500][:200]})
    asked("lookup of 1,000 accounts", store_service.lookup, {"account_ids": ids[::100][:1000]})
    asked("plan, all accounts", store_service.plan, {"budget": 1_000_000}, 5)
    part = {"rungs": ["customer", "member"], "investments": ["option 0", "option 3"]}
    asked("plan, two rungs, two options", store_service.plan, {"budget": 100_000, **part}, 5)
    numbers = count()

    def told(body: bytes) -> bytes:
        n = next(numbers)
        events = [{**event, "event_id": f"{n}-{k}"} for k, event in enumerate(json.loads(body)["events"])]
        return store_service.feedback(json.dumps({"events": events}).encode())

    visit = {"account_id": ids[7], "investment": "option 1", "made_at": "2026-01-05", "cost": 500.0}
    asked("feedback, 1 event", told, {"events": [visit]})
    asked("feedback, 200 events", told, {"events": [visit] * 200})
    store_service.close()
    file = file_of(url)
    if file is not None:
        print(f"{'file':<28} {file.stat().st_size / 1e6:6.0f} MB")
    print(f"{'peak memory':<28} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:6.0f} MB")


if __name__ == "__main__":
    main()
