"""Whether the chances are as right for every part of the accounts: by country, industry, segment and size.

Out of time, on the rows that the evaluation held out. Of each part: how many accounts, what share it happened to, the
mean chance given, and the difference with its interval over accounts; and the mean loss beside that of everybody. A
part is called off where its interval leaves out zero at a false-discovery rate over all parts together, and the
difference is worth a word.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.stats import false_discovery_control, norm

from features.instants import FloatArray, IntArray
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import LEVEL
from training.evaluation.evaluation import OURS, Comparison
from training.model.findings import NOTE, OK, WARNING, Finding

SIZES = (10.0, 50.0, 250.0)
"""Employees: micro, small, medium and large companies by the EU's recommendation 2003/361/EC."""
SIZE_NAMES = ("under_10", "10_to_49", "50_to_249", "250_and_more")
PROFILE = ("industry", "country", "segment")
LEAST_ACCOUNTS = 30
WORTH_A_WORD = 0.02
"""Share of the accounts by which a mean chance may be off before it is called so."""


@dataclass(frozen=True)
class PartRow:
    """One part of the accounts in one prediction.

    task, kind, name : as `switching`, `country` and `NL`.
    observed, expected : share that it happened to, and the mean chance given.
    surplus : observed less expected, with low and high.  loss, of_all : mean log loss here, and over everybody.
    q : of the difference being by chance alone, adjusted over all parts.
    """

    task: str
    kind: str
    name: str
    accounts: int
    snapshots: int
    observed: float
    expected: float
    surplus: float
    low: float
    high: float
    loss: float
    of_all: float
    q: float = float("nan")

    @property
    def off(self) -> bool:
        """Return whether its chances are off, beyond chance and worth a word."""
        return self.q <= 1 - LEVEL and abs(self.surplus) >= WORTH_A_WORD


def parts_of_accounts(data: Dataset, rows: IntArray) -> Iterator[tuple[str, str, IntArray]]:
    """Yield kind, name and positions among the rows, of every part that has to do with who an account is."""
    account = data.snapshots.account[rows]
    for kind in PROFILE:
        if kind in data.histories.profile:
            values = data.histories.profile[kind][account]
            for value in sorted({value for value in values if value is not None}):
                yield kind, str(value), np.flatnonzero(values == value)
    employees = data.matrix[rows, data.column("employees")]
    band = np.searchsorted(SIZES, np.nan_to_num(employees, nan=-1.0), side="right")
    for k, name in enumerate(SIZE_NAMES):
        yield "size", name, np.flatnonzero((band == k) & ~np.isnan(employees))


def judge_fairness(data: Dataset, comparisons: Sequence[Comparison]) -> tuple[PartRow, ...]:
    """Return every part of enough accounts, of leaving and of climbing, the surest to be off first."""
    found: list[PartRow] = []
    for comparison in comparisons:
        chance_of = CHANCES.get(comparison.task)
        if chance_of is None or comparison.holdout is None:
            continue
        judged = comparison.holdout
        chance, happened = chance_of(data, judged.rows, judged.predictions)
        loss, account = judged.losses[OURS], data.snapshots.account[judged.rows]
        for kind, name, members in parts_of_accounts(data, judged.rows):
            accounts = len(np.unique(account[members]))
            if accounts >= LEAST_ACCOUNTS:
                surplus, error = clustered_mean(happened[members] - chance[members], account[members])
                reach = float(norm.ppf(0.5 + LEVEL / 2)) * error
                found.append(PartRow(
                    task=comparison.task, kind=kind, name=name, accounts=accounts, snapshots=len(members),
                    observed=float(happened[members].mean()), expected=float(chance[members].mean()),
                    surplus=surplus, low=surplus - reach, high=surplus + reach, loss=float(loss[members].mean()),
                    of_all=float(loss.mean()), q=2 * float(norm.sf(abs(surplus) / max(error, 1e-12))),
                ))  # fmt: skip
    if not found:
        return ()
    adjusted = false_discovery_control([one.q for one in found])
    parts = [replace(one, q=float(q)) for one, q in zip(found, adjusted, strict=True)]
    return tuple(sorted(parts, key=lambda one: (one.q, -abs(one.surplus), one.task, one.kind, one.name)))


def clustered_mean(values: FloatArray, account: IntArray) -> tuple[float, float]:
    """Return the mean and its standard error, clustered by account."""
    mean = float(values.mean())
    _, cluster = np.unique(account, return_inverse=True)
    return mean, float(np.sqrt((np.bincount(cluster, weights=values - mean) ** 2).sum()) / len(values))


def fairness_findings(parts: Sequence[PartRow]) -> list[Finding]:
    """Return the parts whose chances are off, each with its interval; that none is, where none is."""
    off = [one for one in parts if one.off]
    if parts and not off:
        return [Finding.of("fair_all", OK, parts=len(parts))]
    return [
        Finding.of(
            "fair_off", WARNING if abs(one.surplus) >= 2 * WORTH_A_WORD else NOTE, task=one.task, kind=one.kind,
            name=one.name, accounts=one.accounts, observed=one.observed, expected=one.expected,
            surplus=one.surplus, low=one.low, high=one.high, level=LEVEL,
        ) for one in off
    ]  # fmt: skip


def fairness_rows(parts: Sequence[PartRow]) -> tuple[dict[str, str | int | float | None], ...]:
    """Return the table as plain rows."""
    return tuple({key: round(v, 6) if isinstance(v, float) else v for key, v in asdict(one).items()} for one in parts)


def _leaving(data: Dataset, rows: IntArray, predictions: FloatArray) -> tuple[FloatArray, FloatArray]:
    return predictions[:, 0], (data.labels.switched[rows] > 0).astype(np.float64)


def _climbing(data: Dataset, rows: IntArray, predictions: FloatArray) -> tuple[FloatArray, FloatArray]:
    rung = data.labels.rung[rows]
    above = np.arange(predictions.shape[1])[None, :] > rung[:, None]
    return (predictions * above).sum(axis=1), (data.labels.next_rung[rows] > rung).astype(np.float64)


CHANCES: dict[str, Callable[[Dataset, IntArray, FloatArray], tuple[FloatArray, FloatArray]]] = {
    "switching": _leaving, "next_rung": _climbing,
}  # fmt: skip
"""Prediction -> chance given and whether it happened."""
