"""The return of winning customers beside that of moving them up: margin less cost per account and per unit spent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.data.acquired_accounts import ACCOUNT, FIELDS, MONTH, PROSPECT, SPANS, SUSPECT, AcquiredTotals
from training.effects.plans.off_policy_value import OffPolicyValue
from training.model.findings import NOTE, Finding

LEAST_ACCOUNTS = 20
"""The number of accounts with a complete span that a figure needs."""
MOST_CHANNELS = 20
Row = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class AcquisitionRoi:
    """The return of acquisition and of investments in customers.

    rows : one for each purpose of spending and each span.
    findings : what they say.
    """

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


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

    def row(self, what: str, channel: str | None, days: int, at_cost: bool) -> Row:
        """Return the row of one thing and span.

        what : new_account, inquiry or suspect.  channel : that won the accounts, "" = unknown; None = of all of them.
        """
        cost = self.cost if at_cost else None
        return {
            "what": what,
            "channel": channel,
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
        missing = Finding.of("acquisition_left_out", NOTE, needed=LEAST_ACCOUNTS, days=SPANS[0])
        return AcquisitionRoi(invested, (missing,))
    rows = [one.row("new_account", None, days, True) for days, one in every.items()]
    channels = {name: one.n for (kind, name, days), one in cohorts.items() if kind == ACCOUNT and days == SPANS[0]}
    named = [(-n, name) for name, n in channels.items() if name is not None]
    for _, name in sorted(named)[:MOST_CHANNELS]:
        known = [days for days in SPANS if (ACCOUNT, name, days) in cohorts]
        rows += [cohorts[ACCOUNT, name, days].row("new_account", name, days, True) for days in known]
    for kind, what in ((PROSPECT, "inquiry"), (SUSPECT, "suspect")):
        known = [days for days in SPANS if (kind, None, days) in cohorts]
        rows += [cohorts[kind, None, days].row(what, None, days, False) for days in known]
    return AcquisitionRoi((*rows, *invested), _findings(cohorts, every, invested))


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
            "what": "recommended",  # half its interval stands as margin_error
            "channel": None,
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


def _findings(cohorts: Cohorts, every: Mapping[int, _Cohort], invested: tuple[Row, ...]) -> tuple[Finding, ...]:
    days, first = next(iter(every.items()))
    findings = [
        Finding.of(
            "acquisition_brought", NOTE, accounts=one.n, ordered=one.ordered, days=span, margin=one.margin,
            error=one.error,
        ) for span, one in every.items()
    ]  # fmt: skip
    if first.cost is None:
        findings.append(Finding.of("acquisition_cost_unknown", NOTE))
    elif not first.cost:
        findings.append(Finding.of("acquisition_free", NOTE))
    else:
        findings += [
            Finding.of("acquisition_paid_back", NOTE, cost=one.cost, times=one.margin / one.cost, days=span)
            for span, one in every.items()
            if one.cost
        ]
    for kind, what in ((PROSPECT, "inquiry"), (SUSPECT, "suspect")):
        of = cohorts.get((kind, None, days))
        if of is not None and of.ordered > 0:
            findings.append(Finding.of(
                "acquisition_worth", NOTE, what=what, margin=of.margin, error=of.error, days=days, ordered=of.ordered,
                accounts=of.n, each=of.margin / of.ordered,
            ))  # fmt: skip
    if first.cost and invested:
        moved = invested[0]
        findings.append(Finding.of(
            "acquisition_compared", NOTE, won=(first.margin - first.cost) / first.cost, won_days=days,
            moved=moved["gain_per_cost"], moved_days=moved["days"],
        ))  # fmt: skip
    return tuple(findings)
