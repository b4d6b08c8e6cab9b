"""What an effect can and cannot tell: how small it could have been seen, how easily it is explained away."""

import numpy as np

from features.instants import FloatArray
from training.effects.r_learner import Case
from training.model.findings import NOTE, WARNING, Finding

SEEN = 2.8
"""Standard errors that an effect must have to be seen: 80 % power at 5 % (1.96 + .84)."""

NEAR = 0.1
"""Share by which a cost may differ from the plan without a word."""


def power(investment: str, error: float, exposed: int) -> Finding:
    """Return the smallest average effect that so many exposed trials could have shown.

    error : its standard error, money.
    """
    return Finding.of("uplift_power", NOTE, investment=investment, exposed=exposed, least=SEEN * error)


def cost_differs(investment: str, actual: FloatArray, planned: float) -> list[Finding]:
    """Return whether an option cost other than planned; nothing within a tenth.  actual : shape (n,), money."""
    mean = float(actual.mean()) if len(actual) else planned
    if abs(mean - planned) <= NEAR * max(abs(planned), 1e-9):
        return []
    return [
        Finding.of(
            "uplift_cost_differs", WARNING, investment=investment, actual=mean, times=len(actual), planned=planned
        )
    ]


def robustness_value(t: float, degrees: int) -> float:
    """How much of the rest of both choice and outcome a hidden cause must explain to leave no effect, 0 .. 1.

    Cinelli & Hazlett 2020, equation 18 with q = 1: f = |t| / sqrt(degrees), (sqrt(f^4 + 4 f^2) - f^2) / 2.

    >>> round(robustness_value(4.18, 783), 3)
    0.139
    """
    f = abs(t) / np.sqrt(max(degrees, 1))
    return float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2)


def robustness(investment: str, effect: float, error: float, case: Case) -> Finding:
    """Return what it takes to explain an adjusted effect away, beside what recent revenue, the first term, explains.

    effect, error : share of size.  case : the chosen trials of the option.
    """
    value = robustness_value(effect / max(error, 1e-12), len(np.unique(case.account)))
    known = case.z[:, 0]
    strength = min(_share(known, case.exposed), _share(known, case.beyond / case.size))
    figures = {"investment": investment, "needed": value, "strength": strength}
    if strength >= value:
        return Finding.of("uplift_explained_away", WARNING, **figures)
    return Finding.of("uplift_holds", NOTE, **figures)


def _share(one: FloatArray, other: FloatArray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1] ** 2)
