"""Whether loyalty foretells: how many of each cell of attitude x behaviour leave, of suppliers and memberships.

python -m benchmarks.loyalty_cells --seeds 31 32 --accounts 2000

Cells are told at every slice by what was usual at that slice; leaving is what came within the horizon after it. Beside
them what the features of this capability add to the boosters out of time: the loss of a model without them less that of
one with them, with an interval over accounts. Printed as markdown.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from features.catalog.catalog import NAMES
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from features.tables import RUNGS
from training.data.dataset import Dataset, build_dataset
from training.data.splits import held_out, rolling_origins
from training.data.training_task import usable_columns
from training.evaluation.cluster_bootstrap import Estimate, cluster_bootstrap_mean
from training.evaluation.loyalty_cells import LoyaltyCells, judge_cells
from training.evaluation.metrics import row_log_loss
from training.models.fitting import fit_trees
from training.settings import Settings
from training.simulator.simulation import simulate

ADDED = {
    "support": ("support", "people_to_tell"),
    "trust and value": ("trust_last", "value_last"),
    "collaborations": ("collaborations_730d", "days_since_collaboration"),
    "assessments": ("assessed_above_rule",),
}
"""Features by what they rest on."""
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


def gains(data: Dataset) -> dict[str, dict[str, str]]:
    """Return, by what is left out, what that costs at the latest origin: task -> log loss with its interval."""
    settings = Settings()
    secret = held_out(data.histories, settings.slices.held_out_share)
    fold = rolling_origins(data.sample, secret, settings, 1)[-1]
    labels = data.labels
    tasks = {
        "next rung": ("multiclass", len(RUNGS), np.ones(len(data.matrix), bool), labels.next_rung),
        "switching": ("binary", 1, labels.can_switch, labels.switched.astype(np.int64)),
    }
    found: dict[str, dict[str, str]] = {}
    for task, (objective, classes, rows, target) in tasks.items():
        train, test = fold.train & rows, fold.test & rows

        def losses(left_out: tuple[str, ...]) -> np.ndarray:  # type: ignore[type-arg]
            columns = usable_columns(data.matrix[train], [NAMES.index(n) for n in ("days_known", *left_out)])  # noqa: B023
            trees = fit_trees(
                data.matrix[train], target[train].astype(np.float64), data.weight[train], settings.booster,  # noqa: B023
                objective=objective, n_classes=classes, columns=columns,  # noqa: B023
            )  # fmt: skip
            chances = trees.predict(data.matrix[test])  # noqa: B023
            wide = np.column_stack([1 - chances, chances]) if chances.shape[1] == 1 else chances
            loss: np.ndarray = row_log_loss(wide, target[test])  # type: ignore[type-arg]  # noqa: B023
            return loss

        whole = losses(())
        everything = tuple(name for names in ADDED.values() for name in names)
        for name, features in {**ADDED, "all of them": everything}.items():
            interval = cluster_bootstrap_mean(losses(features) - whole, data.snapshots.account[test])
            found.setdefault(name, {})[task] = f"{interval}"
    return found


def main(seeds: list[int], accounts: int) -> str:
    """Return both tables as markdown."""
    cells = [
        "| scenario | seed | cell | snapshots | left within the horizon (90 %) | more than true, same rung (90 %) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    added = ["| scenario | seed | left out | next rung, log loss | switching, log loss |", "| --- " * 5 + "|"]
    for scenario, seed, data in datasets(seeds, accounts):
        cells += show_cells(scenario, seed, judge_cells(data))
        print(*cells[-5:], sep="\n", file=sys.stderr, flush=True)
        if scenario != "membership":
            for name, row in gains(data).items():
                print(scenario, seed, name, row, file=sys.stderr, flush=True)
                added.append(f"| {scenario} | {seed} | {name} | {row['next rung']} | {row['switching']} |")
    return "\n".join([*cells, "", *added])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32])
    parser.add_argument("--accounts", type=int, default=2_000)
    asked = parser.parse_args()
    print(main(asked.seeds, asked.accounts))
