"""The effect of climbing one rung where it can be known, and the gap between rungs, which is not causal.

A rung is mostly a function of past orders, not a treatment: accounts that climb by ordering more bring more because
they order more. So `upgrade_uplift` is estimated only where climbing is an act of its own: a contract signed (customer
-> member), a recommendation given (member -> advocate -> raving fan). It is estimated by sequential target trials with
a landmark: exposed = climbed by such an act within landmark_days of as_of, outcome = revenue *after* the landmark
(counting the climb's own weeks would credit it with what caused it: immortal-time bias). Elsewhere the basis is
`insufficient`, until a discontinuity at the rule's threshold is used.

Assumption, which is reported with the number: among accounts alike in all features, who climbs is as good as random. It
is tested on the time before the climb (a negative control outcome), and what this test cannot exclude is part of the
interval. A test too weak to exclude much does not allow a number.

Source: Lipsitch, Tchetgen Tchetgen & Cohen (2010), the negative control.
"""

from dataclasses import dataclass, replace

import numpy as np

from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.rules import ADVOCATE, CUSTOMER, MEMBER, rungs
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.data.splits import folds_of
from training.effects.estimation.doubly_robust import (
    PENALTIES,
    Overlap,
    cross_fitted_outcomes,
    cross_fitted_propensity,
    fit_effect,
    overlap,
    scores,
)
from training.effects.estimation.effect_estimation import modifiers, small_booster
from training.effects.placebo import FOLDS
from training.model.effect import Effect
from training.model.findings import NOTE, Finding
from training.model.predictors import Linear
from training.model.terms import Term
from training.models.fitting import fit_values
from training.settings import Settings

CLIMBING_ACTS = {CUSTOMER: "contracts", MEMBER: "referrals", ADVOCATE: "referrals"}
"""Rungs from which accounts climb by an act that is not an order, and the stream of that act."""
MAX_ROWS = 8_000


@dataclass(frozen=True)
class UpgradeEffect:
    """The effect of climbing from one rung to the next.

    basis : `adjusted` or `insufficient`; with the latter, effect is None.
    effect : on revenue after the landmark, scaled to the whole horizon.
    """

    rung: int
    basis: str
    effect: Effect | None
    finding: Finding


def fit_upgrades(data: Dataset, settings: Settings) -> tuple[UpgradeEffect, ...]:
    """Fit one effect for each rung except the top, lowest first."""
    later_revenue, climbed = _after_landmark(data, settings)
    return tuple(_fit_rung(rung, later_revenue, climbed, data, settings) for rung in range(len(RUNGS) - 1))


def _after_landmark(data: Dataset, settings: Settings) -> tuple[FloatArray, BoolArray]:
    """Return revenue between landmark and horizon, and whether the account climbed by an act before the landmark."""
    horizon, landmark = settings.outcome.horizon_days, settings.uplift.landmark_days
    at, rung_now = data.snapshots, data.labels.rung
    revenue = View(data.histories, at.later(horizon)).stream("orders").amount("revenue", horizon - landmark)
    then = View(data.histories, at.later(landmark))
    higher = rungs(then, settings.ladder) > rung_now
    climbed = np.zeros(len(rung_now), bool)
    for rung, stream in CLIMBING_ACTS.items():
        climbed |= higher & (rung_now == rung) & (then.stream(stream).count(landmark) > 0)
    return revenue, climbed


def _fit_rung(rung: int, revenue: FloatArray, climbed: BoolArray, data: Dataset, settings: Settings) -> UpgradeEffect:
    name = RUNGS[rung]
    if rung not in CLIMBING_ACTS:
        return _insufficient(rung, Finding.of("upgrade_circular", NOTE, rung=name))
    if settings.uplift.landmark_days >= settings.outcome.horizon_days:
        return _insufficient(rung, Finding.of("upgrade_landmark", NOTE, rung=name))
    rows = _chosen_rows(rung, climbed, data)
    arm = climbed[rows].astype(np.int64)
    if arm.sum() < settings.uplift.least_treated:
        climbers, needed = int(arm.sum()), settings.uplift.least_treated
        return _insufficient(rung, Finding.of("upgrade_few", NOTE, rung=name, climbed=climbers, needed=needed))
    trial = _Trial(data.matrix[rows], arm, revenue[rows], data.snapshots.account[rows])
    gate, effect = _estimate(trial, data, settings)
    if effect is None:
        return _insufficient(
            rung, Finding.of("upgrade_few_controls", NOTE, rung=name, climbed=gate.treated, controls=gate.effective)
        )
    return _tested(rung, trial, gate, effect, _negative_control(rows, arm, data, settings))


def _tested(rung: int, trial: "_Trial", gate: Overlap, effect: Effect, control: "_Control | None") -> UpgradeEffect:
    """Return the effect with what the control cannot exclude as part of its interval; none where that is too much."""
    mean, error = effect.average(trial.matrix)
    found = {"rung": RUNGS[rung], "climbed": gate.treated, "controls": gate.effective, "mean": mean, "error": error}
    if control is None:
        return _insufficient(rung, Finding.of("upgrade_unchecked", NOTE, **found))
    bearable = max(OF_EFFECT * abs(mean), OF_REVENUE * float(np.maximum(trial.revenue, 0.0).mean()))
    if control.most > bearable:
        return _insufficient(rung, Finding.of(
            "upgrade_differed_before", NOTE, **found, most=control.most, before=control.mean,
            before_error=control.error,
        ))  # fmt: skip
    wider = 1.0 + (control.mean**2 + control.error**2) / max(error**2, 1e-9)
    covariance = tuple(tuple(wider * cell for cell in row) for row in effect.covariance)
    finding = Finding.of("upgrade_estimated", NOTE, **found, before=control.mean, before_error=control.error)
    return UpgradeEffect(rung, "adjusted", replace(effect, covariance=covariance), finding)


def _insufficient(rung: int, finding: Finding) -> UpgradeEffect:
    return UpgradeEffect(rung, "insufficient", None, finding)


OF_EFFECT, OF_REVENUE = 0.25, 0.1
"""The most that climbers may have brought more *before* they climbed, at the end of its interval: a quarter of the
effect, or a tenth of what an account brings, whichever is more. Beyond it the effect may be an earlier difference."""


@dataclass(frozen=True)
class _Control:
    """What climbing seemed to bring before it, when it can have brought nothing; money over the horizon."""

    mean: float
    error: float

    @property
    def most(self) -> float:
        """Return the far end of its 90 % interval."""
        return abs(self.mean) + 1.645 * self.error


@dataclass(frozen=True)
class _Trial:
    """Who climbed (arm 1) and who did not (arm 0), what they brought, and what was known of them."""

    matrix: FloatArray
    arm: IntArray
    revenue: FloatArray
    account: IntArray


def _estimate(trial: _Trial, data: Dataset, settings: Settings) -> tuple[Overlap, Effect | None]:
    """Return the overlap and, where it is enough, the effect on revenue scaled to the whole horizon."""
    fold = folds_of(data.histories, trial.account, settings.uplift.folds)
    booster, terms, arm = small_booster(settings.booster), modifiers(data), trial.arm
    unknown, drawn = np.full(len(arm), np.nan), np.zeros(len(arm), bool)
    chance = cross_fitted_propensity(
        trial.matrix, arm, random=drawn, known=unknown, fold=fold, n_arms=2, booster=booster, clip=settings.uplift.clip
    )
    gate = overlap(arm, chance, 1)
    if not gate.passes(settings.uplift):
        return gate, None
    expected = cross_fitted_outcomes(
        trial.matrix, arm, trial.revenue, fold=fold, terms=terms, n_arms=2, booster=booster
    )
    column = data.column("revenue_365d")
    offset = round(max(float(np.mean(np.maximum(trial.matrix[:, column], 0))), 1.0), 2)
    scored = scores(arm, trial.revenue, expected, chance, Effect((), (), (), column, offset).size(trial.matrix))
    scale = settings.outcome.horizon_days / (settings.outcome.horizon_days - settings.uplift.landmark_days)
    effect, unshrunk = (
        fit_effect(
            trial.matrix,
            scale * scored.psi[:, 0],
            weight=scored.weight[:, 0],
            account=trial.account,
            terms=terms,
            penalty=penalty,
        )
        for penalty in (PENALTIES[-1], PENALTIES[0])
    )
    return gate, replace(effect, size_column=column, size_offset=offset, covariance=unshrunk.covariance)


def _negative_control(rows: IntArray, arm: IntArray, data: Dataset, settings: Settings) -> _Control | None:
    """Return the effect of climbing on revenue *before* it, which must be zero; None where no earlier slice exists.

    Features as known so many days earlier, and the revenue since then as the outcome, so that the same estimator is
    asked a question whose answer is known.
    """
    step = 2 * settings.slices.every_days  # so far apart are the earlier slices of a long record
    days = max(round((settings.outcome.horizon_days - settings.uplift.landmark_days) / step), 1) * step
    row_of = {pair: k for k, pair in enumerate(zip(data.snapshots.account, data.snapshots.as_of, strict=True))}
    back = days * MICROSECONDS_PER_DAY
    pairs = zip(data.snapshots.account[rows], data.snapshots.as_of[rows] - back, strict=True)
    earlier = np.array([row_of.get(pair, -1) for pair in pairs])
    known = earlier >= 0
    if np.count_nonzero(arm[known]) < settings.uplift.least_treated:
        return None
    revenue = View(data.histories, data.snapshots.take(rows)).stream("orders").amount("revenue", days)
    trial = _Trial(data.matrix[earlier[known]], arm[known], revenue[known], data.snapshots.account[rows][known])
    in_halves = replace(settings, uplift=replace(settings.uplift, folds=FOLDS))
    effect = _estimate(trial, data, in_halves)[1]
    if effect is None:
        return None
    return _Control(*effect.average(trial.matrix))


def _chosen_rows(rung: int, climbed: BoolArray, data: Dataset) -> IntArray:
    """Return snapshots on the rung: all that climbed by an act, and every so many of the others at the same dates.

    Accounts that climbed by ordering stay among the others: leaving them out would select the controls by their future,
    and credit the act with the orders that they lack (in a world without effect: +31, SE 9, of 220).
    """
    on_rung, date = data.labels.rung == rung, data.snapshots.as_of
    rows = np.flatnonzero(on_rung & np.isin(date, date[on_rung & climbed]))
    exposed, others = rows[climbed[rows]], rows[~climbed[rows]]
    step = max(1, -(-len(others) // MAX_ROWS))
    return np.sort(np.concatenate([exposed, others[::step]]))


def fit_value_gaps(data: Dataset) -> tuple[float | None, ...]:
    """Return how much more accounts one rung higher bring over the horizon, alike in headcount, country and sector.

    Shape (7,), money; None on the top rung and where one of the two rungs was never seen. Not causal: it is what stands
    on the other side of the step, not what stepping does.
    """
    rung = [Term(data.column("rung"), "equals", float(r)) for r in range(len(RUNGS))]
    others = [Term(data.column(name)) for name in ("employees", "industry_code", "country_code")]
    model = fit_values(data.matrix, data.labels.revenue, data.weight, [*rung, *others])
    levels = _rung_levels(model, data.column("rung"))
    present = np.bincount(data.labels.rung, minlength=len(RUNGS)) > 0
    gaps = [
        round(levels[r + 1] - levels[r], 2) if present[r] and present[r + 1] else None for r in range(len(RUNGS) - 1)
    ]
    return (*gaps, None)


def _rung_levels(model: Linear, column: int) -> list[float]:
    """Return what standing on each rung adds in the model."""
    levels = [0.0] * len(RUNGS)
    for term, coefficient in zip(model.terms, model.coefficients[0], strict=True):
        if term.column == column:
            levels[int(term.level)] = coefficient / term.scale
    return levels
