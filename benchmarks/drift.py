"""How many columns are called drifted where nothing changed, and which planted changes are seen.

    python -m benchmarks.drift [ACCOUNTS [SEEDS]]

Where nothing changed: `simulate("default")`, spans of 30 to 180 days that end on three days. Planted in everything
since the model was trained: amounts in another currency, every second or fourth order lost, no tickets.
`simulate("drift")` is the world whose competitors pull harder every month, from the first month on.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, iso
from features.sources.source import source_from_rows
from training.model.bundle import Bundle
from training.monitoring.drift_since import DriftSince, drift_since
from training.pipeline import train
from training.settings import Settings
from training.simulator.simulation import simulate

SPANS, BACK = (30, 60, 90, 180), (0, 100, 200)
PLANTED = ("currency x 100", "half of the orders", "three quarters of the orders", "no tickets")
Tables = dict[str, pd.DataFrame]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", type=int, nargs="?", default=1_500)
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    asked = parser.parse_args()
    accounts, seeds = asked.accounts, asked.seeds
    for scenario in ("default", "drift"):
        called, columns, runs, alarms = 0, 0, 0, 0
        for seed in range(seeds):
            tables = dict(simulate(scenario, accounts=accounts, months=48, seed=seed).tables)
            histories = build_histories(source_from_rows(tables))
            bundle = train(histories, quick(), histories.end - 400 * MICROSECONDS_PER_DAY, folds=0).bundle
            for back in BACK:
                for span in SPANS:
                    found = since(histories, bundle, histories.end - back * MICROSECONDS_PER_DAY, span)
                    called, columns = called + len(found.drifted), columns + len(found.columns)
                    runs, alarms = runs + 1, alarms + bool(found.drifted)
            if scenario == "default":
                for span in (60, 180):
                    for change in PLANTED:
                        show(change, span, seed, planted(tables, change, histories.end, span, bundle))
        print(f"{scenario}, nothing planted: {called} of {columns} columns ({called / columns:.2%}) in {runs} runs; "
              f"{alarms} runs with any", flush=True)  # fmt: skip


def quick() -> Settings:
    """Without further horizons and effects, on few slices: only predictions and weights are asked for."""
    usual = Settings()
    return replace(
        usual,
        outcome=replace(usual.outcome, further_horizons_days=()),
        slices=replace(usual.slices, every_days=60, most=6),
        uplift=replace(usual.uplift, least_treated=10**6),
    )


def since(histories: Histories, bundle: Bundle, end: int, span: int) -> DriftSince:
    """As if the model had been trained `span` days before `end`."""
    until = replace(bundle, facts=replace(bundle.facts, trained_until=end - span * MICROSECONDS_PER_DAY))
    found = drift_since(histories.as_it_stood(end), until, Settings(), end)
    assert found is not None
    return found


def planted(tables: Tables, change: str, end: int, span: int, bundle: Bundle) -> DriftSince:
    """The source with everything of the last `span` days changed."""
    since_when, changed = pd.Timestamp(iso(end - span * MICROSECONDS_PER_DAY)), dict(tables)
    orders, tickets = tables["orders"].copy(), tables["tickets"]
    late, number = pd.to_datetime(orders["ordered_at"]) >= since_when, np.arange(len(orders))
    if change == "currency x 100":
        orders.loc[late, "revenue"] = orders.loc[late, "revenue"] * 100
    elif change == "half of the orders":
        orders = orders[~late | (number % 2 == 0)]
    elif change == "three quarters of the orders":
        orders = orders[~late | (number % 4 > 0)]
    else:
        changed["tickets"] = tickets[pd.to_datetime(tickets["opened_at"]) < since_when]
    changed["orders"] = orders
    return since(build_histories(source_from_rows(changed)), bundle, end, span)


def show(change: str, span: int, seed: int, found: DriftSince) -> None:
    """One line."""
    first = ", ".join(f"{one.name} {one.distance:.2f} (usual {one.usual or 0:.2f})" for one in found.drifted[:3])
    print(f"{change}, {span} days, seed {seed}, {found.pairs} earlier pairs: {len(found.drifted)} of "
          f"{len(found.columns)} columns, weight {found.weight:.2f}: {first}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
