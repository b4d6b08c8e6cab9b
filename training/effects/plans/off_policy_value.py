"""The off-policy value of recommending by estimated gains, on accounts that had no part in the estimates.

The sum of the recommended gains is too high: options are picked because their estimates came out high (the optimiser's
curse). Here the options are picked by estimates learnt on other accounts, and what they bring is read from the trials
themselves.

Source: Dudik, Langford & Li (2011); Athey & Wager (2021), the augmented inverse propensity score of a policy.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.instants import FloatArray, IntArray
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.curves import POINTS, Budget
from training.model.findings import NOTE, OK, WARNING, Finding

CLAIM_SPREAD = 0.5
"""The prior standard deviation of what a unit of estimated gain is worth, around one."""


def drawn_to_one(realised: float, promised: float, error: float, spread: float) -> float:
    """Return realised over promised, drawn to one as far as its error leaves it open.

    It is the posterior mean under a normal prior around one of that spread.

    >>> drawn_to_one(0.05, 0.1, 0.0, 0.3), drawn_to_one(0.05, 0.1, 1e9, 0.3)
    (0.5, 1.0)
    """
    if promised == 0:
        return 1.0
    noise, prior = (error / promised) ** 2, spread**2
    return (prior * realised / promised + noise) / (prior + noise)


@dataclass(frozen=True)
class OffPolicyValue:
    """The value of recommending: margin less cost per account, mean over the trials' accounts.

    promised : by the estimates that picked the options.
    value, low, high, error : from the trials, with interval and standard error.
    spent : cost of the picked options.
    level : coverage of the interval.
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
    def ratio(self) -> Interval | None:
        """Return what a promised unit was worth, with its interval; None where nothing was promised.

        As the trials have it, drawn to nothing; `claim` is what to promise by.
        """
        if self.promised <= 0:
            return None
        value, low, high = (one / self.promised for one in (self.value, self.low, self.high))
        return Interval(value, low, high, self.level)

    @property
    def claim(self) -> float | None:
        """Return what to promise of a unit of estimated gain: the ratio drawn to one as far as its noise allows.

        A few hundred trials cannot judge a sum: as it is, the ratio would have half of the true promises taken back.
        It never leaves its interval.
        """
        if self.ratio is None:
            return None
        return min(drawn_to_one(self.value, self.promised, self.error, CLAIM_SPREAD), self.ratio.high)

    def figures(self) -> dict[str, float]:
        """Return the figures under flat names, for the tracker."""
        values = {"promised": self.promised, "value": self.value, "value_low": self.low, "value_high": self.high}
        if self.ratio is not None and self.claim is not None:
            values |= {"claim_ratio": self.claim, "claim_low": self.ratio.low, "claim_high": self.ratio.high}
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
    """Return the value of picking, for every trial, the option with the highest gain above zero, or none.

    None where there is no trial.

    predicted : shape (n, n_options), effects on revenue learnt on other accounts; NaN = not to be recommended.
    arm : shape (n,), 0 = none, k = the kth option.
    beyond : shape (n,), revenue less its expectation without investment.
    chance : shape (n, 1 + n_options).
    margin : shape (n, n_options), what a unit of revenue leaves under the option.
    costs : shape (n, n_options).
    account : shape (n,).
    level : coverage of the interval.
    """
    if len(arm) == 0:
        return None
    outcomes = policy_outcomes(predicted, arm, beyond, chance=chance, margin=margin, costs=costs)
    promised, mean = float(outcomes.promised.mean()), float(outcomes.score.mean())
    error = clustered_error(outcomes.score, account)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    return OffPolicyValue(
        promised=promised,
        value=mean,
        low=mean - reach,
        high=mean + reach,
        trials=len(arm),
        error=error,
        spent=float(outcomes.spent.mean()),
        level=level,
    )


@dataclass(frozen=True)
class PolicyOutcomes:
    """The promise, its outcome in the trials, and its cost, per trial; zero where nothing is recommended."""

    promised: FloatArray
    score: FloatArray
    spent: FloatArray


def policy_outcomes(
    predicted: FloatArray,
    arm: IntArray,
    beyond: FloatArray,
    *,
    chance: FloatArray,
    margin: FloatArray,
    costs: FloatArray,
) -> PolicyOutcomes:
    """Return what recommending by some predictions brings in every trial.

    Arguments as `off_policy_value` takes them.
    """
    gain = predicted * margin - costs
    best = np.where(np.isnan(gain), -np.inf, gain).argmax(axis=1)
    rows = np.arange(len(arm))
    recommended = np.where(np.isnan(gain[rows, best]), -1.0, gain[rows, best]) > 0
    score = unbiased_scores(np.nan_to_num(predicted[rows, best]), arm, best + 1, beyond, chance)
    net = score * margin[rows, best] - costs[rows, best]
    return PolicyOutcomes(
        *(np.where(recommended, outcomes, 0.0) for outcomes in (gain[rows, best], net, costs[rows, best]))
    )


def unbiased_scores(
    predicted: FloatArray, arm: IntArray, option: IntArray, beyond: FloatArray, chance: FloatArray
) -> FloatArray:
    """Return a score per trial whose mean is the effect of the option named for it, shape (n,).

    predicted : learnt on other accounts; it only reduces noise.
    option : shape (n,), from 1.
    """
    rows = np.arange(len(arm))
    treated = np.where(arm == option, (beyond - predicted) / chance[rows, option], 0.0)
    score: FloatArray = predicted + treated - np.where(arm == 0, beyond / chance[:, 0], 0.0)
    return score


def clustered_error(score: FloatArray, account: IntArray) -> float:
    """Return the standard error of a mean score, clustered by account."""
    _, cluster = np.unique(account, return_inverse=True)
    return float(np.sqrt((np.bincount(cluster, weights=score - score.mean()) ** 2).sum()) / len(score))


def budget_of(
    predicted: FloatArray, arm: IntArray, beyond: FloatArray, *, chance: FloatArray, margin: FloatArray,
    costs: FloatArray, account: IntArray, level: float,
) -> Budget | None:  # fmt: skip
    """Return what the recommendations bring if only the best promises per unit of money are kept; None without any.

    Arguments as `off_policy_value` takes them.
    """
    outcomes = policy_outcomes(predicted, arm, beyond, chance=chance, margin=margin, costs=costs)
    recommended = outcomes.promised > 0
    if not recommended.any():
        return None
    each = outcomes.promised / np.where(outcomes.spent > 0, outcomes.spent, 1e-9)  # free options come first
    order = np.argsort(-np.where(recommended, each, -np.inf), kind="stable")
    order, n = order[: int(recommended.sum())], len(arm)
    reach = NormalDist().inv_cdf(0.5 + level / 2)
    spent, promised, value = [0.0], [0.0], [Interval(0.0, 0.0, 0.0)]
    for end in np.ceil(np.linspace(0, 1, POINTS + 1)[1:] * len(order)).astype(np.int64):
        score = np.zeros(n)
        score[order[:end]] = outcomes.score[order[:end]]
        mean, error = float(score.mean()), clustered_error(score, account)
        spent.append(float(outcomes.spent[order[:end]].sum() / n))
        promised.append(float(outcomes.promised[order[:end]].sum() / n))
        value.append(Interval(mean, mean - reach * error, mean + reach * error, level))
    return Budget(tuple(spent), tuple(promised), tuple(value))
