"""The effects on chances, of climbing and of switching: which can be told from zero, and so may be served.

Such effects are small beside their noise. Shown for every option they would say of each account that it is a little
likelier to stay, or to go, where the trials know nothing. So an option's effect on a chance is served only where its
average over the trials, almost unshrunk, is told from zero by its interval. What is served is calibrated: scaled by
what such predictions were worth on accounts that had no part in them, as far as the trials know that.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from training.effects.estimation.r_learner import fit_cases
from training.effects.estimation.uplift_estimation import Basis, Estimation, Learnt
from training.effects.outcomes import CHANCES, Outcome
from training.effects.plans.off_policy_value import clustered_error, drawn_to_one, unbiased_scores
from training.model.effect import Effect
from training.model.findings import NOTE, WARNING, Finding

PRIOR_SPREAD, LARGEST = 0.3, 1.5
"""The prior standard deviation of a calibration around one, and its upper limit."""


def chance_effects(estimation: Estimation, learnt: Learnt, k: int) -> tuple[dict[str, Effect], list[Finding]]:
    """Return the effects of option k (from 1) on chances that may be served, and a finding on each chance."""
    served: dict[str, Effect] = {}
    findings: list[Finding] = []
    ground, name, level = learnt.grounds[k - 1], estimation.names[k - 1], estimation.settings.uplift.level
    for outcome in CHANCES:
        found = learnt.found.get(outcome, {}).get(k)
        if found is None:
            findings.append(Finding.of("uplift_chance_too_few", NOTE, investment=name, outcome=outcome))
            continue
        counted = ground.rows & ~np.isnan(getattr(estimation.trials, outcome))
        mean, error = found[1].average(estimation.trials.matrix[counted])
        reach = NormalDist().inv_cdf(0.5 + level / 2) * error
        told = {
            "investment": name, "outcome": outcome, "mean": mean, "low": mean - reach, "high": mean + reach,
            "level": level,
        }  # fmt: skip
        if mean - reach <= 0 <= mean + reach:
            findings.append(Finding.of("uplift_chance_untold", NOTE, **told))
            continue
        factor = calibration(estimation, ground, k, learnt.outcomes[outcome])
        served[outcome] = _scaled(found[0], factor)
        findings.append(Finding.of("uplift_chance", NOTE, **told, factor=factor))
        if outcome == "switched" and mean > 0:
            findings.append(Finding.of("uplift_raises_leaving", WARNING, investment=name))
    return served, findings


def calibration(estimation: Estimation, ground: Basis, k: int, measured: Outcome) -> float:
    """Return what option k's predicted effects on a chance were worth on accounts that had no part in them.

    It is the posterior mean of realised over predicted, under a normal prior around one: noise draws it to one.
    """
    trials = estimation.trials
    used = ground.rows & estimation.comparable[:, k] & measured.counts & ((trials.arm == k) | (trials.arm == 0))
    predicted = np.full(len(trials), np.nan)
    for part in np.unique(estimation.fold):
        case = estimation.case(k, measured, ground.rows & (estimation.fold != part))
        test = np.flatnonzero(used & (estimation.fold == part))
        if len(test) and case.exposed.any() and not case.exposed.all():
            fitted = fit_cases([case])[0][0]
            predicted[test] = fitted.design(estimation.z[test], measured.size[test]) @ fitted.coefficients
    rows = np.flatnonzero(~np.isnan(predicted))
    chance = estimation.chance[rows][:, [0, k]] / estimation.chance[rows][:, [0, k]].sum(axis=1, keepdims=True)
    arm = (trials.arm[rows] == k).astype(np.int64)
    score = unbiased_scores(predicted[rows], arm, np.ones(len(rows), np.int64), measured.beyond[rows], chance)
    promised = float(predicted[rows].mean()) if len(rows) else 0.0
    error = clustered_error(score, trials.snapshots.account[rows]) if len(rows) else 0.0
    drawn = drawn_to_one(float(score.mean()) if len(rows) else 0.0, promised, error, PRIOR_SPREAD)
    return float(np.clip(drawn, 0.0, LARGEST))


def _scaled(effect: Effect, factor: float) -> Effect:
    coefficients = tuple(factor * one for one in effect.coefficients)
    rows: Sequence[tuple[float, ...]] = [tuple(factor**2 * cell for cell in row) for row in effect.covariance]
    return replace(effect, coefficients=coefficients, covariance=tuple(rows), typical=factor * effect.typical)
