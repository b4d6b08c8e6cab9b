"""What each investment changes: revenue over the horizon, the chance of climbing and of switching, with intervals.

Assumptions, said wherever a number is shown. `randomised`: the arm was drawn by lot, so the difference is the
effect. `adjusted`: managers chose, and everything that drove both their choice and the outcome is among the
features (unconfoundedness). `insufficient`: too few comparable accounts; then there is no number at all.

The effect is of investing now against not investing now: either arm may be invested in later within the horizon,
as managers do, which draws adjusted effects of an often repeated investment towards zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from features.histories import Histories
from features.snapshots import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.dataset import Dataset, Progress, silent
from training.doubly_robust import (
    PENALTIES,
    Overlap,
    Scores,
    average,
    choose_penalty,
    cross_fitted_outcomes,
    cross_fitted_propensity,
    fit_effect,
    mean_effect,
    overlap,
    scores,
)
from training.next_rung import LONG_AGO
from training.predictors import Effect, Term
from training.settings import BoosterSettings, Settings
from training.splits import folds_of
from training.trials import Trials, build_trials

OUTCOMES = ("revenue", "climbed", "switched")
LEAST_BY_RUNG = 10
"""Exposed trials that a rung needs before the effect is reported for accounts on it."""
NUISANCE_ROUNDS = 100


@dataclass(frozen=True)
class InvestmentEffect:
    """What is known of one option.

    basis : `randomised`, `adjusted` or `insufficient`; with the last, the effects are None.
    effects : outcome -> Effect (revenue in money, the others as changes in a probability). Their covariance is
        that of the least penalised fit: an account's interval says what is not known of accounts like it,
        even where its estimate has been pulled to the average.
    rungs : the rungs with enough exposed trials; on others the effect is `insufficient`.
    mean, low, high : the average effect on revenue with its interval.
    """

    investment: str
    bond: int
    cost: float
    basis: str
    effects: dict[str, Effect] | None
    rungs: tuple[int, ...]
    mean: float | None
    low: float | None
    high: float | None
    findings: tuple[str, ...]


@dataclass(frozen=True)
class _Outcome:
    """One outcome's scores over all trials, and which trials count for it."""

    name: str
    scores: Scores
    counts: BoolArray
    size_column: int
    size_offset: float


def modifiers(data: Dataset) -> list[Term]:
    """What effects may differ by: size, rung, recency, attention, service, attitude, contract."""
    column = data.column
    days = dict.fromkeys(("days_since_order_day", "days_since_interaction"), LONG_AGO)
    logs = "interactions_90d order_days_180d tickets_90d employees contacts_now".split()
    return [
        Term(column("revenue_365d"), "log"),
        Term(column("rung"), "identity"),
        *(Term(column(name), fill=fill) for name, fill in days.items()),
        *(Term(column(name)) for name in logs),
        Term(column("survey_last"), "identity", fill=0.6),
        Term(column("contracts_in_force"), "identity"),
    ]


def fit_uplift(data: Dataset, settings: Settings, progress: Progress = silent) -> tuple[InvestmentEffect, ...]:
    """The effect of every option, in the order of `Histories.options`; empty where there are no options at all."""
    trials, options = build_trials(data, settings), data.histories.options
    if trials is None:
        return tuple(
            InvestmentEffect(name, bond, cost, "insufficient", None, (), None, None, None, ("never recorded",))
            for name, bond, cost in zip(options.names, options.bonds, options.costs, strict=True)
        )
    fold = folds_of(data.histories, trials.snapshots.account, settings.uplift.folds)
    n_arms = len(options.names) + 1
    booster = small_booster(settings.booster)
    chance = cross_fitted_propensity(
        trials.matrix, trials.arm, trials.random, trials.propensity, fold, n_arms, booster, settings.uplift.clip
    )
    gates = {random: _gates(trials, chance, n_arms, trials.random == random) for random in (True, False)}
    terms = modifiers(data)
    outcomes = []
    for k, name in enumerate(OUTCOMES):
        progress("effects of investments", k / len(OUTCOMES))
        outcomes.append(_score(trials, name, chance, fold, terms, booster, data))
    progress("effects of investments", 1.0)
    return tuple(
        _fit_option(k, trials, outcomes, gates, fold, terms, data.histories, settings)
        for k in range(len(options.names))
    )


def small_booster(booster: BoosterSettings) -> BoosterSettings:
    """Fewer and quicker trees, for outcomes and chances that a score only needs in passing."""
    return booster.with_rounds(NUISANCE_ROUNDS, learning_rate=0.05)


def _gates(trials: Trials, chance: FloatArray, n_arms: int, rows: BoolArray) -> list[Overlap]:
    return [overlap(trials.arm[rows], chance[rows], k) for k in range(1, n_arms)]


def _score(
    trials: Trials, name: str, chance: FloatArray, fold: IntArray, terms: Sequence[Term], booster: BoosterSettings,
    data: Dataset,
) -> _Outcome:  # fmt: skip
    outcome = getattr(trials, name)
    counts = ~np.isnan(outcome)
    expected = np.zeros((len(trials), chance.shape[1]))
    if counts.any():
        expected[counts] = cross_fitted_outcomes(
            trials.matrix[counts], trials.arm[counts], outcome[counts], fold[counts], terms, chance.shape[1], booster
        )
    column, offset = -1, 1.0
    if name == "revenue":
        column = data.column("revenue_365d")
        offset = _offset(trials, expected[:, 0], np.maximum(trials.matrix[:, column], 0.0))
    size = Effect((), (), (), column, offset).size(trials.matrix)
    scored = scores(trials.arm, np.where(counts, outcome, 0.0), expected, chance, size)
    return _Outcome(name, scored, counts, column, offset)


def _offset(trials: Trials, expected: FloatArray, pace: FloatArray) -> float:
    """What is added to a year's revenue to give an account's size, so that the spread of revenue follows it.

    Read from the line through the absolute errors of the outcome model, against the year's revenue, among
    trials without investment.
    """
    free, mean = trials.arm == 0, max(float(pace.mean()), 1.0)
    varied = free.any() and np.ptp(pace[free]) > 0  # else there is no line to read
    slope, start = np.polyfit(pace[free], np.abs(trials.revenue - expected)[free], 1) if varied else (0.0, 0.0)
    ratio = start / slope if slope > 0 else np.inf
    return round(float(np.clip(ratio, 0.1 * mean, 10 * mean)), 2)


def _fit_option(
    k: int, trials: Trials, outcomes: list[_Outcome], gates: dict[bool, list[Overlap]], fold: IntArray,
    terms: Sequence[Term], histories: Histories, settings: Settings,
) -> InvestmentEffect:  # fmt: skip
    options = histories.options
    name, bond, cost = options.names[k], options.bonds[k], options.costs[k]
    basis, rows, findings = _basis(k, trials, outcomes[0], gates, settings)
    if basis == "insufficient":
        return InvestmentEffect(name, bond, cost, basis, None, (), None, None, None, tuple(findings))
    account = trials.snapshots.account
    effects, mean, error = {}, 0.0, 0.0
    for outcome in outcomes:
        counted = rows & outcome.counts
        if counted.sum() < settings.uplift.least_treated:
            continue
        psi, weight = outcome.scores.psi[counted, k], outcome.scores.weight[counted, k]
        penalty = choose_penalty(trials.matrix[counted], psi, weight, account[counted], fold[counted], terms)
        effect = fit_effect(trials.matrix[counted], psi, weight, account[counted], terms, penalty)
        effect = replace(effect, size_column=outcome.size_column, size_offset=outcome.size_offset)
        if outcome.name == "revenue":
            mean, error = average(effect, trials.matrix[rows])
        loose = fit_effect(trials.matrix[counted], psi, weight, account[counted], terms, PENALTIES[0])
        effects[outcome.name] = replace(effect, covariance=loose.covariance)
    reach = NormalDist().inv_cdf(0.5 + settings.uplift.level / 2) * error
    exposed = np.bincount(trials.rung[rows & (trials.arm == k + 1)], minlength=len(RUNGS))
    findings.append(f"average effect {mean:,.0f} [{mean - reach:,.0f}, {mean + reach:,.0f}] over the horizon, {basis}")
    supported = tuple(int(rung) for rung in np.flatnonzero(exposed >= LEAST_BY_RUNG))
    return InvestmentEffect(
        name, bond, cost, basis, effects, supported, mean, mean - reach, mean + reach, tuple(findings)
    )


def _basis(
    k: int, trials: Trials, revenue: _Outcome, gates: dict[bool, list[Overlap]], settings: Settings
) -> tuple[str, BoolArray, list[str]]:
    """On what the option's effect rests, the trials that it may use, and what was found on the way.

    Where there are lots enough they alone are used, and how far the adjusted estimate disagrees is reported.
    """
    drawn, chosen = gates[True][k], gates[False][k]
    everything = np.ones(len(trials), bool)
    findings = [
        f"by lot: {drawn.treated} exposed, {drawn.effective:.0f} comparable controls",
        f"by choice: {chosen.treated} exposed, {chosen.effective:.0f} comparable controls, "
        f"{chosen.share:.0%} in overlap",
    ]
    if not drawn.passes(settings.uplift):
        if chosen.passes(settings.uplift):
            return "adjusted", ~trials.random, findings
        need = settings.uplift.least_treated
        findings.append(f"not enough comparable accounts: {need} exposed and as many comparable controls are needed")
        return "insufficient", everything, findings
    if not chosen.passes(settings.uplift):
        return "randomised", trials.random, findings
    account, psi, weight = trials.snapshots.account, revenue.scores.psi[:, k], revenue.scores.weight[:, k]
    lot, choice = (mean_effect(psi[r], weight[r], account[r]) for r in (trials.random, ~trials.random))
    gap, error = abs(lot[0] - choice[0]), float(np.hypot(lot[1], choice[1]))
    findings.append(
        f"share of a year's revenue: by lot {lot[0]:.1%} (SE {lot[1]:.1%}), "
        f"adjusted {choice[0]:.1%} (SE {choice[1]:.1%})"
    )
    if gap > 1.96 * error:
        findings.append(
            "they disagree beyond their intervals: the managers' choice hides a cause, and the lots are believed"
        )
    return "randomised", trials.random, findings
