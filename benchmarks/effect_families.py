"""Effects at suppliers of many kinds: what the advice earns, whether it was promised, whether intervals hold.

python -m benchmarks.effect_families --seeds 20 21 [--judging | --families NAME ...] [--peers PYTHON ...] [--accounts N]

A family is a row of `training.simulator.families`, a seed draws a supplier of it. Choices are made on the families that
are not kept for judging, with seeds 0 and 1; those kept are looked at with `--judging`, and nothing is chosen on them.
Printed as markdown, one row per family, means over its seeds (the claim: the median). Value is expected margin less
cost per account by the true effects, of giving every account the option with the highest expected gain above zero;
`sure` leaves out those whose chance of a gain is below .8, as the advice `invest` does.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.simulated_uplift import judge
from benchmarks.uplift_policies import Policy, by_gain, learners
from benchmarks.uplift_worlds import World, predicted_uplift, quiet, world_of
from training.effects.uplift_metrics import best_arm
from training.models.fitting import one_linear_algebra_thread
from training.settings import Settings
from training.simulator.families import FAMILIES, kept_for_judging, supplier_of

SURE = 0.8
LEAST = 20.0
"""Money per account of the estimates' sum, below which hardly anything is advised."""
MOST_ACCOUNTS = 12_000
"""Of a supplier whose family does not say how many."""


@dataclass(frozen=True)
class Found:
    """What was found of one supplier; money per account.

    estimated, error : the sum of the estimates for the advised, and its standard error; claimed is the lower of that
        sum and what held-out trials make of it.
    accounts, groups : shares of true effects inside 90 % intervals.
    off : mean effects less the true ones, in standard errors, absolute.
    """

    value: float
    estimated: float
    error: float
    claimed: float
    oracle: float
    sure: float
    invested: float
    peer: float
    accounts: float
    groups: float
    slope: float
    off: float


def main() -> None:
    """Print the table of all families that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--judging", action="store_true", help="the families that are kept for judging")
    parser.add_argument("--families", nargs="*", choices=sorted(FAMILIES))
    parser.add_argument("--peers", nargs="*", default=[], metavar="PYTHON", help="that have econml")
    parser.add_argument("--accounts", type=int, help="of each supplier; default: the family's own")
    asked = parser.parse_args()
    names = asked.families or [name for name in FAMILIES if kept_for_judging(name) == asked.judging]
    with one_linear_algebra_thread():
        for line in table(names, asked.seeds, asked.accounts, asked.peers):
            print(line, flush=True)


def table(names: Sequence[str], seeds: Sequence[int], accounts: int | None, pythons: Sequence[str]) -> Iterator[str]:
    """One row per family, and medians and shares below."""
    yield (
        "| family | oracle | value | share of oracle | best peer | claimed / true | sure: value | told to invest "
        "| accounts held | groups held | slope | off, SE |"
    )
    yield "| --- " * 12 + "|"
    rows = []
    for name in names:
        found = [_found(name, seed, accounts, pythons) for seed in seeds]
        rows.append(found)
        yield f"| `{name}` | {_cells(found)} |"
    yield from _summary(rows)


def _found(name: str, seed: int, accounts: int | None, pythons: Sequence[str]) -> Found:
    settings = quiet(Settings())
    scenario = supplier_of(name, seed)
    own = scenario.accounts if accounts is None or name in ("small", "large") else accounts
    world = world_of(scenario, seed, min(own, MOST_ACCOUNTS), settings)
    predicted = predicted_uplift(world)
    ours = by_gain(world, world.gains(predicted.uplift))
    judged = [one for k in range(len(world.options)) if (one := judge(world, k, settings.uplift.level)) is not None]
    sure = by_gain(world, _sure_gains(world, predicted.uplift, predicted.error))
    return Found(
        value=float(ours.brought.mean()), estimated=ours.claimed or 0.0,
        error=_error_of_sum(world, world.gains(predicted.uplift)), claimed=_promised(ours.claimed or 0.0, world.claim),
        oracle=float(by_gain(world, world.true_gain).brought.mean()), sure=float(sure.brought.mean()),
        invested=sure.treated, peer=_best_peer(world, settings, pythons),
        accounts=_mean([one.accounts_covered for one in judged]), groups=_mean([one.groups_covered for one in judged]),
        slope=_mean([one.slope for one in judged]), off=_mean([abs(one.off) for one in judged]),
    )  # fmt: skip


def _promised(gain: float, claim: float | None) -> float:
    """Return what a plan promises: the lower of the sum of the estimates and what held-out trials make of it."""
    return gain if claim is None else max(min(gain, gain * claim), 0.0)


def _error_of_sum(world: World, gains: np.ndarray) -> float:
    """Return the standard error of the mean gain of advising by these gains, shape (n, k), options independent."""
    arm, variance = best_arm(gains), 0.0
    for k, effect in enumerate(world.effects):
        rows = arm == k + 1
        if effect.effects and rows.any():
            error = effect.effects["revenue"].group(world.matrix[rows])[1]
            variance += (float(world.margin[rows].mean()) * error * float(rows.mean())) ** 2
    return float(np.sqrt(variance))


def _sure_gains(world: World, uplift: np.ndarray, error: np.ndarray) -> np.ndarray:
    gain, spread = world.gains(uplift), error * world.margin[:, None]
    least = NormalDist().inv_cdf(SURE)
    return np.where(gain >= least * spread, gain, np.nan)


def _best_peer(world: World, settings: Settings, pythons: Sequence[str]) -> float:
    """Return the value of the peer that earned most in hindsight, on the trials that suited it; NaN without peers."""
    if not pythons:
        return float("nan")
    found = learners(world, settings, pythons)[0]
    policies: list[Policy] = [policy for kinds in found.values() for policy in kinds.values()]
    return max((float(policy.brought.mean()) for policy in policies), default=float("nan"))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _cells(found: Sequence[Found]) -> str:
    def mean(name: str) -> float:
        return _mean([getattr(one, name) for one in found])

    share = mean("value") / mean("oracle") if mean("oracle") > 1 else float("nan")
    return " | ".join([
        f"{mean('oracle'):,.0f}", f"{mean('value'):,.0f}", _text(share, ".2f"), _text(mean("peer"), ",.0f"),
        _text(_claim(found), ".2f"), f"{mean('sure'):,.0f}", f"{mean('invested'):.1%}", _text(mean("accounts"), ".0%"),
        _text(mean("groups"), ".0%"), _text(mean("slope"), ".2f"), _text(mean("off"), ".1f"),
    ])  # fmt: skip


def _claim(found: Sequence[Found]) -> float:
    ratios = [one.claimed / one.value for one in found if one.value > 1]
    return float(np.median(ratios)) if ratios else float("nan")


def _text(value: float, form: str) -> str:
    return "" if np.isnan(value) else format(value, form)


def _summary(rows: Sequence[Sequence[Found]]) -> Iterator[str]:
    works = [row for row in rows if _mean([one.oracle for one in row]) > 1]
    claims = [_claim(row) for row in works]
    held = [_mean([one.accounts for one in row]) for row in works]
    groups = [_mean([one.groups for one in row]) for row in works]
    beaten = [_mean([one.value for one in row]) / _mean([one.peer for one in row]) for row in works]
    nothing = [1 - one.invested for row in rows if row not in works for one in row]
    yield ""
    yield from _honest([one for row in works for one in row if one.error > 0 and one.estimated > LEAST])
    yield f"Median claim {np.nanmedian(claims):.2f}; between .75 and 1.25 in {_inside(claims, 0.75, 1.25)}."
    yield f"Accounts held: median {np.nanmedian(held):.0%}; between 85 and 95 % in {_inside(held, 0.85, 0.95)}."
    yield f"Groups held: median {np.nanmedian(groups):.0%}; between 86 and 94 % in {_inside(groups, 0.86, 0.94)}."
    yield f"At least the best peer in {_inside(beaten, 1.0, np.inf)}; median {np.nanmedian(beaten):.2f} times it."
    if nothing:
        yield f"Where nothing works, not told to invest: {np.mean(nothing):.1%} of the accounts."


def _honest(found: Sequence[Found]) -> Iterator[str]:
    """Yield how the estimates' sum keeps its own interval, and how often it could lie near what is earned at best."""
    if not found:
        return
    normal = NormalDist()
    off = np.array([(one.value - one.estimated) / one.error for one in found])
    near = [
        normal.cdf(one.estimated * (1 / 0.75 - 1) / one.error) - normal.cdf(one.estimated * (1 / 1.25 - 1) / one.error)
        for one in found
    ]
    really = [0.75 <= one.estimated / one.value <= 1.25 if one.value > 0 else False for one in found]
    share = np.median([one.error / one.estimated for one in found])
    yield (
        f"The estimates' sum, {len(found)} suppliers of which it says more than {LEAST:.0f}: what is earned lies "
        f"{off.mean():+.2f} standard errors from it on average, with a standard deviation of {off.std():.2f}, and "
        f"{np.mean(np.abs(off) <= normal.inv_cdf(0.95)):.0%} within its 90 % interval. The standard error is "
        f"{share:.0%} of the sum (median): were it exactly right, {np.mean(near):.0%} would lie between .75 and 1.25 "
        f"times what is earned; {np.mean(really):.0%} do."
    )


def _inside(values: Sequence[float], low: float, high: float) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f"{sum(low <= value <= high for value in known)} of {len(known)} families"


if __name__ == "__main__":
    main()
