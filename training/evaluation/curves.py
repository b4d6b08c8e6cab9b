"""The curves that plots are drawn from: small sums, without a row of anybody's data.

Training returns them beside the models; whoever draws them needs neither the data nor the models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean

POINTS = 20
"""Points of a curve: as many as the eye can tell apart."""
DRAWS = 200
MIN_IN_PART = 30
"""With fewer snapshots, a part's own score means next to nothing."""


@dataclass(frozen=True)
class Part:
    """The snapshots of one origin, or those on one rung.

    scores : model -> score -> value.
    difference : the simplest rule's primary score minus ours, above zero = ours is better; None where there are fewer
        than MIN_IN_PART.
    """

    name: str
    snapshots: int
    scores: Mapping[str, Mapping[str, float]]
    difference: Interval | None


@dataclass(frozen=True)
class Transitions:
    """The observed and expected moves from rung to rung, shape (7, 7) each; rows = the rung at the origin."""

    observed: tuple[tuple[float, ...], ...]
    expected: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Overlap:
    """How alike the accounts were that got an option by choice and those that got none.

    most : the largest probability of getting it.
    exposed, others : shares of each in POINTS bins of that probability, 0 .. most.
    """

    option: str
    most: float
    exposed: tuple[float, ...]
    others: tuple[float, ...]


@dataclass(frozen=True)
class Targeting:
    """What ranking accounts by their estimated effect gains, on accounts that had no part in the estimate.

    share : of the accounts, the highest-ranked first.
    toc : their mean effect less that of all (money), with its interval.
    autoc : area under that curve.
    qini : the same with each point weighted by its share.

    Source: Yadlowsky, Fleming, Shah, Brunskill & Wager (2025), as in `training.effects.uplift_metrics`.
    """

    option: str
    share: tuple[float, ...]
    toc: tuple[Interval, ...]
    autoc: Interval
    qini: Interval


@dataclass(frozen=True)
class Budget:
    """Money per account: what is spent when the best promises are kept first, and what that brought."""

    spent: tuple[float, ...]
    promised: tuple[float, ...]
    value: tuple[Interval, ...]


@dataclass(frozen=True)
class Importance:
    """What a booster relies on: for each feature the mean size of what it adds to the raw score, and the direction.

    direction : correlation of the feature's value with what it adds, -1 .. 1; zero where the value never varies.
    """

    model: str
    features: tuple[str, ...]
    size: tuple[float, ...]
    direction: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    """All that is drawn of a training and stands in no table."""

    overlaps: tuple[Overlap, ...] = ()
    targeting: tuple[Targeting, ...] = ()
    budget: Budget | None = None
    importances: tuple[Importance, ...] = ()


def gains_curve(chance: FloatArray, happened: BoolArray) -> tuple[tuple[float, float], ...]:
    """Return shares of the accounts, the highest probability first, and the share of all that happened among them."""
    sorted_happened = np.asarray(happened, np.float64)[np.argsort(-chance, kind="stable")]
    total = sorted_happened.sum()
    if total == 0:
        return ()
    ends = np.ceil(np.linspace(0, 1, POINTS + 1)[1:] * len(sorted_happened)).astype(np.int64)
    reached = np.cumsum(sorted_happened)[ends - 1] / total
    return ((0.0, 0.0), *zip((ends / len(sorted_happened)).tolist(), reached.tolist(), strict=True))


def transitions(chances: FloatArray, happened: IntArray, rung: IntArray) -> Transitions:
    """Count the moves from rung to rung, beside the sums of their probabilities.

    chances : shape (n, 7).
    happened, rung : shape (n,).
    """
    size = chances.shape[1]
    observed = np.zeros((size, size))
    np.add.at(observed, (rung, happened), 1.0)
    expected = np.stack([chances[rung == k].sum(axis=0) for k in range(size)])
    return Transitions(*(tuple(map(tuple, table.tolist())) for table in (observed, expected)))


def overlap_of(option: str, chance: FloatArray, exposed: BoolArray) -> Overlap:
    """Return the overlap of exposed and other accounts.

    chance : shape (n,), probability of getting the option rather than none.
    exposed : shape (n,), who got it; both kinds must occur.
    """
    most = float(chance.max())  # options are rare: most chances lie far below one
    bins = np.minimum((chance / most * POINTS).astype(np.int64), POINTS - 1)
    shares = [np.bincount(bins[rows], minlength=POINTS) / rows.sum() for rows in (exposed, ~exposed)]
    return Overlap(option, most, tuple(shares[0].tolist()), tuple(shares[1].tolist()))


def targeting_of(
    option: str, score: FloatArray, priority: FloatArray, account: IntArray, seed: int = 0
) -> Targeting | None:
    """Return the targeting curve with a bootstrap over accounts; None where the ranking does not tell accounts apart.

    score : shape (n,), unbiased for the effect, of accounts that the priority was not learnt from.
    priority, account : shape (n,).
    """
    if len(score) < MIN_IN_PART or np.ptp(priority) < 1e-12:
        return None
    order = np.argsort(-priority, kind="stable")
    sorted_score = score[order]
    _, cluster = np.unique(account[order], return_inverse=True)
    ends = np.ceil(np.linspace(0, 1, POINTS + 1)[1:] * len(score)).astype(np.int64) - 1
    curve = _toc(sorted_score, np.ones(len(score)), ends)
    rng, size = np.random.default_rng(seed), int(cluster.max()) + 1
    drawn = np.empty((DRAWS, len(curve)))
    for k in range(DRAWS):
        times = rng.multinomial(size, np.full(size, 1 / size)).astype(np.float64)
        drawn[k] = _toc(sorted_score, times[cluster], ends)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    intervals = [Interval(*map(float, triple)) for triple in zip(curve, low, high, strict=True)]
    return Targeting(
        option, tuple(((ends + 1) / len(score)).tolist()), tuple(intervals[:-2]), intervals[-2], intervals[-1]
    )


def _toc(score: FloatArray, weight: FloatArray, ends: IntArray) -> FloatArray:
    """Return the TOC at the ends, then its area (AUTOC) and the area weighted by share (Qini)."""
    reached = np.cumsum(weight)
    curve = np.cumsum(weight * score) / np.maximum(reached, 1e-12)
    curve = curve - curve[-1]
    share = reached / reached[-1]
    areas = [float((weight * curve).sum() / reached[-1]), float((weight * share * curve).sum() / reached[-1])]
    return np.append(curve[ends], areas)


def importance_of(model: str, features: Sequence[str], values: FloatArray, added: FloatArray) -> Importance:
    """Return what a booster relies on.

    values, added : shape (n, n_features), a sample of rows and what each value adds to the raw score.
    """
    size = np.abs(added).mean(axis=0)
    known = np.isfinite(values)  # a column may be empty where its table is absent
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values, mean) - mean
    beyond = np.where(np.isnan(values), 0.0, added - added.mean(axis=0))
    spread = np.sqrt((centred**2).sum(axis=0) * (beyond**2).sum(axis=0))
    direction = np.where(spread > 0, (centred * beyond).sum(axis=0) / np.where(spread > 0, spread, 1.0), 0.0)
    used = [k for k in np.argsort(-size, kind="stable")[:POINTS] if size[k] > 0]
    return Importance(
        model, tuple(features[k] for k in used), tuple(float(size[k]) for k in used),
        tuple(float(direction[k]) for k in used),
    )  # fmt: skip


def parts_of(
    names: Sequence[str], code: IntArray, rows: Mapping[str, Mapping[str, FloatArray]], *, primary: str, ours: str,
    simplest: str, account: IntArray,
) -> tuple[Part, ...]:  # fmt: skip
    """Return one part for every code that occurs.

    names : of the parts, by code.
    code, account : shape (n,).
    rows : model -> score -> value per snapshot, shape (n,).
    """
    parts = []
    for k in np.unique(code).tolist():
        inside = np.flatnonzero(code == k)
        scores = {
            model: {name: float(v[inside].mean()) for name, v in scores_of.items()} for model, scores_of in rows.items()
        }
        lead = (rows[simplest][primary] - rows[ours][primary])[inside]
        difference = cluster_bootstrap_mean(lead, account[inside]) if len(inside) >= MIN_IN_PART else None
        parts.append(Part(names[k], len(inside), scores, difference))
    return tuple(parts)
