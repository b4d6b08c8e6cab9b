"""A randomised e-mail test with 64,000 customers: do predicted effects rank customers that they were not learnt from?

Every split learns on one random half and ranks within the other. Splits share customers, so that the mean over them
has no simple standard error: the one shown is that of a single half.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.uplift_learners import TrainingTask, peer_effects, s_learner, t_learner
from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.effect_estimation import small_booster
from training.effects.estimation.r_learner import Case, fit_cases, within_reach
from training.effects.uplift_metrics import DETECTABLE, Rate, autoc, qini, two_arm_scores
from training.model.terms import Term, standardised_values
from training.models.fitting import fit_trees, standardise_terms
from training.settings import BoosterSettings, Settings

ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
OUTCOMES = ("spend", "visit")
OURS, RANDOM = "loyalty-ladder", "at random"
FOLDS = 5


@dataclass(frozen=True)
class Mailing:
    """n customers.

    matrix : shape (n, n_features); terms : what effects may differ by.  arm : shape (n,), 0 = no e-mail.
    outcomes : name -> shape (n,): spend in USD and whether they visited, in the two weeks after.
    """

    matrix: FloatArray
    terms: Sequence[Term]
    arm: IntArray
    outcomes: Mapping[str, FloatArray]


def read_mailing(folder: Path) -> Mailing:
    """The customers of hillstrom.csv.gz in its original columns (Hillstrom 2008)."""
    rows = pd.read_csv(folder / "hillstrom.csv.gz")
    plain = rows[["recency", "history", "mens", "womens", "newbie"]].to_numpy(np.float64)
    levels = pd.get_dummies(rows[["zip_code", "channel"]]).to_numpy(np.float64)
    terms = [Term(k, "log" if k == 1 else "identity") for k in range(plain.shape[1] + levels.shape[1])]
    arm = np.array([ARMS.index(name) for name in rows["segment"]])
    outcomes = {name: rows[name].to_numpy(np.float64) for name in OUTCOMES}
    return Mailing(np.column_stack([plain, levels]), terms, arm, outcomes)


def our_effects(lesson: TrainingTask, booster: BoosterSettings) -> FloatArray:
    """The estimator of `fit_uplift` on customers' columns, with known chances and no size, shape (n_asked, 2)."""
    n = len(lesson.arm)
    fold, free, expected = np.random.default_rng(0).integers(0, FOLDS, n), lesson.arm == 0, np.zeros(n)
    for part in range(FOLDS):
        train, test = free & (fold != part), fold == part
        model = fit_trees(
            lesson.matrix[train], lesson.outcome[train], np.ones(int(train.sum())), booster, objective="regression"
        )
        expected[test] = model.predict(lesson.matrix[test])[:, 0]
    terms = standardise_terms(lesson.terms, lesson.matrix)
    z = standardised_values(terms, lesson.matrix)
    cases = []
    for k in range(1, lesson.n_arms):
        used = np.flatnonzero(free | (lesson.arm == k))
        exposed, one = (lesson.arm[used] == k).astype(np.float64), np.ones(len(used))
        beyond = (lesson.outcome - expected)[used]
        cases.append(Case(z[used], beyond, exposed, 0.5 * one, one, one < 0, lesson.account[used], amounts=False))
    design = np.column_stack([np.ones(len(lesson.asked)), within_reach(standardised_values(terms, lesson.asked))])
    return np.column_stack([design @ fitted.coefficients for fitted, _ in fit_cases(cases)])


@dataclass(frozen=True)
class Split:
    """One learner on one split, one outcome, one e-mail: how it ranks, and its mean effect in the half ranked."""

    autoc: Rate
    qini: Rate
    mean: float


Found = dict[tuple[str, int, str], list[Split]]
"""By outcome, arm and learner, one a split."""


def hillstrom(folder: Path, splits: int, pythons: Sequence[str], peer_splits: int) -> Iterator[str]:
    """One table an outcome and e-mail; the peers' forests take minutes a split, so they get the first few alone."""
    mailing, found, seconds = read_mailing(folder), Found(), dict[str, list[float]]()
    rng = np.random.default_rng(0)
    for number in range(splits):
        train = np.zeros(len(mailing.arm), bool)
        train[rng.permutation(len(train))[: len(train) // 2]] = True
        asked = pythons if number < peer_splits else ()
        for outcome in OUTCOMES:
            for name, taken in _one_split(mailing, outcome, train, asked, found, rng).items():
                seconds.setdefault(name, []).append(taken)
    yield f"## hillstrom: who should get the e-mail, {splits} random halves\n"
    for outcome in OUTCOMES:
        for k in (1, 2):
            yield from _table(mailing, outcome, k, found)
    times = "; ".join(f"{name} {np.mean(taken):.0f}" for name, taken in seconds.items()) or "no peer was asked"
    yield f"Seconds a split and outcome: {times}.\n"


def _one_split(
    mailing: Mailing,
    outcome: str,
    train: BoolArray,
    pythons: Sequence[str],
    found: Found,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Fit everybody on the one half, judge on the other; returns the peers' seconds."""
    y, test, booster = mailing.outcomes[outcome], ~train, small_booster(Settings().booster)
    matrix, terms = mailing.matrix, standardise_terms(mailing.terms, mailing.matrix[train])
    n = int(train.sum())
    lesson = TrainingTask(
        matrix[train], mailing.arm[train], np.ones(n, bool), y[train], np.arange(n), terms, matrix[test], len(ARMS)
    )
    effects = {
        RANDOM: rng.random((len(lesson.asked), len(ARMS) - 1)),
        "T-learner, our boosters": t_learner(lesson, booster),
        "S-learner, our boosters": s_learner(lesson, booster),
    }
    theirs, seconds = peer_effects(pythons, lesson)
    effects |= {**theirs, OURS: our_effects(lesson, booster)}
    for k in (1, 2):
        asked = (mailing.arm[test] == k) | (mailing.arm[test] == 0)
        score = two_arm_scores(mailing.arm[test][asked] == k, y[test][asked], 0.5)
        for name, values in effects.items():
            ranked = values[asked, k - 1]
            judged = Split(autoc(score, ranked), qini(score, ranked), float(values[:, k - 1].mean()))
            found.setdefault((outcome, k, name), []).append(judged)
    return seconds


def _table(mailing: Mailing, outcome: str, k: int, found: Found) -> Iterator[str]:
    y, arm = mailing.outcomes[outcome], mailing.arm
    treated, none = y[arm == k], y[arm == 0]
    gap = float(treated.mean() - none.mean())
    error = float(np.sqrt(treated.var(ddof=1) / len(treated) + none.var(ddof=1) / len(none)))
    yield (
        f"### {ARMS[k]}, {outcome}: difference in means {gap:.4f} (SE {error:.4f}), without e-mail {none.mean():.4f}\n"
    )
    yield "| learner | splits | AUTOC | SE of one half | splits above 1.645 SE | Qini | SE of one half | mean effect |"
    yield "| --- " * 8 + "|"
    for (named, option, name), splits in found.items():
        if (named, option) == (outcome, k):
            credible = np.mean([split.autoc.statistic > 1.645 for split in splits])
            area, curve = _mean([split.autoc for split in splits]), _mean([split.qini for split in splits])
            mean = "" if name == RANDOM else f"{np.mean([split.mean for split in splits]):.4f}"
            yield (
                f"| {name} | {len(splits)} | {area.value:+.4f} | {area.error:.4f} | {credible:.0%} "
                f"| {curve.value:+.4f} | {curve.error:.4f} | {mean} |"
            )
    half = float(np.mean([split.autoc.error for split in found[outcome, k, RANDOM]]))
    yield (
        f"\nWhat could be seen: an average effect of {DETECTABLE * error:.4f} would be found four times in five; in "
        f"one half, a ranking with an AUTOC of {DETECTABLE * half:.4f}. A smaller one may well be there.\n"
    )


def _mean(rates: Sequence[Rate]) -> Rate:
    """The mean estimate, and the mean standard error of one."""
    return Rate(float(np.mean([rate.value for rate in rates])), float(np.mean([rate.error for rate in rates])))
