"""Placebo checks: what an investment seemed to change before it was made, when it can have changed nothing.

Two questions with a known answer, put to the tools that estimate the effects.

*Randomised* (negative control): the treated must have brought the same before as the others; if not, the assignment was
not random.

*Observational* (placebo date): features as known one horizon earlier, and the revenue since then as the outcome.
Managers who choose by recent revenue give a difference here by design; it says how much of the effect depends on
knowing what they knew.

Source: Lipsitch, Tchetgen Tchetgen & Cohen (2010), negative controls; Imbens & Rubin (2015), chapter 21, placebos.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.splits import folds_of
from training.effects.estimation.doubly_robust import cross_fitted_propensity
from training.effects.estimation.effect_estimation import small_booster
from training.effects.estimation.r_learner import LOOSE, refit
from training.effects.estimation.uplift_estimation import Estimation
from training.effects.estimation.within_dates import at_their_dates
from training.effects.target_trials import Trials
from training.model.findings import OK, WARNING, Finding
from training.model.terms import Term, standardised_values
from training.models.fitting import standardise_terms
from training.settings import Settings

FOLDS = 2
"""Folds of the accounts: a check needs no more."""
MIN_ERRORS = 2.4
"""Standard errors beyond which chance does not explain a difference, given that several options are checked."""


@dataclass(frozen=True)
class Difference:
    """A difference before the investment, and its standard error: money if randomised, else a share of size."""

    mean: float
    error: float

    @property
    def clear(self) -> bool:
        """Return whether chance does not explain it."""
        return abs(self.mean) > MIN_ERRORS * self.error


def negative_control(trials: Trials, chance: FloatArray, column: int) -> dict[int, Difference]:
    """Return by how much revenue before the assignment differed between each option's treated and its controls.

    Only randomised trials count; an option without both is left out.

    chance : shape (n, 1 + n_options).
    column : of past revenue in the matrix.
    """
    found = {}
    for k in range(1, chance.shape[1]):
        rows = trials.random & ((trials.arm == k) | (trials.arm == 0))
        exposed = trials.arm[rows] == k
        if exposed.all() or not exposed.any():
            continue
        past = np.nan_to_num(trials.matrix[rows, column])
        drawn = exposed - chance[rows, k] / (chance[rows, k] + chance[rows, 0])
        drawn, past = drawn - drawn.mean(), past - past.mean()
        mean = float(drawn @ past / (drawn @ drawn))
        summed = _by_account(drawn * (past - mean * drawn), trials.snapshots.account[rows])
        found[k] = Difference(mean, float(np.sqrt((summed**2).sum()) / (drawn @ drawn)))
    return found


def placebo_date(data: Dataset, trials: Trials, terms: list[Term], settings: Settings) -> Mapping[int, Difference]:
    """Return by how much those chosen for each option differed over the horizon before they were; a share of size.

    Only trials with a slice one horizon earlier count; an option with too few of them is left out.
    """
    earlier = _slices_before(data, trials, settings.outcome.horizon_days)
    rows = np.flatnonzero(~trials.random & (earlier >= 0))
    arm, earlier_row = trials.arm[rows], earlier[rows]
    n_arms = len(data.histories.options.names) + 1
    options = [k for k in range(1, n_arms) if (arm == k).sum() >= settings.uplift.least_treated]
    if not options or not (arm == 0).any():
        return {}
    nothing = np.full(len(rows), np.nan)
    pretended = Trials(
        snapshots=data.snapshots.take(earlier_row), matrix=data.matrix[earlier_row], arm=arm,
        random=np.zeros(len(rows), bool), propensity=nothing, revenue=data.labels.revenue[earlier_row],
        climbed=nothing, switched=nothing, rung=data.labels.rung[earlier_row], served=nothing,
        later=np.zeros((len(rows), n_arms - 1)),
    )  # fmt: skip
    fold = folds_of(data.histories, pretended.snapshots.account, FOLDS)
    chance = cross_fitted_propensity(
        pretended.matrix,
        arm,
        random=pretended.random,
        known=nothing,
        fold=fold,
        n_arms=n_arms,
        booster=small_booster(settings.booster),
        clip=settings.uplift.clip,
    )
    settled = standardise_terms(terms, pretended.matrix)
    estimation = Estimation(
        names=data.histories.options.names, trials=pretended, fold=fold, terms=settled,
        chance=at_their_dates(chance, arm, pretended.date), z=standardised_values(settled, pretended.matrix),
        settings=settings,
    )  # fmt: skip
    revenue = estimation.measured("revenue")
    found = {}
    for k in options:
        case = estimation.case(k, revenue, np.ones(len(rows), bool))
        if case.exposed.any() and not case.exposed.all():
            told = refit([case], LOOSE)[0]
            found[k] = Difference(float(told.coefficients[0]), float(np.sqrt(told.covariance[0, 0])))
    return found


def _slices_before(data: Dataset, trials: Trials, days: int) -> IntArray:
    """Return the row of the dataset with each trial's account `days` or more earlier; -1 where there is none."""
    at = data.snapshots
    order = np.lexsort((at.as_of, at.account))
    day = at.as_of // MICROSECONDS_PER_DAY
    span = int(day.max()) + 1 if len(day) else 1
    keys = at.account[order] * span + day[order]
    wanted = trials.snapshots.account * span + trials.snapshots.as_of // MICROSECONDS_PER_DAY - days
    earlier_row = np.searchsorted(keys, wanted, side="right") - 1
    row = order[np.maximum(earlier_row, 0)] if len(order) else np.zeros(len(trials), np.int64)
    found: BoolArray = (earlier_row >= 0) & (len(order) > 0)
    if len(order):
        late = wanted - keys[np.maximum(earlier_row, 0)]
        found &= (at.account[row] == trials.snapshots.account) & (late >= 0) & (late < MAX_DAYS_APART)
    return np.where(found, row, -1)


MAX_DAYS_APART = 31
"""Days by which the earlier slice may lie further back than the horizon."""


def _by_account(values: FloatArray, account: IntArray) -> FloatArray:
    _, cluster = np.unique(account, return_inverse=True)
    return np.asarray(np.bincount(cluster, weights=values), np.float64)


def lots_finding(investment: str, found: Difference) -> Finding:
    """Return what the negative control says."""
    figures = {"investment": investment, "mean": found.mean, "error": found.error}
    return (
        Finding.of("uplift_lots_suspect", WARNING, **figures)
        if found.clear
        else Finding.of("uplift_lots_fair", OK, **figures)
    )


def choices_finding(investment: str, found: Difference) -> Finding:
    """Return what the placebo date says."""
    figures = {"investment": investment, "mean": found.mean, "error": found.error}
    return (
        Finding.of("uplift_choices_differed", WARNING, **figures)
        if found.clear
        else Finding.of("uplift_choices_comparable", OK, **figures)
    )
