"""Champion against challenger in money: what recommending by either brings, estimated on the same trials.

Both policies are judged doubly robust (`training.effects.plans.off_policy_value`), trial by trial, so that the
difference is paired.
The challenger's effects were learnt on other accounts (cross-fitted). The champion's are those of its bundle, as it
stands:

- on trials at or after its `trained_until` nothing of the outcome was known to it: the comparison is fair;
- where such trials are too few, all trials are used, and it says so: the champion has learnt from some of them, which
  is to its favour. That it does better there then proves nothing; that it does worse does.

Both are priced at today's costs and margins. What later investments brought is taken out of the outcomes by the
challenger's effects, which is the one nuisance that the champion would have had otherwise.
"""

from dataclasses import dataclass

import numpy as np

from features.catalog import catalog
from features.histories.views import View
from features.instants import FloatArray
from training.data.dataset import Dataset
from training.effects.plans.policy_evaluation import PolicyEvaluation
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.model.bundle import Bundle
from training.model.findings import OK, Finding
from training.model.greedy_budget import bought_within

INSUFFICIENT = "insufficient"
HALF = 0.5
"""Of what the challenger would spend without a limit: the budget at which both are compared as well."""
LATER, ALL = "later", "all"
"""On trials after the champion's training; on all, which is in its favour."""
NO_LIMIT, HALF_OF_OURS = "no_limit", "half"


@dataclass(frozen=True)
class Policies:
    """Two policies under one rule, margin less cost per trial.

    rule : what may be spent, NO_LIMIT or HALF_OF_OURS.  budget : per trial, None without a limit.
    ours, theirs : with their intervals.  difference : ours less theirs, paired: above zero the challenger earns more.
    picked, shared : share of the trials that ours pays for, and of those, what theirs pays for as well.
    """

    rule: str
    budget: float | None
    ours: Interval
    theirs: Interval
    difference: Interval
    picked: float
    shared: float


@dataclass(frozen=True)
class PolicyValue:
    """policies : by rule; empty where nothing could be judged, and `why_none` says why.

    on : LATER or ALL, or what there is where there is no champion.  trials, exposed : how many.  random : by lot.
    """

    policies: tuple[Policies, ...]
    on: str
    trials: int
    exposed: int
    random: bool
    why_none: Finding | None = None


def no_money(why: Finding) -> PolicyValue:
    """Return that nothing was judged, for that reason."""
    return PolicyValue(policies=(), on="", trials=0, exposed=0, random=False, why_none=why)


def compare_money(bench: PolicyEvaluation | None, data: Dataset, champion: Bundle, least_exposed: int) -> PolicyValue:
    """Compare both policies without a limit and at a budget.

    least_exposed : trials with an investment that the later ones must hold.
    """
    if bench is None:
        return no_money(Finding.of("money_without_trials", OK))
    if not any(option.basis != INSUFFICIENT for option in champion.investments):
        return no_money(Finding.of("money_without_champion", OK))
    later = bench.snapshots.as_of >= champion.facts.trained_until
    fair = int((bench.arm[later] > 0).sum()) >= least_exposed
    used = bench.take(later) if fair else bench
    ours, theirs = used.outcomes_of(used.predicted), used.outcomes_of(_effects(champion, used, data))
    account, budget = used.snapshots.account, HALF * float(ours.spent.sum())
    found = []
    for rule, limit in ((NO_LIMIT, None), (HALF_OF_OURS, budget)):
        one, other = (
            brought.promised > 0 if limit is None else bought_within(limit, brought.promised, brought.spent)
            for brought in (ours, theirs)
        )
        mine, its = np.where(one, ours.score, 0.0), np.where(other, theirs.score, 0.0)
        found.append(
            Policies(
                rule=rule, budget=None if limit is None else limit / len(used),
                ours=cluster_bootstrap_mean(mine, account), theirs=cluster_bootstrap_mean(its, account),
                difference=cluster_bootstrap_mean(mine - its, account),
                picked=float(one.mean()), shared=float(other[one].mean()) if one.any() else 0.0,
            )
        )  # fmt: skip
    return PolicyValue(tuple(found), LATER if fair else ALL, len(used), int((used.arm > 0).sum()), used.random)


def _effects(champion: Bundle, bench: PolicyEvaluation, data: Dataset) -> FloatArray:
    """Return the champion's effects on revenue by today's options, shape (n, n_options); NaN where it has none."""
    matrix = bench.matrix
    if champion.context != data.context:
        matrix = catalog.compute(View(data.histories, bench.snapshots), champion.context)
    effects = np.full(bench.predicted.shape, np.nan)
    position = {name: k for k, name in enumerate(data.histories.options.names)}
    for option in champion.investments:
        rows = np.flatnonzero(np.isin(bench.rung, option.rungs))
        if option.basis != INSUFFICIENT and option.name in position and len(rows):
            effects[rows, position[option.name]] = option.effects["revenue"].predict(matrix[rows])[:, 0]
    return effects
