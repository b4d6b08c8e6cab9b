"""What an investment seemed to change before it was made, where it can have changed nothing.

Two questions with a known answer, asked with the tools that the effects are found with. **By lot** (negative control):
those drawn must have brought before what the others did; if not, the lots were none. **By choice** (placebo date): what
was known one horizon earlier stands for the features, the revenue since then for the outcome. Managers who choose by
recent revenue give a difference here by design; it says how much of the effect hangs on knowing what they looked at.
Sources: Lipsitch, Tchetgen Tchetgen & Cohen 2010 (negative controls); Imbens & Rubin 2015, chapter 21 (placebos).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.splits import folds_of
from training.effects.doubly_robust import cross_fitted_propensity
from training.effects.outcomes import measure
from training.effects.r_learner import Case, Precisions, fit_again
from training.effects.target_trials import Trials
from training.model.terms import Term, standardised_values
from training.models.fitting import standardise_terms
from training.settings import BoosterSettings, Settings

FOLDS = 2
"""Of the accounts: a check needs no more."""
CLEAR = 2.4
"""Standard errors beyond which a difference is no play of chance, some options being looked at."""


@dataclass(frozen=True)
class Difference:
    """What seemed to differ: money for lots, share of size for choices; its standard error."""

    mean: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether chance does not explain it."""
        return abs(self.mean) > CLEAR * self.error


def before_lots(trials: Trials, chance: FloatArray, column: int) -> dict[int, Difference]:
    """Option -> by how much revenue before the lots differed between those drawn for it and those drawn for none.

    chance : shape (n, 1 + n_options).  column : of past revenue in the matrix.
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


def before_choices(
    data: Dataset, trials: Trials, terms: list[Term], booster: BoosterSettings, settings: Settings, loose: Precisions
) -> Mapping[int, Difference]:
    """Option -> by how much those chosen for it differed over the horizon before they were; a share of size.

    Only trials with a slice one horizon earlier; an option with too few of those is left out.
    """
    earlier = _slices_before(data, trials, settings.outcome.horizon_days)
    rows = np.flatnonzero(~trials.random & (earlier >= 0))
    arm, place = trials.arm[rows], earlier[rows]
    n_arms = len(data.histories.options.names) + 1
    options = [k for k in range(1, n_arms) if (arm == k).sum() >= settings.uplift.least_treated]
    if not options or not (arm == 0).any():
        return {}
    nothing = np.full(len(rows), np.nan)
    pretended = Trials(
        data.snapshots.take(place), data.matrix[place], arm, np.zeros(len(rows), bool), nothing,
        data.labels.revenue[place], nothing, nothing, data.labels.rung[place], nothing,
        np.zeros((len(rows), n_arms - 1)),
    )  # fmt: skip
    fold = folds_of(data.histories, pretended.snapshots.account, FOLDS)
    chance = cross_fitted_propensity(
        pretended.matrix, arm, pretended.random, nothing, fold, n_arms, booster, settings.uplift.clip
    )
    revenue = measure(pretended, "revenue", fold, booster)
    settled = standardise_terms(terms, pretended.matrix)
    z = standardised_values(settled, pretended.matrix)
    found = {}
    for k in options:
        used = np.flatnonzero((arm == k) | (arm == 0))
        own = chance[used, k]
        case = Case(
            z[used], revenue.beyond[used], (arm[used] == k).astype(np.float64), own / (own + chance[used, 0]),
            revenue.size[used], np.ones(len(used), bool), pretended.snapshots.account[used],
        )  # fmt: skip
        told = fit_again([case], loose)[0]
        found[k] = Difference(float(told.coefficients[0]), float(np.sqrt(told.covariance[0, 0])))
    return found


def _slices_before(data: Dataset, trials: Trials, days: int) -> IntArray:
    """The row of the dataset with each trial's account so many days, at least, earlier; -1 where there is none."""
    at = data.snapshots
    order = np.lexsort((at.as_of, at.account))
    day = at.as_of // MICROSECONDS_PER_DAY
    span = int(day.max()) + 1 if len(day) else 1
    keys = at.account[order] * span + day[order]
    wanted = trials.snapshots.account * span + trials.snapshots.as_of // MICROSECONDS_PER_DAY - days
    place = np.searchsorted(keys, wanted, side="right") - 1
    row = order[np.maximum(place, 0)] if len(order) else np.zeros(len(trials), np.int64)
    found: BoolArray = (place >= 0) & (len(order) > 0)
    if len(order):
        late = wanted - keys[np.maximum(place, 0)]
        found &= (at.account[row] == trials.snapshots.account) & (late >= 0) & (late < MOST_APART)
    return np.where(found, row, -1)


MOST_APART = 31
"""Days that the earlier slice may lie further back than the horizon."""


def _by_account(values: FloatArray, account: IntArray) -> FloatArray:
    _, cluster = np.unique(account, return_inverse=True)
    return np.asarray(np.bincount(cluster, weights=values), np.float64)


def lots_in_words(found: Difference) -> str:
    """What the negative control says."""
    told = (
        f"negative control: before the lots those drawn had brought {found.mean:+,.0f} (SE {found.error:,.0f}) a year"
    )
    verdict = "more than chance: ask how the lots were drawn" if found.clear else "as lots should have it"
    return f"{told}, {verdict}"


def choices_in_words(found: Difference) -> str:
    """What the placebo date says."""
    told = (
        f"placebo date: over the horizon before, those chosen differed from comparable accounts by {found.mean:+.1%} "
        f"of expected revenue (SE {found.error:.1%})"
    )
    if not found.clear:
        return f"{told}: nothing that chance does not explain"
    return (
        f"{told}: managers choose by what revenue has done since; the effect rests on knowing all that they looked at"
    )
