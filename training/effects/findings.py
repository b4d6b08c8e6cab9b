"""What an effect can and cannot tell, in words: how small it could have been seen, how easily it is explained away."""

import numpy as np

from features.instants import FloatArray
from training.effects.r_learner import Case

SEEN = 2.8
"""Standard errors that an effect must have to be seen: 80 % power at 5 % (1.96 + .84)."""

NEAR = 0.1
"""Share by which a cost may differ from the plan without a word."""


def power(error: float, exposed: int) -> str:
    """The smallest average effect that so many exposed trials could have shown.  error : its standard error, money."""
    return f"with {exposed:,} exposed trials only average effects above {SEEN * error:,.0f} can be told from nothing"


def dearer(actual: FloatArray, planned: float) -> list[str]:
    """Whether an option cost other than planned; nothing to say within a tenth.  actual : shape (n,), money."""
    mean = float(actual.mean()) if len(actual) else planned
    if abs(mean - planned) <= NEAR * max(abs(planned), 1e-9):
        return []
    return [
        f"it cost {mean:,.0f} on average where it was made ({len(actual):,} times), planned are {planned:,.0f}: gains "
        "count the planned cost; correct investment_options if the future is like the past"
    ]


def robustness_value(t: float, degrees: int) -> float:
    """How much of the rest of both choice and outcome a hidden cause must explain to leave no effect, 0 .. 1.

    Cinelli & Hazlett 2020, equation 18 with q = 1: f = |t| / sqrt(degrees), (sqrt(f^4 + 4 f^2) - f^2) / 2.

    >>> round(robustness_value(4.18, 783), 3)
    0.139
    """
    f = abs(t) / np.sqrt(max(degrees, 1))
    return float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2)


def robustness(effect: float, error: float, case: Case) -> str:
    """What it takes to explain an adjusted effect away, beside what recent revenue, the first term, explains.

    effect, error : share of size.  case : the chosen trials of the option.
    """
    value = robustness_value(effect / max(error, 1e-12), len(np.unique(case.account)))
    known = case.z[:, 0]
    strength = min(_share(known, case.exposed), _share(known, case.beyond / case.size))
    verdict = "would" if strength >= value else "would not"
    return (
        f"a hidden cause must explain {value:.1%} of both who was chosen and what they brought to leave no effect; "
        f"one as strong as recent revenue (at least {strength:.1%}) {verdict} explain it away"
    )


def _share(one: FloatArray, other: FloatArray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1] ** 2)
