"""How much of a training is done: for a quick first answer, or for one prediction at a time.

What is left out of it is served by the simplest rule there is for it, and the report says so: a bundle is whole,
whatever was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.errors import SettingsError
from features.instants import BoolArray
from training.data.dataset import Dataset
from training.model.findings import NOTE, Finding
from training.model.predictors import Pool
from training.model.revenue import RevenuePool
from training.models.any_order import learn_any_order
from training.models.baselines import SIMPLEST
from training.models.rule_that_serves import RULE, fit_rule
from training.settings import Settings

FOLDS = 3
TASKS: Mapping[str, str] = {"rung": "next_rung", "switching": "switching", "revenue": "revenue", "uplift": "uplift"}
"""What may be asked for by name, and what it is called in the code."""


@dataclass(frozen=True)
class Scope:
    """What is learnt, and how often it is judged.

    folds : rolling origins of the evaluation; 0 = nothing is judged.
    only : names of TASKS that are learnt in full; empty = all.
    further : days of the horizons beside the main one; None = those of the settings.
    quick : whether fewer trees are grown, from fewer slices, without the costliest member of the pool.
    """

    folds: int = FOLDS
    only: tuple[str, ...] = ()
    further: tuple[int, ...] | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        for name in self.only:
            if name not in TASKS:
                raise SettingsError(f"{name!r} is none of {', '.join(TASKS)}: these may be trained alone.")

    def wants(self, task: str) -> bool:
        """Return whether a prediction is learnt in full.  task : a value of TASKS."""
        return not self.only or task in {TASKS[name] for name in self.only}

    @property
    def whole(self) -> bool:
        """Return whether nothing is left out."""
        return not self.only

    def applied(self, settings: Settings) -> Settings:
        """Return the settings that are wished: what a quick training does with is written down with it."""
        if self.further is not None:
            settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=self.further))
        return _quick(settings) if self.quick else settings

    def findings(self) -> list[Finding]:
        """Return what was left out, and what stands there instead."""
        left = [task for task in TASKS.values() if not self.wants(task)]
        rules = [Finding.of("rule_by_wish", NOTE, task=task, rule=SIMPLEST[task]) for task in left if task in SIMPLEST]
        if self.quick:
            rules.append(Finding.of("quick_by_wish", NOTE))
        return [*rules, *([Finding.of("uplift_by_wish", NOTE)] if "uplift" in left else [])]


QUICK_ROUNDS, QUICK_SLICES, QUICK_PARTS, QUICK_SNAPSHOTS = 28, 12, 2, 20_000
COSTLIEST = "ordinal"


def _quick(settings: Settings) -> Settings:
    booster, pool, slices, uplift = settings.booster, settings.pool, settings.slices, settings.uplift
    without = {*pool.next_rung_without, COSTLIEST}
    return replace(
        settings,
        booster=booster.with_rounds(min(booster.rounds, QUICK_ROUNDS)),
        pool=replace(pool, next_rung_without=tuple(sorted(without))),
        slices=replace(
            slices,
            most=min(slices.most, QUICK_SLICES),
            most_snapshots=min(slices.most_snapshots, QUICK_SNAPSHOTS),
        ),
        uplift=replace(uplift, folds=min(uplift.folds, QUICK_PARTS)),
    )


FAST = Scope(folds=0, further=(), quick=True)
"""The main horizon alone, not judged: seconds instead of minutes."""


def rule_alone(data: Dataset, task: str, rows: BoolArray, settings: Settings) -> Pool:
    """Return a pool in which the simplest rule of a prediction stands alone."""
    name = f"{RULE}{SIMPLEST[task]}"
    rule = fit_rule(data, task, SIMPLEST[task], rows, settings)
    assert rule is not None, f"the simplest rule of {task} can be served"
    return Pool({name: rule}, {name: 1.0})


def revenue_by_rule(data: Dataset, rows: BoolArray, settings: Settings) -> RevenuePool:
    """Return the expected revenue by its simplest rule, beside the chance of any order, which its range needs."""
    bought = (data.labels.revenue > 0).astype(np.int64)
    chance = learn_any_order(data.task(bought, settings.booster).take(rows), data.snapshots.as_of[rows])
    rule = rule_alone(data, "revenue", rows, settings)
    return RevenuePool(chance, rule.members, rule.weights)
