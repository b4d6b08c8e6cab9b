"""What every feature contributes: gain in the boosters, and what its loss costs out of time.

python -m benchmarks.contribution NAME=FOLDER ... [--seeds N] [--accounts N]

Sources are the folders named and, with --seeds, so many simulated suppliers of the scenario `default`. For each the
boosters of the next rung, of switching and of revenue learn on the slices before the latest origin; the features are
then permuted, one by one, among the snapshots of that origin. Printed as markdown.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.catalog.catalog import FEATURES, NAMES
from features.histories.histories import Histories, build_histories
from features.instants import BoolArray, FloatArray
from features.sources.source import read_source, source_from_rows
from features.tables import RUNGS
from training.data.dataset import Dataset, build_dataset
from training.data.splits import held_out, rolling_origins
from training.data.training_task import usable_columns
from training.evaluation.metrics import row_log_loss
from training.model.predictors import Trees
from training.models.fitting import fit_trees
from training.settings import Settings
from training.simulator.simulation import simulate

PERMUTATIONS = 2
MOST_SNAPSHOTS, MOST_JUDGED = 100_000, 4_000
"""Snapshots to learn from in all, and to permute among at the origin: enough to rank features, in minutes."""
LEAST_GAIN = 0.0005
"""A smaller share of a booster's gain is noise of the search for splits."""


@dataclass(frozen=True)
class Task:
    """A booster's outcome: objective, rows, target, and the held-out loss of its predictions."""

    objective: str
    classes: int
    rows: BoolArray
    target: FloatArray
    loss: Callable[[FloatArray, FloatArray], float]


@dataclass(frozen=True)
class Contribution:
    """Share of the gain and increase of the loss by feature, and increase of the loss by family left out."""

    loss: float
    gain: FloatArray
    permuted: FloatArray
    families: Mapping[str, float]


def _log_loss(chances: FloatArray, happened: FloatArray) -> float:
    wide = np.column_stack([1 - chances, chances]) if chances.shape[1] == 1 else chances
    return float(row_log_loss(wide, happened.astype(np.int64)).mean())


def _squared_error(predicted: FloatArray, happened: FloatArray) -> float:
    """As a part of the variance, so that it compares with a log loss."""
    return float(np.mean((predicted[:, 0] - happened) ** 2) / happened.var())


def tasks(data: Dataset) -> dict[str, Task]:
    """The next rung, switching, and the logarithm of revenue."""
    labels, everyone = data.labels, np.ones(len(data.matrix), bool)
    found = {
        "next rung": Task("multiclass", len(RUNGS), everyone, labels.next_rung.astype(np.float64), _log_loss),
        "switching": Task("binary", 1, labels.can_switch, labels.switched.astype(np.float64), _log_loss),
    }
    revenue = np.log1p(np.maximum(labels.revenue, 0.0))
    return found | {"revenue": Task("regression", 1, everyone, revenue, _squared_error)}


def contribution(data: Dataset, task: Task, train: BoolArray, test: BoolArray, settings: Settings) -> Contribution:
    """Learn on `train`, then take each feature's values from others in `test`."""
    train, rng = train & task.rows, np.random.default_rng(0)
    judged = rng.permutation(np.flatnonzero(test & task.rows))[:MOST_JUDGED]
    matrix, target = data.matrix[judged].copy(), task.target[judged]

    def fit(leave_out: list[int]) -> Trees:
        columns = usable_columns(data.matrix[train], leave_out=[data.column("days_known"), *leave_out])
        return fit_trees(
            data.matrix[train], task.target[train], data.weight[train], settings.booster, objective=task.objective,
            n_classes=task.classes, columns=columns,
        )  # fmt: skip

    trees = fit([])
    base, gain, permuted = task.loss(trees.predict(matrix), target), np.zeros(len(NAMES)), np.zeros(len(NAMES))
    gain[list(trees.columns)] = trees.booster.feature_importance("gain")
    for column in np.flatnonzero(gain):
        own = matrix[:, column].copy()
        for _ in range(PERMUTATIONS):
            matrix[:, column] = rng.permutation(own)
            permuted[column] += (task.loss(trees.predict(matrix), target) - base) / PERMUTATIONS
        matrix[:, column] = own
    families = {}
    for family in dict.fromkeys(f.family for f in FEATURES):
        left_out = [k for k, f in enumerate(FEATURES) if f.family == family]
        if gain[left_out].any():
            families[family] = task.loss(fit(left_out).predict(matrix), target) - base
    return Contribution(base, gain / max(gain.sum(), 1e-12), permuted, families)


def sources(named: list[str], seeds: int, accounts: int | None) -> Iterator[tuple[str, Histories]]:
    """The histories of every source, one at a time."""
    for given in named:
        name, _, folder = given.partition("=")
        yield name, build_histories(read_source(Path(folder)))
    for seed in range(seeds):
        yield (
            f"simulated {seed}",
            build_histories(source_from_rows(simulate("default", accounts=accounts, seed=seed).tables)),
        )


def measure(histories: Histories) -> dict[str, Contribution]:
    """All three tasks at the latest origin."""
    settings = Settings()
    settings = replace(settings, slices=replace(settings.slices, most_snapshots=MOST_SNAPSHOTS))
    data = build_dataset(histories, settings, histories.end)
    secret = held_out(histories, settings.slices.held_out_share)
    fold = rolling_origins(data.sample, secret, settings, 1)[-1]
    return {name: contribution(data, task, fold.train, fold.test, settings) for name, task in tasks(data).items()}


def show(results: Mapping[tuple[str, str], Contribution]) -> str:
    """Two tables: by feature, largest increase of a loss first; by family."""
    gains = np.array([c.gain for c in results.values()])
    losses = np.array([c.permuted for c in results.values()])
    models = [f"{source}, {task}" for source, task in results]
    lines = ["| feature | " + " | ".join(models) + " | highest gain | highest loss increase |"]
    lines += ["| --- " * (len(models) + 3) + "|"]
    for k in np.lexsort((-gains.max(axis=0), -losses.max(axis=0))):
        if not gains[:, k].any():
            continue
        cells = " | ".join(f"{100 * share:.2f} %" if share else "" for share in gains[:, k])
        lines.append(f"| `{NAMES[k]}` | {cells} | {100 * gains[:, k].max():.2f} % | {losses[:, k].max():+.4f} |")
    idle = [NAMES[k] for k in range(len(NAMES)) if gains[:, k].max() < LEAST_GAIN and losses[:, k].max() <= 0]
    lines += ["", f"Contribute nothing anywhere: {', '.join(idle) or 'none'}.", ""]
    lines += ["| family left out: increase of the loss | " + " | ".join(models) + " |"]
    lines += ["| --- " * (len(models) + 1) + "|"]
    for family in dict.fromkeys(f.family for f in FEATURES):
        costs = [f"{c.families[family]:+.4f}" if family in c.families else "" for c in results.values()]
        lines.append(f"| {family} | " + " | ".join(costs) + " |")
    lines.append("| *loss with all* | " + " | ".join(f"{c.loss:.4f}" for c in results.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("named", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--accounts", type=int, default=None)
    asked = parser.parse_args()
    found = {
        (source, task): result
        for source, histories in sources(asked.named, asked.seeds, asked.accounts)
        for task, result in measure(histories).items()
    }
    print(show(found))
