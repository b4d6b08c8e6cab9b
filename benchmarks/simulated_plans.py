"""Plans under a budget on simulated suppliers: what each way of choosing forgoes of the best true gain.

Regret is the share that a list forgoes of what the best list would truly earn with the same money: 0 = nothing,
1 = nothing earned, above 1 = money was lost. Rules of thumb that know no effects give everybody the single option that
is best for all *in hindsight*, in their favour; "of those that pay" are rules of thumb with our effects.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from benchmarks.plan import SHARES, budget_limit, listed
from benchmarks.uplift_policies import segment_means
from benchmarks.uplift_worlds import World, predicted_uplift, quiet, world_of
from features.instants import FloatArray, IntArray
from serving.planning.integer_program import solve
from serving.planning.knapsack import choose, values_of
from training.effects.uplift_metrics import paired_interval
from training.settings import Settings

PLAN, LOW = "the plan, on expected gains", "the plan, on the intervals' low ends"


def plans(scenario: str, seeds: Sequence[int], accounts: int | None) -> Iterator[str]:
    """Mean regret by budget over the worlds, and how much more than each other list the plan earns an account."""
    settings = quiet(Settings())
    worlds = [world_of(scenario, seed, accounts, settings) for seed in seeds]
    found = [earnings(world, settings) for world in worlds]
    yield f"## simulator `{scenario}`, seeds {', '.join(map(str, seeds))}: regret of plans by budget\n"
    yield f"| list | {' | '.join(f'{share:.0%}' for share in SHARES)} | plan less this, money an account at 10 % |"
    yield "| --- " * (2 + len(SHARES)) + "|"
    tenth = SHARES.index(0.1)
    for name in found[0]:
        if name == "best":
            continue
        regrets = [
            np.mean([1 - world[name][k].sum() / world["best"][k].sum() for world in found]) for k in range(len(SHARES))
        ]
        parts = [world[PLAN][tenth] - world[name][tenth] for world in found]
        beyond = "" if name == PLAN else "{:+,.0f} [{:+,.0f}, {:+,.0f}]".format(*paired_interval(parts))
        yield f"| {name} | {' | '.join(f'{regret:.3f}' for regret in regrets)} | {beyond} |"
    yield ""


def earnings(world: World, settings: Settings) -> Mapping[str, Sequence[FloatArray]]:
    """List -> for each budget what it truly earns of every account, shape (n,)."""
    n, true, cost = len(world.rung), world.true_gain, np.tile(world.cost, (len(world.rung), 1))
    predicted = predicted_uplift(world)
    reach = NormalDist().inv_cdf(0.5 + settings.uplift.level / 2)
    ours = _known(world.gains(predicted.uplift))
    low = _known(world.gains(predicted.uplift - reach * predicted.error))
    budgets = [share * cost[np.arange(n), true.argmax(axis=1)].sum() for share in SHARES]
    size = np.nan_to_num(world.matrix[:, world.data.column("revenue_365d")])
    orders = {
        "largest": size,
        "highest p_switch": world.p_switch,
        "highest p_switch x expected revenue": world.p_switch * world.expected_revenue,
    }
    single = np.full(true.shape, -np.inf)
    best = int(true.mean(axis=0).argmax())
    single[:, best] = 1.0
    lists = {"best": _plans(true, cost, budgets), PLAN: _plans(ours, cost, budgets), LOW: _plans(low, cost, budgets)}
    if world.trials is not None and world.trials.random.any():
        means = _known(world.gains(segment_means(world, world.trials)))
        lists["the plan, on segment averages by rung"] = _plans(means, cost, budgets)
    lists |= {f"{name} first": [listed(single, cost, by, most) for most in budgets] for name, by in orders.items()}
    lists |= {
        f"{name} first, of those that pay": [listed(ours, cost, by, most) for most in budgets]
        for name, by in orders.items()
    }
    return {name: [values_of(option, true) for option in options] for name, options in lists.items()}


def _known(gains: FloatArray) -> FloatArray:
    return np.where(np.isnan(gains), -np.inf, gains)


def _plans(gain: FloatArray, cost: FloatArray, budgets: Sequence[float]) -> list[IntArray]:
    return [choose(gain, [budget_limit(cost, most)], solve).option for most in budgets]
