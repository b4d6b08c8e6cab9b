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

from dataclasses import dataclass, field, replace

import numpy as np

from features.instants import FloatArray
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import folds_of
from training.effects.doubly_robust import cross_fitted_propensity
from training.effects.effect_estimation import WEAK_PRIOR, modifiers, small_booster
from training.effects.investment_effect import InvestmentEffect, effect_of_option, never_recorded
from training.effects.off_policy_value import OffPolicyValue
from training.effects.placebo import choices_finding, lots_finding, negative_control, placebo_date
from training.effects.policy_evaluation import PolicyEvaluation
from training.effects.recommendation_evaluation import evaluate_recommendations
from training.effects.target_trials import Trials, build_trials
from training.effects.trial_estimation import TrialEstimation
from training.evaluation.curves import Curves
from training.model.findings import Finding
from training.model.terms import standardised_values
from training.models.fitting import standardise_terms
from training.settings import Settings

MAX_PASSES, TOLERANCE = 5, 0.1
"""What later investments brought is computed again until it changes by no more than this share of itself."""


@dataclass(frozen=True)
class Uplift:
    """All options, in the order of `Histories.options`, and the value of recommending by them, on other accounts.

    policy_evaluation : the trials on which that value was estimated; None where there are none.
    """

    options: tuple[InvestmentEffect, ...]
    policy_value: OffPolicyValue | None = None
    curves: Curves = field(default_factory=Curves)
    policy_evaluation: PolicyEvaluation | None = field(default=None, compare=False, repr=False)


def fit_uplift(data: Dataset, settings: Settings, progress: Progress = silent) -> Uplift:
    """Fit the effect of every option; empty where there are no options at all."""
    trials, options = build_trials(data, settings), data.histories.options
    if trials is None:
        return Uplift(tuple(map(never_recorded, options.names, options.bonds, options.costs)))
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
    estimation = TrialEstimation(
        names=options.names,
        trials=trials,
        chance=chance,
        fold=fold,
        terms=terms,
        z=standardised_values(terms, trials.matrix),
        settings=settings,
    )
    estimated, brought = estimation.estimate(), {"revenue": np.zeros((len(trials), n_arms - 1))}
    for k in range(MAX_PASSES if trials.later.any() else 0):
        progress("effects of investments", 0.4 + 0.1 * k)
        before, brought = brought, estimated.brought(trials.matrix, n_arms - 1)
        part = np.abs(trials.later)  # below zero where the trial's own investment came late
        change = np.abs(brought["revenue"] - before["revenue"]) * part
        if change.sum() <= TOLERANCE * (np.abs(brought["revenue"]) * part).sum():
            break
        estimation = replace(estimation, trials=trials.without_later(brought))
        estimated = estimation.estimate()
    placebo_findings = _placebo_findings(data, trials, chance, settings)
    effects = tuple(
        effect_of_option(estimation, k, estimated, placebo_findings.get(k, ()), data) for k in range(1, n_arms)
    )
    progress("effects of investments", 1.0)
    policy_value, curves, policy_evaluation = evaluate_recommendations(estimation, estimated, effects, data)
    return Uplift(effects, policy_value, curves, policy_evaluation)


def _placebo_findings(
    data: Dataset, trials: Trials, chance: FloatArray, settings: Settings
) -> dict[int, list[Finding]]:
    """Return, by option, the findings of the checks that look for an effect where there can be none."""
    names = data.histories.options.names
    drawn = negative_control(trials, chance, data.column("revenue_365d"))
    chosen = placebo_date(
        data, trials, modifiers(data), booster=small_booster(settings.booster), settings=settings, loose=WEAK_PRIOR
    )
    findings = {k: [lots_finding(names[k - 1], difference)] for k, difference in drawn.items()}
    for k, difference in chosen.items():
        findings.setdefault(k, []).append(choices_finding(names[k - 1], difference))
    return findings
