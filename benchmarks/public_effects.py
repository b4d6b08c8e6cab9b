"""Effects on public sets with a known truth: ACIC-2016's ten (zymu) and IHDP, response surface B (Hill 2011).

python -m benchmarks.public_effects --wheels SITE_PACKAGES [--acic 1 2 ...] [--ihdp 0 1 ...] [--peers PYTHON ...]

SITE_PACKAGES is a folder in which causallib and econml are installed: the sets come with them. A tenth of the rows is
asked about, by scikit-learn's split with seed 42 + number. Nothing is chosen on even sets of ACIC,
nor on odd draws of IHDP.
PEHE is the root of the mean squared error of the rows' effects.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks.uplift_learners import TrainingTask, peer_effects
from features.instants import BoolArray, FloatArray
from training.estimators import UpliftRegressor
from training.models.fitting import every_term, one_linear_algebra_thread, standardise_terms

ACIC, IHDP = Path("causallib/datasets/data/acic_challenge_2016"), Path("econml/data/ihdp/sim.csv")
IHDP_COLUMNS = (
    "bw b.head preterm birth.o nnhealth momage sex twin b.marr mom.lths mom.hs mom.scoll cig first booze drugs "
    "work.dur prenatal site1 site2 site3 site4 site5 site6 site7"
).split()
MEASURED = 6
"""The first columns of IHDP are measures; the others say yes or no."""


@dataclass(frozen=True)
class PublicSet:
    """A set with the true effect of every row."""

    matrix: FloatArray
    exposed: BoolArray
    outcome: FloatArray
    effect: FloatArray


def main() -> None:
    """Print a row per set, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--acic", type=int, nargs="*", default=list(range(1, 11)))
    parser.add_argument("--ihdp", type=int, nargs="*", default=list(range(12)))
    parser.add_argument("--peers", nargs="*", default=[], metavar="PYTHON", help="that have econml or causalml")
    asked = parser.parse_args()
    with one_linear_algebra_thread():
        for name, numbers, read in (("ACIC", asked.acic, acic), ("IHDP", asked.ihdp, ihdp)):
            for line in table(name, numbers, lambda number, read=read: read(asked.wheels, number), asked.peers):
                print(line, flush=True)


def table(name: str, numbers: Sequence[int], read: Callable[[int], PublicSet], pythons: Sequence[str]) -> Iterator[str]:
    """PEHE of every learner by set, the mean error of ours, and how many true effects its intervals hold."""
    found: list[dict[str, float]] = []
    for number in numbers:
        found.append(judged(read(number), number, pythons))
        if len(found) == 1:
            yield f"| {name} | " + " | ".join(found[0]) + " |"
            yield "| --- " * (1 + len(found[0])) + "|"
        yield f"| {number} | " + " | ".join(f"{value:.2f}" for value in found[-1].values()) + " |"
    if found:
        yield "| mean | " + " | ".join(f"{np.mean([one[key] for one in found]):.2f}" for key in found[0]) + " |\n"


def judged(public: PublicSet, number: int, pythons: Sequence[str]) -> dict[str, float]:
    """Learn from nine tenths, and ask about the rest."""
    learnt, asked = train_test_split(np.arange(len(public.outcome)), test_size=0.1, random_state=42 + number)
    matrix, true = public.matrix[learnt], public.effect[asked]
    model = UpliftRegressor(amounts=False).fit(matrix, public.outcome[learnt], treatment=public.exposed[learnt])
    effect, (low, high) = model.predict(public.matrix[asked]), model.predict_interval(public.matrix[asked]).T
    task = TrainingTask(
        matrix, public.exposed[learnt].astype(np.int64), np.zeros(len(learnt), bool), public.outcome[learnt],
        np.arange(len(learnt)), standardise_terms(every_term(matrix), matrix), public.matrix[asked], 2,
    )  # fmt: skip
    peers = peer_effects(pythons, task)[0] if pythons else {}
    tried = {
        "no effect": np.zeros(len(true)), "a constant": np.full(len(true), model.average_),
        **{name: values[:, 0] for name, values in peers.items()},
        "linear alone": model.effect_.predict(public.matrix[asked])[:, 0], "loyalty-ladder": effect,
    }  # fmt: skip
    rows = {name: float(np.sqrt(np.mean((values - true) ** 2))) for name, values in tried.items()}
    held = float(((low <= true) & (true <= high)).mean())
    return rows | {"mean off by": abs(float(effect.mean() - true.mean())), "held by 90 %": held}


def acic(wheels: Path, number: int) -> PublicSet:
    """Read a set of the challenge; categories become columns."""
    features = pd.get_dummies(pd.read_csv(wheels / ACIC / "x.csv"), drop_first=True).to_numpy(np.float64)
    held = pd.read_csv(wheels / ACIC / f"zymu_{number}.csv")
    exposed = held["z"].to_numpy() == 1
    outcome = np.where(exposed, held["y1"], held["y0"])
    return PublicSet(features, exposed, outcome, (held["mu1"] - held["mu0"]).to_numpy())


def ihdp(wheels: Path, number: int) -> PublicSet:
    """Draw the outcomes of surface B for the children of the trial, as econml.data.dgps does."""
    held = pd.read_csv(wheels / IHDP)
    held = held[(held["treat"] == 0) | (held["momwhite"] == 1)]
    features, exposed = held[IHDP_COLUMNS].to_numpy(np.float64), held["treat"].to_numpy() == 1
    measures = features[:, :MEASURED]
    features[:, :MEASURED] = (measures - measures.mean(axis=0)) / measures.std(axis=0)
    features[:, IHDP_COLUMNS.index("first")] += 1
    rng = np.random.RandomState(number)  # as econml draws
    every = np.column_stack([np.ones(len(features)), features])
    beta = rng.choice([0.0, 0.1, 0.2, 0.3, 0.4], size=every.shape[1], p=[0.6, 0.1, 0.1, 0.1, 0.1])
    line, curve = every @ beta, np.exp((every + np.append(0.0, np.full(features.shape[1], 0.5))) @ beta)
    shift = (line - curve)[exposed].mean() - 4
    outcome = np.where(exposed, line - shift, curve) + rng.normal(size=len(every))
    return PublicSet(features, exposed, outcome, line - shift - curve)


if __name__ == "__main__":
    main()
