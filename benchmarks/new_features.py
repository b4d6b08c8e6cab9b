"""What behaviours, attitude and the newer tables add to the boosters, by seeds, with intervals.

python -m benchmarks.new_features --seeds 41 42 43 --scenario default --accounts 700 --months 36

At the latest origin of every seed a booster learns with everything that models learn from, and again without one
group of features; what the scores tell and no model learns from (six behaviours, attitude, patronage) is added instead.
The figure is the loss without a group less the loss with it, of the same snapshots, so above zero a group helps; its
interval is a bootstrap over the accounts of all seeds together. Loss: log loss; of revenue the squared error of its
logarithm, as a part of the variance. Every tree sees all rows and features: else one column less would change all draws
of them, and that noise is larger than what a group adds. Printed as markdown.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.accounts.behaviours import BEHAVIOURS, evidence
from features.accounts.loyalty import Norms
from features.catalog.catalog import NAMES
from features.catalog.families.loyalty import attitude, patronage
from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import FloatArray, IntArray
from features.sources.source import source_from_rows
from features.tables import RUNGS
from training.data.dataset import Dataset, build_dataset
from training.data.loyalty_norms import latest_norms
from training.data.splits import held_out, rolling_origins
from training.data.training_task import usable_columns
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.metrics import row_log_loss
from training.models.fitting import fit_trees
from training.settings import Settings
from training.simulator.simulation import simulate

LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "support": ("support", "people_to_tell"),
    "trust and value for money": ("trust_last", "value_last"),
    "collaborations": ("collaborations_730d", "days_since_collaboration"),
    "assessments": ("assessed_above_rule",),
    "frequent switchers": ("switches_before", "days_since_switch"),
}
"""What models learn from, by what it rests on."""
ALL = "all of these"
ADDED: Mapping[str, tuple[str, ...]] = {
    "six behaviours": BEHAVIOURS,
    "attitude and patronage": ("attitude", "patronage"),
}
"""What only the scores tell."""


@dataclass(frozen=True)
class Loss:
    """What a group takes off the loss of each snapshot of an origin, shape (n,), and whose snapshots they are."""

    gain: FloatArray
    account: IntArray


def told_columns(data: Dataset) -> dict[str, FloatArray]:
    """Return the columns of ADDED at every snapshot."""
    settings = Settings()
    view, norms = View(data.histories, data.snapshots), Norms.of(latest_norms(data))
    found = evidence(view, settings.ladder, norms, settings.loyalty.inflation)
    told = {name: found[name].holds.astype(np.float64) for name in BEHAVIOURS}
    return told | {"attitude": attitude(view), "patronage": patronage(view, settings.ladder)}


def losses_of(data: Dataset, rounds: int) -> dict[tuple[str, str], Loss]:
    """Return, by group and task, what it is worth at the latest origin."""
    settings = Settings()
    booster = replace(settings.booster.with_rounds(rounds), row_share=1.0, column_share=1.0)
    secret = held_out(data.histories, settings.slices.held_out_share)
    fold = rolling_origins(data.sample, secret, settings, 1)[-1]
    told, labels = told_columns(data), data.labels
    everyone, money = np.ones(len(data.matrix), bool), np.log1p(np.maximum(labels.revenue, 0.0))
    tasks = {
        "next rung": ("multiclass", len(RUNGS), everyone, labels.next_rung.astype(np.float64)),
        "switching": ("binary", 1, labels.can_switch, labels.switched.astype(np.float64)),
        "revenue": ("regression", 1, everyone, money),
    }
    found = {}
    for task, (objective, classes, rows, target) in tasks.items():
        train, test = fold.train & rows, fold.test & rows

        def losses(without: tuple[str, ...] = (), added: tuple[str, ...] = ()) -> FloatArray:
            matrix = np.column_stack([data.matrix, *(told[name] for name in added)]) if added else data.matrix
            out = [NAMES.index(name) for name in ("days_known", *without)]
            trees = fit_trees(
                matrix[train], target[train], data.weight[train], booster, objective=objective,  # noqa: B023
                n_classes=classes, columns=usable_columns(matrix[train], out),  # noqa: B023
            )  # fmt: skip
            predicted, happened = trees.predict(matrix[test]), target[test]  # noqa: B023
            if objective == "regression":  # noqa: B023
                return np.asarray((predicted[:, 0] - happened) ** 2 / happened.var(), np.float64)
            wide = np.column_stack([1 - predicted, predicted]) if predicted.shape[1] == 1 else predicted
            return np.asarray(row_log_loss(wide, happened.astype(np.int64)), np.float64)

        whole, account = losses(), data.snapshots.account[test]
        everything = {**LEFT_OUT, ALL: tuple(name for names in LEFT_OUT.values() for name in names)}
        for group, names in everything.items():
            found[group, task] = Loss(losses(without=names) - whole, account)
        for group, names in ADDED.items():
            found[group, task] = Loss(whole - losses(added=names), account)
    return found


def pooled(losses: list[Loss]) -> str:
    """Return the mean over all seeds' snapshots with its interval; accounts of two seeds are different ones."""
    ends = np.cumsum([0, *(int(one.account.max()) + 1 for one in losses)])
    account = np.concatenate([one.account + begin for one, begin in zip(losses, ends[:-1], strict=True)])
    return f"{cluster_bootstrap_mean(np.concatenate([one.gain for one in losses]), account)}"


def table(results: Mapping[tuple[str, str], list[Loss]]) -> str:
    """Return all groups and tasks as markdown."""
    tasks = list(dict.fromkeys(task for _, task in results))
    lines = [f"| group | {' | '.join(tasks)} |", "| --- " * (len(tasks) + 1) + "|"]
    for group in dict.fromkeys(group for group, _ in results):
        lines.append(f"| {group} | {' | '.join(pooled(results[group, task]) for task in tasks)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table over all seeds; after every seed, on the error output, that of the seeds so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[41, 42, 43])
    parser.add_argument("--scenario", default="default")
    parser.add_argument("--accounts", type=int, default=700)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    results: dict[tuple[str, str], list[Loss]] = {}
    for seed in options.seeds:
        supplier = simulate(options.scenario, accounts=options.accounts, months=options.months, seed=seed)
        histories = build_histories(source_from_rows(supplier.tables))
        for key, loss in losses_of(build_dataset(histories, Settings(), histories.end), options.rounds).items():
            results.setdefault(key, []).append(loss)
        print(f"seed {seed}", table(results), sep="\n", file=sys.stderr, flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
