"""What it would mean for today's accounts to replace one model by another; and what the new one weighs."""

import time

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.instants import FloatArray
from features.tables import NO_INVESTMENT, RUNGS
from serving.scoring.horizons import Column
from serving.scoring.scoring import Scored, Scorer
from training.model.bundle import Bundle
from training.model.footprint import Changed, Changes, Example, Footprint
from training.model.greedy_budget import bought_within

MOST_COMPARED = 2_000
TIMED = 200
"""Accounts of one request, at most."""
TENTH = 0.1


def weigh(bundle: Bundle, histories: Histories, as_of: int) -> Footprint:
    """Return the bundle's size, and how long it takes to score accounts with reasons, timed once on this machine."""
    size = sum(len(content) for content in bundle.files().values()) / 1e6
    known = _sampled(histories, as_of, TIMED)
    scorer = Scorer(bundle, "timed")
    scorer.score(histories, known.take(np.arange(min(1, len(known)))))  # what is made once only is not counted
    begun = time.perf_counter()
    scorer.score(histories, known)
    took = 1000 * (time.perf_counter() - begun)
    return Footprint(size, took / max(len(known), 1), len(known))


def compare_models(new: Bundle, old: Bundle, histories: Histories, as_of: int) -> Changes:
    """Return what changes for whom, over a sample of the accounts known at as_of (microseconds)."""
    known = _sampled(histories, as_of, MOST_COMPARED)
    ours, theirs = (
        Scorer(bundle, "compared").score(histories, known, explain=False, horizons=False) for bundle in (new, old)
    )
    mine, its = _names(ours), _names(theirs)
    rung, differs = ours.scores["rung"].astype(str), mine != its
    rungs = []
    for name in RUNGS:
        on = rung == name
        if on.any():
            newly, dropped = on & (its == NO_INVESTMENT) & differs, on & (mine == NO_INVESTMENT) & differs
            rungs.append(Changed(name, int(on.sum()), int((on & differs).sum()), int(newly.sum()), int(dropped.sum())))
    share = len(known) / max(len(histories.known_at(as_of)), 1)
    return Changes(tuple(rungs), _example(ours, theirs), share)


def _example(ours: Scored, theirs: Scored) -> Example | None:
    """Compare both models' spending of a tenth of what the new one would spend without a limit."""
    costs, gains = zip(*(_recommended(scored) for scored in (ours, theirs)), strict=True)
    wanted = float(costs[0][gains[0] > 0].sum())
    if wanted <= 0:
        return None
    budget = round(TENTH * wanted, -1 if wanted < 100_000 else -3) or wanted
    chosen = [bought_within(budget, gain, cost) for cost, gain in zip(costs, gains, strict=True)]
    return Example(
        budget, int(chosen[0].sum()), int(chosen[1].sum()), int((chosen[0] & chosen[1]).sum()),
        float(gains[0][chosen[0]].sum()),
    )  # fmt: skip


def _names(scored: Scored) -> Column:
    """Return what is recommended; `none` also where there is no option at all."""
    names = scored.scores["recommended_investment"]
    return np.array([NO_INVESTMENT if name is None else name for name in names], object).astype(str)


def _recommended(scored: Scored) -> tuple[FloatArray, FloatArray]:
    """Return cost and expected gain of each account's recommendation; zero where there is none."""
    gain = np.nan_to_num(scored.scores["expected_gain"].astype(np.float64))
    n = len(gain)
    if not len(scored.investments.get("cost", ())):
        return np.zeros(n), np.zeros(n)
    options = np.asarray(scored.investments["investment"]).reshape(n, -1).astype(str)
    costs = np.asarray(scored.investments["cost"], np.float64).reshape(n, -1)
    picked = options == _names(scored)[:, None]
    return np.where(picked, np.nan_to_num(costs), 0.0).sum(axis=1), np.where(picked.any(axis=1), gain, 0.0)


def _sampled(histories: Histories, as_of: int, most: int) -> Snapshots:
    known = histories.known_at(as_of)
    return known.take(np.arange(0, len(known), max(1, -(-len(known) // most))))
