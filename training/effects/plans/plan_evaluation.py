"""The evaluation of a plan: the treated against the held-out accounts, from what happened since, beside the promise.

Treatment was randomised among the selected accounts, with known probabilities, so the difference between the two arms
is the effect of being on the list (intention to treat), whatever the managers did with it. It is

- weighted by the inverse of each row's probability (Hajek's ratio form), within strata of investment and promised gain,
- adjusted for the revenue of the span before (one slope for all; this never biases, it only narrows),
- with an interval from the accounts' own contributions, so that an account on several plans counts as one.

The gain is that of the margin less what was in fact spent on either arm, so that investments that were not made cost
nothing, and those that held-out accounts received anyway count as theirs.

*Dangerous* with few held out: revenues of business accounts are heavy-tailed, and one large order decides; the interval
is honest only with some thirty accounts or more in each arm.

Source: Hajek (1971); Lin (2013), Agnostic notes on regression adjustments to experimental data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from features.errors import NotEnoughData, ShapeMismatch
from features.instants import BoolArray, FloatArray

MIN_PER_SIDE = 30
"""With fewer accounts in an arm, the interval should not be trusted far."""
MIN_IN_STRATUM = 3
"""The least number of accounts of either arm in a stratum; strata with fewer are merged."""


@dataclass(frozen=True)
class PlanAccounts:
    """The n accounts of a plan, and what became of them.

    treated : shape (n,).
    chance : shape (n,), of the arm that each is in, treated or held out.
    investment : shape (n,), names.
    promised : shape (n,), promised gain, money.
    cost : shape (n,), planned, money.
    revenue, before : shape (n,), money, in the span since as_of and in as long a span before.
    margin : shape (n,), gross margin rate.
    spent : shape (n,), money invested in the span, in any option.
    made : shape (n,), whether the planned investment was made.
    days, horizon_days : how long the plan has run, and how long it was made for.
    """

    account: NDArray[np.object_]
    treated: BoolArray
    chance: FloatArray
    investment: NDArray[np.object_]
    promised: FloatArray
    cost: FloatArray
    revenue: FloatArray
    before: FloatArray
    margin: FloatArray
    spent: FloatArray
    made: BoolArray
    days: float
    horizon_days: float

    def __post_init__(self) -> None:
        for name, values in self.__dict__.items():
            if isinstance(values, np.ndarray) and len(values) != len(self.account):
                raise ShapeMismatch(f"{name} has {len(values)} rows for {len(self.account)} accounts")


@dataclass(frozen=True)
class Difference:
    """Treated less held out, per account, with its interval.

    influence : shape (n,), what each account adds to the error; their squares, summed by account, are the variance.
    """

    value: float
    low: float
    high: float
    influence: FloatArray


@dataclass(frozen=True)
class PlanResult:
    """What a plan brought per account on the list, intention to treat.

    revenue, gain : of being on the list.
    promised : gain promised per account, for as long as the plan has run.
    elapsed : share of the horizon that is over.
    compliance, contamination : share of the treated, and of the held-out, for whom the investment was made.
    effect_where_made : revenue per account for whom it was made because of the plan, with its interval; None where the
        plan hardly changed who received it.
    """

    treated: int
    held_out: int
    revenue: Difference
    gain: Difference
    promised: float
    elapsed: float
    compliance: float
    contamination: float
    effect_where_made: tuple[float, float, float] | None

    def figures(self) -> dict[str, float]:
        """Return the main figures by name, per account."""
        return {
            "treated": self.treated, "held_out": self.held_out, "revenue": self.revenue.value,
            "revenue_low": self.revenue.low, "revenue_high": self.revenue.high, "gain": self.gain.value,
            "gain_low": self.gain.low, "gain_high": self.gain.high, "promised": self.promised,
            "elapsed": self.elapsed, "compliance": self.compliance, "contamination": self.contamination,
        }  # fmt: skip


def evaluate_plan(selected: PlanAccounts, level: float = 0.9) -> PlanResult:
    """Compare the treated with the held-out, and with what was promised.

    level : coverage of the intervals.

    Raises
    ------
    NotEnoughData
        If one arm has fewer than two accounts, or a probability is not between 0 and 1.
    """
    treated = selected.treated
    n, held = int(treated.sum()), int((~treated).sum())
    if min(n, held) < 2:
        raise NotEnoughData(
            f"{n} accounts were treated and {held} held out: a difference takes two on either side. Make plans with "
            "a hold-out (`ladder plan --holdout`)."
        )
    if not ((selected.chance > 0) & (selected.chance < 1)).all():
        raise NotEnoughData(
            "The plan has propensities that are not between 0 and 1: who is certain of an arm shows nothing."
        )
    stratum = _strata(selected)
    earned = selected.revenue * selected.margin - selected.spent
    revenue = _difference(selected, selected.revenue, selected.before, stratum, level)
    gain = _difference(selected, earned, selected.before * selected.margin, stratum, level)
    elapsed = min(1.0, selected.days / selected.horizon_days)
    weight = np.where(treated, 1 / selected.chance, 0.0)
    due = (selected.promised + selected.cost) * elapsed - selected.cost
    made = _weighted_mean(selected.made.astype(np.float64), weight)
    other = _weighted_mean(selected.made.astype(np.float64), np.where(treated, 0.0, 1 / selected.chance))
    where = None
    if made - other > 0.2:
        low, high = sorted((revenue.low / (made - other), revenue.high / (made - other)))
        where = (revenue.value / (made - other), low, high)
    return PlanResult(
        treated=n,
        held_out=held,
        revenue=revenue,
        gain=gain,
        promised=_weighted_mean(due, weight),
        elapsed=elapsed,
        compliance=made,
        contamination=other,
        effect_where_made=where,
    )


def pool_plans(parts: Sequence[tuple[PlanAccounts, PlanResult]], level: float = 0.9) -> tuple[Difference, float]:
    """Return the gain per account over several plans, and what was promised.

    The interval counts an account once, however many plans it is on.
    """
    size = np.array([len(selected.account) for selected, _ in parts], np.float64)
    share = size / size.sum()
    value = float(share @ [result.gain.value for _, result in parts])
    account = np.concatenate([selected.account for selected, _ in parts])
    influence = np.concatenate([part * result.gain.influence for part, (_, result) in zip(share, parts, strict=True)])
    held = sum(result.held_out for _, result in parts)
    low, high = _interval(value, influence, account, held - 1, level)
    promised = float(share @ [result.promised for _, result in parts])
    return Difference(value, low, high, influence), promised


def _strata(selected: PlanAccounts) -> NDArray[np.int64]:
    """Return strata of investment and third of the promised gain, merged where an arm is too small.

    They are merged by investment first, then all.
    """
    third = np.searchsorted(np.quantile(selected.promised, [1 / 3, 2 / 3]), selected.promised)
    _, option = np.unique(selected.investment.astype(str), return_inverse=True)
    stratum_of = np.full(len(option), -1)
    for code in (option * 3 + third, option + 1_000_000):  # finest first
        for part in np.unique(code):
            rows = (code == part) & (stratum_of < 0)
            if min((rows & selected.treated).sum(), (rows & ~selected.treated).sum()) >= MIN_IN_STRATUM:
                stratum_of[rows] = part
    rest = stratum_of < 0
    if rest.any() and min((rest & selected.treated).sum(), (rest & ~selected.treated).sum()) < MIN_IN_STRATUM:
        largest = np.unique(stratum_of[~rest], return_counts=True)
        stratum_of[rest] = largest[0][largest[1].argmax()] if len(largest[0]) else 0
    return stratum_of


def _difference(
    selected: PlanAccounts, outcome: FloatArray, before: FloatArray, stratum: NDArray[np.int64], level: float
) -> Difference:
    n = len(outcome)
    arms = [np.where(selected.treated, 1 / selected.chance, 0.0), np.where(selected.treated, 0.0, 1 / selected.chance)]
    own, past = outcome.copy(), before.copy()  # freed of their stratum's and arm's mean
    for part in np.unique(stratum):
        for weight in arms:
            rows = (stratum == part) & (weight > 0)
            own[rows] -= _weighted_mean(outcome[rows], weight[rows])
            past[rows] -= _weighted_mean(before[rows], weight[rows])
    both = arms[0] + arms[1]
    spread = float((both * past * past).sum())
    slope = float((both * past * own).sum()) / spread if spread > 0 else 0.0
    left = outcome - slope * before
    value, influence, degrees = 0.0, np.zeros(n), 0
    for part in np.unique(stratum):
        rows = stratum == part
        share = rows.sum() / n
        for sign, weight in zip((1.0, -1.0), arms, strict=True):
            there = rows & (weight > 0)
            mean, count = _weighted_mean(left[there], weight[there]), int(there.sum())
            value += sign * share * mean
            correction = np.sqrt(count / max(count - 1, 1))
            relative = weight[there] / weight[there].sum()
            influence[there] = sign * share * relative * (left[there] - mean) * correction
        degrees += int((rows & ~selected.treated).sum()) - 1
    low, high = _interval(value, influence, selected.account, max(degrees, 1), level)
    return Difference(value, low, high, influence)


def _interval(
    value: float, influence: FloatArray, account: NDArray[np.object_], degrees: int, level: float
) -> tuple[float, float]:
    _, who = np.unique(account.astype(str), return_inverse=True)
    error = float(np.sqrt((np.bincount(who, influence) ** 2).sum()))
    reach = float(student.ppf(0.5 + level / 2, degrees)) * error
    return value - reach, value + reach


def _weighted_mean(values: FloatArray, weight: FloatArray) -> float:
    total = float(weight.sum())
    return float((weight * values).sum()) / total if total > 0 else 0.0
