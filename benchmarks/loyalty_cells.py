"""Whether loyalty foretells: how many of each cell of attitude x behaviour leave, of suppliers and memberships.

python -m benchmarks.loyalty_cells --seeds 31 32 --accounts 2000

Cells are told at every slice by what was usual at that slice; leaving is what came within the horizon after it. What
the features of this capability add to the boosters: `benchmarks/new_features.py`. Printed as markdown.
"""

import argparse
import sys
from collections.abc import Iterator

from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from training.data.dataset import Dataset, build_dataset
from training.evaluation.cluster_bootstrap import Estimate
from training.evaluation.loyalty_cells import LoyaltyCells, judge_cells
from training.settings import Settings
from training.simulator.simulation import simulate

SCENARIOS = ("default", "persuasion", "membership")


def datasets(seeds: list[int], accounts: int) -> Iterator[tuple[str, int, Dataset]]:
    """Yield the dataset of every scenario and seed."""
    settings = Settings()
    for scenario in SCENARIOS:
        for seed in seeds:
            histories = build_histories(source_from_rows(simulate(scenario, accounts=accounts, seed=seed).tables))
            yield scenario, seed, build_dataset(histories, settings, histories.end)


def show_cells(scenario: str, seed: int, cells: LoyaltyCells | None) -> list[str]:
    """Return the rows of one source in the table of cells."""
    if cells is None:
        return []
    rows = []
    for one in cells.rates:
        excess = _points(cells.excess) if one.cell == "spurious" else ""
        cells_of_row = (scenario, str(seed), one.cell or "*all*", f"{one.snapshots:,}", _points(one.rate), excess)
        rows.append(f"| {' | '.join(cells_of_row)} |")
    return rows


def _points(estimate: Estimate) -> str:
    value, low, high = (float("nan") if x is None else 100 * x for x in estimate)
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def main(seeds: list[int], accounts: int) -> str:
    """Return the table as markdown."""
    cells = [
        "| scenario | seed | cell | snapshots | left within the horizon (90 %) | more than true, same rung (90 %) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for scenario, seed, data in datasets(seeds, accounts):
        cells += show_cells(scenario, seed, judge_cells(data))
        print(*cells[-5:], sep="\n", file=sys.stderr, flush=True)
    return "\n".join(cells)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32])
    parser.add_argument("--accounts", type=int, default=2_000)
    asked = parser.parse_args()
    print(main(asked.seeds, asked.accounts))
