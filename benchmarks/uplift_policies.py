"""Whom to invest in, and in what: each policy, ours, the simple ones and those of other learners, on one world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from benchmarks.simulated_predictions import CEILING_ROUNDS, CEILING_TREES
from benchmarks.uplift_learners import TrainingTask, peer_effects, s_learner, t_learner
from benchmarks.uplift_worlds import World, predicted_uplift
from features.instants import FloatArray
from training.effects.estimation.effect_estimation import modifiers, small_booster
from training.effects.target_trials import Trials
from training.effects.uplift_metrics import best_arm, highest_rows, value_of_arms
from training.models.fitting import fit_trees, standardise_terms
from training.settings import Settings

OURS, ORACLE, NOBODY = "loyalty-ladder", "oracle", "nobody"
CEILING = "the same features, taught the true gains of the other seeds"
BY_LOT, ALL = "trials by lot", "all trials"
LEAST_IN_SEGMENT = 10
MOST_FREE = 10_000
"""Trials without investment and not by lot that other learners get: all of them would take their forests minutes."""


@dataclass(frozen=True)
class Policy:
    """What a policy brings of each account, shape (n,), truly and on average where it draws lots.

    treated : share of the accounts that it invests in.  claimed : its own estimate of its mean, where it has one.
    """

    brought: FloatArray
    treated: float
    claimed: float | None = None


def by_gain(world: World, gains: FloatArray) -> Policy:
    """To every account the option with the highest gain, if above zero; gains : shape (n, k), NaN = no estimate."""
    arm = best_arm(gains)
    return Policy(value_of_arms(world.true_gain, arm), float((arm > 0).mean()), float(value_of_arms(gains, arm).mean()))


def of_first(world: World, priority: FloatArray, count: int) -> Policy:
    """The single option that is best for them *in hindsight*, to the accounts of highest priority."""
    chosen = highest_rows(priority, count)
    best = int(world.true_gain[chosen].sum(axis=0).argmax()) if count else 0
    return Policy(np.where(chosen, world.true_gain[:, best], 0.0), float(chosen.mean()))


def simple_policies(world: World, settings: Settings) -> dict[str, Policy]:
    """The oracle, ours and what needs no model of effects. Whom to choose is as many as ours chooses."""
    ours = by_gain(world, world.gains(predicted_uplift(world).uplift))
    count, n = round(ours.treated * len(world.rung)), len(world.rung)
    best = int(world.true_gain.mean(axis=0).argmax())
    size = world.matrix[:, world.data.column("revenue_365d")]
    found = {
        ORACLE: by_gain(world, world.true_gain),
        NOBODY: Policy(np.zeros(n), 0.0),
        "everybody, the best single option": Policy(world.true_gain[:, best], 1.0),
        "as many at random": Policy(world.true_gain[:, best] * count / n, count / n),
        "as many, the largest": of_first(world, np.where(np.isnan(size), 0.0, size), count),
        "as many, highest p_switch": of_first(world, world.p_switch, count),
        "as many, highest p_switch x revenue": of_first(world, world.p_switch * world.expected_revenue, count),
    }
    if world.trials is not None and (world.trials.arm > 0).any():
        found["as many, response model"] = of_first(world, response(world, world.trials, settings), count)
    if world.trials is not None and world.trials.random.any():
        found["segment averages by rung"] = by_gain(world, world.gains(segment_means(world, world.trials)))
    found[OURS] = ours
    return found


def response(world: World, trials: Trials, settings: Settings) -> FloatArray:
    """Revenue expected of each account when invested in: what a model of those who were calls a good response."""
    rows = trials.arm > 0
    booster = small_booster(settings.booster)
    model = fit_trees(
        trials.matrix[rows], trials.revenue[rows], np.ones(int(rows.sum())), booster, objective="regression"
    )
    return model.predict(world.matrix)[:, 0]


def segment_means(world: World, trials: Trials) -> FloatArray:
    """Difference in means by rung among the trials by lot, shape (n, k); NaN where an arm has too few."""
    n_options = len(world.options)
    found = np.full((len(world.rung), n_options), np.nan)
    for rung in np.unique(world.rung):
        here = trials.random & (trials.rung == rung)
        none = trials.revenue[here & (trials.arm == 0)]
        for k in range(n_options):
            given = trials.revenue[here & (trials.arm == k + 1)]
            if min(len(none), len(given)) >= LEAST_IN_SEGMENT:
                found[world.rung == rung, k] = given.mean() - none.mean()
    return found


def learners(
    world: World, settings: Settings, pythons: Sequence[str]
) -> tuple[dict[str, dict[str, Policy]], dict[str, float]]:
    """Learner -> which trials it learnt from -> policy; and seconds by learner and trials."""
    found: dict[str, dict[str, Policy]] = {}
    seconds: dict[str, float] = {}
    if world.trials is None:
        return found, seconds
    for kind, lesson in lessons(world, world.trials).items():
        booster = small_booster(settings.booster)
        effects: dict[str, FloatArray] = {
            "T-learner, our boosters": t_learner(lesson, booster),
            "S-learner, our boosters": s_learner(lesson, booster),
        }
        theirs, taken = peer_effects(pythons, lesson)
        seconds |= {f"{name}, {kind}": time for name, time in taken.items()}
        for name, values in (effects | theirs).items():
            found.setdefault(name, {})[kind] = by_gain(world, world.gains(values))
    return found, seconds


def lessons(world: World, trials: Trials) -> Mapping[str, TrainingTask]:
    """The trials by lot alone, and all of them; those without every arm are left out."""
    terms = standardise_terms(modifiers(world.data), trials.matrix)
    whole = TrainingTask(
        trials.matrix, trials.arm, trials.random, trials.revenue, trials.snapshots.account, terms, world.matrix,
        len(world.options) + 1,
    )  # fmt: skip
    free = np.flatnonzero(~trials.random & (trials.arm == 0))
    kept = np.ones(len(trials), bool)
    kept[free] = False
    kept[free[:: max(1, -(-len(free) // MOST_FREE))]] = True
    kinds = {BY_LOT: whole.take(trials.random), ALL: whole.take(kept)}
    return {kind: lesson for kind, lesson in kinds.items() if lesson.arms_present}


def ceilings(worlds: Sequence[World]) -> list[Policy]:
    """Of each world, what boosters decide that learnt the true gains of all the others' accounts."""
    found = []
    for own, world in enumerate(worlds):
        others = [w for k, w in enumerate(worlds) if k != own]
        matrix, gains = np.vstack([w.matrix for w in others]), np.vstack([w.true_gain for w in others])
        taught = np.column_stack([_taught(matrix, gain, world.matrix) for gain in gains.T])
        found.append(by_gain(world, taught))
    return found


def _taught(matrix: FloatArray, gain: FloatArray, asked: FloatArray) -> FloatArray:
    booster = lgb.train({**CEILING_TREES, "objective": "regression"}, lgb.Dataset(matrix, gain), CEILING_ROUNDS)
    return np.asarray(booster.predict(asked, num_threads=1), np.float64)
