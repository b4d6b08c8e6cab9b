"""What recommending by estimated gains is worth: doubly robust, on accounts that had no part in the estimates.

The sum of the recommended gains flatters: options are picked because their estimates came out high (the optimiser's
curse). Here the options are picked by estimates learnt on other accounts, and what they bring is read from the trials
themselves (the augmented inverse propensity score of a policy; Dudik, Langford & Li 2011; Athey & Wager 2021).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.instants import FloatArray, IntArray
from training.evaluation.curves import POINTS, Budget
from training.evaluation.metrics import Interval
from training.model.findings import NOTE, OK, WARNING, Finding

PRIOR_SPREAD, MOST_WORTH = 0.3, 1.0
"""How far from one a promise's worth is thought to be before any trial was looked at, and what is claimed at most."""


@dataclass(frozen=True)
class OffPolicyValue:
    """Margin less cost per account, mean over the trials' accounts.

    promised : by the estimates that picked.  value, low, high, error : as the trials have it, with its interval and
        standard error.
    spent : what the picked options cost.  level : coverage of the interval.
    """

    promised: float
    value: float
    low: float
    high: float
    trials: int
    error: float = 0.0
    spent: float = 0.0
    level: float = 0.9

    @property
    def ratio(self) -> float:
        """What a promised unit has been worth, drawn to one as far as the trials leave it open; 0 .. MOST_WORTH.

        The posterior mean under a normal prior around one: the estimates are drawn to zero already, so promises need
        not be too high, but nobody knows.
        """
        if self.promised <= 0:
            return 1.0
        noise, prior = (self.error / self.promised) ** 2, PRIOR_SPREAD**2
        drawn = (prior * self.value / self.promised + noise) / (prior + noise)
        return float(np.clip(drawn, 0.0, MOST_WORTH))

    def figures(self) -> dict[str, float]:
        """The same as flat names, for the tracker."""
        values = {"promised": self.promised, "value": self.value, "value_low": self.low, "value_high": self.high}
        values["claim_ratio"] = self.ratio
        return {f"recommended_{name}": round(value, 4) for name, value in values.items()}

    def finding(self) -> Finding:
        """Return what the recommendations were worth beside what they promised."""
        figures = {
            "trials": self.trials, "promised": self.promised, "value": self.value, "low": self.low, "high": self.high,
            "level": self.level,
        }  # fmt: skip
        if self.high < self.promised:
            return Finding.of("claim_too_high", WARNING, **figures)
        if self.low > 0:
            return Finding.of("claim_above_zero", OK, **figures)
        return Finding.of("claim_uncertain", NOTE, **figures)


def off_policy_value(
    predicted: FloatArray, arm: IntArray, beyond: FloatArray, *, chance: FloatArray, margin: FloatArray,
    costs: FloatArray, account: IntArray, level: float,
) -> OffPolicyValue | None:  # fmt: skip
    """The claim of picking, for every trial, the option with the highest gain above zero, or none.

    predicted : shape (n, n_options), effects on revenue learnt on other accounts; NaN = not to be recommended.
    arm : shape (n,), 0 = none, k = the kth option.  beyond : shape (n,), revenue less what none was expected to bring.
    chance : shape (n, 1 + n_options).  margin : shape (n, n_options), what a unit of revenue leaves under the option.
    costs : shape (n, n_options).  account : shape (n,).
    None where there is no trial.
    """
    if len(arm) == 0:
        return None
    found = judge_each(predicted, arm, beyond, chance=chance, margin=margin, costs=costs)
    promised, mean = float(found.promised.mean()), float(found.score.mean())
    error = clustered_error(found.score, account)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    spent = float(found.spent.mean())
    return OffPolicyValue(
        promised=promised,
        value=mean,
        low=mean - reach,
        high=mean + reach,
        trials=len(arm),
        error=error,
        spent=spent,
        level=level,
    )


@dataclass(frozen=True)
class Brought:
    """Per trial, zero where nothing is recommended: the promise, what the trials have of it, and its cost."""

    promised: FloatArray
    score: FloatArray
    spent: FloatArray


def judge_each(
    predicted: FloatArray,
    arm: IntArray,
    beyond: FloatArray,
    *,
    chance: FloatArray,
    margin: FloatArray,
    costs: FloatArray,
) -> Brought:
    """What recommending by those predictions brings of every trial; arguments as `off_policy_value` takes them."""
    gain = predicted * margin - costs
    best = np.where(np.isnan(gain), -np.inf, gain).argmax(axis=1)
    rows = np.arange(len(arm))
    paid = np.where(np.isnan(gain[rows, best]), -1.0, gain[rows, best]) > 0
    score = unbiased(np.nan_to_num(predicted[rows, best]), arm, best + 1, beyond, chance)
    brought = score * margin[rows, best] - costs[rows, best]
    return Brought(*(np.where(paid, found, 0.0) for found in (gain[rows, best], brought, costs[rows, best])))


def unbiased(
    predicted: FloatArray, arm: IntArray, option: IntArray, beyond: FloatArray, chance: FloatArray
) -> FloatArray:
    """Per trial a score whose mean is the effect of the option that is named for it, shape (n,).

    predicted : learnt on other accounts; it only takes away noise.  option : from 1, shape (n,).
    """
    rows = np.arange(len(arm))
    treated = np.where(arm == option, (beyond - predicted) / chance[rows, option], 0.0)
    score: FloatArray = predicted + treated - np.where(arm == 0, beyond / chance[:, 0], 0.0)
    return score


def clustered_error(score: FloatArray, account: IntArray) -> float:
    _, cluster = np.unique(account, return_inverse=True)
    return float(np.sqrt((np.bincount(cluster, weights=score - score.mean()) ** 2).sum()) / len(score))


def budget_of(
    predicted: FloatArray, arm: IntArray, beyond: FloatArray, *, chance: FloatArray, margin: FloatArray,
    costs: FloatArray, account: IntArray, level: float,
) -> Budget | None:  # fmt: skip
    """What the same recommendations bring where only the best promises per unit of money are kept; None without any."""
    found = judge_each(predicted, arm, beyond, chance=chance, margin=margin, costs=costs)
    paid = found.promised > 0
    if not paid.any():
        return None
    each = found.promised / np.where(found.spent > 0, found.spent, 1e-9)  # what costs nothing comes first
    order = np.argsort(-np.where(paid, each, -np.inf), kind="stable")
    order, n = order[: int(paid.sum())], len(arm)
    reach = NormalDist().inv_cdf(0.5 + level / 2)
    spent, promised, value = [0.0], [0.0], [Interval(0.0, 0.0, 0.0)]
    for end in np.ceil(np.linspace(0, 1, POINTS + 1)[1:] * len(order)).astype(np.int64):
        score = np.zeros(n)
        score[order[:end]] = found.score[order[:end]]
        mean, error = float(score.mean()), clustered_error(score, account)
        spent.append(float(found.spent[order[:end]].sum() / n))
        promised.append(float(found.promised[order[:end]].sum() / n))
        value.append(Interval(mean, mean - reach * error, mean + reach * error, level))
    return Budget(tuple(spent), tuple(promised), tuple(value))
