"""The value of recommending by the estimated effects, on accounts that had no part in the estimates.

Effects are fitted again without each part of the accounts, and judged on that part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from features.instants import FloatArray, IntArray
from training.data.dataset import Dataset
from training.effects.estimation.r_learner import fit_cases
from training.effects.estimation.uplift_estimation import Estimation, Learnt
from training.effects.plans.off_policy_value import OffPolicyValue, budget_of, off_policy_value, unbiased_scores
from training.effects.plans.policy_evaluation import PolicyEvaluation
from training.evaluation.curves import Curves, Targeting, overlap_of, targeting_of


def evaluate_recommendations(
    estimation: Estimation, learnt: Learnt, rungs: Mapping[int, Sequence[int]], data: Dataset
) -> tuple[OffPolicyValue | None, Curves, PolicyEvaluation | None]:
    """Return the value of the recommendations on accounts that had no part in them, its curves, and the trials used.

    rungs : option (from 1) -> the rungs on which its effect is known; options without an effect are left out.
    """
    revenue, grounds = learnt.revenue, learnt.grounds
    usable = {k: g for k, g in enumerate(grounds, start=1) if k in rungs}
    if not usable or len(np.unique(estimation.fold)) < 2:
        return None, _overlaps(estimation), None
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
        for k, (fitted, _) in zip(cases, fit_cases(list(cases.values())), strict=True):
            supported = np.isin(trials.rung[test], rungs[k])
            effect = fitted.design(estimation.z[test], revenue.size[test]) @ fitted.coefficients
            predicted[test, k - 1] = np.where(supported, effect, np.nan)
    options_of, uplift = data.histories.options, estimation.settings.uplift
    share = np.array([uplift.revenue_share.get(name, 0.0) for name in options_of.names])
    costs = np.array(options_of.costs, np.float64) + share * revenue.size[judged, None]
    margin = data.totals.margin_rate(uplift.margin_rate) - np.broadcast_to(share, costs.shape)
    account = trials.snapshots.account[judged]
    arm, beyond, chance = trials.arm[judged], revenue.beyond[judged], estimation.chance[judged]
    curves = replace(
        _overlaps(estimation),
        targeting=tuple(
            found
            for k in usable
            if (
                found := _targeting(
                    estimation.names[k - 1], k, predicted=predicted[judged, k - 1], arm=arm, beyond=beyond,
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


def _overlaps(estimation: Estimation) -> Curves:
    """Return the overlap of the observational trials; randomised ones overlap by design."""
    found = []
    for k, name in enumerate(estimation.names, start=1):
        rows = ~estimation.trials.random & ((estimation.trials.arm == k) | (estimation.trials.arm == 0))
        exposed = estimation.trials.arm[rows] == k
        if exposed.any() and not exposed.all():
            own, none = estimation.chance[rows, k], estimation.chance[rows, 0]
            found.append(overlap_of(name, own / (own + none), exposed))
    return Curves(overlaps=tuple(found))
