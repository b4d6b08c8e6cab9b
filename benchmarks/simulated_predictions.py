"""Predictions against the simulator's true chances: no luck of the draw is left in any figure but the accounts'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from benchmarks.origins import Peers, peers_of, restricted, rows_until
from features.histories.histories import build_histories
from features.instants import BoolArray, FloatArray, IntArray, instant
from features.sources.source import source_from_rows
from features.tables import RUNGS, TRIGGER_FAMILIES
from serving.scoring.scoring import Scorer
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS
from training.model.predictors import FLOOR
from training.models import baselines
from training.pipeline import train_on
from training.settings import Settings
from training.simulator.simulation import simulate

BINS = 10
CEILING = "the same features, taught the truth of the other seeds"
"""Not a model that anybody could have: how far these features go, if what is learnt from holds no luck at all."""
CEILING_TREES = {
    "learning_rate": 0.03, "num_leaves": 12, "min_data_in_leaf": 40, "lambda_l2": 5.0, "bagging_fraction": 0.7,
    "bagging_freq": 1, "feature_fraction": 0.4, "verbosity": -1, "num_threads": 1, "seed": 0,
}  # fmt: skip
CEILING_ROUNDS = 300


@dataclass(frozen=True)
class World:
    """One simulated supplier: true chances and every model's, of the same accounts.

    matrix : features, shape (n_all, n_features).  can : shape (n_all,), the n accounts that can switch.
    switch : model -> shape (n,); `true_switch` likewise.
    rungs : model -> shape (n_all, 7); `true_rungs` likewise.
    shares : model -> of the triggers, shape (n, 3); `true_shares` likewise.
    """

    matrix: FloatArray
    can: BoolArray
    switch: Mapping[str, FloatArray]
    true_switch: FloatArray
    rungs: Mapping[str, FloatArray]
    true_rungs: FloatArray
    shares: Mapping[str, FloatArray]
    true_shares: FloatArray


def world_of(seed: int, accounts: int | None, peers: Peers | None) -> World:
    """Train as `ladder train` does on the supplier of that seed and predict at the end of its data."""
    settings, told = Settings(), simulate("default", accounts=accounts, seed=seed)
    histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
    data = rows_until(histories, settings, as_of)
    now = data.snapshots.as_of == as_of
    uplift = replace(settings.uplift, least_treated=10**9)  # effects are another benchmark's: none is estimated
    bundle = train_on(restricted(data, ~now), replace(settings, uplift=uplift), folds=0).bundle
    assert bundle.switching is not None, "the default scenario has switches enough"
    truth = told.truth.set_index("account_id").loc[histories.account_ids[data.snapshots.account[now]]]
    true_switch = truth["p_switch"].to_numpy()
    known = ~np.isnan(true_switch) & data.labels.can_switch[now]
    can, at_risk = now.copy(), ~now & data.labels.can_switch
    can[now] = known
    switch = {m: f(data, at_risk, can, settings)[:, 0] for m, f in baselines.SWITCHING.items()}
    rungs = {m: f(data, ~now, now, settings) for m, f in baselines.NEXT_RUNG.items()}
    if peers is not None:
        found = peers_of(peers, data, at_risk, can, data.labels.switched, 1)
        switch |= {m: given[:, 0] for m, given in found.items()}
        rungs |= peers_of(peers, data, ~now, now, data.labels.next_rung, len(RUNGS))
    switch[OURS] = bundle.switching.predict(data.matrix[can])[:, 0]
    rungs[OURS] = bundle.next_rung.predict(data.matrix[now])
    names = [f"trigger_{family}" for family in TRIGGER_FAMILIES]
    shares = {}
    for name, one in ((OURS, bundle), ("contributions alone", replace(bundle, triggers=None))):
        scores = Scorer(one, "benchmark").score(histories, data.snapshots.take(can), explain=False).scores
        shares[name] = np.column_stack([scores[column] for column in names])
    true_rungs, true_shares = truth[[f"p_{rung}" for rung in RUNGS]].to_numpy(), truth[names].to_numpy()[known]
    return World(data.matrix[now], known, switch, true_switch[known], rungs, true_rungs, shares, true_shares)


def with_ceilings(worlds: Sequence[World]) -> list[World]:
    """Each world with one more row in every table: boosters that were taught the true chances of the other worlds."""
    found = []
    for k, world in enumerate(worlds):
        others = [*worlds[:k], *worlds[k + 1 :]]
        everyone, asked = np.vstack([w.matrix for w in others]), world.matrix
        movable = np.vstack([w.matrix[w.can] for w in others])
        left = np.concatenate([w.true_switch for w in others])
        shares = np.vstack([w.true_shares for w in others])
        leaving = taught(movable, np.column_stack([1 - left, left]), asked[world.can])[:, 1]
        rungs = taught(everyone, np.vstack([w.true_rungs for w in others]), asked)
        triggers = taught(movable, shares * left[:, None], asked[world.can])
        found.append(
            replace(
                world,
                switch={**world.switch, CEILING: leaving},
                rungs={**world.rungs, CEILING: rungs},
                shares={**world.shares, CEILING: triggers},
            )
        )
    return found


def taught(matrix: FloatArray, chances: FloatArray, asked: FloatArray) -> FloatArray:
    """A booster learnt from chances, not from outcomes: every row once for each class, weighing its chance."""
    n, k = chances.shape
    target, weight = np.repeat(np.arange(k), n), chances.T.ravel()
    kept = weight > 1e-4
    rows = lgb.Dataset(np.tile(matrix, (k, 1))[kept], target[kept], weight=weight[kept] / weight[kept].mean())
    booster = lgb.train({**CEILING_TREES, "objective": "multiclass", "num_class": k}, rows, CEILING_ROUNDS)
    return np.asarray(booster.predict(asked, num_threads=1), np.float64)


def cross_entropy(true: FloatArray, given: FloatArray) -> FloatArray:
    """Expected log loss of each row under the true chances, shape (n,); with `true` twice it is the least possible."""
    if true.ndim == 1:
        true, given = np.column_stack([1 - true, true]), np.column_stack([1 - given, given])
    loss: FloatArray = -(true * np.log(np.clip(given, FLOOR, 1))).sum(axis=1)
    return loss


def expected_calibration(true: FloatArray, given: FloatArray) -> float:
    """Mean gap between given and true chances over bins of equal mass: what ECE tends to with endless outcomes."""
    parts = np.array_split(np.argsort(given, kind="stable"), BINS)
    return float(sum(abs(given[p].mean() - true[p].mean()) * len(p) for p in parts) / len(given))


def calibration_slope(true: FloatArray, given: FloatArray) -> float:
    """Slope of the logistic regression of what happens on the log odds given; 1 is right, below 1 too extreme."""
    odds = np.log(np.clip(given, FLOOR, 1 - FLOOR) / np.clip(1 - given, FLOOR, 1))

    def loss(line: FloatArray) -> float:
        score = line[0] + line[1] * odds
        return float(np.mean(np.logaddexp(0.0, score) - true * score))

    return float(minimize(loss, np.array([0.0, 1.0]), method="BFGS").x[1])


def trigger_auc(shares: FloatArray, true_shares: FloatArray, true_switch: FloatArray) -> float:
    """Mean over the families of the AUC of its share, among switches as often as they truly happen.

    An account counts as a switch for this reason with its true chance of it, and for another one with the rest.
    """
    found = []
    for k in range(shares.shape[1]):
        of_it, of_others = true_switch * true_shares[:, k], true_switch * (1 - true_shares[:, k])
        side = np.repeat([1, 0], len(shares))
        weights = np.concatenate([of_it, of_others])
        found.append(roc_auc_score(side, np.tile(shares[:, k], 2), sample_weight=weights))
    return float(np.mean(found))


def _clusters(parts: Sequence[FloatArray]) -> IntArray:
    return np.arange(sum(len(part) for part in parts))  # one row an account, and no account in two worlds


def switching_table(worlds: Sequence[World]) -> Iterator[str]:
    """Divergence, rank correlation, calibration: mean over the seeds, and the divergence of each."""
    yield "| model | KL | KL by seed | rank correlation | ECE | slope | log loss - ours |"
    yield "| --- " * 7 + "|"
    for model in worlds[0].switch:
        pairs = [(w.true_switch, w.switch[model], w.switch[OURS]) for w in worlds]
        kl = [float((cross_entropy(t, g) - cross_entropy(t, t)).mean()) for t, g, _ in pairs]
        constant = all(np.ptp(g) == 0 for _, g, _ in pairs)
        rank = "" if constant else f"{np.mean([spearmanr(t, g).statistic for t, g, _ in pairs]):.3f}"
        slope = "" if constant else f"{np.mean([calibration_slope(t, g) for t, g, _ in pairs]):.3f}"
        ece = np.mean([expected_calibration(t, g) for t, g, _ in pairs])
        gaps = [cross_entropy(t, g) - cross_entropy(t, o) for t, g, o in pairs]
        gap = "" if model == OURS else str(cluster_bootstrap_mean(np.concatenate(gaps), _clusters(gaps)))
        by_seed = " / ".join(f"{value:.4f}" for value in kl)
        yield f"| {model} | {np.mean(kl):.4f} | {by_seed} | {rank} | {ece:.4f} | {slope} | {gap} |"


def rung_table(worlds: Sequence[World]) -> Iterator[str]:
    """Share of the true chances' skill over the Markov matrix: mean over the seeds, and of each."""
    yield "| model | log loss | skill share | by seed | ECE, mean of rungs | log loss - ours |"
    yield "| --- " * 6 + "|"
    for model in worlds[0].rungs:
        shares, gaps, losses, errors = [], [], [], []
        for w in worlds:
            least, markov = (
                cross_entropy(w.true_rungs, w.true_rungs),
                cross_entropy(w.true_rungs, w.rungs["Markov matrix"]),
            )
            given = cross_entropy(w.true_rungs, w.rungs[model])
            losses.append(given.mean())
            shares.append((markov.mean() - given.mean()) / (markov.mean() - least.mean()))
            gaps.append(given - cross_entropy(w.true_rungs, w.rungs[OURS]))
            errors.append(np.mean([expected_calibration(w.true_rungs[:, k], w.rungs[model][:, k]) for k in range(7)]))
        gap = "" if model == OURS else str(cluster_bootstrap_mean(np.concatenate(gaps), _clusters(gaps)))
        by_seed = " / ".join(f"{value:.3f}" for value in shares)
        yield f"| {model} | {np.mean(losses):.4f} | {np.mean(shares):.3f} | {by_seed} | {np.mean(errors):.4f} | {gap} |"


def trigger_table(worlds: Sequence[World]) -> Iterator[str]:
    """Macro AUC of the shares of the three families, mean over the seeds and of each."""
    yield "| shares | macro AUC | by seed |"
    yield "| --- | --- | --- |"
    usual = np.full(len(TRIGGER_FAMILIES), 1 / len(TRIGGER_FAMILIES))
    given = {name: [w.shares[name] for w in worlds] for name in worlds[0].shares}
    given = {"the same for all": [np.tile(usual, (len(w.true_switch), 1)) for w in worlds], **given}
    for name, parts in {**given, "the true shares themselves": [w.true_shares for w in worlds]}.items():
        found = [trigger_auc(part, w.true_shares, w.true_switch) for part, w in zip(parts, worlds, strict=True)]
        yield f"| {name} | {np.mean(found):.3f} | {' / '.join(f'{v:.3f}' for v in found)} |"


def simulated(seeds: Sequence[int], accounts: int | None, peers: Peers | None) -> Iterator[str]:
    """The simulator's tables over those seeds."""
    worlds = [world_of(seed, accounts, peers) for seed in seeds]
    worlds = with_ceilings(worlds) if len(worlds) > 1 else worlds
    yield f"## simulator `default`, seeds {', '.join(map(str, seeds))}: switching in 180 days\n"
    yield from switching_table(worlds)
    yield "\n## simulator `default`: which trigger\n"
    yield from trigger_table(worlds)
    yield "\n## simulator `default`: rung in 180 days\n"
    yield from rung_table(worlds)
    yield ""
