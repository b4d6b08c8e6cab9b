"""Recorded switching against the true chances under other laws of leaving than the default one, beside the ceiling.

python -m benchmarks.switching_laws --seeds 0 1 2
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import spearmanr

from benchmarks.origins import rows_until
from benchmarks.simulated_predictions import calibration_slope, cross_entropy, taught
from features.histories.histories import build_histories
from features.instants import FloatArray, instant
from features.sources.source import source_from_rows
from training.models import baselines
from training.models.switching import fit_switching
from training.settings import Settings
from training.simulator.scenarios import SCENARIOS
from training.simulator.simulation import simulate

LAWS = ("default", "tipping_point", "wear_out")
OURS, CEILING = "loyalty-ladder", "the same features, taught the truth of the other seeds"
Chances = dict[str, FloatArray]


def world_of(scenario: str, seed: int, accounts: int) -> tuple[FloatArray, FloatArray, Chances]:
    """The features, true chances and predictions of the accounts that can switch, at the end of the data."""
    settings, world = Settings(), replace(SCENARIOS[scenario], replicates=60)
    settings = replace(settings, booster=replace(settings.booster, threads=1))
    told = simulate(world, accounts=accounts, seed=seed)
    histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
    data = rows_until(histories, settings, as_of)
    now = data.snapshots.as_of == as_of
    truth = told.truth.set_index("account_id").loc[histories.account_ids[data.snapshots.account[now]]]
    true = truth["p_switch"].to_numpy()
    known = ~np.isnan(true) & data.labels.can_switch[now]
    can, before = now.copy(), ~now
    can[now] = known
    at_risk = before & data.labels.can_switch
    names = ("base rate", "log-RFM logit", "MBG/CNBD-k expected purchases")
    found = {name: baselines.SWITCHING[name](data, at_risk, can, settings)[:, 0] for name in names}
    found[OURS] = fit_switching(data, before, settings).predict(data.matrix[can])[:, 0]
    return data.matrix[can], true[known], found


def table(scenario: str, seeds: Sequence[int], accounts: int) -> Iterator[str]:
    """A row for every model: divergence and rank correlation, mean over the seeds and of each."""
    worlds = [world_of(scenario, seed, accounts) for seed in seeds]
    for k, (matrix, _, found) in enumerate(worlds):
        others = [world for j, world in enumerate(worlds) if j != k]
        left = np.concatenate([true for _, true, _ in others])
        taught_by = np.vstack([features for features, _, _ in others])
        found[CEILING] = taught(taught_by, np.column_stack([1 - left, left]), matrix)[:, 1]
    for model in worlds[0][2]:
        pairs = [(true, found[model]) for _, true, found in worlds]
        kl = [float((cross_entropy(t, g) - cross_entropy(t, t)).mean()) for t, g in pairs]
        constant = all(np.ptp(g) == 0 for _, g in pairs)
        rank = "" if constant else f"{np.mean([spearmanr(t, g).statistic for t, g in pairs]):.3f}"
        slope = "" if constant else f"{np.mean([calibration_slope(t, g) for t, g in pairs]):.2f}"
        by_seed = " / ".join(f"{value:.4f}" for value in kl)
        yield f"| {scenario} | {model} | {np.mean(kl):.4f} | {by_seed} | {rank} | {slope} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--accounts", type=int, default=1_500)
    parser.add_argument("--scenarios", nargs="+", default=LAWS)
    options = parser.parse_args()
    print("| scenario | model | KL | KL by seed | rank correlation | slope |\n" + "| --- " * 6 + "|")
    for scenario in options.scenarios:
        for line in table(scenario, options.seeds, options.accounts):
            print(line, flush=True)


if __name__ == "__main__":
    main()
