"""Whether the advice stands still: the same supplier learnt from with another seed, or with fewer controls.

python -m benchmarks.stability --families NAME ... --seeds 0 [--accounts N]

*Another seed* is of the boosters that predict what would have come without an investment, and who was chosen. *Fewer
controls*: a twentieth of the accounts that were never invested in is taken away and everything of the effects learnt
anew. Printed as markdown, a row per supplier: what the advice earns by the true effects, by how much that changes, and
the share of the accounts advised to invest in that are then told something else, each for every variant.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.origins import restricted
from benchmarks.uplift_worlds import World, predicted_uplift, quiet, world_of
from features.instants import FloatArray, IntArray
from training.data.dataset import Dataset
from training.effects.uplift import fit_uplift
from training.effects.uplift_metrics import best_arm, value_of_arms
from training.models.fitting import one_linear_algebra_thread
from training.settings import Settings
from training.simulator.families import FAMILIES, supplier_of

SEEDS = (1, 2, 3)
LEFT_OUT = 0.05
MOST = 0.1
"""Of the value, and of the accounts advised: more than this is printed in bold."""


def main() -> None:
    """Print the table of the families that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=sorted(FAMILIES), required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--accounts", type=int, default=2000)
    asked = parser.parse_args()
    print(
        "| supplier | value | another seed: value changes by | other advice | fewer controls: value changes by "
        "| other advice |\n" + "| --- " * 6 + "|"
    )
    with one_linear_algebra_thread():
        for name in asked.families:
            for seed in asked.seeds:
                settings = quiet(Settings())
                world = world_of(supplier_of(name, seed), seed, asked.accounts, settings)
                print(f"| `{name}` {seed} | {_row(world, settings)} |", flush=True)


def _row(world: World, settings: Settings) -> str:
    arms = _advice(world)
    value = _value(world, arms)
    cells = []
    for variants in (_other_seeds(world, settings), _fewer_controls(world, settings)):
        changes, others = [], []
        for other in variants:
            changes.append(abs(_value(world, other) / value - 1) if value else 0.0)
            others.append(float((other != arms)[arms > 0].mean()) if (arms > 0).any() else 0.0)
        cells += [" / ".join(map(_share, changes)), " / ".join(map(_share, others))]
    return " | ".join([f"{value:,.0f}", *cells])


def _other_seeds(world: World, settings: Settings) -> Iterator[IntArray]:
    for seed in SEEDS:
        yield _learnt(world, world.data, replace(settings, booster=replace(settings.booster, seed=seed)))


def _fewer_controls(world: World, settings: Settings) -> Iterator[IntArray]:
    assert world.trials is not None
    exposed = np.unique(world.trials.snapshots.account[world.trials.arm > 0])
    controls = np.setdiff1d(np.unique(world.data.snapshots.account), exposed)
    for seed in SEEDS:
        gone = np.random.default_rng(seed).choice(controls, round(LEFT_OUT * len(controls)), replace=False)
        yield _learnt(world, restricted(world.data, ~np.isin(world.data.snapshots.account, gone)), settings)


def _learnt(world: World, data: Dataset, settings: Settings) -> IntArray:
    return _advice(replace(world, effects=fit_uplift(data, settings).options))


def _advice(world: World) -> IntArray:
    return best_arm(world.gains(predicted_uplift(world).uplift))


def _value(world: World, arms: IntArray) -> float:
    brought: FloatArray = value_of_arms(world.true_gain, arms)
    return float(brought.mean())


def _share(value: float) -> str:
    return f"**{value:.1%}**" if value >= MOST else f"{value:.1%}"


if __name__ == "__main__":
    main()
