"""What planning costs and what it is worth: time and gap on made-up menus, regret on a simulated supplier.

    python -m benchmarks.plan                                  # time and gap, up to 100,000 accounts x 5 options
    python -m benchmarks.plan --scores DIR --truth FILE        # regret, from a scoring run and the simulation's truth

Regret is what a list forgoes of the best true gain at its budget, as a share of it: 0 = nothing, 1 = nothing earned,
above 1 = money was lost. Lists: the plan, and every account's best option where it pays, in the order of a rule of
thumb, until the money is gone; both from the true gains and from the scored ones.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from features.instants import FloatArray, IntArray
from serving.planning.candidates import build_candidates
from serving.planning.files import read_run
from serving.planning.integer_program import solve
from serving.planning.knapsack import NONE, Limit, choose, values_of
from serving.planning.plan import Allowance, make_plan

COSTS = np.array([500.0, 700.0, 1_500.0, 2_500.0, 3_500.0])
SHARES = (0.05, 0.1, 0.2, 0.4)


def budget_limit(cost: FloatArray, most: float) -> Limit:
    return Limit("budget", np.zeros(cost.shape, np.int64), cost, np.array([most]))


def times() -> None:
    """Seconds and gap, without and with side limits, with the quick solver and the exact one."""
    print("| accounts x 5 | limits | seconds, quick | gap | seconds, exact | gap |\n| --- " + "| --- " * 5 + "|")
    rng = np.random.default_rng(0)
    for n in (100, 1_000, 10_000, 100_000):
        cost = np.tile(COSTS, (n, 1))
        value = rng.lognormal(6, 1.5, cost.shape) * np.sqrt(cost / 500) - 0.8 * cost
        value[rng.random(cost.shape) < 0.1] = -np.inf
        limits = [budget_limit(cost, 0.1 * cost.mean(axis=1).sum())]
        owner = np.repeat(rng.integers(0, 20, n)[:, None], 5, axis=1)
        bond = np.tile([0, 0, 1, NONE, NONE], (n, 1))
        side = [
            Limit("owner", owner, cost, np.full(20, limits[0].most[0] / 25)),
            Limit("bond", bond, cost, limits[0].most[0] * np.array([0.1, 0.125])),
        ]
        for name, asked in (("budget", limits), ("budget, 20 owners, 2 bonds", [*limits, *side])):
            row = [f"{n:,}", name]
            for exact in (None, solve):
                begin = time.perf_counter()
                found = choose(value, asked, exact)
                row += [f"{time.perf_counter() - begin:.2f}", f"{found.gap:.5%}"]
            print(f"| {' | '.join(row)} |", flush=True)


def whole_plan(n: int) -> None:
    """Seconds from the two tables of a scoring run to the plan with its hold-out."""
    rng = np.random.default_rng(0)
    names = np.array([f"A{k:06d}" for k in range(n)], object)
    known = {"as_of": pd.Timestamp("2026-01-01"), "horizon_days": 180, "model_version": "m"}
    scores = pd.DataFrame({"account_id": names, "rung": rng.choice(["customer", "member"], n), **known})
    uplift = rng.normal(2_000, 4_000, 5 * n)
    cost = np.tile(COSTS, n)
    investments = pd.DataFrame({
        "account_id": np.repeat(names, 5), "investment": np.tile(["a", "b", "c", "d", "e"], n),
        "bond": "social", "cost": cost, "uplift": uplift, "uplift_low": uplift - 3_000, "uplift_high": uplift + 3_000,
        "gain": 0.3 * uplift - cost, "basis": "randomised",
    })  # fmt: skip
    begin = time.perf_counter()
    plan = make_plan(scores, investments, Allowance(0.01 * cost.sum()), exact=solve)
    spent = time.perf_counter() - begin
    print(
        f"\nFrom tables to plan, {n:,} accounts: {spent:.1f} s for {len(plan.rows):,} accounts on it, hold-out included"
    )


def regret(folder: Path, truth_file: Path) -> None:
    """Regret by budget, a share of what it costs to give everybody its best option, where the gains are known to the
    lists, and where they are scored."""
    scores, investments = read_run(folder)
    menu = build_candidates(scores, investments)
    truth = pd.read_parquet(truth_file).set_index("account_id").loc[menu.accounts.tolist()]
    true = np.column_stack([truth[f"margin_gain_{name}"].to_numpy() for name in menu.options])
    scored = scores.set_index(scores["account_id"].astype(str)).loc[menu.accounts.tolist()]
    risk = scored["p_switch"].fillna(0).to_numpy(np.float64)
    revenue = scored["expected_revenue"].to_numpy(np.float64)
    orders = {
        "largest expected revenue first": revenue,
        "highest p_switch first": risk,
        "highest p_switch x expected revenue first": risk * revenue,
        "at random": np.random.default_rng(0).random(len(risk)),
    }
    dearest = menu.cost[np.arange(len(true)), true.argmax(axis=1)].sum()
    heads = " | ".join(f"{share:.0%} = {share * dearest:,.0f}" for share in SHARES)
    print(f"| gains | order | {heads} |\n" + "| --- " * (2 + len(SHARES)) + "|")
    budgets = [share * dearest for share in SHARES]
    top = [choose(true, [budget_limit(menu.cost, most)], solve).value for most in budgets]
    print(f"| | best true gain at that budget | {' | '.join(f'{value:,.0f}' for value in top)} |")
    for title, gain in (("true", true), ("scored", np.where(menu.known, menu.gain, -np.inf))):
        planned = [choose(gain, [budget_limit(menu.cost, most)], solve) for most in budgets]
        lists = {"the plan": [found.option for found in planned]}
        lists |= {name: [listed(gain, menu.cost, by, most) for most in budgets] for name, by in orders.items()}
        for name, options in lists.items():
            cells = [f"{1 - values_of(o, true).sum() / best:.3f}" for o, best in zip(options, top, strict=True)]
            print(f"| {title} | {name} | {' | '.join(cells)} |")
    claims = " | ".join(f"{found.value:,.0f}, true {values_of(found.option, true).sum():,.0f}" for found in planned)
    print(f"| scored | what the plan claims | {claims} |")


def listed(gain: FloatArray, cost: FloatArray, by: FloatArray, budget: float) -> IntArray:
    """The best option of every account where it pays, in that order, until the money is gone."""
    best = gain.argmax(axis=1)
    rows = np.arange(len(best))
    order = np.argsort(-np.where(gain[rows, best] > 0, by, -np.inf), kind="stable")
    order = order[gain[order, best[order]] > 0]
    taken = order[np.cumsum(cost[order, best[order]]) <= budget]
    option = np.full(len(best), NONE)
    option[taken] = best[taken]
    return option


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=Path, help="folder that `ladder score` wrote")
    parser.add_argument("--truth", type=Path, help="truth.parquet that `ladder simulate` wrote")
    options = parser.parse_args()
    if options.scores and options.truth:
        regret(options.scores, options.truth)
    else:
        times()
        whole_plan(100_000)
