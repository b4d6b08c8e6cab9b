"""How well the families of triggers are told apart out of time on simulated suppliers, and what frequent switchers add.

    python -m benchmarks.triggers --accounts 1500 --seeds 3

Prints the macro AUC (one family against the rest) on the latest slice, of the pool as it serves, and of the same pool
without the traces that frequent switchers leave.
"""

import argparse
from dataclasses import replace

import numpy as np

from features.catalog import catalog
from features.histories.histories import build_histories
from features.instants import FloatArray
from features.sources.source import source_from_rows
from training.data.dataset import Dataset, build_dataset
from training.models import triggers
from training.settings import Settings
from training.simulator.simulation import simulate

SWITCHERS = ("switches_before", "days_since_switch")


def judged(data: Dataset, settings: Settings) -> tuple[float, int]:
    """Return the macro AUC out of time, and on how many switches."""
    model = triggers.fit_triggers(data, np.ones(len(data.matrix), bool), settings)
    return (float("nan"), 0) if model is None else (model.auc, model.judged)


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
        known = build_histories(source_from_rows(simulate("default", accounts=options.accounts, seed=seed).tables))
        data = build_dataset(known, settings, known.end)
        served, number = judged(data, settings)
        bare, _ = judged(replace(data, matrix=without(data, SWITCHERS)), settings)
        rows.append((served, bare))
        print(f"seed {seed}: {number} switches, macro AUC {served:.3f}, without frequent switchers {bare:.3f}")
    print("mean: {:.3f}, without frequent switchers {:.3f}".format(*np.nanmean(np.array(rows), axis=0)))


if __name__ == "__main__":
    main()
