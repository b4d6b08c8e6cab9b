"""The uplift of each investment: in revenue over the horizon, and in the probabilities of climbing and of switching.

Assumptions, which are shown with every number. `randomised`: the arm was randomised, so the difference is the effect;
observational trials are used as well as far as the two agree. `adjusted`: managers chose, and everything that drove
both their choice and the outcome is among the features (unconfoundedness). `insufficient`: too few comparable accounts;
then there is no number at all.

The effect is of investing now against not investing within the horizon: what later investments in either arm brought is
taken out of the outcomes first, by the effects themselves (`training.effects.estimation.co_interventions`).

An account's size, of which effects are shares, is the revenue expected of it without investment.
`training.effects.estimation.r_learner` holds the estimator.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np

from features.histories.streams import FIXED_POINT
from features.instants import FloatArray
from features.tables import RUNGS
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import folds_of
from training.effects.estimation.chance_effects import chance_effects
from training.effects.estimation.doubly_robust import cross_fitted_propensity
from training.effects.estimation.effect_estimation import modifiers, small_booster
from training.effects.estimation.uplift_estimation import Estimation, Learnt
from training.effects.estimation.within_dates import at_their_dates
from training.effects.findings import cost_differs, power
from training.effects.outcomes import CHANCES
from training.effects.placebo import choices_finding, lots_finding, negative_control, placebo_date
from training.effects.plans.off_policy_value import OffPolicyValue
from training.effects.plans.policy_evaluation import PolicyEvaluation
from training.effects.plans.recommendation_value import evaluate_recommendations
from training.effects.target_trials import build_trials
from training.evaluation.curves import Curves
from training.model.effect import Effect
from training.model.findings import NOTE, Finding
from training.model.terms import standardised_values
from training.models.fitting import standardise_terms
from training.settings import Settings

MIN_BY_RUNG = 10
"""The number of exposed trials that a rung needs before the effect is reported for accounts on it."""
MAX_PASSES, TOLERANCE = 5, 0.1
"""What later investments brought in revenue is computed again until it changes by no more than this share of itself;
what they changed in chances, once: it is small, and its passes would take as long."""


@dataclass(frozen=True)
class InvestmentEffect:
    """What is known of one option.

    basis : `randomised`, `adjusted` or `insufficient`; with the last, effects is None.
    effects : outcome -> Effect (revenue in money, the others as changes in a probability, only where their average can
        be told from zero: `training.effects.estimation.chance_effects`). The estimate is shrunk to
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


def fit_uplift(data: Dataset, settings: Settings, progress: Progress = silent, *, quick: bool = False) -> Uplift:
    """Fit the effect of every option; empty where there are no options at all.

    quick : without what later investments brought, and without the checks on placebos.
    """
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
    chance = at_their_dates(chance, trials.arm, trials.date)
    progress("effects of investments", 0.2)
    terms = standardise_terms(modifiers(data), trials.matrix)
    estimation = Estimation(
        names=options.names,
        trials=trials,
        chance=chance,
        fold=fold,
        terms=terms,
        z=standardised_values(terms, trials.matrix),
        settings=settings,
    )
    learnt, brought = estimation.learn(), {"revenue": np.zeros((len(trials), n_arms - 1))}
    for k in range(MAX_PASSES if trials.later.any() and not quick else 0):
        progress("effects of investments", 0.4 + 0.1 * k)
        before, brought = brought, learnt.brought(trials.matrix, n_arms - 1)
        part = np.abs(trials.later)  # below zero where the trial's own investment came late
        change = np.abs(brought["revenue"] - before["revenue"]) * part
        if change.sum() <= TOLERANCE * (np.abs(brought["revenue"]) * part).sum():
            break
        estimation = replace(estimation, trials=trials.without_later(brought))
        learnt = estimation.learn_revenue(learnt)
    if estimation.trials is not trials:
        learnt = estimation.learn_others(learnt)
    placebo_findings = {} if quick else _placebo_findings(data, estimation)
    effects = tuple(_option(estimation, k, learnt, placebo_findings.get(k, ()), data) for k in range(1, n_arms))
    progress("effects of investments", 1.0)
    known = {k: effect.rungs for k, effect in enumerate(effects, start=1) if effect.basis != "insufficient"}
    policy_value, curves, policy_evaluation = evaluate_recommendations(estimation, learnt, known, data)
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


def _placebo_findings(data: Dataset, estimation: Estimation) -> dict[int, list[Finding]]:
    """Return, by option, the findings of the checks that look for an effect where there can be none."""
    names, trials = data.histories.options.names, estimation.trials
    drawn = negative_control(trials, estimation.chance, data.column("revenue_365d"))
    chosen = placebo_date(data, trials, modifiers(data), estimation.settings)
    told = {k: [lots_finding(names[k - 1], found)] for k, found in drawn.items()}
    for k, found in chosen.items():
        told.setdefault(k, []).append(choices_finding(names[k - 1], found))
    return told


def _option(
    estimation: Estimation, k: int, learnt: Learnt, placebo_findings: Sequence[Finding], data: Dataset
) -> InvestmentEffect:
    options, trials, ground = data.histories.options, estimation.trials, learnt.grounds[k - 1]
    found = {o: effects[k] for o, effects in learnt.found.items() if k in effects and o not in CHANCES}
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
    mean, error = found["revenue"][1].average(asked)
    drawn_to = found["revenue"][0].average(asked)[0]
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
    chances, about_chances = chance_effects(estimation, learnt, k)
    return InvestmentEffect(
        investment=name, bond=bond, cost=cost, basis=ground.basis,
        effects={outcome: pair[0] for outcome, pair in found.items()} | chances, rungs=supported, mean=mean,
        low=mean - reach, high=mean + reach, findings=(*findings, *about_chances),
    )  # fmt: skip


def _costs(data: Dataset, option: int) -> FloatArray:
    """Return what each recorded investment of an option cost, money, for accounts with a row in the dataset."""
    made = data.histories.streams["investments"]
    counted = (made.value("option") == option) & np.isin(made.account, data.snapshots.account)
    costs: FloatArray = made.value("cost")[counted] / FIXED_POINT
    return costs
