"""The uplift of each investment: in revenue over the horizon, and in the probabilities of climbing and of switching.

Assumptions, which are shown with every number. `randomised`: the arm was randomised, so the difference is the effect;
observational trials are used as well as far as the two agree. `adjusted`: managers chose, and everything that drove
both their choice and the outcome is among the features (unconfoundedness). `insufficient`: too few comparable accounts;
then there is no number at all.

The effect is of investing now against not investing within the horizon: what later investments in either arm brought is
taken out of the outcomes first, by the effects themselves (`training.effects.co_interventions`).

An account's size, of which effects are shares, is the revenue expected of it without investment.
`training.effects.r_learner` holds the estimator.
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
from training.effects.effect_estimation import WEAK_PRIOR, fit_effects, modifiers, small_booster
from training.effects.findings import cost_differs, power, robustness
from training.effects.off_policy_value import OffPolicyValue, budget_of, off_policy_value, unbiased_scores
from training.effects.outcomes import OUTCOMES, Outcome, measure
from training.effects.placebo import choices_finding, lots_finding, negative_control, placebo_date
from training.effects.policy_evaluation import PolicyEvaluation
from training.effects.r_learner import WITHIN, Case, fit_cases, refit
from training.effects.target_trials import Trials, build_trials
from training.evaluation.curves import Curves, Targeting, overlap_of, targeting_of
from training.model.effect import Effect
from training.model.findings import NOTE, WARNING, Finding
from training.model.terms import Term, standardised_values
from training.models.fitting import standardise_terms
from training.settings import Settings

MIN_BY_RUNG = 10
"""The number of exposed trials that a rung needs before the effect is reported for accounts on it."""
MAX_PASSES, TOLERANCE = 5, 0.1
"""What later investments brought is computed again until it changes by no more than this share of itself."""


@dataclass(frozen=True)
class InvestmentEffect:
    """What is known of one option.

    basis : `randomised`, `adjusted` or `insufficient`; with the last, effects is None.
    effects : outcome -> Effect (revenue in money, the others as changes in a probability). The estimate is shrunk to
        what the evidence supports; its covariance is that of an almost unshrunk fit, so that an account's interval
        shows what is not known of accounts like it.
    rungs : the rungs with enough exposed trials; on others the effect is `insufficient`.
    mean, low, high : the average effect on revenue with its interval, from the trials alone.
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
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Uplift:
    """All options, in the order of `Histories.options`, and the value of recommending by them, on other accounts.

    policy_evaluation : the trials on which that value was estimated; None where there are none.
    """

    options: tuple[InvestmentEffect, ...]
    policy_value: OffPolicyValue | None = None
    curves: Curves = field(default_factory=Curves)
    policy_evaluation: PolicyEvaluation | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class _Basis:
    """The basis of an option's effect, the trials that it may use, and the findings on the way."""

    basis: str
    rows: BoolArray
    findings: tuple[Finding, ...]


def fit_uplift(data: Dataset, settings: Settings, progress: Progress = silent) -> Uplift:
    """Fit the effect of every option; empty where there are no options at all."""
    trials, options = build_trials(data, settings), data.histories.options
    if trials is None:
        return Uplift(tuple(map(_never_recorded, options.names, options.bonds, options.costs)))
    fold = folds_of(data.histories, trials.snapshots.account, settings.uplift.folds)
    booster, n_arms = small_booster(settings.booster), len(options.names) + 1
    progress("effects of investments", 0.0)
    chance = cross_fitted_propensity(
        trials.matrix,
        trials.arm,
        random=trials.random,
        known=trials.propensity,
        fold=fold,
        n_arms=n_arms,
        booster=booster,
        clip=settings.uplift.clip,
    )
    progress("effects of investments", 0.2)
    terms = standardise_terms(modifiers(data), trials.matrix)
    estimation = _Estimation(
        names=options.names,
        trials=trials,
        chance=chance,
        fold=fold,
        terms=terms,
        z=standardised_values(terms, trials.matrix),
        settings=settings,
    )
    learnt, brought = estimation.learn(), {"revenue": np.zeros((len(trials), n_arms - 1))}
    for k in range(MAX_PASSES if trials.later.any() else 0):
        progress("effects of investments", 0.4 + 0.1 * k)
        before, brought = brought, learnt.brought(trials.matrix, n_arms - 1)
        part = np.abs(trials.later)  # below zero where the trial's own investment came late
        change = np.abs(brought["revenue"] - before["revenue"]) * part
        if change.sum() <= TOLERANCE * (np.abs(brought["revenue"]) * part).sum():
            break
        estimation = replace(estimation, trials=trials.without_later(brought))
        learnt = estimation.learn()
    placebo_findings = _placebo_findings(data, trials, chance, settings)
    effects = tuple(_option(estimation, k, learnt, placebo_findings.get(k, ()), data) for k in range(1, n_arms))
    progress("effects of investments", 1.0)
    policy_value, curves, policy_evaluation = _evaluate_recommendations(estimation, learnt, effects, data)
    return Uplift(effects, policy_value, curves, policy_evaluation)


def _never_recorded(name: str, bond: int, cost: float) -> InvestmentEffect:
    found = Finding.of("uplift_never_recorded", NOTE, investment=name)
    return InvestmentEffect(
        investment=name,
        bond=bond,
        cost=cost,
        basis="insufficient",
        effects=None,
        rungs=(),
        mean=None,
        low=None,
        high=None,
        findings=(found,),
    )


@dataclass(frozen=True)
class _Estimation:
    """The trials with all that every estimate needs.

    names : of the options.
    z : the standardised terms' values, shape (n, n_terms).
    """

    names: Sequence[str]
    trials: Trials
    chance: FloatArray
    fold: IntArray
    terms: tuple[Term, ...]
    z: FloatArray
    settings: Settings

    def learn(self) -> "_Learnt":
        """Fit every outcome, the basis of each option's effect, and the effects."""
        booster = small_booster(self.settings.booster)
        asked = [name for name in OUTCOMES if not np.isnan(getattr(self.trials, name)).all()]
        outcomes = [measure(self.trials, name, self.fold, booster) for name in asked]
        grounds = [self.ground(k, outcomes[0]) for k in range(1, self.chance.shape[1])]
        return _Learnt(outcomes[0], grounds, {o.name: self.effects(o, grounds) for o in outcomes})

    def case(self, k: int, outcome: Outcome, rows: BoolArray) -> Case:
        """Return option k (from 1) against none, on those of the rows that count."""
        trials = self.trials
        used = np.flatnonzero(rows & outcome.counts & ((trials.arm == k) | (trials.arm == 0)))
        own = self.chance[used, k]
        return Case(
            z=self.z[used], beyond=outcome.beyond[used], exposed=(trials.arm[used] == k).astype(np.float64),
            chance=own / (own + self.chance[used, 0]), size=outcome.size[used], chosen=~trials.random[used],
            account=trials.snapshots.account[used],
        )  # fmt: skip

    def ground(self, k: int, revenue: Outcome) -> _Basis:
        """Choose the basis of an option's effect.

        It is all trials where both kinds have enough and agree, else the randomised ones, else the observational ones.
        """
        trials, needed, name = self.trials, self.settings.uplift, self.names[k - 1]
        drawn, chosen = (overlap(trials.arm[rows], self.chance[rows], k) for rows in (trials.random, ~trials.random))
        findings = _gate_findings(name, drawn, chosen)
        if not drawn.passes(needed):
            if not chosen.passes(needed):
                findings.append(Finding.of(
                    "uplift_too_few", WARNING, investment=name, least_exposed=needed.least_treated,
                    least_controls=needed.least_effective,
                ))  # fmt: skip
                return _Basis("insufficient", np.zeros(len(trials), bool), tuple(findings))
            return _Basis("adjusted", ~trials.random, (*findings, *self._sensitivity(k, revenue)))
        if not chosen.passes(needed):
            return _Basis("randomised", trials.random, tuple(findings))
        both = np.ones(len(trials), bool)
        told = refit([self.case(k, revenue, both)], WEAK_PRIOR)[0]
        findings.append(Finding.of(
            "uplift_choice_against_lot", NOTE, investment=name, delta=told.delta, error=told.delta_error
        ))  # fmt: skip
        if abs(told.delta) > self.disagreement * told.delta_error:
            findings.append(Finding.of("uplift_choice_misleads", WARNING, investment=name))
            return _Basis("randomised", trials.random, tuple(findings))
        return _Basis("randomised", both, tuple(findings))

    @property
    def disagreement(self) -> float:
        """Return by how many standard errors the two kinds of trials may differ.

        Beyond that only the randomised ones are used.
        """
        return NormalDist().inv_cdf(1 - DISAGREEMENT / 2 / (self.chance.shape[1] - 1))

    def _sensitivity(self, k: int, revenue: Outcome) -> list[Finding]:
        case = self.case(k, revenue, ~self.trials.random)
        told = refit([case], WEAK_PRIOR)[0]
        error = float(np.sqrt(told.covariance[0, 0]))
        return [robustness(self.names[k - 1], float(told.coefficients[0]), error, case)]

    def effects(self, outcome: Outcome, grounds: Sequence[_Basis]) -> dict[int, tuple[Effect, Effect]]:
        """Return each option's effect on the outcome, and the almost unshrunk one.

        Options with too few trials are left out.
        """
        cases = {k: self.case(k, outcome, g.rows) for k, g in enumerate(grounds, start=1) if g.basis != "insufficient"}
        cases = {k: case for k, case in cases.items() if len(case.size) >= self.settings.uplift.least_treated}
        return fit_effects(cases, self.terms, outcome) if cases else {}


@dataclass(frozen=True)
class _Learnt:
    """The result of one pass over the trials.

    found : outcome -> option (from 1) -> its effect, and the almost unshrunk one.
    """

    revenue: Outcome
    grounds: Sequence[_Basis]
    found: Mapping[str, Mapping[int, tuple[Effect, Effect]]]

    def brought(self, matrix: FloatArray, n_options: int) -> dict[str, FloatArray]:
        """Return each option's effect on every row by outcome, shape (n, n_options); zero where there is none."""
        effects = {name: np.zeros((len(matrix), n_options)) for name in self.found}
        for name, options in self.found.items():
            for k, (effect, _) in options.items():
                effects[name][:, k - 1] = effect.predict(matrix)[:, 0]
        return effects


DISAGREEMENT = 0.05
"""The probability, over all options together (Bonferroni), of discarding observational trials that are not biased."""


def _gate_findings(name: str, drawn: Overlap, chosen: Overlap) -> list[Finding]:
    return [
        Finding.of("uplift_by_lot", NOTE, investment=name, exposed=drawn.treated, controls=drawn.effective),
        Finding.of(
            "uplift_by_choice", NOTE, investment=name, exposed=chosen.treated, controls=chosen.effective,
            overlap=chosen.share, separation=chosen.separation,
        ),
    ]  # fmt: skip


def _placebo_findings(
    data: Dataset, trials: Trials, chance: FloatArray, settings: Settings
) -> dict[int, list[Finding]]:
    """Return, by option, the findings of the checks that look for an effect where there can be none."""
    names = data.histories.options.names
    drawn = negative_control(trials, chance, data.column("revenue_365d"))
    chosen = placebo_date(
        data, trials, modifiers(data), booster=small_booster(settings.booster), settings=settings, loose=WEAK_PRIOR
    )
    told = {k: [lots_finding(names[k - 1], found)] for k, found in drawn.items()}
    for k, found in chosen.items():
        told.setdefault(k, []).append(choices_finding(names[k - 1], found))
    return told


def _option(
    estimation: _Estimation, k: int, learnt: _Learnt, placebo_findings: Sequence[Finding], data: Dataset
) -> InvestmentEffect:
    options, trials, ground = data.histories.options, estimation.trials, learnt.grounds[k - 1]
    found = {outcome: effects[k] for outcome, effects in learnt.found.items() if k in effects}
    name, bond, cost = options.names[k - 1], options.bonds[k - 1], options.costs[k - 1]
    if ground.basis == "insufficient" or "revenue" not in found:
        return InvestmentEffect(
            investment=name,
            bond=bond,
            cost=cost,
            basis="insufficient",
            effects=None,
            rungs=(),
            mean=None,
            low=None,
            high=None,
            findings=ground.findings,
        )
    asked = trials.matrix[ground.rows]
    mean, error = average(found["revenue"][1], asked)
    drawn_to = average(found["revenue"][0], asked)[0]
    level = estimation.settings.uplift.level
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    exposed = np.bincount(trials.rung[ground.rows & (trials.arm == k)], minlength=len(RUNGS))
    findings = (
        *ground.findings,
        Finding.of(
            "uplift_average", NOTE, investment=name, mean=mean, low=mean - reach, high=mean + reach, level=level,
            days=estimation.settings.outcome.horizon_days, basis=ground.basis, drawn=drawn_to,
        ),
        power(name, error, int(exposed.sum())),
        *placebo_findings,
        *cost_differs(name, _costs(data, k - 1), cost),
    )  # fmt: skip
    supported = tuple(int(rung) for rung in np.flatnonzero(exposed >= MIN_BY_RUNG))
    return InvestmentEffect(
        investment=name, bond=bond, cost=cost, basis=ground.basis,
        effects={outcome: pair[0] for outcome, pair in found.items()}, rungs=supported, mean=mean, low=mean - reach,
        high=mean + reach, findings=findings,
    )  # fmt: skip


def _costs(data: Dataset, option: int) -> FloatArray:
    """Return what each recorded investment of an option cost, money, for accounts with a row in the dataset."""
    made = data.histories.streams["investments"]
    counted = (made.value("option") == option) & np.isin(made.account, data.snapshots.account)
    costs: FloatArray = made.value("cost")[counted] / FIXED_POINT
    return costs


def _evaluate_recommendations(
    estimation: _Estimation, learnt: _Learnt, options: Sequence[InvestmentEffect], data: Dataset
) -> tuple[OffPolicyValue | None, Curves, PolicyEvaluation | None]:
    """Return the value of the recommendations on accounts that had no part in them, its curves, and the trials used."""
    revenue, grounds = learnt.revenue, learnt.grounds
    usable = {k: g for k, g in enumerate(grounds, start=1) if options[k - 1].basis != "insufficient"}
    if not usable or len(np.unique(estimation.fold)) < 2:
        return None, _overlaps(estimation, options), None
    trials = estimation.trials
    lots = any(g.basis == "randomised" for g in usable.values())
    judged = trials.random if lots else ~trials.random
    predicted = np.full((len(trials), len(grounds)), np.nan)
    for part in np.unique(estimation.fold):
        train, test = estimation.fold != part, np.flatnonzero((estimation.fold == part) & judged)
        cases = {k: estimation.case(k, revenue, g.rows & train) for k, g in usable.items()}
        cases = {k: case for k, case in cases.items() if case.exposed.any()}
        if not cases or not len(test):
            continue
        design = np.column_stack([np.ones(len(test)), np.clip(estimation.z[test], -WITHIN, WITHIN)])
        for k, fitted in zip(cases, fit_cases(list(cases.values()))[0], strict=True):
            supported = np.isin(trials.rung[test], options[k - 1].rungs)
            predicted[test, k - 1] = np.where(supported, design @ fitted.coefficients * revenue.size[test], np.nan)
    options_of, uplift = data.histories.options, estimation.settings.uplift
    share = np.array([uplift.revenue_share.get(name, 0.0) for name in options_of.names])
    costs = np.array(options_of.costs, np.float64) + share * revenue.size[judged, None]
    margin = data.totals.margin_rate(uplift.margin_rate) - np.broadcast_to(share, costs.shape)
    account = trials.snapshots.account[judged]
    arm, beyond, chance = trials.arm[judged], revenue.beyond[judged], estimation.chance[judged]
    curves = replace(
        _overlaps(estimation, options),
        targeting=tuple(
            found
            for k in usable
            if (
                found := _targeting(
                    options[k - 1].investment, k, predicted=predicted[judged, k - 1], arm=arm, beyond=beyond,
                    chance=chance, account=account,
                )
            )
        ),
        budget=budget_of(
            predicted[judged], arm, beyond, chance=chance, margin=margin, costs=costs, account=account,
            level=uplift.level,
        ),
    )  # fmt: skip
    policy_evaluation = PolicyEvaluation(
        snapshots=trials.snapshots.take(judged), matrix=trials.matrix[judged], rung=trials.rung[judged], random=lots,
        predicted=predicted[judged], arm=arm, beyond=beyond, chance=chance, margin=np.asarray(margin), costs=costs,
    )  # fmt: skip
    value = off_policy_value(
        predicted[judged], arm, beyond, chance=chance, margin=margin, costs=costs, account=account, level=uplift.level
    )
    return value, curves, policy_evaluation


def _targeting(
    name: str,
    k: int,
    *,
    predicted: FloatArray,
    arm: IntArray,
    beyond: FloatArray,
    chance: FloatArray,
    account: IntArray,
) -> Targeting | None:
    known = ~np.isnan(predicted)
    option = np.full(int(known.sum()), k)
    score = unbiased_scores(predicted[known], arm[known], option, beyond[known], chance[known])
    return targeting_of(name, score, predicted[known], account[known])


def _overlaps(estimation: _Estimation, options: Sequence[InvestmentEffect]) -> Curves:
    """Return the overlap of the observational trials; randomised ones overlap by design."""
    found = []
    for k, option in enumerate(options, start=1):
        rows = ~estimation.trials.random & ((estimation.trials.arm == k) | (estimation.trials.arm == 0))
        exposed = estimation.trials.arm[rows] == k
        if exposed.any() and not exposed.all():
            own, none = estimation.chance[rows, k], estimation.chance[rows, 0]
            found.append(overlap_of(option.investment, own / (own + none), exposed))
    return Curves(overlaps=tuple(found))
