"""BG/NBD: expected purchases of an account that buys at random until it silently stops.

It is used as a baseline. Compare models by expected purchases, never by P(alive).

Source: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2): equation 6
(likelihood) and equation 10 (conditional expectation).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from features.instants import FloatArray


@dataclass(frozen=True)
class BgNbd:
    """The parameters of BG/NBD.

    Rates of buying are gamma(r, alpha) over accounts, probabilities of stopping after a purchase beta(a, b).
    """

    r: float
    alpha: float
    a: float
    b: float

    def expected_purchases(self, repeats: FloatArray, recency: FloatArray, age: FloatArray, span: float) -> FloatArray:
        """Return the expected purchases in the next `span`, equation 10, shape (n,).

        repeats : shape (n,), purchases after the first.
        recency : shape (n,), time from the first to the last.
        age : shape (n,), time since the first.

        All times are in the same unit.
        """
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x = repeats
        base = hyp2f1(r + x, b + x, a + b + x - 1, span / (alpha + age + span))
        shrink = ((alpha + age) / (alpha + age + span)) ** (r + x) * base
        expected = (a + b + x - 1) / (a - 1) * (1 - shrink)
        alive = 1 + (x > 0) * (a / (b + np.maximum(x, 1) - 1)) * ((alpha + age) / (alpha + recency)) ** (r + x)
        result: FloatArray = expected / alive
        return result


def log_likelihood(
    logs: FloatArray, repeats: FloatArray, recency: FloatArray, age: FloatArray, weight: FloatArray
) -> float:
    """Sum the log likelihood, equation 6; `logs` holds the logs of r, alpha, a and b."""
    r, alpha, a, b = np.exp(logs)
    x = repeats
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stay = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    gone = np.where(
        x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency), -np.inf
    )
    return float(np.sum(weight * (front + np.logaddexp(stay, gone))))


def fit_bg_nbd(repeats: FloatArray, recency: FloatArray, age: FloatArray, weight: FloatArray | None = None) -> BgNbd:
    """Fit by maximum likelihood, from one starting point (Nelder-Mead on the logs).

    repeats, recency, age : as in `BgNbd.expected_purchases`.
    weight : shape (n,); all one by default.
    """
    weights = np.ones(len(repeats)) if weight is None else weight
    unit = max(float(age.max()), 1.0) / 40  # times of the order of ten keep the search well scaled

    def loss(logs: FloatArray) -> float:
        if np.any(np.abs(logs) > 12):
            return 1e12
        return -log_likelihood(logs, repeats, recency / unit, age / unit, weights)

    best = minimize(
        loss,
        np.log([0.5, 5.0, 1.5, 2.0]),
        method="Nelder-Mead",
        options={"maxiter": 2000, "xatol": 1e-4, "fatol": 1e-4},
    )
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    return BgNbd(r, alpha * unit, a, b)
