"""Shrinkage of a group's own estimate to the common one, by as much as groups do not differ.

Empirical Bayes with known sampling variances. With few groups nothing can be learnt of their spread; a fixed number of
cases then gives half of the weight to the group's own estimate.

Source: DerSimonian & Laird (1986), the moment estimate of the spread; for ratios of sums it is the credibility of
Buehlmann & Straub (1970), Buehlmann & Gisler (2005), chapter 4.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray

MIN_GROUPS = 5
"""The number of groups from which their spread can be learnt."""


@dataclass(frozen=True)
class Prior:
    """The common estimate and the variance of groups around it."""

    mean: float
    spread: float

    def pull(self, estimate: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the shrunk estimate of each group, shape (n_groups,).

        estimate, variance : shape (n_groups,); the variance of the estimate is infinite for a group that has none.
        """
        share = self.spread / np.maximum(self.spread + variance, 1e-300)
        shrunk: FloatArray = self.mean + np.where(np.isfinite(variance), share * (estimate - self.mean), 0.0)
        return shrunk


def learn_prior(estimate: FloatArray, variance: FloatArray, spread_if_few: float) -> Prior:
    """Learn the prior of some groups.

    estimate, variance : shape (n_groups,), finite, at least one group.
    spread_if_few : the spread with fewer than MIN_GROUPS groups.
    """
    variance = np.maximum(variance, 1e-12)
    weight = 1.0 / variance
    spread = spread_if_few
    if len(estimate) >= MIN_GROUPS:
        mean = float((weight * estimate).sum() / weight.sum())
        excess = float((weight * (estimate - mean) ** 2).sum()) - (len(estimate) - 1)
        spread = max(excess / float(weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    weight = 1.0 / (variance + spread)
    return Prior(float((weight * estimate).sum() / weight.sum()), spread)


def evident(value: float, variance: float) -> float:
    """Shrink a value to zero by as much as it is noise; it is zero within one standard error.

    Source: James & Stein (1961), the positive part.
    """
    return value * max(0.0, 1.0 - variance / max(value * value, 1e-300))
