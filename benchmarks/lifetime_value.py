"""Lifetime values against five years of the simulator's truth, and on a year that is over; winning back beside rules.

    python -m benchmarks.lifetime_value --accounts 1500 --seeds 1 2 > benchmarks/lifetime_value.md

The truth is replayed: every account goes on for five years without investments, ten times over. Its mean is what is to
be expected, each replay what may come. All are gross margins at the margin that the scores use, discounted alike.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.instants import FloatArray
from features.sources.source import source_from_rows
from features.tables import RUNGS
from serving.scoring.scoring import Scorer
from training.data.dataset import build_dataset
from training.data.training_task import TrainingTask
from training.evaluation.lifetime import average_lifetime, judge_lifetime, retention
from training.evaluation.tables import as_markdown
from training.evaluation.win_back import judge_win_back
from training.model.bundle import Bundle
from training.models.buy_till_you_die import learn_purchases, learn_spend
from training.models.win_back import former_rows
from training.pipeline import train_on
from training.settings import Settings
from training.simulator.events import draw_noise
from training.simulator.population import STEP_DAYS, repeat
from training.simulator.scenarios import SCENARIOS
from training.simulator.simulation import AS_OF, Supplier
from training.simulator.tables import account_ids, build_tables
from training.simulator.world import step

MONTHS, REPLAYS = 48, 10


@dataclass(frozen=True)
class World:
    """A supplier's histories, and the discounted revenue of each replay, shape (REPLAYS, n)."""

    histories: Histories
    ids: list[str]
    revenue: FloatArray


def world(accounts: int, seed: int, days: float, rate: float) -> World:
    """Simulate a supplier, and replay what comes after it without investments."""
    scenario = SCENARIOS["default"]
    history, tables_seed, truth_seed = np.random.SeedSequence(seed).spawn(3)
    supplier = Supplier(scenario, accounts, MONTHS, history)
    for _ in range(MONTHS):
        supplier.advance(supplier.choose())
    end = MONTHS * STEP_DAYS
    tables = build_tables(supplier.recorder, AS_OF - pd.Timedelta(days=end), end, np.random.default_rng(tables_seed))
    state, traits = repeat(supplier.state, REPLAYS), repeat(supplier.traits, REPLAYS)
    random, size = np.random.default_rng(truth_seed), REPLAYS * accounts
    revenue = np.zeros(size)
    for begin in range(0, int(np.ceil(days)), STEP_DAYS):
        state, events = step(scenario, traits, state, np.zeros(size, np.int64), draw_noise(size, random))
        part = min(1.0, (days - begin) / STEP_DAYS)
        revenue += part * events.trade.orders * events.trade.basket * (1 + rate) ** -((begin + STEP_DAYS / 2) / 365)
    return World(build_histories(source_from_rows(tables)), list(account_ids(accounts)), revenue.reshape(REPLAYS, -1))


def against_truth(worlds: Sequence[World], settings: Settings) -> Iterator[str]:
    """The table of five years, and the tables of a year and of winning back."""
    rows: dict[str, list[FloatArray]] = {}
    tables = []
    for one in worlds:
        data = build_dataset(one.histories, settings, one.histories.end)
        seen = former_rows(data, settings)
        bundle = train_on(data, settings, folds=0).bundle
        for name, column in _five_years(
            one, bundle, settings, data.task(data.labels.revenue, settings.booster)
        ).items():
            rows.setdefault(name, []).append(column)
        kept = retention(data, seen, np.ones(len(data.matrix), bool), settings)
        years = average_lifetime(kept, settings.outcome.lifetime_years, settings.outcome.discount_rate)
        rows.setdefault("last year's margin x average lifetime", []).append(rows["last year"][-1] * years)
        tables += [judge_lifetime(data, seen, settings, folds=2), judge_win_back(data, seen, settings, folds=3)]
    joined = {name: np.concatenate(parts, axis=-1) for name, parts in rows.items()}
    yield "## Five years against the truth\n"
    yield from _truth_table(joined)
    for table in tables:
        if table is not None:
            yield "\n" + as_markdown(table)


def _five_years(one: World, bundle: Bundle, settings: Settings, task: TrainingTask) -> dict[str, Any]:
    known = one.histories.known_at(one.histories.end)
    view = View(one.histories, known)
    scores = Scorer(bundle, "benchmark").score(one.histories, known, explain=False, horizons=False).scores
    rate = margin_rates(view, bundle.facts.line_margins, bundle.facts.margin_rate)
    place = pd.Index(one.ids).get_indexer(pd.Index(one.histories.account_ids[known.account]))
    last = np.maximum(view.stream("orders").amount("revenue", 365), 0.0) * rate
    days = settings.outcome.lifetime_years * 365.0
    now = _features(view, bundle)
    spend = learn_spend(
        replace(task, span=days, today=now), learn_purchases(replace(task, span=days, today=now), regular=False)
    )
    assert spend is not None, "a simulated supplier has orders"
    state = np.where(scores["former"].astype(bool), "former", scores["rung"])
    return {
        "truth": one.revenue[:, place] * rate, "ours": scores["lifetime_value"], "low": scores["lifetime_value_low"],
        "high": scores["lifetime_value_high"], "last year": last, "state": state,
        "BG/NBD x gamma-gamma": np.maximum(spend.predict(now)[:, 0], 0.0) * rate,
    }  # fmt: skip


def _features(view: View, bundle: Bundle) -> FloatArray:
    from features.catalog import catalog

    return catalog.compute(view, bundle.context)


def _truth_table(found: dict[str, Any]) -> Iterator[str]:
    truth = found["truth"]
    mean = truth.mean(axis=0)
    yield "| | mean absolute error | bias of the sum | rank correlation |\n| --- | --- | --- | --- |"
    for name in ("last year's margin x average lifetime", "BG/NBD x gamma-gamma", "ours"):
        told = found[name]
        ranks = np.corrcoef(pd.Series(told).rank(), pd.Series(mean).rank())[0, 1]
        yield f"| {name} | {np.abs(told - mean).mean():,.0f} | {told.sum() / mean.sum() - 1:+.1%} | {ranks:.2f} |"
    yield f"\nMean of the truth: {mean.mean():,.0f}. Our intervals (90 %):\n"
    yield "| | accounts | ours | truth | replays inside | expectation inside |\n| --- | --- | --- | --- | --- | --- |"
    groups = {"all": np.ones(len(mean), bool), **{one: found["state"] == one for one in (*RUNGS, "former")}}
    for name, of in groups.items():
        if of.any():
            low, high = found["low"][of], found["high"][of]
            inside = ((truth[:, of] >= low) & (truth[:, of] <= high)).mean()
            held = ((mean[of] >= low) & (mean[of] <= high)).mean()
            figures = f"{found['ours'][of].mean():,.0f} | {mean[of].mean():,.0f} | {inside:.0%} | {held:.0%}"
            yield f"| {name} | {of.sum():,} | {figures} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    settings = Settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=()))
    days, rate = settings.outcome.lifetime_years * 365.0, settings.outcome.discount_rate
    print("# Lifetime values and winning back\n")
    seeds = ", ".join(map(str, options.seeds))
    print(
        f"`python -m benchmarks.lifetime_value`: simulator `default`, {options.accounts:,} accounts, seeds {seeds}.\n"
    )
    worlds = [world(options.accounts, seed, days, rate) for seed in options.seeds]
    for line in against_truth(worlds, settings):
        print(line)


if __name__ == "__main__":
    main()
