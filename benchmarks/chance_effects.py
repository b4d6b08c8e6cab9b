"""What investments do to the chances of climbing and of switching, at simulated suppliers of many kinds.

python -m benchmarks.chance_effects --families NAME ... --seeds 0 [--accounts N]

Only effects that can be told from zero are served. Printed as markdown, a row for every supplier and chance that has
one, and their means: the mean change as predicted and in truth, the rank correlation between accounts, and the share of
the squared truth that is foretold (one less the squared error over the squared truth, *skill*). Below it how many
effects there are, and how many are served.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from benchmarks.uplift_worlds import World, quiet, supported, world_of
from training.effects.outcomes import CHANCES
from training.models.fitting import one_linear_algebra_thread
from training.settings import Settings
from training.simulator.families import FAMILIES, supplier_of


@dataclass(frozen=True)
class Served:
    """One served effect beside the truth: means over accounts, changes in a chance."""

    option: str
    outcome: str
    mean: float
    true_mean: float
    rank: float
    skill: float


def served(world: World) -> Iterator[Served]:
    """Every effect on a chance that a supplier's bundle would serve."""
    for k, effect in enumerate(world.effects):
        for outcome in CHANCES:
            true = world.true_changes[outcome][:, k]
            rows = supported(world, effect) & ~np.isnan(true)
            if not effect.effects or outcome not in effect.effects or not rows.any():
                continue
            found, true = effect.effects[outcome].predict(world.matrix[rows])[:, 0], true[rows]
            rank = float(spearmanr(found, true).statistic) if np.ptp(found) > 0 else 0.0
            skill = 1 - float(((found - true) ** 2).mean() / max(float((true**2).mean()), 1e-12))
            yield Served(effect.investment, outcome, float(found.mean()), float(true.mean()), rank, skill)


def summary(outcome: str, every: Sequence[Served]) -> str:
    """A sentence on all served effects on one chance."""
    own = [one for one in every if one.outcome == outcome]
    if not own:
        return f"{outcome}: none served."
    share = sum(abs(one.mean) for one in own) / max(sum(abs(one.true_mean) for one in own), 1e-12)
    return (
        f"{outcome}: {len(own)} served, {sum(one.mean * one.true_mean > 0 for one in own)} with the sign of the truth, "
        f"{share:.2f} of its size, rank correlation {np.mean([one.rank for one in own]):.2f}, "
        f"skill {np.median([one.skill for one in own]):.2f} (median)."
    )


def main() -> None:
    """Print the table of the families that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=sorted(FAMILIES), required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--accounts", type=int, default=2000)
    asked = parser.parse_args()
    every, known = [], 0
    print("| supplier | investment | chance | predicted | true | rank correlation | skill |\n" + "| --- " * 7 + "|")
    with one_linear_algebra_thread():
        for name in asked.families:
            for seed in asked.seeds:
                world = world_of(supplier_of(name, seed), seed, asked.accounts, quiet(Settings()))
                known += sum(supported(world, effect).any() for effect in world.effects)
                for one in served(world):
                    every.append(one)
                    print(
                        f"| `{name}` {seed} | {one.option} | {one.outcome} | {one.mean:.4f} | {one.true_mean:.4f} "
                        f"| {one.rank:.2f} | {one.skill:.2f} |",
                        flush=True,
                    )
    print(f"\nOf {known} options whose effect is known:")
    for outcome in CHANCES:
        print(f"- {summary(outcome, every)}")


if __name__ == "__main__":
    main()
