"""The evaluation of recommendations on accounts that had no part in them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.instants import FloatArray, IntArray
from training.data.dataset import Dataset
from training.effects.investment_effect import InvestmentEffect
from training.effects.off_policy_value import OffPolicyValue, budget_of, off_policy_value, unbiased_scores
from training.effects.policy_evaluation import PolicyEvaluation
from training.effects.r_learner import WITHIN, fit_cases
from training.effects.trial_estimation import EstimatedEffects, TrialEstimation
from training.evaluation.curves import Curves, Targeting, overlap_of, targeting_of


def evaluate_recommendations(
    estimation: TrialEstimation, estimated: EstimatedEffects, options: Sequence[InvestmentEffect], data: Dataset
) -> tuple[OffPolicyValue | None, Curves, PolicyEvaluation | None]:
    """Return the value of the recommendations on accounts that had no part in them, its curves, and the trials used."""
    revenue, bases = estimated.revenue, estimated.bases
    usable = {k: b for k, b in enumerate(bases, start=1) if options[k - 1].basis != "insufficient"}
    if not usable or len(np.unique(estimation.fold)) < 2:
        return None, _overlaps(estimation, options), None
    trials = estimation.trials
    randomised = any(b.kind == "randomised" for b in usable.values())
    evaluated = trials.random if randomised else ~trials.random
    predicted = np.full((len(trials), len(bases)), np.nan)
    for part in np.unique(estimation.fold):
        train, test = estimation.fold != part, np.flatnonzero((estimation.fold == part) & evaluated)
        cases = {k: estimation.case(k, revenue, b.rows & train) for k, b in usable.items()}
        cases = {k: case for k, case in cases.items() if case.exposed.any()}
        if not cases or not len(test):
            continue
        design = np.column_stack([np.ones(len(test)), np.clip(estimation.z[test], -WITHIN, WITHIN)])
        for k, fitted in zip(cases, fit_cases(list(cases.values()))[0], strict=True):
            supported = np.isin(trials.rung[test], options[k - 1].rungs)
            predicted[test, k - 1] = np.where(supported, design @ fitted.coefficients * revenue.size[test], np.nan)
    options_of, uplift = data.histories.options, estimation.settings.uplift
    share = np.array([uplift.revenue_share.get(name, 0.0) for name in options_of.names])
    costs = np.array(options_of.costs, np.float64) + share * revenue.size[evaluated, None]
    margin = data.totals.margin_rate(uplift.margin_rate) - np.broadcast_to(share, costs.shape)
    account = trials.snapshots.account[evaluated]
    arm, beyond, chance = trials.arm[evaluated], revenue.beyond[evaluated], estimation.chance[evaluated]
    curves = replace(
        _overlaps(estimation, options),
        targeting=tuple(
            curve
            for k in usable
            if (
                curve := _targeting(
                    options[k - 1].investment, k, predicted=predicted[evaluated, k - 1], arm=arm, beyond=beyond,
                    chance=chance, account=account,
                )
            )
        ),
        budget=budget_of(
            predicted[evaluated], arm, beyond, chance=chance, margin=margin, costs=costs, account=account,
            level=uplift.level,
        ),
    )  # fmt: skip
    policy_evaluation = PolicyEvaluation(
        snapshots=trials.snapshots.take(evaluated), matrix=trials.matrix[evaluated], rung=trials.rung[evaluated],
        random=randomised, predicted=predicted[evaluated], arm=arm, beyond=beyond, chance=chance,
        margin=np.asarray(margin), costs=costs,
    )  # fmt: skip
    value = off_policy_value(
        predicted[evaluated],
        arm,
        beyond,
        chance=chance,
        margin=margin,
        costs=costs,
        account=account,
        level=uplift.level,
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


def _overlaps(estimation: TrialEstimation, options: Sequence[InvestmentEffect]) -> Curves:
    """Return the overlap of the observational trials; randomised ones overlap by design."""
    overlaps = []
    for k, option in enumerate(options, start=1):
        rows = ~estimation.trials.random & ((estimation.trials.arm == k) | (estimation.trials.arm == 0))
        exposed = estimation.trials.arm[rows] == k
        if exposed.any() and not exposed.all():
            own, none = estimation.chance[rows, k], estimation.chance[rows, 0]
            overlaps.append(overlap_of(option.investment, own / (own + none), exposed))
    return Curves(overlaps=tuple(overlaps))
