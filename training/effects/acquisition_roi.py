"""The return of winning customers beside that of moving them up: margin less cost per account and per unit spent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.data.acquired_accounts import ACCOUNT, FIELDS, MONTH, PROSPECT, SPANS, SUSPECT, AcquiredTotals
from training.effects.off_policy_value import OffPolicyValue

LEAST_ACCOUNTS = 20
"""The number of accounts with a complete span that a figure needs."""
MOST_CHANNELS = 20
Row = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class AcquisitionRoi:
    """The return of acquisition and of investments in customers.

    rows : one for each purpose of spending and each span.
    findings : the same in sentences.
    """

    rows: tuple[Row, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class _Cohort:
    """The totals of one kind of account, from `training.data.acquired_accounts`.

    rate : margin rate where a cost is unknown.
    """

    sums: Sequence[int]
    rate: float

    @property
    def n(self) -> int:
        return self.sums[0]

    @property
    def ordered(self) -> float:
        return float(self.sums[2] / self.n)

    @property
    def margin(self) -> float:
        return float(self.sums[3] + self.rate * self.sums[4]) / self.n

    @property
    def error(self) -> float:
        squares = self.sums[5] + 2 * self.rate * self.sums[6] + self.rate**2 * self.sums[7]
        return float(np.sqrt(max(squares / self.n - self.margin**2, 0.0) / max(self.n - 1, 1)))

    @property
    def cost(self) -> float | None:
        return self.sums[9] / self.sums[8] if self.sums[8] >= LEAST_ACCOUNTS else None

    def row(self, what: str, days: int, at_cost: bool) -> Row:
        cost = self.cost if at_cost else None
        return {
            "what": what,
            "days": days,
            "accounts": self.n,
            "cost": None if cost is None else round(cost, 2),
            "inquired": round(self.sums[1] / self.n, 4),
            "ordered": round(self.ordered, 4),
            "margin": round(self.margin, 2),
            "margin_error": round(self.error, 2),
            "gain": None if cost is None else round(self.margin - cost, 2),
            "gain_per_cost": None if not cost else round((self.margin - cost) / cost, 4),
        }


def acquisition_roi(
    acquired: AcquiredTotals, first_order: int, rate: float, policy: OffPolicyValue | None, horizon_days: int
) -> AcquisitionRoi:
    """Return what new accounts, inquiries and suspects brought, and investments in customers.

    *Dangerous* to read as an effect: the return of acquisition is an average of what was done. Compare it with that of
    investments only where the next accounts are like the last ones.

    first_order : microseconds, where the data begin.
    rate : gross margin of orders whose cost is unknown.
    policy : the value of recommended investments.
    horizon_days : the span that it is about.
    """
    cohorts = _cohorts(acquired, first_order, rate)
    invested = _invested(policy, horizon_days)
    every = {days: cohorts[ACCOUNT, None, days] for days in SPANS if (ACCOUNT, None, days) in cohorts}
    if not every:
        missing = (
            f"acquisition: left out; fewer than {LEAST_ACCOUNTS} accounts were entered (accounts.created_at) after the "
            f"first order and {SPANS[0]} days before the end of the data, not traded with before"
        )
        return AcquisitionRoi(invested, (missing,))
    rows = [one.row("new account", days, True) for days, one in every.items()]
    channels = {name: one.n for (kind, name, days), one in cohorts.items() if kind == ACCOUNT and days == SPANS[0]}
    named = [(-n, name) for name, n in channels.items() if name is not None]
    for _, name in sorted(named)[:MOST_CHANNELS]:
        told = f"new account: {name or '(channel unknown)'}"
        known = [days for days in SPANS if (ACCOUNT, name, days) in cohorts]
        rows += [cohorts[ACCOUNT, name, days].row(told, days, True) for days in known]
    for kind, told in ((PROSPECT, "open inquiry of a prospect"), (SUSPECT, "suspect")):
        rows += [cohorts[kind, None, days].row(told, days, False) for days in SPANS if (kind, None, days) in cohorts]
    return AcquisitionRoi((*rows, *invested), _words(cohorts, every, invested))


Cohorts = Mapping[tuple[str, str | None, int], _Cohort]


def _cohorts(acquired: AcquiredTotals, first_order: int, rate: float) -> Cohorts:
    """Return (kind, channel or None for all, span) -> accounts that began after the data did, if they are enough."""
    sums: dict[tuple[str, str | None, int], list[int]] = defaultdict(lambda: [0] * FIELDS)
    for (channel, kind, days, month), cell in acquired.items():
        if month * MONTH >= first_order:
            for one in (channel, None):
                held = sums[kind, one, days]
                held[:] = [a + b for a, b in zip(held, cell, strict=True)]
    return {key: _Cohort(held, rate) for key, held in sums.items() if held[0] >= LEAST_ACCOUNTS}


def _invested(policy: OffPolicyValue | None, horizon_days: int) -> tuple[Row, ...]:
    if policy is None or policy.spent <= 0:
        return ()
    error = (policy.high - policy.low) / 2
    return (
        {
            "what": "recommended investments (interval as margin_error)",
            "days": horizon_days,
            "accounts": policy.trials,
            "cost": round(policy.spent, 2),
            "inquired": None,
            "ordered": None,
            "margin": round(policy.value + policy.spent, 2),
            "margin_error": round(error, 2),
            "gain": round(policy.value, 2),
            "gain_per_cost": round(policy.value / policy.spent, 4),
        },
    )


def _words(cohorts: Cohorts, every: Mapping[int, _Cohort], invested: tuple[Row, ...]) -> tuple[str, ...]:
    days, one = next(iter(every.items()))
    margins = ", ".join(f"{c.margin:,.0f} (SE {c.error:,.0f}) in their first {d} days" for d, c in every.items())
    told = f"acquisition: {one.n:,} new accounts, {one.ordered:.0%} ordered within {days} days; margin {margins}"
    if one.cost is None:
        told += "; what winning them cost is not known (accounts.acquisition_cost)"
    else:
        back = ", ".join(f"{c.margin / c.cost:.1f} times in {d} days" for d, c in every.items() if c.cost)
        told += f"; they cost {one.cost:,.0f} each, paid back {back}" if one.cost else "; they cost nothing"
    findings = [told]
    for kind, name in ((PROSPECT, "an open inquiry of a prospect"), (SUSPECT, "a suspect")):
        of = cohorts.get((kind, None, days))
        if of is not None and of.ordered > 0:
            findings.append(
                f"acquisition: {name} is worth {of.margin:,.0f} (SE {of.error:,.0f}) of margin over {days} days: "
                f"{of.ordered:.0%} of {of.n:,} ordered, and those brought {of.margin / of.ordered:,.0f}"
            )
    if one.cost and invested:
        won, moved = (one.margin - one.cost) / one.cost, invested[0]
        findings.append(
            f"one unit of money brought {won:,.2f} net in winning accounts ({days} days) and "
            f"{moved['gain_per_cost']:,.2f} in recommended investments in customers ({moved['days']} days). The former "
            "is an average of what was done, no effect: compare them where the next accounts are like the last"
        )
    return tuple(findings)
