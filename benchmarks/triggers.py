"""How well the families of triggers are told apart out of time on simulated suppliers, and what frequent switchers add.

    python -m benchmarks.triggers --accounts 1500 --seeds 3

Prints the macro AUC (one family against the rest) on the latest slice, of the pool as it serves, and of the same pool
without the traces that frequent switchers leave; and what the simulator's own shares reach, which know every account's
hidden state: no model can do better.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from features.catalog import catalog
from features.histories.histories import build_histories
from features.instants import FloatArray
from features.sources.source import source_from_rows
from features.tables import TRIGGER_FAMILIES
from training.data.dataset import Dataset, build_dataset
from training.models import triggers
from training.settings import Settings
from training.simulator.simulation import simulate

SWITCHERS = ("switches_before", "days_since_switch")


def judged(data: Dataset, settings: Settings) -> tuple[float, int]:
    """Return the macro AUC out of time, and on how many switches."""
    model = triggers.fit_triggers(data, np.ones(len(data.matrix), bool), settings)
    return (float("nan"), 0) if model is None else (model.auc, model.judged)


def ceiling(truth: pd.DataFrame, draws: int = 200) -> float:
    """Return the macro AUC of the true shares, over switches and their families drawn from the truth."""
    known = truth[truth["p_switch"] > 0]
    shares = known[[f"trigger_{family}" for family in TRIGGER_FAMILIES]].to_numpy(np.float64)
    chance, rng, found = known["p_switch"].to_numpy(np.float64), np.random.default_rng(0), []
    for _ in range(draws):
        left = np.flatnonzero(rng.random(len(chance)) < chance)
        family = (rng.random((len(left), 1)) > shares[left].cumsum(axis=1)[:, :-1]).sum(axis=1)
        found.append(triggers.macro_auc(shares[left], family))
    return float(np.nanmean(found))


def without(data: Dataset, names: tuple[str, ...]) -> FloatArray:
    """Return the matrix with some features unknown."""
    matrix = data.matrix.copy(order="F")
    matrix[:, [catalog.NAMES.index(name) for name in names]] = np.nan
    return matrix


def main() -> None:
    """Print a row for each seed and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    settings, rows = Settings(), []
    for seed in range(1, options.seeds + 1):
        supplier = simulate("default", accounts=options.accounts, seed=seed)
        known = build_histories(source_from_rows(supplier.tables))
        data = build_dataset(known, settings, known.end)
        served, number = judged(data, settings)
        bare, _ = judged(replace(data, matrix=without(data, SWITCHERS)), settings)
        rows.append((served, bare, ceiling(supplier.truth)))
        told = "macro AUC {:.3f}, without frequent switchers {:.3f}, the truth's own shares {:.3f}".format(*rows[-1])
        print(f"seed {seed}: {number} switches, {told}")
    means = np.nanmean(np.array(rows), axis=0)
    print("mean: {:.3f}, without frequent switchers {:.3f}, the truth's own shares {:.3f}".format(*means))


if __name__ == "__main__":
    main()
