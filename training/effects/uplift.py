"""What each investment changes: revenue over the horizon, the chance of climbing and of switching, with intervals.

Assumptions, said wherever a number is shown. `randomised`: the arm was drawn by lot, so the difference is the
effect; the managers' own choices are used beside the lots as far as the two agree. `adjusted`: managers chose, and
everything that drove both their choice and the outcome is among the features (unconfoundedness). `insufficient`: too
few comparable accounts; then there is no number at all.

The effect is of investing now against not investing within the horizon: what later investments in either arm brought
is taken out of the outcomes first, by the effects themselves (`training.effects.co_interventions`).

An account's size, of which effects are shares, is the revenue expected of it without investment: the estimator stands
in `training.effects.r_learner`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np

from features.histories.streams import FIXED_POINT
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import folds_of
from training.effects.doubly_robust import Overlap, average, cross_fitted_propensity, overlap
from training.effects.effect_estimation import LOOSE, fit_effects, modifiers, small_booster
from training.effects.findings import dearer, power, robustness
from training.effects.off_policy_value import OffPolicyValue, budget_of, off_policy_value, unbiased
from training.effects.outcomes import OUTCOMES, Outcome, measure
from training.effects.placebo import before_choices, before_lots, choices_in_words, lots_in_words
from training.effects.policy_evaluation import PolicyEvaluation
from training.effects.r_learner import WITHIN, Case, fit_again, fit_cases
from training.effects.target_trials import Trials, build_trials
from training.evaluation.curves import Curves, Targeting, overlap_of, targeting_of
from training.model.effect import Effect
from training.model.terms import Term, standardised_values
from training.models.fitting import standardise_terms
from training.settings import Settings

LEAST_BY_RUNG = 10
"""Exposed trials that a rung needs before the effect is reported for accounts on it."""
MOST_PASSES, SETTLED = 5, 0.1
"""What later investments brought is reckoned anew until it changes by no more than this share of itself."""


@dataclass(frozen=True)
class InvestmentEffect:
    """What is known of one option.

    basis : `randomised`, `adjusted` or `insufficient`; with the last, the effects are None.
    effects : outcome -> Effect (revenue in money, the others as changes in a probability). The estimate is drawn to
        what the evidence supports; its covariance is that of a fit that hardly is, so that an account's interval
        says what is not known of accounts like it.
    rungs : the rungs with enough exposed trials; on others the effect is `insufficient`.
    mean, low, high : the average effect on revenue with its interval, as the trials alone have it.
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
class Uplift:
    """All options, in the order of `Histories.options`, and what recommending by them was worth on other accounts."""

    options: tuple[InvestmentEffect, ...]
    claim: OffPolicyValue | None = None
    curves: Curves = field(default_factory=Curves)
    bench: PolicyEvaluation | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class _Ground:
    """On what an option's effect rests, the trials that it may use, and what was found on the way."""

    basis: str
    rows: BoolArray
    findings: tuple[str, ...]


def fit_uplift(data: Dataset, settings: Settings, progress: Progress = silent) -> Uplift:
    """The effect of every option; empty where there are no options at all."""
    trials, options = build_trials(data, settings), data.histories.options
    if trials is None:
        return Uplift(
            tuple(
                InvestmentEffect(name, bond, cost, "insufficient", None, (), None, None, None, ("never recorded",))
                for name, bond, cost in zip(options.names, options.bonds, options.costs, strict=True)
            )
        )
    fold = folds_of(data.histories, trials.snapshots.account, settings.uplift.folds)
    booster, n_arms = small_booster(settings.booster), len(options.names) + 1
    progress("effects of investments", 0.0)
    chance = cross_fitted_propensity(
        trials.matrix, trials.arm, trials.random, trials.propensity, fold, n_arms, booster, settings.uplift.clip
    )
    progress("effects of investments", 0.2)
    terms = standardise_terms(modifiers(data), trials.matrix)
    work = _Work(trials, chance, fold, terms, standardised_values(terms, trials.matrix), settings)
    learnt, brought = work.learn(), {"revenue": np.zeros((len(trials), n_arms - 1))}
    for k in range(MOST_PASSES if trials.later.any() else 0):
        progress("effects of investments", 0.4 + 0.1 * k)
        before, brought = brought, learnt.brought(trials.matrix, n_arms - 1)
        part = np.abs(trials.later)  # below zero where the trial's own investment came late
        change = np.abs(brought["revenue"] - before["revenue"]) * part
        if change.sum() <= SETTLED * (np.abs(brought["revenue"]) * part).sum():
            break
        work = replace(work, trials=trials.without_later(brought))
        learnt = work.learn()
    pretended = _pretended(data, trials, chance, settings)
    effects = tuple(_option(work, k, learnt, pretended.get(k, ()), data) for k in range(1, n_arms))
    progress("effects of investments", 1.0)
    claim, curves, bench = _judge(work, learnt, effects, data)
    return Uplift(effects, claim, curves, bench)


@dataclass(frozen=True)
class _Work:
    """The trials with all that every estimate needs.  z : the settled terms' values, shape (n, n_terms)."""

    trials: Trials
    chance: FloatArray
    fold: IntArray
    terms: tuple[Term, ...]
    z: FloatArray
    settings: Settings

    def learn(self) -> "_Learnt":
        """Every outcome, on what each option's effect rests, and the effects."""
        booster = small_booster(self.settings.booster)
        asked = [name for name in OUTCOMES if not np.isnan(getattr(self.trials, name)).all()]
        outcomes = [measure(self.trials, name, self.fold, booster) for name in asked]
        grounds = [self.ground(k, outcomes[0]) for k in range(1, self.chance.shape[1])]
        return _Learnt(outcomes[0], grounds, {o.name: self.effects(o, grounds) for o in outcomes})

    def case(self, k: int, outcome: Outcome, rows: BoolArray) -> Case:
        """Option k (from 1) against none, on those of the rows that count."""
        trials = self.trials
        used = np.flatnonzero(rows & outcome.counts & ((trials.arm == k) | (trials.arm == 0)))
        own = self.chance[used, k]
        return Case(
            self.z[used], outcome.beyond[used], (trials.arm[used] == k).astype(np.float64),
            own / (own + self.chance[used, 0]), outcome.size[used], ~trials.random[used],
            trials.snapshots.account[used],
        )  # fmt: skip

    def ground(self, k: int, revenue: Outcome) -> _Ground:
        """Lots and choices together where both have enough and agree; else the lots; else the choices."""
        trials, needed = self.trials, self.settings.uplift
        drawn, chosen = (overlap(trials.arm[rows], self.chance[rows], k) for rows in (trials.random, ~trials.random))
        findings = _gate_findings(drawn, chosen)
        if not drawn.passes(needed):
            if not chosen.passes(needed):
                need = f"{needed.least_treated} exposed and {needed.least_effective} comparable controls are needed"
                findings.append(f"not enough comparable accounts: {need}")
                return _Ground("insufficient", np.zeros(len(trials), bool), tuple(findings))
            return _Ground("adjusted", ~trials.random, (*findings, *self._sensitivity(k, revenue)))
        if not chosen.passes(needed):
            return _Ground("randomised", trials.random, tuple(findings))
        both = np.ones(len(trials), bool)
        told = fit_again([self.case(k, revenue, both)], LOOSE)[0]
        findings.append(
            f"by choice the effect comes out higher than by lot by {told.delta:.1%} of expected revenue "
            f"(SE {told.delta_error:.1%})"
        )
        if abs(told.delta) > self.disagreement * told.delta_error:
            findings.append(
                "they disagree beyond their intervals: the managers' choice hides a cause, and the lots are believed"
            )
            return _Ground("randomised", trials.random, tuple(findings))
        return _Ground("randomised", both, tuple(findings))

    @property
    def disagreement(self) -> float:
        """Standard errors by which choices may differ from lots: beyond, the lots alone are believed."""
        return NormalDist().inv_cdf(1 - DISAGREEMENT / 2 / (self.chance.shape[1] - 1))

    def _sensitivity(self, k: int, revenue: Outcome) -> list[str]:
        case = self.case(k, revenue, ~self.trials.random)
        told = fit_again([case], LOOSE)[0]
        error = float(np.sqrt(told.covariance[0, 0]))
        return [robustness(float(told.coefficients[0]), error, case)]

    def effects(self, outcome: Outcome, grounds: Sequence[_Ground]) -> dict[int, tuple[Effect, Effect]]:
        """Option -> its effect on the outcome, and the same hardly drawn to anything; those with too few trials out."""
        cases = {k: self.case(k, outcome, g.rows) for k, g in enumerate(grounds, start=1) if g.basis != "insufficient"}
        cases = {k: case for k, case in cases.items() if len(case.size) >= self.settings.uplift.least_treated}
        return fit_effects(cases, self.terms, outcome) if cases else {}


@dataclass(frozen=True)
class _Learnt:
    """What one pass over the trials gave.  found : outcome -> option (from 1) -> its effect, and the same unshrunk."""

    revenue: Outcome
    grounds: Sequence[_Ground]
    found: Mapping[str, Mapping[int, tuple[Effect, Effect]]]

    def brought(self, matrix: FloatArray, n_options: int) -> dict[str, FloatArray]:
        """Outcome -> each option's effect on every row, shape (n, n_options); zero where there is none."""
        effects = {name: np.zeros((len(matrix), n_options)) for name in self.found}
        for name, options in self.found.items():
            for k, (effect, _) in options.items():
                effects[name][:, k - 1] = effect.predict(matrix)[:, 0]
        return effects


DISAGREEMENT = 0.05
"""How often, over all options together (Bonferroni), choices that mislead no more than lots do may be thrown away."""


def _gate_findings(drawn: Overlap, chosen: Overlap) -> list[str]:
    return [
        f"by lot: {drawn.treated} exposed, {drawn.effective:.0f} comparable controls",
        f"by choice: {chosen.treated} exposed, {chosen.effective:.0f} comparable controls, "
        f"{chosen.share:.0%} in overlap, told apart by what was known {100 * chosen.separation:.0f} times in 100",
    ]


def _pretended(data: Dataset, trials: Trials, chance: FloatArray, settings: Settings) -> dict[int, tuple[str, ...]]:
    """Option -> what the checks say that ask for an effect where there can be none."""
    drawn = before_lots(trials, chance, data.column("revenue_365d"))
    chosen = before_choices(data, trials, modifiers(data), small_booster(settings.booster), settings, LOOSE)
    told = {k: [lots_in_words(found)] for k, found in drawn.items()}
    for k, found in chosen.items():
        told.setdefault(k, []).append(choices_in_words(found))
    return {k: tuple(words) for k, words in told.items()}


def _option(work: _Work, k: int, learnt: _Learnt, pretended: Sequence[str], data: Dataset) -> InvestmentEffect:
    options, trials, ground = data.histories.options, work.trials, learnt.grounds[k - 1]
    found = {outcome: effects[k] for outcome, effects in learnt.found.items() if k in effects}
    name, bond, cost = options.names[k - 1], options.bonds[k - 1], options.costs[k - 1]
    if ground.basis == "insufficient" or "revenue" not in found:
        return InvestmentEffect(name, bond, cost, "insufficient", None, (), None, None, None, ground.findings)
    asked = trials.matrix[ground.rows]
    mean, error = average(found["revenue"][1], asked)
    drawn_to = average(found["revenue"][0], asked)[0]
    reach = NormalDist().inv_cdf(0.5 + work.settings.uplift.level / 2) * error
    exposed = np.bincount(trials.rung[ground.rows & (trials.arm == k)], minlength=len(RUNGS))
    findings = (
        *ground.findings,
        f"average effect {mean:,.0f} [{mean - reach:,.0f}, {mean + reach:,.0f}] over the horizon, {ground.basis}; "
        f"drawn to what the evidence supports, {drawn_to:,.0f}",
        power(error, int(exposed.sum())),
        *pretended,
        *dearer(_costs(data, k - 1), cost),
    )
    supported = tuple(int(rung) for rung in np.flatnonzero(exposed >= LEAST_BY_RUNG))
    return InvestmentEffect(
        name, bond, cost, ground.basis, {outcome: pair[0] for outcome, pair in found.items()}, supported, mean,
        mean - reach, mean + reach, findings,
    )  # fmt: skip


def _costs(data: Dataset, option: int) -> FloatArray:
    """What each recorded investment of that option cost, money; of accounts with a row: parts and whole hold them."""
    made = data.histories.streams["investments"]
    counted = (made.value("option") == option) & np.isin(made.account, data.snapshots.account)
    costs: FloatArray = made.value("cost")[counted] / FIXED_POINT
    return costs


def _judge(
    work: _Work, learnt: _Learnt, options: Sequence[InvestmentEffect], data: Dataset
) -> tuple[OffPolicyValue | None, Curves, PolicyEvaluation | None]:
    """What the recommendations were worth on accounts whose trials had no part in them, the curves of that, and the
    trials themselves for whoever else is judged on them."""
    revenue, grounds = learnt.revenue, learnt.grounds
    usable = {k: g for k, g in enumerate(grounds, start=1) if options[k - 1].basis != "insufficient"}
    if not usable or len(np.unique(work.fold)) < 2:
        return None, _overlaps(work, options), None
    trials = work.trials
    lots = any(g.basis == "randomised" for g in usable.values())
    judged = trials.random if lots else ~trials.random
    predicted = np.full((len(trials), len(grounds)), np.nan)
    for part in np.unique(work.fold):
        train, test = work.fold != part, np.flatnonzero((work.fold == part) & judged)
        cases = {k: work.case(k, revenue, g.rows & train) for k, g in usable.items()}
        cases = {k: case for k, case in cases.items() if case.exposed.any()}
        if not cases or not len(test):
            continue
        design = np.column_stack([np.ones(len(test)), np.clip(work.z[test], -WITHIN, WITHIN)])
        for k, fitted in zip(cases, fit_cases(list(cases.values()))[0], strict=True):
            supported = np.isin(trials.rung[test], options[k - 1].rungs)
            predicted[test, k - 1] = np.where(supported, design @ fitted.coefficients * revenue.size[test], np.nan)
    options_of, uplift = data.histories.options, work.settings.uplift
    share = np.array([uplift.revenue_share.get(name, 0.0) for name in options_of.names])
    costs = np.array(options_of.costs, np.float64) + share * revenue.size[judged, None]
    margin = data.totals.margin_rate(uplift.margin_rate) - np.broadcast_to(share, costs.shape)
    account = trials.snapshots.account[judged]
    seen = (trials.arm[judged], revenue.beyond[judged], work.chance[judged])
    curves = replace(
        _overlaps(work, options),
        targeting=tuple(
            found
            for k in usable
            if (found := _targeting(options[k - 1].investment, k, predicted[judged, k - 1], *seen, account))
        ),
        budget=budget_of(predicted[judged], *seen, margin, costs, account, uplift.level),
    )
    bench = PolicyEvaluation(
        trials.snapshots.take(judged), trials.matrix[judged], trials.rung[judged], lots, predicted[judged], *seen,
        np.asarray(margin), costs,
    )  # fmt: skip
    return off_policy_value(predicted[judged], *seen, margin, costs, account, uplift.level), curves, bench


def _targeting(
    name: str, k: int, predicted: FloatArray, arm: IntArray, beyond: FloatArray, chance: FloatArray, account: IntArray
) -> Targeting | None:
    known = ~np.isnan(predicted)
    option = np.full(int(known.sum()), k)
    score = unbiased(predicted[known], arm[known], option, beyond[known], chance[known])
    return targeting_of(name, score, predicted[known], account[known])


def _overlaps(work: _Work, options: Sequence[InvestmentEffect]) -> Curves:
    """Only of those who were chosen: lots overlap by design."""
    found = []
    for k, option in enumerate(options, start=1):
        rows = ~work.trials.random & ((work.trials.arm == k) | (work.trials.arm == 0))
        exposed = work.trials.arm[rows] == k
        if exposed.any() and not exposed.all():
            own, none = work.chance[rows, k], work.chance[rows, 0]
            found.append(overlap_of(option.investment, own / (own + none), exposed))
    return Curves(overlaps=tuple(found))
