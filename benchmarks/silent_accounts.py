"""What the advice earns at a supplier most of whose accounts have fallen silent.

python -m benchmarks.silent_accounts --seeds 101 102 103 --times 0 1 3

Beside every account of a simulated supplier stand so many that ordered in its first five months and never again; they
take part in the lots, as the others do, and no investment does anything for them. What the advice earns of the others
should be what it earns without them. Printed as markdown: value by the true effects, as a share of the oracle's.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.uplift_worlds import predicted_uplift, quiet, world_in
from training.models.fitting import one_linear_algebra_thread
from training.settings import Settings
from training.simulator.simulation import Simulation, simulate

ACTIVE = pd.Timedelta(days=150)
"""How long a silent account ordered, from the beginning of the data."""
WORTHLESS = -1e6
"""Money that an investment in a silent account brings, so that none is ever the best."""


def with_silent(told: Simulation, times: int, seed: int = 9) -> Simulation:
    """Return the supplier with so many silent accounts for each of its own."""
    tables, rng = dict(told.tables), np.random.default_rng(seed)
    accounts, orders, invested = tables["accounts"], tables["orders"], tables["investments"]
    begin = orders["ordered_at"].min()
    early = accounts[accounts["created_at"] <= begin + pd.Timedelta(days=60)]
    silent = early.iloc[rng.integers(0, len(early), times * len(accounts))].copy()
    names = [f"Z{k:06d}" for k in range(len(silent))]
    renamed = pd.DataFrame({"account_id": silent["account_id"].to_numpy(), "new": names})
    silent = silent.assign(account_id=names, parent_account_id=None)
    once = orders[orders["ordered_at"] < begin + ACTIVE].merge(renamed, on="account_id")
    once = once.assign(account_id=once["new"], order_id=once["order_id"].astype(str) + once["new"], contact_id=None)
    lots = pd.concat([invested[invested["assignment"] == "random"]] * times)
    lots = lots.assign(account_id=rng.choice(names, len(lots)))
    more = {"accounts": silent, "orders": once.drop(columns="new"), "investments": lots}
    tables |= {name: pd.concat([tables[name], rows], ignore_index=True) for name, rows in more.items()}
    truth = told.truth.iloc[rng.integers(0, len(told.truth), len(silent))].assign(account_id=names)
    for column in truth.columns:
        if column.startswith(("uplift_", "margin_gain_")):
            truth[column] = 0.0 if column.startswith("uplift_") else WORTHLESS
    return replace(told, tables=tables, truth=pd.concat([told.truth, truth], ignore_index=True))


def share_of_oracle(told: Simulation, settings: Settings) -> float:
    """Return what the advice earns of the accounts that are not silent, as a share of what could be earned."""
    world = world_in(told, settings)
    real = world.true_gain[:, 0] > WORTHLESS
    estimated = world.gains(np.nan_to_num(predicted_uplift(world).uplift))
    best, rows = estimated.argmax(axis=1), np.arange(len(real))
    advised = real & (estimated.max(axis=1) > 0)
    earned = float(world.true_gain[rows, best][advised].sum())
    return earned / float(np.maximum(world.true_gain[real].max(axis=1), 0.0).sum())


def main() -> None:
    """Print a row for every supplier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--times", type=int, nargs="+", default=[0, 1, 3])
    parser.add_argument("--accounts", type=int, default=1200)
    asked = parser.parse_args()
    print("| supplier | " + " | ".join(f"{times} silent for each" for times in asked.times) + " |")
    print("| --- " * (len(asked.times) + 1) + "|")
    with one_linear_algebra_thread():
        for seed in asked.seeds:
            told = simulate("default", accounts=asked.accounts, seed=seed)
            worlds = [with_silent(told, times) if times else told for times in asked.times]
            shares = [share_of_oracle(world, quiet(Settings())) for world in worlds]
            print(f"| default {seed} | " + " | ".join(f"{share:.2f}" for share in shares) + " |", flush=True)


if __name__ == "__main__":
    main()
