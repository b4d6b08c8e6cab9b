"""What recommending by estimated gains is worth: doubly robust, on accounts that had no part in the estimates.

The sum of the recommended gains flatters: options are picked because their estimates came out high (the optimiser's
curse). Here the options are picked by estimates learnt on other accounts, and what they bring is read from the trials
themselves (the augmented inverse propensity score of a policy; Dudik, Langford & Li 2011; Athey & Wager 2021).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.snapshots import FloatArray, IntArray

PRIOR_SPREAD, MOST_WORTH = 0.3, 1.0
"""How far from one a promise's worth is thought to be before any trial was looked at, and what is claimed at most."""


@dataclass(frozen=True)
class Claim:
    """Margin less cost per account, mean over the trials' accounts.

    promised : by the estimates that picked.  value, low, high, error : as the trials have it, with its interval and
        standard error.
    spent : what the picked options cost.
    """

    promised: float
    value: float
    low: float
    high: float
    trials: int
    error: float = 0.0
    spent: float = 0.0

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

    def words(self) -> str:
        """The same in a sentence."""
        told = (
            f"recommendations judged on {self.trials:,} trials of accounts that had no part in them: promised "
            f"{self.promised:,.0f} per account, realised {self.value:,.0f} [{self.low:,.0f}, {self.high:,.0f}]"
        )
        if self.high < self.promised:
            return told + "; the promise is too high"
        return told + ("; above zero beyond doubt" if self.low > 0 else "; too uncertain to tell from zero")


def claim_of(
    predicted: FloatArray, arm: IntArray, beyond: FloatArray, chance: FloatArray, margin: FloatArray, costs: FloatArray,
    account: IntArray, level: float,
) -> Claim | None:  # fmt: skip
    """The claim of picking, for every trial, the option with the highest gain above zero, or none.

    predicted : shape (n, n_options), effects on revenue learnt on other accounts; NaN = not to be recommended.
    arm : shape (n,), 0 = none, k = the kth option.  beyond : shape (n,), revenue less what none was expected to bring.
    chance : shape (n, 1 + n_options).  margin : shape (n, n_options), what a unit of revenue leaves under the option.
    costs : shape (n, n_options).  account : shape (n,).
    None where there is no trial.
    """
    n = len(arm)
    if n == 0:
        return None
    gain = predicted * margin - costs
    best = np.where(np.isnan(gain), -np.inf, gain).argmax(axis=1)
    rows = np.arange(n)
    paid = np.where(np.isnan(gain[rows, best]), -1.0, gain[rows, best]) > 0
    effect = np.nan_to_num(predicted[rows, best])
    treated = np.where(arm == best + 1, (beyond - effect) / chance[rows, best + 1], 0.0)
    control = np.where(arm == 0, beyond / chance[:, 0], 0.0)
    score = np.where(paid, (effect + treated - control) * margin[rows, best] - costs[rows, best], 0.0)
    promised = float(np.where(paid, gain[rows, best], 0.0).mean())
    mean = float(score.mean())
    _, cluster = np.unique(account, return_inverse=True)
    error = float(np.sqrt((np.bincount(cluster, weights=score - mean) ** 2).sum()) / n)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    spent = float(np.where(paid, costs[rows, best], 0.0).mean())
    return Claim(promised, mean, mean - reach, mean + reach, n, error, spent)
