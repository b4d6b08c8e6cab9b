"""What every member of a pool brings: the pool's loss without it, less that with it.

python -m benchmarks.members --online-retail FOLDER --scenarios default:100 default:101 heavy_tail:102 drift:103

Weights are learnt anew without the member, on the latest slice, by models of the slices before it, as training does.
Above zero, the member helps. On simulated suppliers the loss is the divergence from the true chances, on online_retail
the log loss at three origins. What a member's weight was stands in brackets.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.origins import rows_until
from benchmarks.simulated_predictions import cross_entropy
from features.histories.histories import build_histories
from features.instants import FloatArray, instant
from features.sources.source import read_source, source_from_rows
from features.tables import RUNGS
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Learn, TrainingTask, learn_members
from training.models import next_rung, switching
from training.models.fitting import one_linear_algebra_thread, pool_weights
from training.settings import Settings
from training.simulator.simulation import simulate

ORIGINS = ("2010-12-09", "2011-02-09", "2011-06-09")


class Asked(NamedTuple):
    """The rows until an origin, the last of which are asked.  true : chances by task; None = what happened judges."""

    name: str
    data: Dataset
    true: Mapping[str, FloatArray] | None


def simulated(scenario: str, settings: Settings) -> Asked:
    kind, seed = scenario.split(":")
    told = simulate(kind, seed=int(seed))
    histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
    data = rows_until(histories, settings, as_of)
    now = data.snapshots.as_of == as_of
    truth = told.truth.set_index("account_id").loc[histories.account_ids[data.snapshots.account[now]]]
    true = {"switching": truth["p_switch"].to_numpy(), "next rung": truth[[f"p_{rung}" for rung in RUNGS]].to_numpy()}
    return Asked(f"{kind} {seed}", data, true)


def without_each(
    asked: Asked, task: TrainingTask, table: Mapping[str, Learn], simple: tuple[str, ...]
) -> Mapping[str, str]:
    """Each member's part, as text.  The task's rows are all of the data's."""
    data, settings, what = asked.data, Settings(), "switching" if table is switching.MEMBERS else "next rung"
    now = data.snapshots.as_of == data.snapshots.as_of.max()
    movable = data.labels.can_switch if what == "switching" else np.ones(len(now), bool)
    train, test = ~now & data.labels.complete & movable, now & movable
    happened = (data.labels.switched if what == "switching" else data.labels.next_rung)[test].astype(int)
    split = earlier_split(data, train, settings)
    assert split is not None, "every origin here has slices enough"
    last, then = task.take(split.latest), learn_members(table, task.take(split.earlier))
    members = learn_members(table, task.take(train))
    seen = np.arange(len(last.target)), last.class_target
    chances = {name: _classes(member.predict(last.matrix))[seen] for name, member in then.items()}
    given = {name: _classes(member.predict(data.matrix[test])) for name, member in members.items()}
    classes = next(iter(given.values())).shape[1]
    true = np.eye(classes)[happened]
    if asked.true is not None:
        true = asked.true[what][movable[now]]
        true = np.column_stack([1 - true, true]) if true.ndim == 1 else true
    known = ~np.isnan(true).any(axis=1)

    def loss(names: list[str]) -> tuple[float, Mapping[str, float]]:
        some = {name: chances[name] for name in names}
        weights = pool_weights(some, last.weight, simple, periods=split.periods)
        pooled = sum(weights[name] * given[name] for name in names)
        return float(cross_entropy(true[known], np.asarray(pooled)[known]).mean()), weights

    everybody, weights = loss(list(then))
    lost = {name: loss([other for other in then if other != name])[0] - everybody for name in then}
    return {name: f"{lost[name]:+.4f} ({weights[name]:.2f})" for name in then}


def _classes(chances: FloatArray) -> FloatArray:
    return np.column_stack([1 - chances[:, 0], chances[:, 0]]) if chances.shape[1] == 1 else chances


def tables(asked: list[Asked]) -> Iterator[str]:
    settings = Settings()
    for title in ("switching", "next rung"):
        found = []
        for one in asked:
            if title == "switching":
                silent = one.data.definition != "recorded"
                task = replace(one.data.task(one.data.labels.switched, settings.booster), silence=silent)
                found.append(without_each(one, task, switching.MEMBERS, switching.SIMPLE))
            else:
                task = one.data.task(one.data.labels.next_rung, settings.booster, len(RUNGS))
                found.append(without_each(one, task, next_rung.MEMBERS, next_rung.SIMPLE))
        yield f"\n{title}\n\n| member | " + " | ".join(one.name for one in asked) + " |"
        yield "| --- " * (len(asked) + 1) + "|"
        for name in dict.fromkeys(name for one in found for name in one):
            yield f"| {name} | " + " | ".join(one.get(name, "") for one in found) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--online-retail", type=Path)
    parser.add_argument("--scenarios", nargs="*", default=[], metavar="NAME:SEED")
    options = parser.parse_args()
    settings, asked = Settings(), list[Asked]()
    with one_linear_algebra_thread():
        if options.online_retail:
            histories = build_histories(read_source(str(options.online_retail)))
            asked += [
                Asked(f"online_retail {day}", rows_until(histories, settings, instant(day)), None) for day in ORIGINS
            ]
        asked += [simulated(one, settings) for one in options.scenarios]
        for line in tables(asked):
            print(line, flush=True)


if __name__ == "__main__":
    main()
