"""The effect of one investment: its basis, its average with an interval, and the findings about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.histories.streams import FIXED_POINT
from features.instants import FloatArray
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.effects.doubly_robust import average
from training.effects.findings import cost_differs, power
from training.effects.trial_estimation import EstimatedEffects, TrialEstimation
from training.model.effect import Effect
from training.model.findings import NOTE, Finding

MIN_BY_RUNG = 10
"""The number of exposed trials that a rung needs before the effect is reported for accounts on it."""


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


def never_recorded(name: str, bond: int, cost: float) -> InvestmentEffect:
    """Return that nothing is known of an option, since no investment in it is recorded."""
    return _insufficient(name, bond, cost, (Finding.of("uplift_never_recorded", NOTE, investment=name),))


def effect_of_option(
    estimation: TrialEstimation, k: int, estimated: EstimatedEffects, placebo_findings: Sequence[Finding], data: Dataset
) -> InvestmentEffect:
    """Return the effect of option k (from 1) with its average, interval and findings."""
    options, trials, basis = data.histories.options, estimation.trials, estimated.bases[k - 1]
    effects_of = {outcome: effects[k] for outcome, effects in estimated.effects_of.items() if k in effects}
    name, bond, cost = options.names[k - 1], options.bonds[k - 1], options.costs[k - 1]
    if basis.kind == "insufficient" or "revenue" not in effects_of:
        return _insufficient(name, bond, cost, basis.findings)
    matrix = trials.matrix[basis.rows]
    mean, error = average(effects_of["revenue"][1], matrix)
    shrunk_mean = average(effects_of["revenue"][0], matrix)[0]
    level = estimation.settings.uplift.level
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    exposed = np.bincount(trials.rung[basis.rows & (trials.arm == k)], minlength=len(RUNGS))
    findings = (
        *basis.findings,
        Finding.of(
            "uplift_average", NOTE, investment=name, mean=mean, low=mean - reach, high=mean + reach, level=level,
            days=estimation.settings.outcome.horizon_days, basis=basis.kind, drawn=shrunk_mean,
        ),
        power(name, error, int(exposed.sum())),
        *placebo_findings,
        *cost_differs(name, _costs(data, k - 1), cost),
    )  # fmt: skip
    supported = tuple(int(rung) for rung in np.flatnonzero(exposed >= MIN_BY_RUNG))
    return InvestmentEffect(
        investment=name, bond=bond, cost=cost, basis=basis.kind,
        effects={outcome: pair[0] for outcome, pair in effects_of.items()}, rungs=supported, mean=mean,
        low=mean - reach, high=mean + reach, findings=findings,
    )  # fmt: skip


def _insufficient(name: str, bond: int, cost: float, findings: tuple[Finding, ...]) -> InvestmentEffect:
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
        findings=findings,
    )


def _costs(data: Dataset, option: int) -> FloatArray:
    """Return what each recorded investment of an option cost, money, for accounts with a row in the dataset."""
    made = data.histories.streams["investments"]
    counted = (made.value("option") == option) & np.isin(made.account, data.snapshots.account)
    costs: FloatArray = made.value("cost")[counted] / FIXED_POINT
    return costs
