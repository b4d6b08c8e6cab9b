"""What an effect can and cannot tell: how small it could have been seen, how easily it is explained away."""

import numpy as np

from features.instants import FloatArray
from training.effects.estimation.r_learner import Case, spread_power
from training.model.findings import NOTE, WARNING, Finding

SEEN = 2.8
"""Standard errors that an effect must have to be seen: 80 % power at 5 % (1.96 + .84)."""

SURE = 1.645
"""Standard errors on either side of an interval of 90 %."""
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


def robustness(investment: str, effect: float, error: float, case: Case) -> list[Finding]:
    """Return what it takes to explain an adjusted effect away, and the effect's bounds under a hidden cause.

    The hidden cause is as strong as the strongest of the effect's own terms, once the others are known: it explains as
    much of who was chosen and of what they brought. The bounds hold the effect whatever its direction, with the
    trials' own interval of 90 %.

    effect, error : share of size.
    case : the chosen trials of the option.

    Source: Cinelli & Hazlett (2020), equations 11 and 18, with benchmarks as in section 4.4.
    """
    accounts = len(np.unique(case.account))
    value = robustness_value(effect / max(error, 1e-12), accounts)
    chosen, outcome = strongest_term(case)
    bias = error * np.sqrt(accounts * outcome * chosen / max(1 - chosen, 1e-9))
    reach, typical = SURE * error + bias, float(case.size.mean())
    strength = min(chosen, outcome)
    figures = {"investment": investment, "needed": value, "strength": strength}
    told = (
        Finding.of("uplift_explained_away", WARNING, **figures)
        if strength >= value
        else Finding.of("uplift_holds", NOTE, **figures)
    )
    bounds = Finding.of(
        "uplift_sensitivity", NOTE, investment=investment, chosen=chosen, outcome=outcome,
        low=typical * (effect - reach), high=typical * (effect + reach),
    )  # fmt: skip
    return [told, bounds]


def strongest_term(case: Case) -> tuple[float, float]:
    """Return the partial shares of choice and of outcome that the term explains which could bias an effect most."""
    outcome = (case.size + case.beyond) * case.size ** (-spread_power(case))
    best = (0.0, 0.0)
    for j in range(case.z.shape[1]):
        others, own = np.delete(case.z, j, axis=1), case.z[:, j]
        found = (_partial_share(case.exposed, own, others), _partial_share(outcome, own, others))
        if found[0] * found[1] / max(1 - found[0], 1e-9) > best[0] * best[1] / max(1 - best[0], 1e-9):
            best = found
    return best


def _partial_share(target: FloatArray, one: FloatArray, others: FloatArray) -> float:
    """Return the share of what the others leave of the target that one explains (partial R squared)."""
    known = np.column_stack([np.ones(len(target)), others])
    left, own = (values - known @ np.linalg.lstsq(known, values, rcond=None)[0] for values in (target, one))
    total = float((left @ left) * (own @ own))
    return float((left @ own) ** 2 / total) if total > 1e-12 else 0.0
