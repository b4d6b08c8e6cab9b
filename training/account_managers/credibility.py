"""How far a group's own figure is believed: pulled to the common one by as much as groups do not differ.

Empirical Bayes with known sampling variances. The spread between groups is the moment estimate of DerSimonian & Laird
1986, which for ratios of sums is the credibility of Buehlmann & Straub 1970 (Buehlmann & Gisler 2005, chapter 4). With
few groups nothing can be learnt of their spread: it is then what a fixed number of cases makes half believed.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray

LEAST_GROUPS = 5
"""Groups from which their spread is learnt."""


@dataclass(frozen=True)
class Prior:
    """The common figure and the variance of groups around it."""

    mean: float
    spread: float

    def pull(self, own: FloatArray, variance: FloatArray) -> FloatArray:
        """What to believe of each group.  variance : of its own figure; infinite where it has none."""
        share = self.spread / np.maximum(self.spread + variance, 1e-300)
        believed: FloatArray = self.mean + np.where(np.isfinite(variance), share * (own - self.mean), 0.0)
        return believed


def learn_prior(own: FloatArray, variance: FloatArray, spread_if_few: float) -> Prior:
    """The prior of these groups.  own, variance : shape (n_groups,), finite, at least one group.

    spread_if_few : taken where fewer than LEAST_GROUPS are there to learn it from.
    """
    variance = np.maximum(variance, 1e-12)
    weight = 1.0 / variance
    spread = spread_if_few
    if len(own) >= LEAST_GROUPS:
        mean = float((weight * own).sum() / weight.sum())
        excess = float((weight * (own - mean) ** 2).sum()) - (len(own) - 1)
        spread = max(excess / float(weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    weight = 1.0 / (variance + spread)
    return Prior(float((weight * own).sum() / weight.sum()), spread)


def evident(value: float, variance: float) -> float:
    """The value drawn to zero by as much as it is noise; zero within one error (positive-part James & Stein 1961)."""
    return value * max(0.0, 1.0 - variance / max(value * value, 1e-300))
